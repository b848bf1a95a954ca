"""The verdict on trajectories whose fate is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ganbench.metrics.equilibrium import LEAST, RATE, VERDICTS, Equilibrium, growth, turns, verdict
from ganbench.metrics.metric import Evidence, Scores

POINTS = 200


def spiral(e_foldings: float, rounds: float, points: int = POINTS):
    """theta, psi (points,): a spiral of radius 1 at first that grows by so many e-foldings in so many rounds."""
    t = np.linspace(0, 1, points)
    radius, angle = np.exp(e_foldings * t), 2 * math.pi * rounds * t
    return radius * np.cos(angle), radius * np.sin(angle)


def evidence(theta: float, psi: float, history=(), offset: float = 0.25):
    """What an observation of a discriminator psi * x + offset and a generator of theta gives."""
    scores = Scores(*(torch.zeros(3),) * 3, None, probe=torch.tensor([offset, psi + offset]))
    return Evidence(torch.full((3, 1), theta), scores=scores, history=tuple(history))


@pytest.mark.parametrize(
    ("e_foldings", "rounds", "expected"),
    [
        (-1.0, 5, "converges"),
        (-1.0, 0, "converges"),
        (0.0, 5, "cycles"),
        (0.0, -5, "cycles"),
        (-0.6, 5, "cycles"),
        (0.6, 5, "cycles"),
        (0.0, 0.4, "stalls"),
        (0.0, 0.0, "stalls"),
        (1.0, 5, "diverges"),
        (1.0, 0, "diverges"),
    ],
)
def test_the_verdict_is_the_fate_of_the_spiral(e_foldings: float, rounds: float, expected: str):
    """Half of the e-foldings fall into the later half: 0.5 is a rate, 0.3 is none; 0.2 of 0.4 rounds are no turning."""
    assert verdict(*spiral(e_foldings, rounds)) == expected


@pytest.mark.parametrize("e_foldings", [-3.0, 0.0, 0.5])
def test_growth_and_turns_are_those_of_the_later_half(e_foldings: float):
    """Exact for a spiral of constant rate, whose later half runs from point 100 to point 199 of 0 to 199."""
    theta, psi = spiral(e_foldings, 3.0)
    share = 99 / 199
    assert growth(np.hypot(theta, psi)) == pytest.approx(e_foldings * share, abs=1e-12)
    assert turns(theta, psi) == pytest.approx(3.0 * share)
    assert turns(theta, -psi) == pytest.approx(-3.0 * share)


@pytest.mark.parametrize("length", [1e2, 1e4, 1e6])
def test_the_inverse_square_root_is_no_rate(length: float):
    """Least squares through ln t^(-1/2) over the later half give a fall of (9 - 12 ln 2) / 2, less than the bound.

    So it never counts as convergence, however long the run: 12 times the integral of (u - 1/2) ln(1 + u) from 0 to 1,
    which is 1/4 - (2 ln 2 - 1) / 2, is the slope of the line through ln t. It begins at radius 10 here.
    """
    t = np.linspace(length / 20_000, length, 20_000)
    radius = 10 * (1 + t) ** -0.5
    assert growth(t**-0.5) == pytest.approx(-(9 - 12 * math.log(2)) / 2, abs=1e-3)
    assert (9 - 12 * math.log(2)) / 2 < RATE
    assert verdict(radius * np.cos(t / length * 50), radius * np.sin(t / length * 50)) == "cycles"


def test_a_trajectory_that_has_arrived_converges():
    """At rest at 0, or in a ball of noise smaller than 0.005, there is no rate left; a cycle of radius 0.01 is one."""
    noise = np.random.default_rng(0).normal(0, 0.002, (2, POINTS))
    assert verdict(np.zeros(POINTS), np.zeros(POINTS)) == "converges"
    assert verdict(*noise) == "converges"
    assert verdict(*(0.01 * series for series in spiral(0, 5))) == "cycles"


def test_where_it_stands_is_read_from_samples_and_probe():
    """theta is the mean sample, psi the difference of the scores at 1 and 0, so that a bias does not count."""
    values = Equilibrium()(evidence(3.0, -4.0))
    assert values == {"distance": 5.0, "theta": 3.0, "psi": -4.0}


def test_the_motion_needs_points_before():
    """Growth, turns and verdict come with the eighth point, from the history and the point itself."""
    theta, psi = spiral(8.0, 0.0, LEAST)
    history = [{"theta": x, "psi": y, "other": 1.0} for x, y in zip(theta, psi, strict=True)]
    assert "verdict" not in Equilibrium()(evidence(theta[-2], psi[-2], history[: LEAST - 2]))
    values = Equilibrium()(evidence(theta[-1], psi[-1], history[: LEAST - 1]))
    assert VERDICTS[int(values["verdict"])] == "diverges"
    assert values["growth"] == pytest.approx(8.0 * 3 / 7, rel=1e-5)
    assert values["turns"] == 0


def test_without_probes_there_is_nothing_to_say():
    """A trainer without a discriminator has no scores; another dataset has no probe."""
    scores = Scores(*(torch.zeros(3),) * 3, None)
    assert Equilibrium()(Evidence(torch.zeros(3, 1))) == {}
    assert Equilibrium()(Evidence(torch.zeros(3, 1), scores=scores)) == {}


def test_every_value_is_described():
    """The quantities are the values that are given, and the verdict's numbers have their words."""
    theta, psi = spiral(0.0, 1.0)
    history = [{"theta": x, "psi": y} for x, y in zip(theta, psi, strict=True)]
    described = {quantity.name: quantity for quantity in Equilibrium().quantities}
    assert set(Equilibrium()(evidence(1.0, 0.0, history))) == set(described)
    assert described["verdict"].labels == ("converges", "stalls", "cycles", "diverges")
