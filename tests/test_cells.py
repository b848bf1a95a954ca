"""Cells of known probability: under the truth every cell gets its share, also where modes overlap."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest

from ganbench.datasets.mixtures import GaussianMixture, grid, ring
from ganbench.metrics.cells import Cells, standardised
from ganbench.metrics.modes import nearest_modes

QUARTERS = Cells((0.25, 0.5, 0.75))
LINE = GaussianMixture(((0.0,), (1.0,)), sigma=0.5)
SPACE = GaussianMixture(((0.0, 0.0, 0.0), (1.0, 2.0, 0.0)), sigma=1.0)
DENSITIES = [ring(), ring(sigma=0.3), ring(sigma=3.0), grid(), LINE, SPACE]


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("cells", [QUARTERS, Cells((0.01, 0.9))])
def test_the_truth_fills_every_cell_with_its_share(density: GaussianMixture, cells: Cells) -> None:
    """40,000 draws pass a chi-square test against the probabilities, on the line, in the plane and in space."""
    probabilities = cells.probabilities(density)
    counts = cells.counts(density.sample(40_000, torch.Generator().manual_seed(1)), density)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert counts.sum() == 40_000
    assert chisquare(counts, probabilities * 40_000).pvalue > 1e-3


def test_cells_are_modes_times_rings_times_signs() -> None:
    """8 modes x 4 rings x 4 quadrants of equal probability; two signs on the line; two of the coordinates in space."""
    assert QUARTERS.probabilities(ring()).tolist() == [1 / 128] * 128
    assert len(QUARTERS.probabilities(LINE)) == 2 * 4 * 2
    assert len(QUARTERS.probabilities(SPACE)) == 2 * 4 * 4


def test_a_sample_lies_in_the_cell_of_its_mode_ring_and_quadrant() -> None:
    """In the plane half of a mode lies within sqrt(2 log 2) sigma: just inside and just outside are two rings."""
    median = math.sqrt(2 * math.log(2))
    density = GaussianMixture(((0.0, 0.0), (100.0, 0.0)), sigma=1.0)
    cells = Cells((0.5,))
    samples = torch.tensor([[-median + 1e-3, -1e-6], [-median - 1e-3, -1e-6], [100.0 + 0.1, 0.1]])
    assert np.flatnonzero(cells.counts(samples, density)).tolist() == [0, 4, 8 + 3]


@pytest.mark.parametrize("density", DENSITIES)
def test_what_is_left_of_the_truth_is_standard_normal(density: GaussianMixture) -> None:
    """Whatever the overlap, and every mode is drawn as often (Kolmogorov and Smirnov; chi-square)."""
    mode, z = standardised(density.sample(20_000, torch.Generator().manual_seed(2)), density)
    assert all(kstest(axis.numpy(), "norm").pvalue > 1e-3 for axis in z.T)
    assert chisquare(mode.bincount(minlength=len(density.means)).numpy()).pvalue > 1e-3


def test_modes_far_apart_take_what_is_nearest_to_them() -> None:
    """On the ring and the grid the posterior is 0 or 1, so that nothing is left to chance; far samples included."""
    for density in (ring(), grid()):
        samples = density.sample(2_000, torch.Generator().manual_seed(3))
        samples = torch.cat([samples, 1e6 * samples, density.centres])
        assert torch.equal(standardised(samples, density)[0], nearest_modes(samples, density.centres)[0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_samples_that_are_not_finite_are_refused(bad: float) -> None:
    """With how many there are."""
    samples = torch.zeros(5, 2)
    samples[3, 1] = samples[1, 0] = samples[1, 1] = bad
    with pytest.raises(ValueError, match=r"^found 2 of 5 samples with NaN or infinity, wanted finite samples$"):
        QUARTERS.counts(samples, ring())
