"""What a metric may count on in a matrix of features."""

import math

import pytest
import torch

from ganbench.metrics.rows import BLOCK, all_finite, at_most, checked, checked_pair, evenly, rows_at_once


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_features_that_are_not_finite_are_counted_and_refused(strange: float) -> None:
    """No number is made of them."""
    x = torch.zeros(3, 2)
    x[1, 1] = strange
    with pytest.raises(ValueError, match="found 1 of 6 features to be NaN or infinite, wanted finite features"):
        checked(x, least=1)


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_a_single_number_that_is_not_finite_is_found(strange: float) -> None:
    """Wherever it stands among large and small ones; none is found where there is nothing."""
    x = torch.linspace(-1e38, 1e38, 999)
    assert all_finite(x)
    assert all_finite(torch.zeros(3, 0))
    for place in (0, 500, 998):
        assert not all_finite(torch.where(torch.arange(999) == place, strange, x))


def test_too_few_features_are_refused() -> None:
    """And so is what is no matrix."""
    assert checked(torch.zeros(2, 5), least=2).shape == (2, 5)
    with pytest.raises(ValueError, match=r"found features of shape \(1, 5\), wanted \(n, d\) with n at least 2"):
        checked(torch.zeros(1, 5), least=2)
    with pytest.raises(ValueError, match=r"found features of shape \(5,\), wanted \(n, d\) with n at least 2"):
        checked(torch.zeros(5), least=2)


def test_features_of_two_extractors_are_refused() -> None:
    """Dimensions must agree."""
    with pytest.raises(ValueError, match="found features of 2 and of 3 dimensions, wanted as many of each"):
        checked_pair(torch.zeros(4, 2), torch.zeros(4, 3))


def test_fewer_rows_are_evenly_spaced() -> None:
    """All rows where they are few enough, else each at the same distance from the next, in order."""
    assert evenly(10, 4).tolist() == [0, 2, 5, 7]
    assert evenly(3, 4).tolist() == [0, 1, 2]
    assert evenly(0, 4).tolist() == []
    x = torch.arange(10.0)[:, None]
    assert at_most(x, 5).flatten().tolist() == [0, 2, 4, 6, 8]
    assert at_most(x, 10) is x


def test_blocks_are_bounded() -> None:
    """Small where features are few, never beyond the bound, and never of no row."""
    assert rows_at_once(10_000, 64) == 2**20 // 10_000
    assert rows_at_once(10_000, 4096) == BLOCK // 10_000
    assert rows_at_once(2 * BLOCK, 64) == 1
