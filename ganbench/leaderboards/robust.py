"""What all the seeds of a row say of the headline, failed ones being worst: summaries that a mean over some is not.

They are those of `ganbench.aggregates`, in the unit of the headline. A headline that is a word, or of which neither way
is better, has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganbench.aggregates import interquartile_mean, performance_profile
from ganbench.leaderboards.companions import number_text
from ganbench.leaderboards.numbers import seeds_text
from ganbench.leaderboards.outcomes import SIGNS, outcomes
from ganbench.leaderboards.row import Row

FEWEST = 4
"""Seeds of an interquartile mean: a quarter of fewer is not one."""


def is_summed_up(how: Mapping[str, Any]) -> bool:
    """Whether a headline that is read so has these summaries."""
    return how.get("direction") in SIGNS and not how.get("labels")


def middle(row: Row, headline: str, how: Mapping[str, Any]) -> float | None:
    """The interquartile mean of the headline, read as `how` says, over the seeds that have an outcome.

    None of fewer than `FEWEST`; infinite where more failed than the quarter that is left out.
    """
    if not is_summed_up(how):
        return None
    found = list(outcomes(row, headline, how["direction"]).values())
    return interquartile_mean(found) if len(found) >= FEWEST else None


def profile(row: Row, headline: str, how: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The performance profile: each number that a seed has, ascending, and the share of seeds that are no worse.

    Shares are of the seeds that have an outcome; one that failed is as good as no number. Between two numbers stands
    the share of the better one. Empty where no seed has a number.
    """
    if not is_summed_up(how):
        return []
    sign = SIGNS[how["direction"]]
    scores: NDArray[np.float64] = sign * np.array(
        list(outcomes(row, headline, how["direction"]).values()), dtype=np.float64
    )
    numbers = np.unique(scores[np.isfinite(scores)])
    if not len(numbers):
        return []
    shares = performance_profile(scores, numbers)
    return sorted(zip((sign * numbers).tolist(), shares.tolist(), strict=True))


def middle_text(row: Row, headline: str, how: Mapping[str, Any]) -> str:
    """The interquartile mean in words, or why there is none; empty where the headline has no such summary."""
    if not is_summed_up(how):
        return ""
    found, seeds = middle(row, headline, how), len(outcomes(row, headline, how["direction"]))
    if found is None:
        return f"not to be had of {seeds_text(seeds)}: it takes {FEWEST}"
    shown = "worse than any number" if math.isinf(found) else number_text(found)
    return f"{shown}, of {seeds_text(seeds)}, a failed one being worst"
