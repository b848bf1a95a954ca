"""The tables that a board has beside its own: tests, points along the budget, effects, interactions."""

from __future__ import annotations

import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.effects import effects
from ganbench.leaderboards.interactions import interactions
from ganbench.leaderboards.once import once
from ganbench.leaderboards.pairs import pairs_table
from ganbench.leaderboards.trajectory import trajectory


def further_tables(board: Board, slug: str) -> dict[str, pd.DataFrame]:
    """Those that hold a row, by the name of their file where `slug` names the board's; to be read alone."""
    return {f"{slug}-{name}.csv": table for name, table in _tables(board).items()}


@once
def _tables(board: Board) -> dict[str, pd.DataFrame]:
    course, found = trajectory(board), effects(board)
    crossed = interactions(found) if found else None
    tables = {"pairs": pairs_table(board)}
    tables |= {"trajectory": course.table} if course else {}
    tables |= {"effects": found.table} if found else {}
    tables |= {"interactions": crossed.table} if crossed else {}
    return {name: table for name, table in tables.items() if len(table)}
