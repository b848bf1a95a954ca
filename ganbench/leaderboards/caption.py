"""Everything that the numbers of a board depend on, in words; the same for every form in which a board is shown."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.numbers import ARROWS, seconds_text
from ganbench.record import RunRecord


def facts(board: Board) -> dict[str, str]:
    """The conditions of a board, by what they are called. The text is as found in the records: escape it."""
    shared = board.conditions
    return {
        "dataset": f"{shared.dataset}, fingerprint {_short(shared.fingerprint)}",
        "standard": shared.standard or "not recorded",
        "budget of one seed": f"{shared.budget}, batch size {shared.batch_size}",
        "evaluation": f"n = {shared.samples} samples at the last of {shared.points} points",
        "extractor": f"{shared.extractor}, hash {_short(shared.extractor_hash)}" if shared.extractor else "none",
        "seeds": ", ".join(map(str, sorted({record.spec.seed for record in board.records}))),
        "device": f"{shared.device}, threads {shared.threads}",
        "platform": _platforms(board.records),
        "protocol": str(shared.protocol),
        "versions": _versions(board.records) or "not recorded",
    }


def reading(board: Board) -> list[str]:
    """How the table is to be read, one sentence an item."""
    sentences = [
        "A number is the mean ± half the 95 % t-interval over the seeds that ended ok; one seed has no interval.",
        "The interval holds the truth as often as it says for normal scores, and less often for skewed ones and "
        "counts: with 5 seeds 82 % and 90 % of times, as benchmarks/calibration.py simulates them.",
        '"± 0" means that all seeds are equal.',
        "Failed runs enter no mean: they are counted in their row and listed with their reasons.",
        "Seconds are wall-clock, and depend on what else the machine did and on how many seeds were trained together: "
        "FLOPs compare rows. Where none stand, training computes outside torch and is not metered.",
    ]
    if board.headline:
        arrow = ARROWS.get(direction(board, board.headline), "")
        by = f"{board.headline} {arrow}".strip()
        failing = "of how few of their seeds failed, then " if direction(board, board.headline) != "neither" else ""
        sentences.append(
            f"Rows stand in the order {failing}of {by}; that one stands above another does not separate the two."
        )
    if board.set_aside:
        runs = "1 run was" if board.set_aside == 1 else f"{board.set_aside} runs were"
        sentences.append(
            f"{runs} set aside: another run of the same cell and seed stands here, of a smaller id or loaded since."
        )
    return sentences


def reading_effects(board: Board) -> list[str]:
    """How the table of effects is to be read, one sentence an item."""
    if in_words(board):
        return [f"A cell says {board.headline} with the change: a word, of which nothing can be subtracted."]
    return [
        f"An effect is {named(board, board.headline)} with the change minus without it, seed by seed: mean ± half the "
        "95 % t-interval of the differences. An interval that holds 0 decides nothing.",
        "The intervals are not corrected for how many there are: of twenty changes that do nothing, one will look as "
        "if it did something.",
    ]


def reading_interactions() -> list[str]:
    """How the table of main effects and interactions is to be read, one sentence an item."""
    return [
        "In a cell stands the effect of the change on the variant minus its mean effect on all variants: 0 where it "
        "does the same for all. The last column has that mean effect, the last line each variant minus their mean.",
        "Beside it stands the p of the permutation test, in which a failed seed counts as worst, Holm-corrected among "
        "the interactions and, apart from them, among the main effects.",
    ]


def direction(board: Board, quantity: str) -> str:
    """Which way of `quantity` is better: "higher", "lower" or "neither"."""
    return str(board.quantities.get(quantity, {}).get("direction", "neither"))


def in_words(board: Board) -> bool:
    """Whether the numbers of the headline stand for words."""
    return bool(board.quantities.get(board.headline, {}).get("labels"))


def named(board: Board, quantity: str) -> str:
    """The name of `quantity` with the arrow of its direction."""
    return f"{quantity} {ARROWS.get(direction(board, quantity), '')}".strip()


def spent(record: RunRecord) -> str:
    """What a run had spent when it ended: "1280 samples, 10 d_steps, 0.3 seconds"; empty where it never began."""
    return ", ".join(_metered(unit, amount) for unit, amount in record.meters.items() if amount)


def _metered(unit: str, amount: Any) -> str:
    return f"{seconds_text(amount) if unit == 'seconds' else amount} {unit}"


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "unknown"


def _platforms(records: tuple[RunRecord, ...]) -> str:
    found = {str(record.provenance["platform"]) for record in records if "platform" in record.provenance}
    return " and ".join(sorted(found)) or "not recorded"


def _versions(records: tuple[RunRecord, ...]) -> str:
    """Every version that a run on the board was made with: "ganbench 0.1.0, torch 2.11.0 and 2.13.0"."""
    found: dict[str, set[str]] = defaultdict(set)
    for record in records:
        versions = record.provenance.get("versions")
        for name, version in versions.items() if isinstance(versions, dict) else ():
            found[name].add(str(version))
    return ", ".join(f"{name} {' and '.join(sorted(found[name]))}" for name in sorted(found))
