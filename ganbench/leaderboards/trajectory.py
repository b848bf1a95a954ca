"""Score against budget, rank against budget: what the order of rows would have been, had training ended earlier.

A seed that failed has no part in a mean, and counts as worst in a rank: at every point, whenever it failed. Where rows
are measured on unequal numbers of samples before the end, they have no ranks there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.once import once
from ganbench.leaderboards.outcomes import SIGNS, merit
from ganbench.leaderboards.row import Estimate, Row
from ganbench.record import RunRecord
from ganbench.statistics import t_interval


@dataclass(frozen=True)
class Point:
    """One row at one fraction of the budget."""

    row: Row
    fraction: float
    """Of the budget, up to 1."""
    estimate: Estimate
    """Of the headline, over the seeds that ended ok and have it there."""
    rank: int | None
    """As `ranks`."""


@dataclass(frozen=True)
class Trajectory:
    """The headline of a board's variants at every evaluation point."""

    board: Board
    fractions: tuple[float, ...]
    """In order."""
    points: tuple[Point, ...]
    """One a variant row and fraction, row by row, in the board's order."""

    @property
    def table(self) -> pd.DataFrame:
        """One row a point.

        Columns: conditions; cell; fraction; n, the samples that it was measured on; headline; mean, half_width, seeds;
        rank; the cell's runs.
        """
        table = pd.DataFrame([self._line(point) for point in self.points])
        return table.astype({"rank": "Int64"})

    def _line(self, point: Point) -> dict[str, Any]:
        sizes = sorted({_size(record, point.fraction) for record in point.row.ok if record.curve})
        return {
            **self.board.conditions.columns,
            "cell": point.row.cell,
            "fraction": point.fraction,
            "n": " ".join(map(str, sizes)),
            "headline": self.board.headline,
            **point.estimate._asdict(),
            "rank": point.rank,
            "runs": point.row.ids,
        }

    def reversals(self, fraction: float) -> tuple[tuple[Row, Row], ...]:
        """The pairs of rows, in the board's order, whose ranks stand the other way at `fraction` than at the end."""
        then, end = self._ranks(fraction), self._ranks(self.fractions[-1])
        return tuple(
            (self.board.rows[one], self.board.rows[other])
            for one, other in itertools.combinations(sorted(then.keys() & end.keys()), 2)
            if (then[one] - then[other]) * (end[one] - end[other]) < 0
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """How it is to be read: where the order changes most, and on how many samples points were measured."""
        return (*self.about_order, *(about_sizes(self.board) if len(self.fractions) > 1 else ()))

    @property
    def about_order(self) -> tuple[str, ...]:
        """At which point most pairs stand the other way than at the end; nothing where there is no order to change."""
        ranked = len(self._ranks(self.fractions[-1]))
        earlier = self.fractions[:-1]
        if ranked < 2 or not earlier or len(_curve_sizes(self.board)) > 1:
            return ()
        turned = {fraction: len(self.reversals(fraction)) for fraction in earlier}
        most = max(earlier, key=lambda fraction: (turned[fraction], fraction))
        pairs = ranked * (ranked - 1) // 2
        of = f"{turned[most]} of {pairs} pairs stand" if pairs > 1 else "the one pair stands"
        if not turned[most]:
            return ("Order of rows: no pair stands the other way at an earlier point than at the end.",)
        return (f"Order of rows changed: {of} the other way at {100 * most:.3g} % of the budget than at the end.",)

    def _ranks(self, fraction: float) -> dict[int, int]:
        """By the row's index; rows without a rank are left out."""
        at = [point for point in self.points if point.fraction == fraction]
        return {index: point.rank for index, point in enumerate(at) if point.rank is not None}


def about_sizes(board: Board) -> tuple[str, ...]:
    """On how many samples the points of a board before the last were measured, where not on as many as the last."""
    found = _curve_sizes(board)
    last = board.conditions.samples
    if found <= {last}:
        return ()
    sizes = " or ".join(map(str, sorted(found)))
    text = f"Earlier points are measured on n = {sizes} samples, the last on {last}"
    unlike = ", and rows differ in it, so that none has a rank there" if len(found) > 1 else ""
    return (f"{text}{unlike}; quantities that depend on n step there.",)


@once
def trajectory(board: Board) -> Trajectory | None:
    """None where no ok run of a variant has a point with the headline."""
    curves = [_estimates(board, row) for row in board.rows]
    fractions = sorted({fraction for curve in curves for fraction in curve})
    if not fractions:
        return None
    nothing = Estimate(None, None, 0)
    found = {fraction: [curve.get(fraction, nothing) for curve in curves] for fraction in fractions}
    placed = {
        fraction: ranks(board, board.headline, fraction, [estimate.mean for estimate in estimates])
        for fraction, estimates in found.items()
    }
    points = [
        Point(row, fraction, curve.get(fraction, nothing), placed[fraction][index])
        for index, (row, curve) in enumerate(zip(board.rows, curves, strict=True))
        for fraction in fractions
    ]
    return Trajectory(board, tuple(fractions), tuple(points))


def _estimates(board: Board, row: Row) -> dict[float, Estimate]:
    values: dict[float, list[float]] = {}
    for record in row.ok:
        for fraction, found in _headlines(record, board.headline).items():
            values.setdefault(fraction, []).append(found)
    return {fraction: Estimate(*t_interval(found), len(found)) for fraction, found in values.items()}


def _headlines(record: RunRecord, headline: str) -> Mapping[float, float]:
    return {point["fraction"]: point["values"][headline] for point in record.curve if headline in point["values"]}


def ranks(board: Board, quantity: str, fraction: float, means: Sequence[float | None]) -> list[int | None]:
    """The ranks of the board's rows at `fraction` of the budget by their `means` there, 1 being the best.

    The row of which fewer seeds failed comes first, then the better mean, as in the order of the board; equal ones
    share the better rank. None without a mean, where `quantity` has no direction, and before the end where rows are
    measured on unequal numbers of samples.
    """
    way = direction(board, quantity)
    if way not in SIGNS or (fraction < 1 and len(_curve_sizes(board)) > 1):
        return [None] * len(means)
    found = [
        None if mean is None else merit(row, board.headline, way, mean)
        for row, mean in zip(board.rows, means, strict=True)
    ]
    present = [each for each in found if each is not None]
    return [None if each is None else 1 + sum(other > each for other in present) for each in found]


def _curve_sizes(board: Board) -> set[int]:
    """On how many samples points before the last are measured."""
    return {record.spec.curve_samples for row in board.rows for record in row.ok if record.curve}


def _size(record: RunRecord, fraction: float) -> int:
    return record.spec.samples if fraction == 1 else record.spec.curve_samples
