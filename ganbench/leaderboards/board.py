"""One comparable table: rows that differ in the variant, its tricks and its settings, and in nothing else."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ganbench.leaderboards.companions import Line, lines
from ganbench.leaderboards.conditions import Conditions
from ganbench.leaderboards.outcomes import merit
from ganbench.leaderboards.robust import is_summed_up, middle
from ganbench.leaderboards.row import Row
from ganbench.record import CONTROLS, RunRecord

CONTROL_NAMES = {"held_out_real": "control: held-out real data", "untrained": "control: untrained generator"}


@dataclass(frozen=True)
class Board:
    """Rows that may be compared. Their order is by failures and the mean, and no ranking: `ranking` gives that."""

    conditions: Conditions
    rows: tuple[Row, ...]
    """The variants, those of fewest failures first, then by the headline's mean; those without an ok seed last."""
    controls: tuple[Row, ...]
    """Held-out real data and the untrained generator: what the scale of the numbers is."""
    headline: str
    quantities: dict[str, dict[str, Any]]
    """How to read each quantity, the headline first."""
    set_aside: int
    """Runs left out because another of the same cell and seed stands on the board: of a smaller id, or loaded since."""

    def __hash__(self) -> int:
        """Of what no two boards share."""
        return hash((self.conditions, self.headline))

    @property
    def all_rows(self) -> tuple[Row, ...]:
        """Variants, then controls."""
        return self.rows + self.controls

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """The runs behind the board, row by row."""
        return tuple(record for row in self.all_rows for record in row.records)

    @cached_property
    def lines(self) -> dict[str, Line]:
        """The quantities that have a line of their own in tables for readers, with what stands beside each."""
        return lines(self.quantities, (record.values for record in self.records if record.status == "ok"))

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """Every network whose parameters some row counts."""
        return tuple(sorted({name for row in self.all_rows for name in row.networks}, key=_natural, reverse=True))

    @property
    def table(self) -> pd.DataFrame:
        """One row a cell, in the board's order, controls last.

        Columns: the conditions, so that a row travels alone; cell, seeds (asked), seeds_ok, failures; of every quantity
        the mean, the half_width and the seeds that have it; of the headline the interquartile_mean too, in which a
        failed seed is worst, and which is missing of fewer than four seeds, and where more failed than the quarter
        that it leaves out; parameters of each network; what one seed cost; run ids.
        """
        return pd.DataFrame([self._line(row) for row in self.all_rows])

    def _line(self, row: Row) -> dict[str, Any]:
        seeds = {"seeds": len(row.records), "seeds_ok": len(row.ok), "failures": row.failures}
        numbers = {
            f"{quantity}.{part}": value
            for quantity in self.quantities
            for part, value in self._parts(row, quantity).items()
        }
        parameters = {f"parameters.{network}": row.parameters(network) for network in self.networks}
        costs = {**parameters, **row.costs}
        return {**self.conditions.columns, "cell": row.cell, **seeds, **numbers, **costs, "runs": row.ids}

    def _parts(self, row: Row, quantity: str) -> dict[str, Any]:
        parts = row.estimate(quantity)._asdict()
        how = self.quantities[quantity]
        if quantity != self.headline or not is_summed_up(how):
            return parts
        found = middle(row, quantity, how)
        return {**parts, "interquartile_mean": found if found is not None and math.isfinite(found) else None}


def boards(records: Iterable[RunRecord]) -> list[Board]:
    """Every board that the records give, ordered by dataset and budget; a pure function of the set of records.

    Runs that differ in any of `Conditions` never share a board. Controls, which spend no budget, stand on every board
    that admits them and make none of their own.
    """
    ordered = _ordered(records)
    controls = [record for record in ordered if record.spec.is_control]
    groups: dict[Conditions, list[RunRecord]] = defaultdict(list)
    for record in ordered:
        if not record.spec.is_control:
            groups[Conditions.of(record.spec)].append(record)
    by_name = sorted(groups, key=lambda conditions: [_natural(str(value)) for value in astuple(conditions)])
    return [_board(conditions, groups[conditions], controls) for conditions in by_name]


def _ordered(records: Iterable[RunRecord]) -> list[RunRecord]:
    """By id; of one id, which damage alone can bring about twice, by content."""
    same: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        same[record.id].append(record)
    return [record for run in sorted(same) for record in _by_content(same[run])]


