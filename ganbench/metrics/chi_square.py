"""Pearson's chi-square test of generated samples against a mixture of known density, in cells of equal probability.

Pearson, "On the criterion that a given system of deviations from the probable ...", Philosophical Magazine, 1900: the
sum over cells of (found - expected)^2 / expected has, for the truth, a chi-square law with cells - 1 degrees of
freedom. The cells are those of `cells.py`: their probabilities are exact, nothing is fitted, so no degree is lost.
Cells are the modes, each cut into four rings and four quadrants: uneven modes, modes too narrow or too wide, shifted
modes and samples beside them all show, and a sample on every mean is not enough. A slight unevenness of the modes is
diluted among so many cells, so the modes as wholes are tested beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ganbench.hooks import hookimpl
from ganbench.metrics.cells import Cells
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChiSquare(Metric):
    """The chi-square statistic per degree of freedom with its p-value, and the p-value of the modes as wholes."""

    rings: int = 4
    least_expected: int = 5
    """Samples expected in a cell, below which the law of the statistic is no longer chi-square (Cochran, 1954)."""

    name: ClassVar[str] = "chi_square"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        statistic = (
            f"chi-square per degree of freedom against the density, modes x {self.rings} rings x 4 quadrants: "
            "1 for the truth, give or take sqrt(2 / (cells - 1))"
        )
        p = "probability that the truth has so large a chi-square: below 0.001 in 1 of 1,000 runs of the truth"
        modes = "the same for the counts of the modes alone, which shows weights that are slightly off"
        return (
            Quantity("chi_square", "lower", lowest=0, meaning=statistic),
            Quantity("chi_square_p", "neither", "", 0, 1, p),
            Quantity("chi_square_modes_p", "neither", "", 0, 1, modes),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.density is None:
            return {}
        cells = Cells(tuple(k / self.rings for k in range(1, self.rings)))
        expected = cells.probabilities(evidence.density) * len(evidence.samples)
        if expected.min() < self.least_expected:
            return {}
        found = cells.counts(evidence.samples, evidence.density)
        modes = (len(evidence.density.means), -1)
        statistic, p = chi_square(found, expected)
        _, modes_p = chi_square(found.reshape(modes).sum(axis=1), expected.reshape(modes).sum(axis=1))
        return {"chi_square": statistic, "chi_square_p": p, "chi_square_modes_p": modes_p}


def chi_square(found: Floats, expected: Floats) -> tuple[float, float]:
    """Pearson's statistic for the counts `found` (cells,) per degree of freedom, and its p-value.

    A single cell, which has no degree of freedom, gives 0 and 1.
    """
    statistic, freedom = float(np.sum((found - expected) ** 2 / expected)), len(expected) - 1
    return statistic / max(1, freedom), float(chi2.sf(statistic, freedom)) if freedom else 1.0


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the chi-square test."""
    register("chi_square", ChiSquare())
