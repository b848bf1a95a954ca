"""A board as Markdown: heading, what the numbers depend on, results, cost, failures, legend.

Names and reasons come from other people's packages, so they are escaped: none can break a table or script a page.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from tabulate import tabulate

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction, facts, reading, reading_effects, reading_interactions
from ganbench.leaderboards.effects import Effects, effects
from ganbench.leaderboards.entries import cost, effect_lines, incidents, interaction_lines, results, standings
from ganbench.leaderboards.interactions import readable_interactions
from ganbench.leaderboards.ranking import ranking
from ganbench.leaderboards.trajectory import trajectory

_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "|`*~$\\"}


_RUNS = "All files of this board call a cell as here; those of pairs and interactions name no runs: look them up here."


def board_markdown(board: Board) -> str:
    """The whole board as GitHub-flavoured Markdown, ending in a newline."""
    ranked = ranking(board)
    sections = [
        f"# {escaped(board.conditions.dataset)}: {escaped(board.conditions.budget)}",
        "\n".join(f"- {name}: {escaped(text)}" for name, text in facts(board).items()),
        _lines([*reading(board), *(ranked.sentences if ranked else ())]),
        "## Results",
        _table(
            [
                {"cell": row.cell, **standing, **results(board, row)}
                for row, standing in zip(board.all_rows, standings(ranked, board), strict=True)
            ]
        ),
        "## Cost of one seed and its runs",
        escaped(_RUNS),
        _table([{"cell": row.cell, **cost(board, row), "runs": row.ids} for row in board.all_rows]),
    ]
    if found := effects(board):
        sections += _effects(found)
    if (course := trajectory(board)) and course.sentences:
        sections += ["## Along the budget", _lines(course.sentences)]
    if listed := incidents(board):
        sections += ["## Failed and incomplete runs", _table(listed)]
    if board.quantities:
        sections += ["## Legend", _table([meaning(board, quantity) for quantity in board.quantities])]
    return "\n\n".join(sections) + "\n"


def _effects(found: Effects) -> list[str]:
    """The sections of effects and, where headlines are numbers and there is a grid, of main effects."""
    board = found.board
    sections = [
        f"## Effects on {escaped(board.headline)}",
        _lines([*reading_effects(board), found.sentence]),
        _table(effect_lines(found)),
    ]
    crossed = readable_interactions(found)
    if crossed is None:
        return sections
    return [
        *sections,
        f"## Main effects and interactions on {escaped(board.headline)}",
        _lines([*reading_interactions(), *crossed.sentences]),
        _table(interaction_lines(crossed)),
    ]


def _lines(sentences: Iterable[str]) -> str:
    return "\n".join(escaped(sentence) for sentence in sentences if sentence)


def escaped(text: str) -> str:
    """`text` on one line, without a character that Markdown, HTML or a table would act on."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(shown.split())
    return html.escape(line, quote=False).translate(_ENTITIES).replace("](", "]&#40;")


def _table(lines: list[dict[str, str]]) -> str:
    """Rows of raw text as a table; every text is escaped here, and nowhere else."""
    safe = [{escaped(name): escaped(text) for name, text in line.items()} for line in lines]
    return tabulate(safe, headers="keys", tablefmt="github", disable_numparse=True)


def meaning(board: Board, quantity: str) -> dict[str, str]:
    """How `quantity` is to be read, in words by what they say; as found in the records: escape it."""
    how = board.quantities[quantity]
    return {
        "quantity": quantity,
        "better": direction(board, quantity),
        "unit": ", ".join(f"{k} {word}" for k, word in enumerate(how.get("labels", ()))) or str(how.get("unit", "")),
        "bounds": _bounds(how.get("lowest"), how.get("highest")),
        "meaning": str(how.get("meaning", "")),
    }


def _bounds(lowest: float | None, highest: float | None) -> str:
    """In words: "0 to 1", "at least 0", "at most 1", or nothing."""
    if lowest is None and highest is None:
        return ""
    if highest is None:
        return f"at least {lowest:g}"
    return f"at most {highest:g}" if lowest is None else f"{lowest:g} to {highest:g}"