def _by_content(records: list[RunRecord]) -> list[RunRecord]:
    return sorted(records, key=lambda record: record.to_json()) if len(records) > 1 else records


def _board(conditions: Conditions, variants: list[RunRecord], controls: list[RunRecord]) -> Board:
    admitted = [record for record in controls if conditions.admits_control(record.spec)]
    headline = next((record.headline for record in variants + admitted if record.headline), "")
    quantities = _quantities(variants + admitted, headline)
    rows = _rows(variants)
    direction = quantities.get(headline, {}).get("direction", "neither")
    control_rows = _control_rows(admitted)
    kept = sum(len(row.records) for row in (*rows, *control_rows))
    return Board(
        conditions=conditions,
        rows=tuple(sorted(rows, key=lambda row: _place(row, headline, direction))),
        controls=control_rows,
        headline=headline,
        quantities=quantities,
        set_aside=len(variants) + len(admitted) - kept,
    )


def _quantities(records: list[RunRecord], headline: str) -> dict[str, dict[str, Any]]:
    """How to read every value that an ok run has, the headline first, the rest in the order of the metrics."""
    described = {name: how for record in records for name, how in record.quantities.items()}
    measured = {name: None for record in records if record.status == "ok" for name in record.values}
    return {name: described.get(name, {}) for name in sorted(measured, key=lambda name: name != headline)}


def _rows(records: list[RunRecord]) -> list[Row]:
    names = _names(records)
    sources: dict[tuple[str, ...], dict[str | None, list[RunRecord]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        sources[names[record.spec.cell]][record.spec.source_hash].append(record)
    for versions in sources.values():
        _forget_what_loads_now(versions)
    return [
        Row(_label(cells, source, len(versions)), _one_a_seed(runs), cells if len(versions) == 1 else ())
        for cells, versions in sources.items()
        for source, runs in versions.items()
    ]


def _names(records: list[RunRecord]) -> dict[str, tuple[str, ...]]:
    """All the names of each cell's recipe, the simplest first: two names of one recipe are one cell."""
    recipes: dict[str, set[str]] = defaultdict(set)
    also: dict[str, set[str]] = defaultdict(set)
    for record in records:
        recipes[record.spec.cell] |= {record.recipe} - {""}
        also[record.spec.cell] |= set(record.also)
    same: dict[str, set[str]] = defaultdict(set)
    for cell, found in recipes.items():
        same[found.pop() if len(found) == 1 else cell] |= {cell, *also[cell]}
    sorted_names = (tuple(sorted(cells, key=lambda cell: (cell.count(" "), _natural(cell)))) for cells in same.values())
    return {cell: cells for cells in sorted_names for cell in cells}


def _label(cells: tuple[str, ...], source: str | None, versions: int) -> str:
    others = f" (= {', '.join(cells[1:])})" if len(cells) > 1 else ""
    version = f" @{(source or 'unknown')[:7]}" if versions > 1 else ""
    return f"{cells[0]}{version}{others}"


def _forget_what_loads_now(versions: dict[str | None, list[RunRecord]]) -> None:
    """Drops seeds of a cell that could not be loaded once, and have been run since."""
    since = {record.spec.seed for source, runs in versions.items() if source is not None for record in runs}
    left = [record for record in versions.pop(None, []) if record.spec.seed not in since]
    if left:
        versions[None] = left


def _control_rows(records: list[RunRecord]) -> tuple[Row, ...]:
    found = {name: [record for record in records if record.spec.variant == name] for name in CONTROLS}
    return tuple(Row(CONTROL_NAMES[name], _one_a_seed(runs)) for name, runs in found.items() if runs)


def _one_a_seed(records: list[RunRecord]) -> tuple[RunRecord, ...]:
    """By seed; of runs of one seed the first, whatever became of it: choosing by outcome would flatter."""
    first: dict[int, RunRecord] = {}
    for record in records:
        first.setdefault(record.spec.seed, record)
    return tuple(first[seed] for seed in sorted(first))


def _place(row: Row, headline: str, direction: str) -> tuple[bool, tuple[float, ...], list[str | int]]:
    """Sorts rows: those with a headline first, then by `merit`, then by name."""
    mean = row.estimate(headline).mean
    worse = tuple(-part for part in merit(row, headline, direction, mean or 0.0))
    return mean is None, worse, _natural(row.cell)


def _natural(text: str) -> list[str | int]:
    """Sorts inception_score@2 before inception_score@10."""
    return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"([0-9]+)", text))]
