"""Changes x variants as the page shows them: effects, main effects and interactions."""

from __future__ import annotations

from ganbench.leaderboards.caption import in_words, named, reading_effects, reading_interactions
from ganbench.leaderboards.contrasts import NOTHING
from ganbench.leaderboards.effects import Effects
from ganbench.leaderboards.entries import effect_lines, interaction_lines
from ganbench.leaderboards.interactions import Interactions, readable_interactions
from ganbench.leaderboards.page.heat import verdict
from ganbench.leaderboards.page.plain import Plain, number
from ganbench.ranks import LEVEL


def grid(found: Effects) -> Plain:
    """The table of changes x variants: texts, and of each cell what it decides and whose row it is."""
    board = found.board
    rows = {row.cell: k for k, row in enumerate(board.rows)}
    plain, *changed = effect_lines(found)
    crossed = readable_interactions(found)
    return {
        "title": f"Effects on {named(board, board.headline)}",
        "reading": [sentence for sentence in (*reading_effects(board), found.sentence) if sentence],
        "decides": not in_words(board),
        "stands": f"p of the permutation test, corrected, at most {100 * LEVEL:g} %",
        "variants": list(found.variants),
        "plain": [{"text": plain[name], "row": rows[found.plain[name].cell]} for name in found.variants],
        "changes": [
            {
                "change": change,
                "cells": [_effect(found, rows, name, change, line[name]) for name in found.variants],
                "together": line.get("all variants", ""),
            }
            for change, line in zip(found.changes, changed, strict=True)
        ],
        "not_run": [f"{variant} {change}" for variant, change in found.not_run],
        "interactions": _interactions(crossed) if crossed else None,
    }


def _effect(found: Effects, rows: dict[str, int], variant: str, change: str, text: str) -> Plain:
    effect = found.cells[variant, change]
    return {
        "text": text,
        "verdict": verdict(effect, found.board),
        "stands": effect.contrast.stands,
        "mean": None if effect.contrast.turned else number(effect.estimate.mean),
        "row": None if effect.row is None else rows[effect.row.cell],
        "why": "" if effect.row is None else "; ".join(sorted({record.reason for record in effect.row.failed} - {""})),
    }


def _interactions(crossed: Interactions) -> Plain:
    """A line a change, its main effect last; the last line has the main effects of the variants."""
    board = crossed.effects.board
    contrasts = {**crossed.cells, **crossed.mains, ("", ""): NOTHING}
    columns = {**{name: name for name in crossed.effects.variants}, "all variants": ""}
    return {
        "title": f"Main effects and interactions on {named(board, board.headline)}",
        "reading": [*reading_interactions(), *crossed.sentences],
        "columns": list(columns),
        "lines": [
            {
                "change": line["change"],
                "cells": [
                    {"text": line[column], "stands": contrasts[variant, change].stands}
                    for column, variant in columns.items()
                ],
            }
            for change, line in zip((*crossed.changes, ""), interaction_lines(crossed), strict=True)
        ],
    }
