"""What repeated runs say about a mean and about a difference: arrays in, numbers out.

A failed run has no number, and leaving it out would flatter. In tests it is infinite: worse than whatever ended. Every
function that takes infinities is the limit of one that puts an ever larger penalty in their place.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

EXACT_SEEDS = 32
"""The most seeds whose sign flips are all counted."""
FLIPS = 99_999
"""Random flips beyond that."""
_TIE = 1e-10
"""Sums that differ by less, as a share of all that is summed, are equal: floats of equal sums rarely are."""


def t_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float | None]:
    """The mean of `values` (seeds,) and the half width of Student's t-interval about it, in the unit of the values.

    mean ± t s / sqrt(n), with s the standard deviation over n - 1 and t the (1 + confidence) / 2 quantile of Student's
    distribution with n - 1 degrees of freedom ("Student", "The probable error of a mean", Biometrika 6, 1908,
    https://doi.org/10.1093/biomet/6.1.1). One value has no interval: its half width is None. With three to five seeds a
    percentile bootstrap covers far less often than it claims, the t-interval nearly as often.

    Raises:
        ValueError: when there is no value, or one that is not finite.
    """
    seeds = np.asarray(values, dtype=np.float64)
    if seeds.ndim != 1 or len(seeds) == 0 or not np.isfinite(seeds).all():
        raise ValueError(f"found values of shape {seeds.shape}: wanted one or more finite numbers (seeds,)")
    if len(seeds) == 1:
        return float(seeds[0]), None
    if (seeds == seeds[0]).all():  # rounding would leave a width
        return float(seeds[0]), 0.0
    average = mean(seeds)
    from_mean = seeds / 2 - average / 2  # half of it, which is always a float
    largest = float(np.abs(from_mean).max())
    scaled = from_mean / largest  # whose squares neither overflow nor vanish
    error = math.sqrt(scaled @ scaled / (len(seeds) - 1) / len(seeds))
    return average, 2 * largest * _t_quantile(confidence, len(seeds) - 1) * error


def mean(values: NDArray[np.float64]) -> float:
    """The mean of `values` (n,), n > 0, also where their sum is more than a float can hold."""
    with np.errstate(over="ignore"):
        total = float(values.sum())
    return total / len(values) if math.isfinite(total) else float((values / len(values)).sum())


@cache
def _t_quantile(confidence: float, freedom: int) -> float:
    return float(special.stdtrit(freedom, (1 + confidence) / 2))


def contrast(weights: ArrayLike, values: ArrayLike) -> NDArray[np.float64]:
    """The sum of `weights` (k,) times `values` (k, seeds), seed by seed: (seeds,).

    Values may be infinite. Where the weights of the infinities of a seed, by their sign, cancel, as in a difference of
    two failures, the sum is that of its finite values, and 0 where it has none; else it is infinite with their sign.

    Raises:
        ValueError: when shapes do not agree, or a value is NaN.
    """
    factors, terms = np.asarray(weights, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if factors.ndim != 1 or terms.ndim != 2 or len(factors) != len(terms) or np.isnan(terms).any():
        raise ValueError(
            f"found weights of shape {factors.shape} and values of shape {terms.shape}: "
            "wanted (k,) and (k, seeds), without NaN"
        )
    infinite = np.isinf(terms)
    net = factors @ np.where(infinite, np.sign(terms), 0.0)
    finite = factors @ np.where(infinite, 0.0, terms)
    cancelled = np.abs(net) <= _TIE * np.abs(factors).sum()
    return np.where(cancelled, finite, np.copysign(np.inf, net))


def paired_permutation_test(differences: ArrayLike) -> float:
    """The two-sided p of paired `differences` (seeds,) under flips of their signs, with |sum| as the statistic.

    Fisher, "The Design of Experiments", 1935, section 21. Differences may be infinite, where one of a pair failed (0
    where both did): sums compare by the net number of infinities first, then by what is finite. Up to `EXACT_SEEDS` all
    2^n flips are counted: the sums of one half of the seeds are looked up among those of the other half. Beyond, p is
    (1 + the number of `FLIPS` random ones that reach the sum) / (1 + FLIPS) (Phipson and Smyth, "Permutation p-values
    should never be zero", SAGMB 9, 2010), always by the same draws. Sums that tie but for rounding count as reached, so
    that p is never too small. Without a difference it is 1.

    Raises:
        ValueError: when the differences are no list, or hold a NaN.
    """
    sizes = _finite_in_order(differences)
    reached = abs(sizes.sum()) - _TIE * np.abs(sizes).sum()
    if reached <= 0:
        return 1.0
    return _exact_p(sizes, reached) if len(sizes) <= EXACT_SEEDS else _drawn_p(sizes, reached)


def paired_t_test(differences: ArrayLike) -> float:
    """The two-sided p of Student's test of paired finite `differences` (seeds,): that their mean is 0.

    By the t of `t_interval`. Where all are equal it is 0, or 1 where they are 0; 1 below two seeds.

    Raises:
        ValueError: when the differences are no list of finite numbers.
    """
    found = np.asarray(differences, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError(f"found differences of shape {found.shape}: wanted finite numbers (seeds,)")
    if len(found) < 2 or not found.any():
        return 1.0
    if np.ptp(found) == 0:
        return 0.0
    t = found.mean() / (found.std(ddof=1) / math.sqrt(len(found)))
    return float(2 * special.stdtr(len(found) - 1, -abs(t)))


def sign_of_sum(differences: ArrayLike) -> int:
    """Which way `differences` (seeds,) point in sum, the net number of infinities first: 1, -1, or 0 for neither.

    Raises:
        ValueError: as `paired_permutation_test`.
    """
    sizes = _finite_in_order(differences)
    total = sizes.sum()
    return 0 if abs(total) <= _TIE * np.abs(sizes).sum() else int(np.sign(total))


def _finite_in_order(differences: ArrayLike) -> NDArray[np.float64]:
    """Finite numbers whose flipped sums compare as those of `differences`, zeros left out: flips leave them alone.

    For an infinity stands twice the sum of all finite sizes. Whatever is larger gives the same order, since numbers of
    infinities that differ, differ by two.
    """
    found = np.asarray(differences, dtype=np.float64)
    if found.ndim != 1 or np.isnan(found).any():
        raise ValueError(f"found differences of shape {found.shape}: wanted (seeds,), without NaN")
    infinite = np.isinf(found)
    largest = np.abs(found[~infinite]).max(initial=0.0)
    scaled = np.where(infinite, 0.0, found) / (largest or 1.0)
    penalty = 2 * np.abs(scaled).sum() or 1.0
    sizes = np.where(infinite, np.sign(found) * penalty, scaled)
    return np.asarray(sizes[sizes != 0])


def _exact_p(sizes: NDArray[np.float64], reached: float) -> float:
    half = len(sizes) // 2
    one, other = np.sort(_flipped_sums(sizes[:half])), np.sort(_flipped_sums(sizes[half:]))
    enough = len(other) - np.searchsorted(other, reached - one, side="left")
    return float(2 * enough.sum() / (len(one) * len(other)))


def _flipped_sums(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under all flips: (2^n,)."""
    return np.asarray(_flips(len(sizes)) @ sizes)


@cache
def _flips(n: int) -> NDArray[np.float64]:
    """All signs of n numbers: (2^n, n)."""
    return np.asarray(2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1) - 1)


def _drawn_p(sizes: NDArray[np.float64], reached: float) -> float:
    random = np.random.default_rng(0)
    sums = np.zeros(FLIPS)
    for size in sizes:
        sums += np.where(random.random(FLIPS) < 0.5, size, -size)
    return float((1 + np.count_nonzero(np.abs(sums) >= reached)) / (1 + FLIPS))


def least_p(seeds: int) -> float:
    """The smallest p that so many pairs can show: 2 / 2^n, when all differences have one sign."""
    return min(1.0, 2.0 ** (1 - seeds))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """The `p_values` (tests,), in their order, adjusted so that one false finding among all is as likely as each says.

    The smallest is multiplied by the number of tests, the next by one less and so on; none is smaller than one before
    it, nor larger than 1 (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979).

    Raises:
        ValueError: when a value is no probability.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"found p-values of shape {p.shape}: wanted (tests,), each from 0 to 1")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def seeds_needed(comparisons: int, level: float = 0.05) -> int:
    """The fewest seeds with which one of so many Holm-corrected pairs could be separated at `level`.

    Raises:
        ValueError: when there is no pair, or the level is not above 0.
    """
    if comparisons < 1 or not level > 0:
        raise ValueError(f"found {comparisons} pairs and level {level}: wanted one pair or more, and a level above 0")
    seeds = 1
    while comparisons * least_p(seeds) > level:
        seeds += 1
    return seeds
