"""What a cell of the table of effects decides: the words that colour it."""

from __future__ import annotations

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.effects import Effect, leaning

_WORDS = {1: "better", -1: "worse", 0: "differs"}


def verdict(effect: Effect, board: Board) -> str:
    """One of "better", "worse", "differs", the same after "perhaps", "undecided" and "none".

    An effect that stands is better or worse as its test points, in which failed seeds are worst. Where it does not
    stand, and its interval, which is not corrected, does not hold 0, it perhaps is so; but it is undecided where
    failures point away from the mean. It "differs" where the headline has no better direction, and is "none" where
    there is no number and nothing stands: not run, not applicable, failed.
    """
    mean, half_width, _ = effect.estimate
    if effect.row is None or effect.row.words(board.headline):
        return "none"
    word = _WORDS[leaning(effect.contrast, board)]
    if effect.contrast.stands:
        return word
    if mean is None:
        return "none"
    suggested = half_width is not None and abs(mean) > half_width and effect.contrast.sign * mean > 0
    return f"perhaps {word}" if suggested else "undecided"
