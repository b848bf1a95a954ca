"""What stands in the fields of a row, as text by column; the same in Markdown and in the terminal."""

from __future__ import annotations

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import named, spent
from ganbench.leaderboards.numbers import count_text, estimate_text, magnitude_text, seconds_text, seeds_text
from ganbench.leaderboards.row import Row

LONE = "1 seed, no interval"


def results(board: Board, row: Row, lone: str = LONE) -> dict[str, str]:
    """Seeds, failures and every quantity with its interval; `lone` is said of a number that rests on one seed."""
    numbers = {named(board, quantity): quantity_text(row, quantity, lone) for quantity in board.quantities}
    return {"seeds ok": f"{len(row.ok)} of {len(row.records)}", "failed": row.failures, **numbers}


def quantity_text(row: Row, quantity: str, lone: str = LONE) -> str:
    """As "7.2 ± 0.6", "7.2 (1 seed, no interval)", "7.2 ± 0.6 (3 seeds)" where more were ok; empty without a value."""
    estimate = row.estimate(quantity)
    text = estimate_text(estimate)
    if estimate.seeds == 1:
        return f"{text} ({lone})"
    return f"{text} ({seeds_text(estimate.seeds)})" if text and estimate.seeds < len(row.ok) else text


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
        "evaluation seconds": seconds_text(costs["evaluation_seconds"]),
    }


def incidents(board: Board) -> list[dict[str, str]]:
    """Every run that failed or left a value out: whose it was, what became of it, why, what it had spent by then."""
    return [
        {
            "cell": row.cell,
            "seed": str(record.spec.seed),
            "status": record.status,
            "reason": record.reason,
            "spent": spent(record),
            "run": record.id,
        }
        for row in board.all_rows
        for record in row.records
        if record.status != "ok" or record.reason
    ]
