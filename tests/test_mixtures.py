"""The mixtures of Gaussians: where their modes are, and that density and draws agree."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from ganbench.datasets import mixtures
from ganbench.datasets.mixtures import GaussianMixture, Mixture, grid, ring
from ganbench.errors import DatasetError


def load(name: str, argument: str | None = None) -> Mixture:
    offered = {}
    mixtures.register_datasets(offered.__setitem__)
    return offered[name](argument, Path("unused"))


def test_ring_has_eight_distinct_modes_evenly_spaced_on_the_unit_circle():
    """No mode stands at both ends of the circle: all eight neighbours are one chord of 2 sin(pi/8) apart."""
    means = ring().centres.double()
    chords = (means - means.roll(1, dims=0)).norm(dim=1)
    torch.testing.assert_close(means.norm(dim=1), torch.ones(8, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(chords, torch.full((8,), 2 * math.sin(math.pi / 8)).double(), atol=1e-6, rtol=0)


def test_grid_is_five_by_five_about_the_origin():
    """The 25 modes are all pairs of -4, -2, 0, 2 and 4."""
    ticks = (-4.0, -2.0, 0.0, 2.0, 4.0)
    assert sorted(grid().means) == sorted((x, y) for x in ticks for y in ticks)


@pytest.mark.parametrize("density", [ring(sigma=0.1), grid(side=3, spacing=1.0, sigma=0.1)], ids=["ring", "grid"])
def test_density_integrates_to_one(density: GaussianMixture):
    """The trapezium rule over the plane gives the density a mass of one."""
    ticks = torch.linspace(-2.5, 2.5, 501, dtype=torch.float64)
    mass = density.log_density(torch.cartesian_prod(ticks, ticks)).exp().sum() * (ticks[1] - ticks[0]) ** 2
    assert mass.item() == pytest.approx(1, abs=1e-9)


def test_log_density_is_that_of_scipy():
    """The log density is the log of the mean over modes of scipy's normal densities."""
    density = ring(modes=5, sigma=0.3)
    points = np.random.default_rng(0).normal(size=(50, 2))
    normals = [multivariate_normal(mean, 0.3**2).pdf(points) for mean in density.centres.double().numpy()]
    found = density.log_density(torch.from_numpy(points)).numpy()
    np.testing.assert_allclose(found, np.log(np.mean(normals, axis=0)), rtol=1e-9)


def test_draws_have_the_moments_of_the_ring():
    """A ring's mean is zero and its covariance (radius^2 / 2 + sigma^2) times the identity."""
    draws = ring(sigma=0.5).sample(200_000, torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(draws.mean(0), torch.zeros(2).double(), atol=0.01, rtol=0)
    torch.testing.assert_close(draws.T.cov(), 0.75 * torch.eye(2).double(), atol=0.01, rtol=0)


def test_every_mode_is_as_likely():
    """Of n draws each of 8 modes gets n/8, up to five standard deviations of the binomial."""
    density, n = ring(), 80_000
    draws = density.sample(n, torch.Generator().manual_seed(0))
    counts = torch.cdist(draws, density.centres).argmin(1).bincount(minlength=8)
    assert (counts - n / 8).abs().max() < 5 * math.sqrt(n * 1 / 8 * 7 / 8)


def test_a_mixture_is_endless_and_seeded():
    """There is no number of samples; a generator's seed fixes its draws, and `fetch` returns them as they are."""
    dataset = load("ring8")
    first, again, other = (dataset.shuffled("train", torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert dataset.size("train") is None
    assert torch.equal(dataset.fetch("train", first), again)
    assert not torch.equal(first, other)


def test_fingerprint_depends_on_the_density():
    """Another sigma, and another place of the modes, is another fingerprint; the name alone is not."""
    dataset = load("ring8")
    sharper = Mixture("ring8", replace(ring(), sigma=0.02), dataset.standard)
    renamed = Mixture("other", ring(), dataset.standard)
    assert len({dataset.fingerprint, sharper.fingerprint, load("grid25").fingerprint}) == 3
    assert renamed.fingerprint == dataset.fingerprint


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_a_mixture_takes_no_argument(name: str):
    """What follows a colon is refused in words that repeat it."""
    with pytest.raises(DatasetError, match=f"^dataset '{name}' takes no argument, found '{name}:9'$"):
        load(name, "9")
