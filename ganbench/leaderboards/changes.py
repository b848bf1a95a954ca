"""What became of the rows of last night's boards: which scores moved beyond their noise, which runs are gone.

A row is compared where the source of its plugin changed, for then its seeds were run anew. The same code gives the same
numbers bit for bit, so whatever moves was moved by the code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Row
from ganbench.statistics import holm, least_p, paired_t_test, sign_of_sum

LEVEL = 0.05
"""How often, over all rows of a night together, a score that did not move may be said to have moved."""
LEAST_SEEDS = 3
"""Of fewer nothing is said: two counts often differ by the same, and look as if there were no noise."""
_WAYS = {
    "higher": {1: "better", -1: "worse", 0: ""},
    "lower": {1: "worse", -1: "better", 0: ""},
    "neither": {1: "up", -1: "down", 0: ""},
}
_EQUAL = 1e-9
"""Differences that differ by less, as a share of them, are equal: floats of equal differences rarely are."""


@dataclass(frozen=True)
class Change:
    """A row that other code ran than before."""

    before: Row
    after: Row
    board: Board
    """As it is now."""
    p: float
    """Of the difference of the headline, paired by seed (Student's test), corrected after Holm for all rows compared;
    of equal differences the least that signs can show; 1 where it cannot be told, as below three seeds."""

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
    """Every row that stands on both and whose source differs, in the order of the boards."""
    pairs = list(_pairs(before, after))
    corrected = holm([_p(_differences(old, new, board.headline)) for old, new, board in pairs])
    return [Change(old, new, board, float(p)) for (old, new, board), p in zip(pairs, corrected, strict=True)]


def _pairs(before: Sequence[Board], after: Sequence[Board]) -> Iterator[tuple[Row, Row, Board]]:
    """Rows that have a name in common: one that has got a second name is the same."""
    old = {(board.conditions, name): row for board in before for row in board.rows for name in _names(row)}
    for board in after:
        for row in board.rows:
            found = next((old[key] for name in _names(row) if (key := (board.conditions, name)) in old), None)
            if found is not None and _sources(found) != _sources(row):
                yield found, row, board


def _sources(row: Row) -> set[str | None]:
    return {record.spec.source_hash for record in row.records}


def _names(row: Row) -> Iterable[str]:
    return row.names or dict.fromkeys(record.spec.cell for record in row.records)


def _differences(before: Row, after: Row, headline: str) -> list[float]:
    """Over the seeds that are ok in both, now minus before."""
    values = [{r.spec.seed: r.values[headline] for r in row.ok if headline in r.values} for row in (before, after)]
    return [values[1][seed] - values[0][seed] for seed in sorted(values[0].keys() & values[1].keys())]


def _p(differences: Sequence[float]) -> float:
    """1 below `LEAST_SEEDS`, or where nothing changed.

    Equal differences show no spread, of which Student's test makes p = 0, and few counts are often equal by chance: of
    ten rows of three seeds, with counts of 0 to 8 (binomial, 0.5 to 0.95 each) drawn alike before and after, some row
    had moved in 14 to 20 % of the nights. There p is `least_p`, that of one sign, and it was in none of 10,000 nights.
    """
    if len(differences) < LEAST_SEEDS or not any(differences):
        return 1.0
    if math.isclose(min(differences), max(differences), rel_tol=_EQUAL):
        return least_p(len(differences))
    return paired_t_test(differences)
