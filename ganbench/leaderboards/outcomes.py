"""What became of each seed of a row, as one number: its headline, or the worst there is where it failed.

A run that diverged, crashed, ran out of time or memory, or ended without a finite headline is worse than any that has
one. A run that was interrupted, or that never began because its plugin did not load or the combination makes no sense,
says nothing of the variant: it has no outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.row import Row
from ganbench.record import RunRecord

FAILURES = ("diverged", "timeout", "out_of_memory", "crashed")
"""The statuses that count against a variant."""
SIGNS = {"higher": 1.0, "lower": -1.0}
"""By direction: what a headline is multiplied by so that higher is better."""


@lru_cache(maxsize=256)
def outcomes(board: Board, row: Row) -> Mapping[int, float]:
    """By seed, in the unit of the headline; failures are left out where the headline has no direction."""
    sign = SIGNS.get(direction(board, board.headline))
    worst = None if sign is None else -sign * math.inf
    found = ((record.spec.seed, _outcome(record, board.headline, worst)) for record in row.records)
    return {seed: value for seed, value in found if value is not None}


def scores(board: Board) -> NDArray[np.float64]:
    """The outcomes of the variant rows, higher being better: (rows, seeds); -inf is a failure, NaN no outcome.

    Without a row where the headline has no direction.
    """
    sign = SIGNS.get(direction(board, board.headline))
    found = [outcomes(board, row) for row in board.rows] if sign else []
    seeds = sorted({seed for row in found for seed in row})
    return np.array([[(sign or 0) * row.get(seed, math.nan) for seed in seeds] for row in found])


def _outcome(record: RunRecord, headline: str, worst: float | None) -> float | None:
    if record.status in FAILURES:
        return worst
    if record.status != "ok":
        return None
    not_finite = worst if record.headline == headline else None
    return record.values.get(headline, not_finite)
