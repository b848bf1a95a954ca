"""Robust summaries, by hand and against scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from ganbench.aggregates import interquartile_mean, performance_profile, probability_of_improvement

INF = math.inf


def test_the_probability_of_improvement_counts_pairs():
    """Of (3, 1) against (2, 1): 3 beats both, 1 loses and ties, so 2.5 of 4; a failure loses, two failures tie."""
    assert probability_of_improvement([3, 1], [2, 1]) == 2.5 / 4
    assert probability_of_improvement([-INF, 1], [-INF, 0]) == 2.5 / 4
    assert probability_of_improvement([2], [1, 1, 1]) == 1


def test_the_probability_of_improvement_is_that_of_mann_and_whitney():
    """U / (m n), and those of x over y and y over x add up to 1."""
    random = np.random.default_rng(0)
    x, y = random.integers(0, 9, 12), random.integers(2, 11, 7)
    u = stats.mannwhitneyu(x, y).statistic
    assert probability_of_improvement(x, y) == pytest.approx(u / (12 * 7))
    assert probability_of_improvement(x, y) + probability_of_improvement(y, x) == pytest.approx(1)


@pytest.mark.parametrize("n", [1, 3, 4, 9, 16])
def test_the_interquartile_mean_is_a_trimmed_mean(n):
    """That of scipy, which cuts a quarter of the runs, rounded down, from each end."""
    values = np.random.default_rng(n).normal(size=n)
    assert interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25))


def test_few_failures_leave_the_interquartile_mean_finite():
    """One of four is cut off; two of four are not, and make it infinite; both signs at once have no mean."""
    assert interquartile_mean([-INF, 1, 2, 50]) == 1.5
    assert interquartile_mean([-INF, -INF, 2, 50]) == -INF
    with pytest.raises(ValueError, match=r"found -inf and \+inf in the middle half"):
        interquartile_mean([-INF, INF])


def test_a_performance_profile_is_the_share_that_reaches():
    """A run reaches its own score; a failure reaches nothing, not even -inf."""
    assert performance_profile([1, 2, 3, -INF], [-INF, 0, 2, 3, 4]).tolist() == [0.75, 0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize("values", [[], [math.nan], [[1.0]]])
def test_what_is_no_score_is_refused(values):
    """No value, a NaN or a matrix is an error that says what was wanted."""
    for call in (
        interquartile_mean,
        lambda x: probability_of_improvement(x, [1]),
        lambda x: performance_profile([1], x),
    ):
        with pytest.raises(ValueError, match="wanted one or more"):
            call(values)
