"""One small table over all boards: what a README shows, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from tabulate import tabulate

from ganbench.errors import StoreError
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction, in_words, named
from ganbench.leaderboards.entries import quantity_text, standings
from ganbench.leaderboards.files import PAGE, slugs
from ganbench.leaderboards.markdown import escaped
from ganbench.leaderboards.numbers import seeds_text
from ganbench.leaderboards.ranking import ranking
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.titles import apart, newest

HERE = PurePosixPath(".")
BEGIN, END = "<!-- boards: begin -->", "<!-- boards: end -->"


def overview_markdown(boards: Sequence[Board], folder: PurePosixPath = HERE) -> str:
    """Variants x boards: the headline with its interval, the tie groups and failures; the controls last.

    Each board's title is a link to its Markdown file in `folder`, a path from where the text lies.
    Variants with tricks, boards whose headline is a word or has no better or worse, and boards of a protocol that is
    not the newest of their dataset and budget, are left to the page. Below stand the boards on which nothing can be
    separated with so few seeds, and where the page is.
    """
    measured = newest([board for board in boards if _is_measured(board)])
    names = [f"{_name(board)}{differs}" for board, differs in zip(measured, apart(measured), strict=True)]
    columns = [_column(board) for board in measured]
    cells = dict.fromkeys(cell for column in columns for cell in column)
    titles = [
        f"[{_link_text(_title(board, name))}]({quote(str(folder / f'{slug}.md'))})"
        for board, name, slug in zip(measured, names, slugs(measured), strict=True)
    ]
    lines = [
        [escaped(cell), *(escaped(column.get(cell, "")) for column in columns)]
        for cell in sorted(cells, key=lambda cell: cell.startswith("control: "))
    ]
    shown = tabulate(lines, headers=["", *titles], tablefmt="github", disable_numparse=True)
    too_few = [f"{name}, with {said}" for board, name in zip(measured, names, strict=True) if (said := _too_few(board))]
    undecided = [f"Cannot be decided: {'; '.join(too_few)}."] if too_few else []
    page = f"All of them, with curves, effects and runs, are on one page: open `{folder / PAGE}` in a browser."
    return "\n\n".join([shown, *map(escaped, undecided), page])


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


def _title(board: Board, name: str) -> str:
    """With the seeds asked of a variant: "ring8, 640000 samples, 5 seeds: modes_covered ↑"."""
    asked = sorted({len(row.records) for row in board.rows if not _is_changed(row)}) or [0]
    seeds = seeds_text(asked[0]) if len(asked) == 1 else f"{asked[0]} to {seeds_text(asked[-1])}"
    return f"{name}, {seeds}: {named(board, board.headline)}"


def _name(board: Board) -> str:
    return f"{board.conditions.dataset}, {board.conditions.budget}"


def _link_text(text: str) -> str:
    """`text` within the brackets of a link, which its own would end."""
    return escaped(text).translate({ord("["): "&#91;", ord("]"): "&#93;"})


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
    """Of a row that stands beside other versions of its code, and so has no name, its runs say it."""
    return " " in row.names[0] if row.names else any(record.spec.changes for record in row.records)


def _simplest(row: Row) -> str:
    return row.names[0] if row.names else row.cell
