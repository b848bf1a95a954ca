"""Training: budgets are spent exactly, meters are what a count by hand gives, the clock runs in training alone."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from toys import BATCH, LATENT, WIDTH, Scripted, adversarial, assert_same_bits, recipe, ring_dataset

from ganbench import Budget, NotApplicable, PluginError, Supply
from ganbench.training import ENDLESS, Ledger, training

FLOPS_OF_A_STEP = 2 * BATCH * 2 * 3
"""A batch of points times the scripted trainer's 2 x 3 matrix."""


def run(trainer: Any, limit: float, unit: str, points: int = 4, seeds: int = 1, ledger: Ledger | None = None) -> list:
    """The ledger at every point, of that budget on the ring."""
    supply = Supply(ring_dataset(), range(seeds), BATCH, "cpu")
    return list(training(trainer, supply, Budget(limit, unit), points, seeds, ledger or Ledger()))


class FakeClock(SimpleNamespace):
    """A clock that stands still until it is told."""

    now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr("ganbench.training.time", fake)
    return fake


class Timed(Scripted):
    """Every update takes 1/4 of a second by the clock."""

    def __init__(self, clock: FakeClock, script: str = "dg") -> None:
        super().__init__(script)
        self.clock = clock

    def step(self, supply: Supply) -> str:
        self.clock.now += 0.25
        return super().step(supply)


@pytest.mark.parametrize("script", ["dg", "dddddg", "ddg"])
@pytest.mark.parametrize(
    ("limit", "unit", "one_update"),
    [
        (1000, "samples", BATCH),
        (32 * BATCH, "samples", BATCH),
        (17, "d_steps", 1),
        (9, "g_steps", 1),
        (10 * FLOPS_OF_A_STEP + 1, "flops", FLOPS_OF_A_STEP),
        (7.3, "seconds", 0.25),
    ],
)
def test_a_budget_is_spent_exactly(clock: FakeClock, script: str, limit: float, unit: str, one_update: float):
    """In every unit training ends with the first update that reaches the limit: never one more."""
    *_, last = run(Timed(clock, script), limit, unit)
    assert limit <= getattr(last.meters, unit) < limit + one_update


@pytest.mark.parametrize("d_steps", [1, 5])
def test_meters_are_a_count_by_hand(clock: FakeClock, d_steps: int):
    """Every meter runs whatever the unit: real samples are discriminator batches times their size."""
    *_, last = run(Timed(clock, d_steps * "d" + "g"), 7, "g_steps")
    updates = 7 * (d_steps + 1)
    assert last.meters.as_dict() == {
        "samples": 7 * d_steps * BATCH,
        "d_steps": 7 * d_steps,
        "g_steps": 7,
        "flops": 7 * d_steps * FLOPS_OF_A_STEP,
        "seconds": updates * 0.25,
    }
    assert last.flops == {"discriminator": FLOPS_OF_A_STEP, "generator": 0}


@pytest.mark.parametrize("seeds", [1, 3])
def test_an_adversarial_trainers_meters_are_a_count_by_hand(seeds: int):
    """Five discriminator updates a generator update, for one seed as for each of three."""
    trainer, _ = adversarial(tuple(range(seeds)), recipe(d_steps=5))
    *_, last = run(trainer, 3, "g_steps", points=1, seeds=seeds)
    g, d = (
        [2 * BATCH * a * b for a, b in ((first, WIDTH), (WIDTH, WIDTH), (WIDTH, out))]
        for first, out in ((LATENT, 2), (2, 1))
    )
    of_d = sum(g) + 2 * (2 * sum(d) + sum(d[1:]))
    of_g = 2 * sum(g) + sum(g[1:]) + 2 * sum(d)
    assert last.flops == {"discriminator": of_d, "generator": of_g}
    assert (last.meters.samples, last.meters.d_steps, last.meters.g_steps) == (15 * BATCH, 15, 3)
    assert last.meters.flops == 15 * of_d + 3 * of_g


def test_seconds_are_shared_among_the_seeds_of_a_group(clock: FakeClock):
    """Eight updates of 1/4 s for four seeds are half a second for each."""
    *_, last = run(Timed(clock, "d"), 8, "d_steps", seeds=4)
    assert last.meters.seconds == 8 * 0.25 / 4


def test_points_come_at_their_fractions():
    """Ten points of 40 updates are every fourth; what is handed out there is not changed afterwards."""
    ledgers = run(Scripted("d"), 40, "d_steps", points=10)
    assert [(ledger.point, ledger.meters.d_steps) for ledger in ledgers] == [(k, 4 * k) for k in range(1, 11)]


def test_points_come_at_the_first_update_that_reaches_them():
    """Three points of 1,000 real samples, in batches of 32: the first multiples at or above 333.3, 666.7 and 1,000."""
    ledgers = run(Scripted(), 1000, "samples", points=3)
    assert [ledger.meters.samples for ledger in ledgers] == [352, 672, 1024]


def test_an_update_that_crosses_several_points_makes_one():
    """Batches of 32 on a budget of 64 with 10 points reach point 5, then 10: the ones between are left out."""
    ledgers = run(Scripted(), 64, "samples", points=10)
    assert [(ledger.point, ledger.meters.samples) for ledger in ledgers] == [(5, 32), (10, 64)]


