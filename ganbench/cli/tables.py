"""Boards on the standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.terminal import board_renderable

WIDTH_ELSEWHERE = 110
"""Columns of what is no terminal, such as a file: no number of a board is broken over two lines."""


def print_boards(boards: Sequence[Board]) -> None:
    """Prints each board, as wide as the terminal is."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE)
    for board in boards:
        console.print(board_renderable(board))
        console.print()
