"""One small table over all boards: what a README shows, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ganbench.errors import StoreError
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction, in_words, named
from ganbench.leaderboards.entries import quantity_text, standings
from ganbench.leaderboards.markdown import escaped
from ganbench.leaderboards.numbers import seeds_text
from ganbench.leaderboards.ranking import ranking
from ganbench.leaderboards.row import Row

BEGIN, END = "<!-- boards: begin -->", "<!-- boards: end -->"


def overview_markdown(boards: Sequence[Board]) -> str:
    """Variants x boards: the headline with its interval, the tie groups and failures; the controls last.

    Variants with tricks, and boards whose headline is a word or has no better or worse, are left to the page. Below
    stand the boards on which nothing can be separated with so few seeds.
    """
    measured = [board for board in boards if _is_measured(board)]
    columns = {_title(board): _column(board) for board in measured}
    cells = dict.fromkeys(cell for column in columns.values() for cell in column)
    table = [
        {"": escaped(cell), **{escaped(title): escaped(column.get(cell, "")) for title, column in columns.items()}}
        for cell in sorted(cells, key=lambda cell: cell.startswith("control: "))
    ]
    shown = pd.DataFrame(table).to_markdown(index=False, tablefmt="github", disable_numparse=True)
    too_few = [f"{_name(board)}, with {said}" for board in measured if (said := _too_few(board))]
    undecided = "Cannot be decided: " + "; ".join(too_few) + "."
    return f"{shown}\n\n{escaped(undecided)}" if too_few else str(shown)


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
    return direction(board, board.headline) != "neither" and not in_words(board)


def _title(board: Board) -> str:
    """With the seeds asked of a variant: "ring8, 640000 samples, 5 seeds: modes_covered ↑"."""
    asked = sorted({len(row.records) for row in board.rows if not _is_changed(row)}) or [0]
    seeds = seeds_text(asked[0]) if len(asked) == 1 else f"{asked[0]} to {seeds_text(asked[-1])}"
    return f"{_name(board)}, {seeds}: {named(board, board.headline)}"


def _name(board: Board) -> str:
    return f"{board.conditions.dataset}, {board.conditions.budget}"


def _too_few(board: Board) -> str:
    ranked = ranking(board)
    return ranked.too_few if ranked else ""


def _column(board: Board) -> dict[str, str]:
    """The entry of each variant and control: as "7.2 ± 0.6 ab", with how many runs failed in which way."""
    found = {}
    for row, standing in zip(board.all_rows, standings(ranking(board), board), strict=True):
        if row in board.rows and _is_changed(row):
            continue
        parts = [quantity_text(row, board.headline, "1 seed"), standing.get("ties", "")]
        failures = f"({row.failures})" if row.failures else ""
        found[_simplest(row)] = " ".join(part for part in (*parts, failures) if part)
    return found


def _is_changed(row: Row) -> bool:
    return " " in _simplest(row)


def _simplest(row: Row) -> str:
    return row.names[0] if row.names else row.cell
