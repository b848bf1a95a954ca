"""What a group of seeds is expected to take, from what published runs took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import median

from ganbench.planning import Group
from ganbench.record import RunRecord, RunSpec

CellKey = tuple[str, str, str]
"""Dataset, budget and cell."""


def key_of(spec: RunSpec) -> CellKey:
    """The cell of a run, whatever its version."""
    return spec.dataset, spec.budget, spec.cell


class Costs:
    """Seconds that one seed of each cell took, in training, evaluation and saving."""

    def __init__(self, records: Iterable[RunRecord]) -> None:
        self._cells: dict[CellKey, list[float]] = defaultdict(list)
        self._boards: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.learn(records)

    def learn(self, records: Iterable[RunRecord]) -> None:
        """Takes in what the ok runs among the records took."""
        for record in records:
            if record.status == "ok":
                took = record.meters["seconds"] + sum(record.seconds.values())
                key = key_of(record.spec)
                self._cells[key].append(took)
                self._boards[key[:2]].append(took)

    def expected(self, group: Group) -> float | None:
        """Seconds that the group will take; None where nothing has been learned at all.

        By the median of its cell, else of the cells of its board, else of the slowest board.
        """
        key = key_of(group.specs[0])
        known = self._cells.get(key) or self._boards.get(key[:2])
        if known is None and not self._boards:
            return None
        a_seed = median(known) if known else max(map(median, self._boards.values()))
        return a_seed * len(group.specs)
