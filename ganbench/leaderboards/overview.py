"""One small table over all boards: what a README shows, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ganbench.errors import StoreError
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction, named
from ganbench.leaderboards.entries import quantity_text, standings
from ganbench.leaderboards.markdown import escaped
from ganbench.leaderboards.ranking import ranking

BEGIN, END = "<!-- boards: begin -->", "<!-- boards: end -->"


def overview_markdown(boards: Sequence[Board]) -> str:
    """Variants x boards: the headline with its interval, the tie groups and failures; the controls last.

    Variants with tricks, and boards whose headline is a word or has no better or worse, are left to the page.
    """
    columns = {_title(board): _column(board) for board in boards if _is_measured(board)}
    cells = dict.fromkeys(cell for column in columns.values() for cell in column)
    table = [
        {"": escaped(cell), **{escaped(title): escaped(column.get(cell, "")) for title, column in columns.items()}}
        for cell in sorted(cells, key=lambda cell: cell.startswith("control: "))
    ]
    return pd.DataFrame(table).to_markdown(index=False, tablefmt="github", disable_numparse=True)


def with_overview(path: Path, overview: str) -> str:
    """The text of the file at `path` with `overview` between its two marks.

    Raises:
        StoreError: when the file cannot be read, or does not have each mark once, in order.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise StoreError(f"{path}: wanted one line '{BEGIN}' and after it one line '{END}', to put the boards between")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    return f"{before}{BEGIN}\n\n{overview}\n\n{after}"


def _is_measured(board: Board) -> bool:
    how = board.quantities.get(board.headline, {})
    return direction(board, board.headline) != "neither" and not how.get("labels")


def _title(board: Board) -> str:
    return f"{board.conditions.dataset}, {board.conditions.budget}: {named(board, board.headline)}"


def _column(board: Board) -> dict[str, str]:
    """The entry of each variant and control: as "7.2 ± 0.6 ab", with how many runs failed in which way."""
    found = {}
    for row, standing in zip(board.all_rows, standings(ranking(board), board), strict=True):
        name = row.names[0] if row.names else row.cell
        if row in board.rows and " " in name:
            continue
        parts = [quantity_text(row, board.headline, "1 seed"), standing.get("ties", "")]
        failures = f"({row.failures})" if row.failures else ""
        found[name] = " ".join(part for part in (*parts, failures) if part)
    return found
