"""Where a Dirac-GAN stands, and whether training takes it to its equilibrium: the verdict of a trajectory.

Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, section 2. theta is the generator's one point; psi is the slope of the discriminator,
D(1) - D(0), which is what the generator feels, whichever parameters make it. Both are 0 at the equilibrium.

The verdict looks at the later half of what has been spent. Convergence means a linear rate, an e-folding for so many
steps. The non-saturating loss comes nearer as t^(-1/2) only, which is 0.34 e-foldings over the later half of any run,
however long: the bound `RATE` lies just above, so that this is no convergence, and `growth` shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

VERDICTS = ("converges", "stalls", "cycles", "diverges")
"""What the numbers 0 to 3 say, from what one wants to what one fears."""
RATE = 0.4
"""e-foldings over the later half, from which on the distance shrinks or grows at a rate."""
ARRIVED = 0.005
"""Root mean square of the distance over the later half, below which noise or floats may have ended the approach."""
TURNING = 0.25
"""Turns over the later half, from which on a trajectory goes round."""
LEAST = 8
"""Points that a verdict needs."""
SMALLEST = 1e-38
"""The distance that stands for 0 where its logarithm is taken."""

Floats = NDArray[np.float64]


def growth(distances: Floats) -> float:
    """e-foldings of `distances` (points,), evenly spaced, from the middle to the end: the slope of their logarithm."""
    later = np.log(np.maximum(_later(distances), SMALLEST))
    slope, _ = np.polyfit(np.linspace(0, 1, len(later)), later, 1)
    return float(slope)


def turns(theta: Floats, psi: Floats) -> float:
    """How often (theta, psi), each (points,), goes round the origin from the middle to the end; clockwise is below 0.

    Points must lie less than half a turn apart.
    """
    angles = np.unwrap(np.arctan2(_later(psi), _later(theta)))
    return float((angles[-1] - angles[0]) / (2 * math.pi))


def verdict(theta: Floats, psi: Floats) -> str:
    """What becomes of the trajectory (theta, psi), each (points,): one of `VERDICTS`."""
    distances = np.hypot(theta, psi)
    rate = growth(distances)
    if rate < -RATE or np.sqrt(np.mean(_later(distances) ** 2)) < ARRIVED:
        return "converges"
    if rate > RATE:
        return "diverges"
    return "cycles" if abs(turns(theta, psi)) >= TURNING else "stalls"


def _later(series: Floats) -> Floats:
    return series[len(series) // 2 :]


@dataclass(frozen=True)
class Equilibrium(Metric):
    """theta, psi and their distance from (0, 0); with the points before, growth, turns and the verdict.

    A dataset that wants it probes the discriminator at 0 and 1. Its data are 0.
    """

    name: ClassVar[str] = "equilibrium"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "scores"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        later = "over the later half of what was spent"
        judged = (
            f"{later}: a distance that shrinks or grows by more than {RATE:g} e-foldings converges or diverges, one "
            f"below {ARRIVED:g} has converged; else what makes {TURNING:g} turns cycles, and what does not stalls"
        )
        near = "below 0 it comes nearer; t^(-1/2), which is no rate, gives -0.34"
        return (
            Quantity("verdict", "lower", "", 0, len(VERDICTS) - 1, judged, VERDICTS),
            Quantity("growth", "neither", "e-foldings", meaning=f"of the distance, {later}; {near}"),
            Quantity("turns", "neither", "turns", meaning=f"about the equilibrium, {later}"),
            Quantity("distance", "neither", "", 0, meaning="|(theta, psi)|, 0 at the equilibrium"),
            Quantity("theta", "neither", "", meaning="the generator's point; all data are 0"),
            Quantity("psi", "neither", "", meaning="the discriminator's slope, D(1) - D(0)"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.scores is None or evidence.scores.probe is None or len(evidence.samples) == 0:
            return {}
        at_zero, at_one = evidence.scores.probe.double().tolist()
        theta, psi = float(evidence.samples.double().mean()), at_one - at_zero
        here = {"distance": math.hypot(theta, psi), "theta": theta, "psi": psi}
        return {**_motion([*evidence.history, here]), **here}


def _motion(points: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Verdict, growth and turns at the last of `points`; nothing where they are too few."""
    if len(points) < LEAST:
        return {}
    theta, psi = (np.array([point[name] for point in points]) for name in ("theta", "psi"))
    return {
        "verdict": float(VERDICTS.index(verdict(theta, psi))),
        "growth": growth(np.hypot(theta, psi)),
        "turns": turns(theta, psi),
    }


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the verdict on a Dirac-GAN."""
    register("equilibrium", Equilibrium())