def test_schedules_read_the_fraction_that_is_spent():
    """Before update k of 8 it is k / 8, and 1 at the end; it never passes 1."""
    trainer = Scripted("d")
    supply = Supply(ring_dataset(), (0,), BATCH, "cpu")
    list(training(trainer, supply, Budget(8, "d_steps"), 2, 1, Ledger()))
    assert trainer.seen == [k / 8 for k in range(8)]
    list(training(Scripted("d"), supply, Budget(33, "samples"), 1, 1, Ledger()))
    assert supply.spent_fraction == 1


def test_the_clock_stands_still_while_the_caller_works(clock: FakeClock):
    """An hour at every point costs nothing: eight updates of 1/4 s are two seconds."""
    supply = Supply(ring_dataset(), (0,), BATCH, "cpu")
    seconds = []
    for ledger in training(Timed(clock, "d"), supply, Budget(8, "d_steps"), 4, 1, Ledger()):
        clock.now += 3600
        seconds.append(ledger.meters.seconds)
    assert seconds == [0.5, 1.0, 1.5, 2.0]


def test_the_clock_is_real():
    """Four updates that sleep 10 ms, with 50 ms of sleep at each point, are at least 40 ms and less than the 200 ms."""

    class Sleeper(Scripted):
        def step(self, supply: Supply) -> str:
            time.sleep(0.01)
            return super().step(supply)

    supply = Supply(ring_dataset(), (0,), BATCH, "cpu")
    ledger = Ledger()
    for _ in training(Sleeper("d"), supply, Budget(4, "d_steps"), 4, 1, ledger):
        time.sleep(0.05)
    assert 0.04 <= ledger.meters.seconds < 0.2


def test_progress_is_reported_twice_a_second(clock: FakeClock):
    """Updates of 1/4 s are reported at every second one, with the fraction spent before it."""
    heard: list[float] = []
    supply = Supply(ring_dataset(), (0,), BATCH, "cpu")
    list(training(Timed(clock, "d"), supply, Budget(8, "d_steps"), 1, 1, Ledger(), heard.append))
    assert heard[:4] == [1 / 8, 3 / 8, 5 / 8, 7 / 8]


@pytest.mark.parametrize("script", ["e", "dg" * 3 + "e"])
def test_an_undeclared_kind_is_the_plugins_error(script: str):
    """Whether it comes first or after every declared kind has been seen; the error names the trainer and both."""
    message = "Scripted.step returned 'encoder': wanted one of discriminator, generator, which its `updates` declares"
    with pytest.raises(PluginError, match=message):
        run(Scripted(script), 100, "d_steps")


def test_a_unit_that_no_update_spends_is_not_applicable():
    """It is found before the first update; the reason names trainer, unit and updates."""

    class OnlyGenerator(Scripted):
        updates = ("generator",)

    trainer = OnlyGenerator("g")
    with pytest.raises(NotApplicable) as caught:
        run(trainer, 100, "d_steps")
    assert str(caught.value) == (
        "OnlyGenerator never spends d_steps, so a budget of 100 d_steps has no end: "
        "its updates are generator; choose another unit, such as seconds"
    )
    assert trainer.steps == 0


@pytest.mark.parametrize("unit", ["flops", "samples"])
def test_a_unit_that_stays_unspent_is_not_applicable(unit: str):
    """A trainer that has drawn and multiplied nothing after 10,000 updates never will."""

    class OnlyGenerator(Scripted):
        updates = ("generator",)

    trainer = OnlyGenerator("g")
    with pytest.raises(NotApplicable, match=f"OnlyGenerator never spends {unit}"):
        run(trainer, 100, unit)
    assert trainer.steps == ENDLESS


def test_a_kept_ledger_continues():
    """Training that starts from the ledger of a point ends with the meters and the bits of the undisturbed one."""
    whole, _ = adversarial((0,), recipe())
    wanted = run(whole, 10, "g_steps", points=5)
    trainer, supply = adversarial((0,), recipe())
    ledger = Ledger()
    points = training(trainer, supply, Budget(10, "g_steps"), 5, 1, ledger)
    next(points)
    next(points)
    found = list(training(trainer, supply, Budget(10, "g_steps"), 5, 1, ledger))
    assert [each.point for each in found] == [3, 4, 5]
    for one, other in zip(found, wanted[2:], strict=True):
        assert {**one.meters.as_dict(), "seconds": 0} == {**other.meters.as_dict(), "seconds": 0}
    assert_same_bits(trainer.state_dict(), whole.state_dict())


def test_how_often_it_is_looked_at_does_not_change_the_training():
    """With one point or twenty, the same bits."""
    one, other = adversarial((0, 1), recipe())[0], adversarial((0, 1), recipe())[0]
    run(one, 20, "g_steps", points=1, seeds=2)
    run(other, 20, "g_steps", points=20, seeds=2)
    assert_same_bits(one.state_dict(), other.state_dict())


def test_counting_flops_does_not_change_the_training():
    """The first updates, which run counted, give the bits of updates that are not."""
    counted, _ = adversarial((0,), recipe())
    run(counted, 3, "g_steps", points=1)
    plain, supply = adversarial((0,), recipe())
    for _ in range(6):
        plain.step(supply)
    found, wanted = counted.state_dict(), plain.state_dict()
    assert_same_bits(found, wanted)
    assert not torch.equal(found["generator.network.out.weight"], torch.zeros(2, WIDTH))
