import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ganbench.statistics import (
    EXACT_SEEDS,
    contrast,
    holm,
    least_p,
    paired_permutation_test,
    paired_t_test,
    seeds_needed,
    sign_of_sum,
    t_interval,
)


def test_half_width_is_the_quantile_times_the_standard_error():
    """Of 1, 2, 3, 4, 5 the mean is 3 and the half width 2.776445 sqrt(2.5 / 5), the quantile from a printed table."""
    mean, half_width = t_interval([1, 2, 3, 4, 5])
    assert mean == 3
    assert half_width == pytest.approx(2.776445 * math.sqrt(0.5), rel=1e-6)


def test_confidence_chooses_the_quantile():
    """At 90 % two values 0 and 2 have the half width 6.313752 = tan(0.45 pi): one degree of freedom is Cauchy's."""
    assert t_interval([0, 2], confidence=0.9)[1] == pytest.approx(math.tan(0.45 * math.pi), rel=1e-9)


@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_interval_is_that_of_scipy(n):
    """The interval is the one that scipy gives for the same mean, standard error and degrees of freedom."""
    values = np.random.default_rng(n).normal(40, 7, n)
    mean, half_width = t_interval(values)
    low, high = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert (mean - half_width, mean + half_width) == pytest.approx((low, high), rel=1e-12)


def test_one_value_has_no_interval():
    """A single seed says nothing of its spread: the half width is None, not zero and not NaN."""
    assert t_interval([7.25]) == (7.25, None)


def test_equal_values_have_an_interval_of_no_width():
    """Seeds that agree have the half width zero, which is told apart from having none."""
    assert t_interval([8, 8, 8]) == (8, 0)
    assert t_interval([0.1, 0.1, 0.1]) == (0.1, 0)


def test_the_smallest_and_the_largest_seeds_have_intervals():
    """Of 0 and x it is x / 2 ± 12.706 x / 2, whether or not squares and sums of x are floats."""
    half = stats.t.ppf(0.975, 1) / 2
    for x in (1e-210, 3.0, 1e300):
        assert t_interval([0, x]) == pytest.approx((x / 2, half * x), rel=1e-12, abs=0)
    assert t_interval([1.5e308, 1.5e308, 1.2e308])[0] == pytest.approx(1.4e308)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, math.nan], [math.inf, 1.0]])
def test_what_is_no_sample_is_refused(values):
    """No value, a matrix or a number that is not finite is an error that says what was wanted."""
    with pytest.raises(ValueError, match="wanted one or more finite numbers"):
        t_interval(values)


INF = math.inf


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([], 1),
        ([3.0], 1),
        ([0.0, 0.0, 0.0], 1),
        ([1, 2, 3], 2 / 8),
        ([1, 2, -3], 1),
        ([1, 1, 1, -1], 10 / 16),  # of four coins the sums are 4, 2, 0 in 2, 8, 6 ways
        ([5, 0, 0, 5], 8 / 16),
    ],
)
def test_the_p_of_few_differences_is_counted_by_hand(differences, p):
    """It is the share of sign flips whose sum is as large; differences of 0 neither help nor harm."""
    assert paired_permutation_test(differences) == p


@pytest.mark.parametrize("n", [2, 5, 8, 11])
def test_the_p_is_that_of_scipy(n):
    """scipy flips the signs of all samples too, and is given the statistic |sum|."""
    differences = np.random.default_rng(n).normal(0.5, 1, n)
    found = stats.permutation_test(
        (differences,),
        lambda x, axis: np.abs(x.sum(axis=axis)),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert paired_permutation_test(differences) == pytest.approx(found.pvalue, rel=1e-12)


@pytest.mark.parametrize(("n", "ahead"), [(20, 14), (EXACT_SEEDS - 1, 22), (EXACT_SEEDS, 23)])
def test_wins_alone_are_a_sign_test(n, ahead):
    """Differences of one size have a binomial number of positive signs, whose tails are known for any n."""
    differences = [0.1] * ahead + [-0.1] * (n - ahead)
    expected = 2 * stats.binom.sf(ahead - 1, n, 0.5)
    assert paired_permutation_test(differences) == pytest.approx(expected, rel=1e-9)


def test_beyond_the_exact_the_p_is_drawn_and_never_zero():
    """Of 40 seeds, 26 ahead: within four standard errors of the binomial tail; all ahead: 1 / 100,000, not 0."""
    expected = 2 * stats.binom.sf(25, 40, 0.5)
    error = math.sqrt(expected * (1 - expected) / 99_999)
    found = paired_permutation_test([1] * 26 + [-1] * 14)
    assert abs(found - expected) < 4 * error
    assert found == paired_permutation_test([1] * 26 + [-1] * 14)
    assert paired_permutation_test(np.ones(40)) == 1e-5


def test_sums_that_tie_but_for_rounding_tie():
    """0.1 + 0.2 - 0.3 is not 0 in floats; scaling by 0.1 changes no p."""
    assert paired_permutation_test([0.1, 0.2, -0.3]) == 1
    random = np.random.default_rng(0)
    for _ in range(50):
        whole = random.integers(-4, 5, 9)
        assert paired_permutation_test(whole * 0.1) == paired_permutation_test(whole)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([INF], 1),
        ([INF, 1, 1], 2 / 8),
        ([INF, -1, -1], 1),  # the finite part is against the failure: any flip of it reaches as far
        ([INF, -INF, 3], 1),
        ([INF, INF, -1], 4 / 8),
        ([INF] * 6, 2 / 64),
    ],
)
def test_failures_come_first_and_numbers_break_their_ties(differences, p):
    """Sums compare by the net number of infinities, then by what is finite."""
    assert paired_permutation_test(differences) == p


