"""A board for the terminal after a run: quantities as rows, cells as columns, five cells at a time.

Texts from records are shown as they are, never as rich's markup, and characters that are not printable as escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import facts, named, reading, reading_effects
from ganbench.leaderboards.effects import effects
from ganbench.leaderboards.entries import cost, effect_lines, incidents, quantity_text, results, standings
from ganbench.leaderboards.ranking import ranking
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.trajectory import trajectory
from ganbench.leaderboards.visible import visible

CELLS_ABREAST = 5
"""As many columns of numbers as 100 characters hold."""
NAME_WIDTH = 20
"""Characters of the column of names: "inception_score@10 ↑" fits, and five times "12.40 ± 0.25" beside it."""
CELL_WIDTH = 12
"""Characters that each column fewer leaves to the names, up to twice their width."""
_LONE = "1 seed"
Column = tuple[Row, dict[str, str]]
"""A row of the board, and its standing."""


def board_renderable(board: Board) -> RenderableType:
    """The board as something that rich prints: title, results, failures, and what the numbers depend on.

    With more than five cells, controls included, a table of the cells and their headline stands before the others.
    """
    ranked = ranking(board)
    columns = list(zip(board.all_rows, standings(ranked, board), strict=True))
    blocks = [columns[i : i + CELLS_ABREAST] for i in range(0, len(columns), CELLS_ABREAST)]
    overview = [_overview(board, columns)] if len(blocks) > 1 else []
    course = trajectory(board)
    sentences = [*reading(board), *(ranked.sentences if ranked else ()), *(course.sentences if course else ())]
    return Group(
        _plain(f"{board.conditions.dataset}: {board.conditions.budget}", "bold"),
        *overview,
        *(_block(board, block) for block in blocks),
        *_effects(board),
        *(_incident(run) for run in incidents(board)),
        *(_plain(f"{name}: {text}", "dim") for name, text in facts(board).items()),
        *(_plain(sentence, "dim") for sentence in sentences),
    )


def _overview(board: Board, columns: Sequence[Column]) -> Table:
    """Cells as rows, with their standing and the headline alone."""
    headline = _short(board, named(board, board.headline))
    table = _table(["cell", *columns[0][1], "seeds ok", headline, "training seconds", "failed"])
    for row, standing in columns:
        texts = {**results(board, row), **cost(board, row)}
        number = quantity_text(row, board.headline, _LONE)
        ended = [texts["seeds ok"], number, texts["training seconds"], texts["failed"]]
        _add(table, [row.cell, *standing.values(), *ended])
    return table


def _block(board: Board, block: Sequence[Column]) -> Table:
    """Cells as columns: standing, seeds and every quantity, then every cost."""
    table = _table(["", *(row.cell for row, _ in block)])
    table.columns[0].width = min(2 * NAME_WIDTH, NAME_WIDTH + CELL_WIDTH * (CELLS_ABREAST - len(block)))
    measured = [{**standing, **results(board, row, _LONE)} for row, standing in block]
    for columns in (measured, [cost(board, row) for row, _ in block]):
        for name in columns[0]:
            _add(table, [_short(board, name), *(column[name] for column in columns)])
        table.add_section()
    return table


def _effects(board: Board) -> list[RenderableType]:
    """What each change does to each variant: changes as rows, five variants abreast."""
    found = effects(board)
    if found is None:
        return []
    lines = effect_lines(found, _LONE)
    names = [name for name in lines[-1] if name != "change"]
    blocks = [names[k : k + CELLS_ABREAST] for k in range(0, len(names), CELLS_ABREAST)]
    return [
        _plain(f"effects on {named(board, board.headline)}", "bold"),
        *(_effect_block(lines, columns) for columns in blocks),
        *(_plain(sentence, "dim") for sentence in [*reading_effects(board), found.sentence]),
    ]


def _effect_block(lines: Sequence[dict[str, str]], columns: Sequence[str]) -> Table:
    table = _table(["change", *columns])
    for line in lines:
        _add(table, [line["change"], *(line.get(column, "") for column in columns)])
    return table


def _short(board: Board, name: str) -> str:
    """A quantity without the name of the extractor, which a board has one of and tells below."""
    return name.replace(f"[{board.conditions.extractor}]", "")


def _incident(run: dict[str, str]) -> Text:
    spent = f" after {run['spent']}" if run["spent"] else ""
    reason = f": {run['reason']}" if run["reason"] else ""
    several = "s" * ("," in run["seed"])
    where = f"seed{several} {run['seed']}: {run['status']}{spent}{reason} (run{several} {run['run']})"
    return _plain(f"{run['cell']}, {where}", "red")


def _table(names: Iterable[str]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for place, name in enumerate(names):
        table.add_column(_plain(name), justify="right" if place else "left", overflow="fold")
    return table


def _add(table: Table, texts: Iterable[str]) -> None:
    table.add_row(*(_plain(text) for text in texts))


def _plain(text: str, style: str = "") -> Text:
    """`text` without markup, on one line before wrapping."""
    return Text(visible(text), style=style)
