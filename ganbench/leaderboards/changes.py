"""What became of the rows of last night's boards: which scores moved beyond their noise, which runs are gone.

A row is compared where the source of its plugin changed, for then its seeds were run anew. The same code gives the same
numbers bit for bit, so whatever moves was moved by the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Row
from ganbench.statistics import holm, paired_t_test, sign_of_sum

LEVEL = 0.05
"""How often, over all rows of a night together, a score that did not move may be said to have moved."""
LEAST_SEEDS = 3
"""Of fewer nothing is said: two counts often differ by the same, and look as if there were no noise."""
_WAYS = {
    "higher": {1: "better", -1: "worse", 0: ""},
    "lower": {1: "worse", -1: "better", 0: ""},
    "neither": {1: "up", -1: "down", 0: ""},
}


@dataclass(frozen=True)
class Change:
    """A row whose runs are other ones than before."""

    before: Row
    after: Row
    board: Board
    """As it is now."""
    p: float
    """Of the difference of the headline, paired by seed (Student's test), corrected after Holm for all rows compared;
    1 where it cannot be told, as below three seeds."""

    @property
    def moved(self) -> bool:
        """Whether the headline moved beyond its noise, or a seed that was ok has failed; one not run yet has not."""
        return self.p < LEVEL or bool(self._lost)

    @property
    def way(self) -> str:
        """Which way it moved: "better" or "worse", "up" or "down" of a headline without direction; "" for neither.

        A seed that was ok and has failed is worse, whatever the others say.
        """
        if self._lost:
            return "worse"
        sign = sign_of_sum(_differences(self.before, self.after, self.board.headline))
        direction = self.board.quantities.get(self.board.headline, {}).get("direction", "neither")
        return _WAYS[direction][sign]

    @property
    def _lost(self) -> set[int]:
        """The seeds that were ok and have failed."""
        return {record.spec.seed for record in self.before.ok} & {record.spec.seed for record in self.after.failed}


def changes(before: Sequence[Board], after: Sequence[Board]) -> list[Change]:
    """Every row that stands on both and whose runs differ, in the order of the boards."""
    pairs = list(_pairs(before, after))
    corrected = holm([_p(_differences(old, new, board.headline)) for old, new, board in pairs])
    return [Change(old, new, board, float(p)) for (old, new, board), p in zip(pairs, corrected, strict=True)]


def _pairs(before: Sequence[Board], after: Sequence[Board]) -> Iterator[tuple[Row, Row, Board]]:
    """Rows that have a name in common: one that has got a second name is the same."""
    old = {(board.conditions, name): row for board in before for row in board.rows for name in _names(row)}
    for board in after:
        for row in board.rows:
            found = next((old[key] for name in _names(row) if (key := (board.conditions, name)) in old), None)
            if found is not None and found.ids != row.ids:
                yield found, row, board


def _names(row: Row) -> Iterable[str]:
    return row.names or dict.fromkeys(record.spec.cell for record in row.records)


def _differences(before: Row, after: Row, headline: str) -> list[float]:
    """Over the seeds that are ok in both, now minus before."""
    values = [{r.spec.seed: r.values[headline] for r in row.ok if headline in r.values} for row in (before, after)]
    return [values[1][seed] - values[0][seed] for seed in sorted(values[0].keys() & values[1].keys())]


def _p(differences: Sequence[float]) -> float:
    """1 below `LEAST_SEEDS`, or where nothing changed."""
    return paired_t_test(differences) if len(differences) >= LEAST_SEEDS else 1.0
