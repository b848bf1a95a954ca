import math

import numpy as np
import pytest
from scipy import stats

from ganbench.statistics import t_interval


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


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, math.nan], [math.inf, 1.0]])
def test_what_is_no_sample_is_refused(values):
    """No value, a matrix or a number that is not finite is an error that says what was wanted."""
    with pytest.raises(ValueError, match="wanted one or more finite numbers"):
        t_interval(values)
