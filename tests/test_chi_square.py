"""The chi-square test: its statistic by hand, its law by simulation."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2, chisquare, kstest

from ganbench.datasets.mixtures import GaussianMixture, grid, ring
from ganbench.metrics.chi_square import ChiSquare, chi_square
from ganbench.metrics.metric import Evidence

ONE = GaussianMixture(((0.0, 0.0),), sigma=1.0)


def test_a_hand_counted_example() -> None:
    """One mode, one ring, four quadrants: 5, 1, 1, 1 where 2 are expected give (9 + 1 + 1 + 1) / 2 at 3 degrees."""
    corners = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    samples = torch.cat([corners, corners[:1].repeat(4, 1)])
    assert ChiSquare(rings=1, least_expected=2)(Evidence(samples, density=ONE)) == pytest.approx(
        {"chi_square": 2.0, "chi_square_p": chi2.sf(6, 3), "chi_square_modes_p": 1}
    )


def test_it_is_scipys_test() -> None:
    """On any counts; one cell alone cannot be off."""
    found, expected = np.array([9.0, 3.0, 8.0]), np.array([5.0, 5.0, 10.0])
    statistic, p = chisquare(found, expected)
    assert chi_square(found, expected) == pytest.approx((statistic / 2, p), rel=1e-12)
    assert chi_square(expected[:1], expected[:1]) == (0, 1)


def test_the_modes_alone_are_tested_too() -> None:
    """Samples that are right but for their weights, 14 to 11, are told by the modes where the cells are in doubt."""
    even, odd = (GaussianMixture(ring().means[k::2], ring().sigma) for k in (0, 1))
    g = torch.Generator().manual_seed(0)
    samples = torch.cat([even.sample(1_400, g), odd.sample(1_100, g)])
    values = ChiSquare()(Evidence(samples, density=ring()))
    assert values["chi_square_modes_p"] < 1e-4
    assert values["chi_square_p"] > 1e-3


@pytest.mark.parametrize(("density", "n"), [(ring(), 2_500), (grid(), 2_500), (ring(sigma=0.4), 1_000)])
def test_p_is_uniform_for_the_truth(density: GaussianMixture, n: int) -> None:
    """200 runs of the truth, also where modes overlap and cells expect 6 samples (Kolmogorov and Smirnov)."""
    draws = (density.sample(n, torch.Generator().manual_seed(seed)) for seed in range(200))
    found = [ChiSquare()(Evidence(x, density=density)) for x in draws]
    for name in ("chi_square_p", "chi_square_modes_p"):
        assert kstest([values[name] for values in found], "uniform").pvalue > 1e-3


def test_cells_that_expect_less_than_five_samples_are_not_tested() -> None:
    """8 modes x 16 cells want 640 samples: with one less the numbers are left out, as they are without a density."""
    samples = ring().sample(640, torch.Generator().manual_seed(0))
    assert set(ChiSquare()(Evidence(samples, density=ring()))) == {q.name for q in ChiSquare().quantities}
    assert ChiSquare()(Evidence(samples[1:], density=ring())) == {}
    assert ChiSquare()(Evidence(samples)) == {}


def test_samples_that_are_not_finite_are_refused() -> None:
    """In words."""
    with pytest.raises(ValueError, match="found 640 of 640 samples with NaN or infinity"):
        ChiSquare()(Evidence(torch.full((640, 2), torch.nan), density=ring()))
