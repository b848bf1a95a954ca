"""Robust summaries of scores over runs, failures among them: arrays in, numbers out.

Agarwal, Schwarzer, Castro, Courville and Bellemare, "Deep reinforcement learning at the edge of the statistical
precipice", NeurIPS 2021, https://arxiv.org/abs/2108.13264, section 4. Higher scores are better throughout: negate those
of which lower is better. A failed run is -inf.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def probability_of_improvement(x: ArrayLike, y: ArrayLike) -> float:
    """How often a run of `x` (m,) beats one of `y` (n,): the share of all m n pairs, of which ties count half.

    Raises:
        ValueError: when either has no score, or a NaN.
    """
    ours, theirs = _scores(x)[:, None], _scores(y)
    return float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))


def interquartile_mean(values: ArrayLike) -> float:
    """The mean of `values` (runs,) without the lowest and the highest quarter, each of n / 4 runs rounded down.

    Infinities among those left out weigh nothing; one that is left makes the mean infinite.

    Raises:
        ValueError: when there is no value, a NaN, or infinities of both signs are left: their mean is not defined.
    """
    ordered = np.sort(_scores(values))
    quarter = len(ordered) // 4
    middle = ordered[quarter : len(ordered) - quarter]
    if np.isneginf(middle[0]) and np.isposinf(middle[-1]):
        raise ValueError("found -inf and +inf in the middle half: wanted infinities of one sign, that of failures")
    return float(middle.mean())


def performance_profile(scores: ArrayLike, thresholds: ArrayLike) -> NDArray[np.float64]:
    """The share of `scores` (runs,) that reach each of `thresholds` (k,): (k,). A run at -inf reaches none.

    The paper counts what is above a threshold, which differs at the scores alone: here a run reaches its own.

    Raises:
        ValueError: when either is empty or has a NaN.
    """
    found = _scores(scores)[:, None]
    return np.asarray(np.mean((found >= _scores(thresholds)) & ~np.isneginf(found), axis=0))


def _scores(values: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or len(found) == 0 or np.isnan(found).any():
        raise ValueError(f"found scores of shape {found.shape}: wanted one or more (runs,), without NaN")
    return found
