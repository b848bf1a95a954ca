"""Which rows of a board the data tell apart: rank intervals and tie groups, from paired tests on the headline.

Every two rows are compared over all the seeds that both were asked for; `outcomes` says what a failed one counts. A row
that shares no seed with any other, or none of whose runs began, is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.once import once
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.scores import scores
from ganbench.leaderboards.undecided import counted, too_few
from ganbench.ranks import LEVEL, Comparison, compared, rank_intervals, separated, tie_letters
from ganbench.statistics import EXACT_SEEDS, FLIPS, seeds_needed


@dataclass(frozen=True)
class Place:
    """Where one variant row stands."""

    row: Row
    best: int
    """The best rank that it may have, 1 being the best of the compared rows."""
    worst: int
    """The worst."""
    ties: str
    """The letters of its tie groups: rows that share one are not separated. Empty where nothing was compared."""

    @property
    def rank(self) -> str:
        """As "2" or "1-4"; empty where nothing was compared."""
        if not self.ties:
            return ""
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


@dataclass(frozen=True)
class Ranking:
    """The places of a board's variants, and what they rest on."""

    board: Board
    places: tuple[Place, ...]
    """In the board's order, one a variant row."""
    seeds: int
    """The fewest seeds that a compared pair shares; 0 where no pair was compared."""
    comparisons: int
    """How many pairs of rows were compared, for all of which the tests are corrected."""
    sentences: tuple[str, ...]
    """How it is to be read."""
    pairs: tuple[Comparison, ...] = ()
    """The tests, of rows by their place on the board."""

    @property
    def too_few(self) -> str:
        """Where no pair could be separated with so few seeds: how many there are, and how many it takes; else empty."""
        return too_few([pair.seeds for pair in self.pairs], "pairs")


@once
def ranking(board: Board) -> Ranking | None:
    """The places of the variants; None where the headline has no direction, or there are fewer than two of them."""
    found = scores(board)
    if len(found) < 2:
        return None
    tested = compared(found)
    rows = sorted({row for pair in tested for row in (pair.one, pair.other)})
    better = separated(tested, len(board.rows))[np.ix_(rows, rows)]
    stand = dict(zip(rows, zip(rank_intervals(better), tie_letters(better), strict=True), strict=True))
    unknown = ((1, len(board.rows)), "")
    places = [
        Place(row, *interval, ties)
        for row, (interval, ties) in ((row, stand.get(k, unknown)) for k, row in enumerate(board.rows))
    ]
    return Ranking(
        board=board,
        places=tuple(places),
        seeds=min((pair.seeds for pair in tested), default=0),
        comparisons=len(tested),
        sentences=tuple(_sentences(tested, len(board.rows) - len(rows))),
        pairs=tuple(tested),
    )


def _sentences(tested: Sequence[Comparison], alone: int) -> list[str]:
    left = f"{_count(alone, 'row')} without a rank: no run began, or no seed is shared with another row."
    if not tested:
        return [left]
    return [
        _about_tests(tested),
        "Rows that share a letter are not separated. A failed seed counts as worse than any number.",
        *_about_seeds(tested),
        *([left] if alone else []),
    ]


def _about_tests(tested: Sequence[Comparison]) -> str:
    drawn = max(pair.seeds for pair in tested) > EXACT_SEEDS
    beyond = f" ({FLIPS:,} random flips beyond {EXACT_SEEDS} seeds)" if drawn else ""
    over = f"Holm-corrected over {len(tested)} pairs" if len(tested) > 1 else "for one pair"
    return f"Ranks come from exact paired permutation tests over shared seeds{beyond}, {over} at {100 * LEVEL:g} %."


def _about_seeds(tested: Sequence[Comparison]) -> list[str]:
    seeds = [pair.seeds for pair in tested]
    if few := too_few(seeds, "pairs"):
        return [f"Cannot be decided with {few}."]
    needed = seeds_needed(len(tested), LEVEL)
    unequal = min(seeds) < max(seeds)
    return [f"Pairs share {counted(seeds)}; the first to be separated needs {needed}."] if unequal else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ranked_table(board: Board) -> pd.DataFrame:
    """The board's table with rank_best, rank_worst and ties after the cell; missing where a row has no rank."""
    found = ranking(board)
    places = found.places if found else ()
    ranked = [place if place.ties else None for place in places]
    ranked += [None] * (len(board.all_rows) - len(places))
    columns = {
        "rank_best": pd.Series([place.best if place else None for place in ranked], dtype="Int64"),
        "rank_worst": pd.Series([place.worst if place else None for place in ranked], dtype="Int64"),
        "ties": pd.Series([place.ties if place else "" for place in ranked], dtype=object),
    }
    table = board.table
    after = list(table.columns).index("cell") + 1
    for name, column in reversed(columns.items()):
        table.insert(after, name, column)
    return table
