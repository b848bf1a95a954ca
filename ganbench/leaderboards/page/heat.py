"""What a cell of the table of effects decides: the word that colours it."""

from __future__ import annotations

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.effects import Effect


def verdict(effect: Effect, board: Board) -> str:
    """One of "better", "worse", "differs", "undecided" and "none".

    An effect is decided where its interval does not hold 0; one seed has no interval and decides nothing. It "differs"
    where the headline has no better direction, and is "none" where there is no number: not run, not applicable, failed.
    """
    mean, half_width, _ = effect.estimate
    if effect.row is None or mean is None or effect.row.words(board.headline):
        return "none"
    if half_width is None or abs(mean) <= half_width:
        return "undecided"
    good = {"higher": mean > 0, "lower": mean < 0}.get(direction(board, board.headline))
    return {True: "better", False: "worse", None: "differs"}[good]
