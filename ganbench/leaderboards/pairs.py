"""The paired tests that a board's ranks rest on, pair by pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ganbench.aggregates import probability_of_improvement
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.outcomes import SIGNS
from ganbench.leaderboards.ranking import ranking
from ganbench.leaderboards.scores import scores
from ganbench.ranks import Comparison


def pairs_table(board: Board) -> pd.DataFrame:
    """One row a compared pair, in the board's order; empty where nothing is ranked.

    Columns: the conditions; one and other, the cells; headline; seeds that both were asked for; difference, the mean of
    one minus other over the seeds that have a number in both; p of the permutation test and p_holm, corrected for all
    pairs; lead, 1 where the test has one as the better and -1 where other; improvement, how often a seed of one is
    better than a seed of other (`probability_of_improvement`).
    """
    found, ranked, conditions = scores(board), ranking(board), board.conditions.columns
    return pd.DataFrame([conditions | _line(board, found, pair) for pair in (ranked.pairs if ranked else ())])


def _line(board: Board, found: NDArray[np.float64], pair: Comparison) -> dict[str, Any]:
    both = found[[pair.one, pair.other]]
    one, other = both[:, ~np.isnan(both).any(axis=0)]
    finite = np.isfinite(one) & np.isfinite(other)
    differences = SIGNS[direction(board, board.headline)] * (one[finite] - other[finite])
    return {
        "one": board.rows[pair.one].cell,
        "other": board.rows[pair.other].cell,
        "headline": board.headline,
        "seeds": pair.seeds,
        "difference": differences.mean() if finite.any() else None,
        "p": pair.p,
        "p_holm": pair.adjusted,
        "lead": pair.lead,
        "improvement": probability_of_improvement(one, other),
    }
