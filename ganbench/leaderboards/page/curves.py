"""What the seeds of a row did along the budget, as the page draws it."""

from __future__ import annotations

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Row

Line = list[float | None]


def fractions(board: Board) -> list[float]:
    """The fractions of the budget at which some ok run of a variant was evaluated, ascending."""
    return sorted({point["fraction"] for row in board.rows for record in row.ok for point in record.curve})


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
