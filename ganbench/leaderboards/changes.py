"""What became of the rows of last night's boards: which scores moved beyond their noise, which runs are gone.

A row is compared where the source of its plugin changed, for then its seeds were run anew. The same code gives the same
numbers bit for bit, so whatever moves was moved by the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Row
from ganbench.statistics import holm, paired_t_test

LEVEL = 0.05
"""How often, over all rows of a night together, a score that did not move may be said to have moved."""


@dataclass(frozen=True)
class Change:
    """A row whose runs are other ones than before."""

    before: Row
    after: Row
    board: Board
    """As it is now."""
    p: float
    """Of the difference of the headline, paired by seed (Student's test), corrected after Holm for all rows compared;
    1 where it cannot be told."""

    @property
    def moved(self) -> bool:
        """Whether the headline moved beyond its noise, or a seed that was ok has failed."""
        return self.p < LEVEL or bool(_ok_seeds(self.before) - _ok_seeds(self.after))


def changes(before: Sequence[Board], after: Sequence[Board]) -> list[Change]:
    """Every row that stands on both and whose runs differ, in the order of the boards."""
    pairs = list(_pairs(before, after))
    corrected = holm([_p(old, new, board.headline) for old, new, board in pairs])
    return [Change(old, new, board, float(p)) for (old, new, board), p in zip(pairs, corrected, strict=True)]


def _pairs(before: Sequence[Board], after: Sequence[Board]) -> Iterator[tuple[Row, Row, Board]]:
    old = {(board.conditions, row.cell): row for board in before for row in board.rows}
    for board in after:
        for row in board.rows:
            found = old.get((board.conditions, row.cell))
            if found is not None and found.ids != row.ids:
                yield found, row, board


def _p(before: Row, after: Row, headline: str) -> float:
    """Over the seeds that are ok in both; 1 below two, or where nothing changed."""
    values = [{r.spec.seed: r.values[headline] for r in row.ok if headline in r.values} for row in (before, after)]
    seeds = sorted(values[0].keys() & values[1].keys())
    return paired_t_test([values[1][seed] - values[0][seed] for seed in seeds])


def _ok_seeds(row: Row) -> set[int]:
    return {record.spec.seed for record in row.ok}