def test_the_sign_of_a_sum_puts_failures_first():
    """One failure outweighs all numbers, numbers decide among equal failures, rounding decides nothing."""
    assert [sign_of_sum(x) for x in ([1, -2], [-INF, 1e300], [INF, -INF, 3], [0.1, 0.2, -0.3], [])] == [-1, -1, 1, 0, 0]


def test_an_infinity_is_the_limit_of_a_penalty():
    """A millionfold penalty in the place of each infinity, all flips tried one by one, gives the same p."""
    random = np.random.default_rng(1)
    for n in (3, 5, 7, 7, 7, 7):
        differences = random.integers(-5, 6, n).astype(float)
        failed = random.random(n) < 0.4
        differences[failed] = np.copysign(INF, random.normal(size=n))[failed]
        penalised = np.where(np.isinf(differences), np.sign(differences) * 1e6, differences)
        flips = np.array(list(itertools.product([-1, 1], repeat=n)))
        expected = np.mean(np.abs(flips @ penalised) >= abs(penalised.sum()))
        assert paired_permutation_test(differences) == expected


def test_huge_and_tiny_differences_keep_their_p():
    """The p depends on no unit: neither do squares overflow nor tiny numbers vanish."""
    for unit in (1e300, 1.0, 1e-300):
        assert paired_permutation_test(np.array([1, 2, 3, 4]) * unit) == 2 / 16


@pytest.mark.parametrize("differences", [[1.0, math.nan], [[1.0, 2.0]]])
def test_what_is_no_difference_is_refused(differences):
    """A NaN or a matrix is an error that says what was wanted."""
    with pytest.raises(ValueError, match=r"wanted \(seeds,\), without NaN"):
        paired_permutation_test(differences)


def test_the_least_p_is_that_of_one_sign():
    """n differences of one sign show 2 / 2^n, and nothing shows less."""
    assert [least_p(n) for n in (0, 1, 2, 6)] == [1, 1, 0.5, 0.03125]
    assert all(paired_permutation_test(np.arange(1, n + 1)) == least_p(n) for n in range(13))


def test_holm_by_hand():
    """0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04, which may not fall below the one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]).tolist() == [1, 1]
    assert holm([]).tolist() == []


@pytest.mark.parametrize("p", [[math.nan], [-0.1], [1.1], [[0.5]]])
def test_what_is_no_p_is_refused(p):
    """A p is from 0 to 1."""
    with pytest.raises(ValueError, match="each from 0 to 1"):
        holm(p)


@pytest.mark.parametrize(("comparisons", "seeds"), [(1, 6), (3, 7), (6, 8), (28, 11)])
def test_seeds_needed_are_the_fewest(comparisons, seeds):
    """With them the clearest pair is separated, with one less it is not: 28 / 2^10 <= 0.05 < 28 / 2^9."""
    assert seeds_needed(comparisons) == seeds
    for n, stands in ((seeds, True), (seeds - 1, False)):
        p = [paired_permutation_test(np.ones(n))] + [1.0] * (comparisons - 1)
        assert bool(holm(p)[0] <= 0.05) is stands


def test_seeds_needed_of_nothing_is_refused():
    """No pair needs no seeds, and no number of seeds reaches a level of 0."""
    with pytest.raises(ValueError, match="wanted one pair or more"):
        seeds_needed(0)
    with pytest.raises(ValueError, match="a level above 0"):
        seeds_needed(1, 0.0)


def test_a_contrast_weighs_infinities_before_numbers():
    """Two failures cancel and leave the finite part; a failure on one side is infinite with its weight's sign."""
    values = [[1, INF, INF, 5, -INF], [2, INF, 3, -INF, 7]]
    assert contrast([1, -1], values).tolist() == [-1, 0, INF, INF, -INF]
    thirds = contrast([1 / 3, 1 / 3, 1 / 3, -1], [[INF, 1], [INF, 2], [INF, 3], [INF, INF]])
    assert thirds.tolist() == [0, -INF]


def test_a_contrast_of_unequal_shapes_is_refused():
    """As many weights as rows of values."""
    with pytest.raises(ValueError, match=r"wanted \(k,\) and \(k, seeds\)"):
        contrast([1.0], [[1.0], [2.0]])


@pytest.mark.parametrize("n", [2, 3, 12])
def test_the_paired_t_test_is_that_of_scipy(n):
    """And its p is 5 % where the mean stands at the end of its own 95 % interval."""
    values = np.random.default_rng(n).normal(0.4, 1, n)
    assert paired_t_test(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=1e-12)
    assert paired_t_test(values - values.mean() + t_interval(values)[1]) == pytest.approx(0.05, rel=1e-9)


def test_equal_differences_need_no_test():
    """No spread leaves no doubt; one seed, or no difference, leaves all of it."""
    found = [paired_t_test(differences) for differences in ([3, 3], [0, 0], [3], [])]
    assert found == [0, 1, 1, 1]
    with pytest.raises(ValueError, match="wanted finite numbers"):
        paired_t_test([1, math.inf])
