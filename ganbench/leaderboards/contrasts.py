"""One weighted sum of rows, seed by seed: what it is on average, and how likely chance alone would give it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.outcomes import outcomes
from ganbench.leaderboards.row import Estimate, Row
from ganbench.ranks import LEVEL
from ganbench.statistics import contrast, holm, paired_permutation_test, sign_of_sum, t_interval

Terms = Sequence[tuple[float, Row]]
"""Weights and the rows that they multiply."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of rows whose weights add up to 0."""

    estimate: Estimate
    """Over the seeds that have a number in every row."""
    p: float | None = None
    """Of the paired permutation test, in which a failed seed is worst; None where no seed has an outcome in all."""
    sign: int = 0
    """Which way the tested sum points, failures included: 1, -1, or 0 for neither. The mean may point elsewhere."""
    tested: int = 0
    """How many seeds the test is over."""
    adjusted: float | None = None
    """Corrected by Holm for all that stand in one table."""

    @property
    def stands(self) -> bool:
        """Whether it was tested, and chance alone would give it in no more than `LEVEL` of such tables."""
        return self.adjusted is not None and self.adjusted <= LEVEL

    @property
    def turned(self) -> bool:
        """Whether failures, which enter no mean, make the test point away from the mean, or alone make it point."""
        return self.sign != 0 and (self.estimate.mean is None or self.sign * self.estimate.mean < 0)


NOTHING = Contrast(Estimate(None, None, 0))
"""Where there is nothing to sum."""


def contrasted(board: Board, terms: Terms) -> Contrast:
    """The contrast of the headline; the test is over every seed of which all the rows have an outcome."""
    weights = [weight for weight, _ in terms]
    way = direction(board, board.headline)
    found = [outcomes(row, board.headline, way) for _, row in terms]
    seeds = sorted(set.intersection(*map(set, found))) if found else []
    if not seeds:
        return NOTHING
    values = np.array([[row[seed] for seed in seeds] for row in found])
    numbers = contrast(weights, values[:, np.isfinite(values).all(axis=0)])
    estimate = Estimate(*t_interval(numbers), len(numbers)) if len(numbers) else NOTHING.estimate
    sums = contrast(weights, values)
    return Contrast(estimate, paired_permutation_test(sums), sign_of_sum(sums), len(seeds))


def mean_of(sums: Sequence[Terms]) -> Terms:
    """The terms of the mean of weighted sums."""
    return [(weight / len(sums), row) for terms in sums for weight, row in terms]


def corrected(contrasts: Mapping[Key, Contrast]) -> dict[Key, Contrast]:
    """The same with `adjusted` for all that have a p."""
    tested = {key: found.p for key, found in contrasts.items() if found.p is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    return {key: replace(found, adjusted=adjusted.get(key)) for key, found in contrasts.items()}
