"""How long a group of runs will take, by a clock that the test turns."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganbench import forecast
from ganbench.experiment import resolve
from ganbench.observation import Observation
from ganbench.request import Request

ONCE, LAST, ON_THE_WAY, OBSERVING = 64.0, 8.0, 2.0, 1.0
"""Seconds: of what is made of reals, of a measurement at the last point and before it, of drawing samples."""


class Clock:
    """Stands still unless it is turned."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """One of a control on the ring, whose measurements turn the clock instead."""
    clock = Clock()
    found = resolve(Request("untrained", "ring8", samples=5_000))
    made: list[bool] = []

    def evaluate(samples: torch.Tensor, scores: None, final: bool) -> None:
        clock.now += (LAST if final else ON_THE_WAY) + (0 if made else ONCE)
        made.append(final)

    def observe(*_: object) -> list[Observation]:
        clock.now += OBSERVING
        return [Observation(torch.zeros(1, 2), None)]

    monkeypatch.setattr(forecast, "time", clock)
    monkeypatch.setattr(forecast, "observe", observe)
    object.__setattr__(found, "evaluator", evaluate)
    return found


@pytest.mark.parametrize("points", [1, 10])
def test_the_last_evaluation_counts_with_all_that_is_measured_there_alone(experiment: Any, points: int) -> None:
    """What is made of reals once; each point on the way; and the last, of twice as many samples."""
    object.__setattr__(
        experiment, "template", type(experiment.template)(**{**vars(experiment.template), "points": points})
    )
    assert (experiment.template.samples, experiment.template.curve_samples) == (5_000, 2_500)
    wanted = ONCE + (points - 1) * (OBSERVING + ON_THE_WAY) + 2 * (OBSERVING + LAST)
    assert forecast.forecast(experiment) == wanted
