"""Jensen-Shannon divergence: against scipy, closed forms, quadrature of the true one, and simulation of its floor."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon

from ganbench.datasets.mixtures import GaussianMixture, grid, ring
from ganbench.metrics.cells import Cells
from ganbench.metrics.jensen_shannon import CELLS, JensenShannon, floor_and_limit, jensen_shannon, terms
from ganbench.metrics.metric import Evidence


def draw(density: GaussianMixture, n: int, seed: int) -> torch.Tensor:
    return density.sample(n, torch.Generator().manual_seed(seed))


def test_terms_sum_to_what_scipy_finds() -> None:
    """Whose distance is the root of the divergence; empty cells included."""
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.1, 0.2, 0.3, 0.4])
    assert terms(p, q).sum() == pytest.approx(jensenshannon(p, q) ** 2, rel=1e-12)
    assert terms(p, p).sum() == 0
    assert terms(np.array([1.0, 0.0]), np.array([0.0, 1.0])).sum() == pytest.approx(math.log(2))


@pytest.mark.parametrize("cells", [Cells((0.25, 0.5, 0.75)), CELLS])
def test_the_floor_is_the_mean_of_the_truth(cells: Cells) -> None:
    """Over 300 runs, to four standard errors; and at most 3 of them are above the limit."""
    found = np.array([jensen_shannon(draw(ring(), 2_500, seed), ring(), cells) for seed in range(300)])
    floor, limit = floor_and_limit(ring(), 2_500, cells)
    assert found.mean() == pytest.approx(floor, abs=4 * found.std() / math.sqrt(300))
    assert (found > limit).sum() <= 3


def test_the_floor_nears_its_first_order() -> None:
    """(cells - 1) / 8n, as the divergence is an eighth of chi-square / n near the truth: 1 % off at 1,000 a cell."""
    assert floor_and_limit(ring(), 128_000, Cells((0.25, 0.5, 0.75)))[0] == pytest.approx(127 / 8 / 128_000, rel=0.01)


def true_divergence(scale: float) -> float:
    """Between a normal law in the plane and one of `scale` times its deviation, by quadrature over the radius."""

    def integrand(r: float) -> float:
        p, q = r * math.exp(-(r**2) / 2), r * math.exp(-(r**2) / 2 / scale**2) / scale**2
        return float(terms(np.array(q), np.array(p)))

    return float(quad(integrand, 0, 12, epsabs=1e-10, limit=200)[0])


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.8, 1.5, 3.0])
@pytest.mark.parametrize("density", [ring(), grid()])
def test_modes_of_another_width_come_near_the_true_divergence(density: GaussianMixture, scale: float) -> None:
    """At n = 100,000, less the floor: never above what quadrature gives, and at most 8 % and 0.001 below it."""
    found = jensen_shannon(draw(replace(density, sigma=scale * density.sigma), 100_000, 0), density)
    found -= floor_and_limit(density, 100_000)[0]
    truth = true_divergence(scale)
    assert 0.92 * truth - 1e-3 < found < truth + 1e-3


def test_half_the_modes_have_a_closed_form() -> None:
    """A density that is twice the truth on half of it: (log 4/3 + log(2/3) / 2 + log(2) / 2) / 2 = 0.2158 nats."""
    half = GaussianMixture(ring().means[:4], ring().sigma)
    wanted = (math.log(4 / 3) + (math.log(2 / 3) + math.log(2)) / 2) / 2
    assert jensen_shannon(draw(half, 100_000, 0), ring()) == pytest.approx(wanted, abs=1e-3)


def test_points_and_strays_are_all_but_disjoint_from_the_truth() -> None:
    """A Dirac at every mean, and samples far from all, reach log 2 to 0.002."""
    for samples in (ring().centres.repeat(1_000, 1), 50 + draw(ring(), 8_000, 0)):
        assert jensen_shannon(samples, ring()) == pytest.approx(math.log(2), abs=2e-3)


def test_the_metric_gives_divergence_floor_and_limit() -> None:
    """As declared; nothing without a density or samples; an error where they are not finite."""
    samples = draw(ring(), 1_000, 0)
    values = JensenShannon()(Evidence(samples, density=ring()))
    assert list(values) == [q.name for q in JensenShannon().quantities]
    assert (values["js_floor"], values["js_limit"]) == floor_and_limit(ring(), 1_000)
    assert JensenShannon()(Evidence(samples)) == JensenShannon()(Evidence(samples[:0], density=ring())) == {}
    with pytest.raises(ValueError, match="found 1000 of 1000 samples with NaN or infinity"):
        JensenShannon()(Evidence(samples * torch.inf, density=ring()))
