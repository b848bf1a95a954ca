"""What a request comes to before anything is run; and how long it will take, from a moment of it on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ganbench.errors import NotApplicable
from ganbench.experiment import Experiment, resolve, written_tricks
from ganbench.observation import Observation, observe
from ganbench.request import Request
from ganbench.supply import Supply
from ganbench.trainer import Trainer
from ganbench.training import WATCHED, Ledger, metered_step

MOMENT = 0.5
"""Seconds of training that are looked at."""
LONGEST = 10
"""Times as long are spent waiting for the generator's first turn."""


def describe(request: Request, timed: bool = False) -> dict[str, Any]:
    """What a request comes to, as JSON holds it: its runs' spec and recipe, its dataset's standards, and how long.

    `timed` asks for the seconds that a full group of seeds will take, for which a moment of it is trained. Where the
    combination makes no sense: the reason, and how the cell is written.
    """
    try:
        experiment = resolve(request)
        group_size = experiment.group_size  # looks at the networks, which may not be for such samples
    except NotApplicable as reason:
        return {"not_applicable": str(reason), "tricks": written_tricks(request)}
    standard = experiment.dataset.standard
    return {
        "template": experiment.template.as_dict(),
        "recipe": experiment.recipe,
        "seconds": forecast(experiment) if timed else None,
        "group_size": group_size,
        "warning": experiment.evaluator.warning,
        "standard_seeds": standard.seeds,
        "standard_points": experiment.dataset.evaluation.points,
        "standard_budget": standard.budget,
        "standard_batch_size": standard.batch_size,
    }


def forecast(experiment: Experiment) -> float | None:
    """Seconds that one full group of seeds will train and be measured, start-up and saving left out; None if unknown.

    On a machine that does other things meanwhile it will be longer.
    """
    seeds = tuple(range(experiment.group_size))
    trainer = experiment.trainer(seeds)
    evaluation = _evaluation_seconds(experiment, trainer, seeds)
    training = _training_seconds(experiment, trainer, seeds)
    return None if training is None else training + evaluation


def _evaluation_seconds(experiment: Experiment, trainer: Trainer, seeds: tuple[int, ...]) -> float:
    """One evaluation on the way, times all of them; the last, where more is measured, in proportion to its samples.

    What is made of real samples is made at the first look and kept, so that counts once.
    """
    template = experiment.template
    started = time.perf_counter()
    observations = observe(trainer, experiment.dataset, seeds, template.curve_samples, template.device)
    observing = time.perf_counter() - started
    first = _measuring_seconds(experiment, observations, final=True)
    last = _measuring_seconds(experiment, observations, final=True)
    on_the_way = _measuring_seconds(experiment, observations, final=False) if template.points > 1 else 0.0
    return (
        max(0.0, first - last)
        + (observing + on_the_way) * (template.points - 1)
        + (observing + last) * template.samples / template.curve_samples
    )


def _measuring_seconds(experiment: Experiment, observations: Sequence[Observation], final: bool) -> float:
    started = time.perf_counter()
    for observation in observations:
        if observation.finite:
            experiment.evaluator(observation.samples, observation.scores, final=final)
    return time.perf_counter() - started


def _training_seconds(experiment: Experiment, trainer: Trainer, seeds: tuple[int, ...]) -> float | None:
    budget, batch_size = experiment.budget, experiment.template.batch_size
    if budget is None or budget.unit == "seconds":
        return budget.limit * len(seeds) if budget else 0.0
    supply, ledger = Supply(experiment.dataset, seeds, batch_size, experiment.request.device), Ledger()
    _train(trainer, supply, ledger, MOMENT / 5)
    ledger.updates += WATCHED  # from here on no FLOPs are counted, which takes time
    before = budget.spent_fraction(ledger.meters)
    seconds = _train(trainer, supply, ledger, MOMENT)
    spent = budget.spent_fraction(ledger.meters) - before
    return seconds / spent if spent > 0 else None


def _train(trainer: Trainer, supply: Supply, ledger: Ledger, least: float) -> float:
    """Trains for that many seconds and to the end of a turn, and returns how long it took."""
    started, turns = time.perf_counter(), ledger.meters.g_steps
    while (seconds := time.perf_counter() - started) < least or (
        ledger.meters.g_steps == turns and seconds < LONGEST * least
    ):
        metered_step(trainer, supply, ledger, len(supply.seeds))
    return seconds
