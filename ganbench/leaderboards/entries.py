"""What stands in the fields of a row, as text by column; the same in Markdown and in the terminal."""

from __future__ import annotations

from collections import defaultdict

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import named, spent
from ganbench.leaderboards.companions import Line, beside_text, number_text
from ganbench.leaderboards.contrasts import Contrast
from ganbench.leaderboards.effects import Effect, Effects, leaning
from ganbench.leaderboards.interactions import Interactions
from ganbench.leaderboards.numbers import count_text, estimate_text, magnitude_text, seconds_text, seeds_text
from ganbench.leaderboards.ranking import Ranking
from ganbench.leaderboards.row import Estimate, Row
from ganbench.record import RunRecord

LONE = "1 seed, no interval"


def standings(ranking: Ranking | None, board: Board) -> list[dict[str, str]]:
    """Rank interval and tie letters of each of the board's rows, blank for controls; no column without a ranking."""
    if ranking is None:
        return [{} for _ in board.all_rows]
    places = [{"rank": place.rank, "ties": place.ties} for place in ranking.places]
    return places + [{"rank": "", "ties": ""} for _ in board.controls]


def results(board: Board, row: Row, lone: str = LONE) -> dict[str, str]:
    """Seeds, failures, every quantity with its interval and what stands beside it; `lone` is said of a single seed."""
    numbers = {
        named(board, quantity) + beside_text(line.shared): (
            quantity_text(row, quantity, lone) + _own(row, line)
        ).strip()
        for quantity, line in board.lines.items()
    }
    return {"seeds ok": f"{len(row.ok)} of {len(row.records)}", "failed": row.failures, **numbers}


def quantity_text(row: Row, quantity: str, lone: str = LONE) -> str:
    """As "7.2 ± 0.6", "7.2 (1 seed, no interval)", "7.2 ± 0.6 (3 seeds)" where more were ok; empty without a value.

    Numbers that stand for words give the word, or where seeds differ how many say which: "3 converges, 2 cycles".
    """
    estimate = row.estimate(quantity)
    words = row.words(quantity)
    text = words or estimate_text(estimate)
    if estimate.seeds == 1 and not words:
        return f"{text} ({lone})"
    return f"{text} ({seeds_text(estimate.seeds)})" if text and estimate.seeds < len(row.ok) else text


def _own(row: Row, line: Line) -> str:
    """What stands beside a number of the row and differs from cell to cell: means over the ok seeds."""
    means = {role: row.estimate(name).mean for role, name in line.own.items()}
    return beside_text({role: number_text(mean) for role, mean in means.items() if mean is not None})


def cost(board: Board, row: Row) -> dict[str, str]:
    """What one seed cost, on average over the ok seeds."""
    costs = row.costs
    return {
        **{f"parameters of {network}": count_text(row.parameters(network)) for network in board.networks},
        "real samples": count_text(costs["real_samples"]),
        "d_steps": count_text(costs["d_steps"]),
        "g_steps": count_text(costs["g_steps"]),
        "FLOPs": magnitude_text(costs["flops"]),
        "training seconds": seconds_text(costs["training_seconds"]),
        "seconds a step": seconds_text(costs["step_seconds"]),
        "evaluation seconds": seconds_text(costs["evaluation_seconds"]),
    }


def effect_lines(effects: Effects, lone: str = LONE) -> list[dict[str, str]]:
    """First the variants as they are; then a line a change: what it does to each variant, and to all on average."""
    plain = {"change": "none: the headline itself"} | {
        name: quantity_text(effects.plain[name], effects.board.headline, lone) for name in effects.variants
    }
    return [plain, *(_effect_line(effects, change, lone) for change in effects.changes)]


def _effect_line(effects: Effects, change: str, lone: str) -> dict[str, str]:
    headline = effects.board.headline
    asked = [name for name in effects.variants if effects.is_asked(name, change)]
    texts = {name: _effect_text(effects.cells[name, change], effects.board, lone) for name in asked}
    cells = {name: texts.get(name, "") for name in effects.variants}
    if len(cells) == 1 or any(row.words(headline) for row in effects.plain.values()):
        return {"change": change, **cells}
    mean, variants = effects.over_variants(change)
    by_failures = _by_failures(mean, effects.board)
    together = f"{_signed(mean.estimate, lone)} ({variants} of {len(cells)}){by_failures}" if variants else ""
    return {"change": change, **cells, "all variants": together}


def _effect_text(effect: Effect, board: Board, lone: str) -> str:
    """As "+1.2 ± 0.4", "+1.2 ± 0.4 (3 seeds), worse by failures" where failures turn the test, or why there is none."""
    if effect.row is None:
        return "not run"
    if {record.status for record in effect.row.records} == {"not_applicable"}:
        return "not applicable"
    if words := effect.row.words(board.headline):
        return words
    if not effect.estimate.seeds:
        return effect.row.failures or "no seed has both"
    seeds = f" ({seeds_text(effect.estimate.seeds)})" if 1 < effect.estimate.seeds < len(effect.row.records) else ""
    return _signed(effect.estimate, lone) + seeds + _by_failures(effect.contrast, board)


def _by_failures(found: Contrast, board: Board) -> str:
    """Said where failures turn the test against the mean."""
    return f", {'better' if leaning(found, board) > 0 else 'worse'} by failures" if found.turned else ""


def interaction_lines(found: Interactions) -> list[dict[str, str]]:
    """A line a change that variants share: its interaction with each, then its main effect; last those of variants."""
    lines = []
    for change in found.changes:
        cells = {name: _tested_text(found.cells[name, change]) for name in found.effects.variants}
        lines.append({"change": change, **cells, "all variants": _main_text(found, ("", change))})
    variants = {name: _main_text(found, (name, "")) for name in found.effects.variants}
    return [*lines, {"change": "all changes", **variants, "all variants": ""}]


def _main_text(found: Interactions, cell: tuple[str, str]) -> str:
    """With the number of cells that it is the mean of, where these are not all: "no change" is one too."""
    text, over = _tested_text(found.mains[cell]), found.over[cell]
    total = len(found.changes) + 1 if cell[0] else len(found.effects.variants)
    return f"{text} ({over} of {total})" if text and over < total else text


def _tested_text(found: Contrast) -> str:
    """As "+1.2 ± 0.4, p = 0.03", the p corrected; empty where nothing was tested.

    Where failures, which enter no mean, turn the test against the mean, that is said.
    """
    if found.adjusted is None:
        return ""
    p = f"p = {found.adjusted:.2g}"
    if found.turned:
        p += " upwards by failures" if found.sign > 0 else " downwards by failures"
    return f"{_signed(found.estimate, LONE) or 'no number'}, {p}"


def _signed(estimate: Estimate, lone: str) -> str:
    text = estimate_text(estimate)
    sign = "" if not text or text.startswith("-") else "+"
    return f"{sign}{text}" + (f" ({lone})" if estimate.seeds == 1 else "")


def incidents(board: Board) -> list[dict[str, str]]:
    """What failed or left a value out: whose it was, what became of it, why, what it had spent by then.

    Runs of one cell to which the same happened stand together.
    """
    found: dict[tuple[str, ...], list[RunRecord]] = defaultdict(list)
    for row in board.all_rows:
        for record in row.records:
            if record.status != "ok" or record.reason:
                found[row.cell, record.status, record.reason, spent(record)].append(record)
    return [
        {
            "cell": cell,
            "seed": ", ".join(str(record.spec.seed) for record in records),
            "status": status,
            "reason": reason,
            "spent": cost,
            "run": " ".join(record.id for record in records),
        }
        for (cell, status, reason, cost), records in found.items()
    ]
