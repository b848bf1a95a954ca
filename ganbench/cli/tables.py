"""Boards and values on the standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.numbers import ARROWS
from ganbench.leaderboards.terminal import board_renderable

WIDTH_ELSEWHERE = 110
"""Columns of what is no terminal, such as a file: no number of a board is broken over two lines."""


def print_boards(boards: Sequence[Board]) -> None:
    """Prints each board, as wide as the terminal is."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE)
    for board in boards:
        console.print(board_renderable(board))
        console.print()


def print_values(
    title: str, quantities: Mapping[str, Mapping[str, Any]], columns: Mapping[str, Mapping[str, float]], suffix: str
) -> None:
    """Prints a line for each quantity that any of the columns has; `suffix` of their names is told elsewhere."""
    table = Table(title=Text(title, "bold"), box=SIMPLE, title_justify="left", pad_edge=False)
    table.add_column("")
    for name in columns:
        table.add_column(Text(name), justify="right")
    for name, how in quantities.items():
        if any(name in values for values in columns.values()):
            arrow = ARROWS.get(how["direction"], "")
            numbers = (f"{values[name]:.4g}" if name in values else "" for values in columns.values())
            table.add_row(Text(f"{name.removesuffix(suffix)} {arrow}".rstrip()), *numbers)
    Console(width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE).print(table)
