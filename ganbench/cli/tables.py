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
from ganbench.leaderboards.companions import Line, beside_text, lines, number_text
from ganbench.leaderboards.numbers import ARROWS
from ganbench.leaderboards.terminal import board_renderable
from ganbench.leaderboards.visible import visible

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
    """Prints the quantities that any of the columns has; `suffix` of their names is told elsewhere."""
    table = Table(title=Text(visible(title), "bold"), box=SIMPLE, title_justify="left", pad_edge=False)
    table.add_column("")
    for name in columns:
        table.add_column(Text(visible(name)), justify="right")
    measured = {name: how for name, how in quantities.items() if any(name in each for each in columns.values())}
    for name, line in lines(measured, columns.values()).items():
        head = f"{name.removesuffix(suffix)} {ARROWS.get(measured[name]['direction'], '')}".rstrip()
        numbers = (_number(values, name, line) for values in columns.values())
        table.add_row(Text(visible(head) + beside_text(line.shared)), *map(Text, numbers))
    Console(width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE).print(table)


def _number(values: Mapping[str, float], name: str, line: Line) -> str:
    """The number with what it has beside it, or nothing."""
    beside = beside_text({role: number_text(values[each]) for role, each in line.own.items() if each in values})
    return ((number_text(values[name]) if name in values else "") + beside).strip()
