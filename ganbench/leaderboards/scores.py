"""The outcomes of a board's variants as one matrix, which the tests of pairs read."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.outcomes import SIGNS, outcomes


def scores(board: Board) -> NDArray[np.float64]:
    """The outcomes of the variant rows, higher being better: (rows, seeds); -inf is a failure, NaN no outcome.

    Without a row where the headline has no direction.
    """
    way = direction(board, board.headline)
    sign = SIGNS.get(way)
    found = [outcomes(row, board.headline, way) for row in board.rows] if sign else []
    seeds = sorted({seed for row in found for seed in row})
    return np.array([[(sign or 0) * row.get(seed, math.nan) for seed in seeds] for row in found])
