"""What the seeds of a row did along the budget, as the page draws it."""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.trajectory import ranks

MOST = 100
"""The most points of a curve, which is as many as a chart has room for."""
Line = list[float | None]


def fractions(board: Board) -> list[float]:
    """The fractions of the budget at which some ok run of a variant was evaluated, ascending."""
    return sorted({point["fraction"] for row in board.rows for record in row.ok for point in record.curve})


def drawn(found: list[float]) -> list[float]:
    """At most `MOST` of the fractions, evenly chosen among them, the last being one."""
    count = min(MOST, len(found))
    return [found[(k + 1) * len(found) // count - 1] for k in range(count)]


def curve(row: Row, quantity: str, at: list[float]) -> list[Line]:
    """Mean, lowest and highest of `quantity` over the ok seeds that have it, each (fractions,), None where none has.

    A row of one seed has the mean alone; a row without a value at any fraction has no line.
    """
    seeds = [{point["fraction"]: point["values"].get(quantity) for point in record.curve} for record in row.ok]
    found = [[value for seed in seeds if (value := seed.get(fraction)) is not None] for fraction in at]
    if not any(found):
        return []
    mean: Line = [sum(values) / len(values) if values else None for values in found]
    if len(seeds) == 1:
        return [mean]
    return [mean, [min(values, default=None) for values in found], [max(values, default=None) for values in found]]


def seeds_along(row: Row, quantity: str, at: list[float]) -> list[int]:
    """How many ok seeds have `quantity` at each fraction: what the mean there is over."""
    found = [point["fraction"] for record in row.ok for point in record.curve if quantity in point["values"]]
    return [found.count(fraction) for fraction in at]


def ranks_along(
    board: Board, quantity: str, at: list[float], curves: Sequence[Sequence[Line]]
) -> list[list[int | None]]:
    """The rank of each variant row by `quantity` at each fraction, from the rows' `curves`: (rows, fractions)."""
    means = [lines[0] if lines else [None] * len(at) for lines in curves]
    columns = [ranks(board, quantity, fraction, [mean[k] for mean in means]) for k, fraction in enumerate(at)]
    return [[column[place] for column in columns] for place in range(len(board.rows))]
