"""Trainer x Supply x Budget -> the evaluation points of a run. Training never sees a metric."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch

from ganbench.budget import Budget, Meters
from ganbench.errors import NotApplicable, PluginError
from ganbench.flops import FlopCount
from ganbench.supply import Supply
from ganbench.trainer import Trainer

_SPENDERS = {"d_steps": "discriminator", "g_steps": "generator"}
"""The kind of update that spends each unit which counts updates."""
REPORT_EVERY = 0.5
"""Seconds between reports of progress."""
WATCHED = 100
"""Updates at first whose FLOPs are counted as they run, until every kind has been seen."""
ENDLESS = 10_000
"""Updates after which a budget that is not touched yet never will be."""


@dataclass
class Ledger:
    """What a run has spent, and what one update of each kind costs."""

    meters: Meters = field(default_factory=Meters)
    flops: dict[str, int] = field(default_factory=dict)
    """FLOPs of one update of each kind, for one seed."""
    point: int = 0
    """The last evaluation point that was reached."""
    updates: int = 0
    """Of any kind."""
    unpriced: dict[str, int] = field(default_factory=dict)
    """Updates of a kind whose FLOPs have not been counted yet; they are added as soon as one of that kind has been."""


def training(
    trainer: Trainer,
    supply: Supply,
    budget: Budget,
    points: int,
    seeds: int,
    ledger: Ledger,
    report: Callable[[float], None] = lambda fraction: None,
) -> Iterator[Ledger]:
    """Trains to each evaluation point in turn and hands control back there; the clock stands still meanwhile.

    `ledger` is brought up to date in place; one that was kept at a point continues from there. `report` is told the
    spent fraction about twice a second.

    Raises:
        NotApplicable: where the trainer never spends the budget's unit, so that training would have no end.
        PluginError: where the trainer returns a kind of update that it has not declared.
    """
    spender = _SPENDERS.get(budget.unit)
    if spender is not None and spender not in trainer.updates:
        raise _endless(trainer, budget)
    updates = 0
    while ledger.point < points:
        clock = _Clock(ledger.meters, seeds)
        while not budget.point_reached(ledger.meters, ledger.point + 1, points):
            supply.spent_fraction = min(1.0, budget.spent_fraction(ledger.meters))
            metered_step(trainer, supply, ledger, seeds)
            due = clock.tick()
            updates += 1
            if updates == ENDLESS and budget.spent_fraction(ledger.meters) == 0:
                raise _endless(trainer, budget)
            if due:
                report(supply.spent_fraction)
        clock.stop()
        while ledger.point < points and budget.point_reached(ledger.meters, ledger.point + 1, points):
            ledger.point += 1
        supply.spent_fraction = min(1.0, budget.spent_fraction(ledger.meters))
        yield replace(ledger, meters=replace(ledger.meters))


class _Clock:
    """Adds the time since it was made to the seconds meter, shared among the seeds trained together."""

    def __init__(self, meters: Meters, seeds: int) -> None:
        self._meters, self._seeds, self._before = meters, seeds, meters.seconds
        self._started = self._reported = time.perf_counter()

    def tick(self) -> bool:
        """Reads the clock; true when it is time for a report."""
        now = time.perf_counter()
        self._meters.seconds = self._before + (now - self._started) / self._seeds
        if now - self._reported < REPORT_EVERY:
            return False
        self._reported = now
        return True

    def stop(self) -> None:
        """Waits for the device and reads the clock."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.tick()


def metered_step(trainer: Trainer, supply: Supply, ledger: Ledger, seeds: int) -> None:
    """One update, metered. Its FLOPs are counted as it runs at first, and whenever a kind has no price yet."""
    if (ledger.updates < WATCHED and len(ledger.flops) < len(trainer.updates)) or ledger.unpriced:
        with FlopCount() as count:
            kind = trainer.step(supply)
        ledger.flops.setdefault(kind, count.total // seeds)
    else:
        kind = trainer.step(supply)
    _check(kind, trainer)
    ledger.updates += 1
    ledger.unpriced[kind] = ledger.unpriced.get(kind, 0) + 1
    meters = ledger.meters
    meters.samples = supply.drawn
    if kind in ledger.flops:
        meters.flops += ledger.flops[kind] * ledger.unpriced.pop(kind)
    if kind == "discriminator":
        meters.d_steps += 1
    elif kind == "generator":
        meters.g_steps += 1


def _endless(trainer: Trainer, budget: Budget) -> NotApplicable:
    return NotApplicable(
        f"{type(trainer).__name__} never spends {budget.unit}, so a budget of {budget} has no end: "
        f"its updates are {', '.join(trainer.updates)}; choose another unit, such as seconds"
    )


def _check(kind: str, trainer: Trainer) -> None:
    if kind not in trainer.updates:
        raise PluginError(
            f"{type(trainer).__name__}.step returned {kind!r}: wanted one of {', '.join(trainer.updates)}, "
            "which its `updates` declares"
        )
