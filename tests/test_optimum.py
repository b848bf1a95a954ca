"""The best discriminator: accuracy, probabilities and divergence, against quadrature and known densities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import rel_entr
from scipy.stats import multivariate_normal, norm
from torch import Tensor

from ganbench.datasets.density import GaussianMixture
from ganbench.datasets.mixtures import grid, ring
from ganbench.metrics.divergence import jensen_shannon_bound
from ganbench.metrics.metric import Evidence, Scores
from ganbench.metrics.optimum import (
    DiscriminatorOptimum,
    bayes_accuracy,
    log_ratios,
    mean_difference,
    neighbour_log_density,
)

N = 2_500


def drawn(density: GaussianMixture, n: int = N, seed: int = 7) -> Tensor:
    return density.sample(n, torch.Generator().manual_seed(seed))


def normals(n: int, spread: float = 1.0, mean: float = 0.0, seed: int = 0) -> Tensor:
    """Draws (n,), float64, of a normal law on the line."""
    return mean + spread * torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def line_ratio(x: Tensor, mean: float, spread: float) -> Tensor:
    """log p/q of the standard normal law p and of q with this mean and spread."""
    return torch.from_numpy(norm.logpdf(x) - norm.logpdf(x, mean, spread))


def by_quadrature(mean: float, spread: float) -> tuple[float, float]:
    """1/2 + TV/2 and the Jensen-Shannon divergence of the same two laws."""
    p, q = norm(), norm(mean, spread)

    def divergence(x: float) -> float:
        a, b = p.pdf(x), q.pdf(x)
        return float(rel_entr(a, (a + b) / 2) + rel_entr(b, (a + b) / 2)) / 2

    tv, _ = quad(lambda x: abs(p.pdf(x) - q.pdf(x)) / 2, -20, 20, limit=500, points=(-1, 0, 1, mean))
    js, _ = quad(divergence, -20, 20, limit=500, points=(-1, 0, 1, mean))
    return (1 + tv) / 2, js


@pytest.mark.parametrize(("mean", "spread"), [(1.0, 1.0), (0.0, 2.0), (2.0, 0.5), (0.0, 1.0)])
def test_accuracy_and_divergence_of_two_gaussians_are_those_of_quadrature(mean: float, spread: float) -> None:
    """From the exact log p/q at 200,000 draws of either law, to four standard errors of 1/2 sqrt(1 / 200,000)."""
    real, fake = normals(200_000), normals(200_000, spread, mean, seed=1)
    ratios = line_ratio(real, mean, spread), line_ratio(fake, mean, spread)
    accuracy, divergence = by_quadrature(mean, spread)
    assert bayes_accuracy(*ratios) == pytest.approx(accuracy, abs=0.0045)
    assert jensen_shannon_bound(*ratios) == pytest.approx(divergence, abs=0.0045)


def test_the_bayes_accuracy_of_a_shift_is_the_normal_law_at_half_of_it() -> None:
    """Two Gaussians one standard deviation 2h apart are told apart with probability Phi(h)."""
    assert by_quadrature(1.0, 1.0)[0] == pytest.approx(norm.cdf(0.5), abs=1e-9)


def test_a_hand_counted_accuracy() -> None:
    """Two of three reals lie above 0, and of two fakes one above and one on it: (2/3 + 1/2) / 2."""
    assert bayes_accuracy(torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.0, 1.0])) == pytest.approx(7 / 12)


def test_the_density_of_a_plane_evenly_filled_is_one_over_its_area() -> None:
    """On the unit square, in its middle: the mean over 400 places of q is 1 within 2 %, whatever k is."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(20_000, 2, generator=generator)
    places = 0.3 + 0.4 * torch.rand(400, 2, generator=generator)
    for k in (2, 10, 50):
        assert float(neighbour_log_density(points, places, k).exp().mean()) == pytest.approx(1, abs=0.15 / math.sqrt(k))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5])
def test_the_density_of_a_normal_law_is_found_at_its_mean(dimensions: int) -> None:
    """In any number of dimensions, with 400 of 100,000 neighbours; scipy's value within a fifth."""
    points = torch.randn(100_000, dimensions, generator=torch.Generator().manual_seed(0))
    found = float(neighbour_log_density(points, torch.zeros(1, dimensions), 400)[0])
    assert found == pytest.approx(multivariate_normal(np.zeros(dimensions)).logpdf(np.zeros(dimensions)), abs=0.2)


def test_a_density_needs_two_neighbours_and_no_more_than_there_are() -> None:
    """With one the estimate has no mean."""
    for k in (1, 6):
        with pytest.raises(ValueError, match=rf"found k = {k} neighbours of 5 points, wanted k from 2 to 5"):
            neighbour_log_density(torch.zeros(5, 2), torch.zeros(1, 2), k)


def changed(how: str, density: GaussianMixture) -> tuple[GaussianMixture, Tensor]:
    """A law that differs from `density`, and draws of it; its log density is known too."""
    sigma, means = density.sigma, density.means
    other = {
        "the truth": density,
        "double width": replace(density, sigma=2 * sigma),
        "five times the width": replace(density, sigma=5 * sigma),
        "a shift": replace(density, means=tuple((x + sigma, y) for x, y in means)),
        "a missing half": replace(density, means=means[: len(means) // 2]),
        "half width": replace(density, sigma=sigma / 2),
    }[how]
    return other, drawn(other, seed=11)


@pytest.mark.parametrize(
    ("how", "loss"),
    [
        ("the truth", 0.0),
        ("double width", 0.02),
        ("five times the width", 0.01),
        ("a shift", 0.03),
        ("a missing half", 0.01),
        ("half width", 0.06),
    ],
)
@pytest.mark.parametrize("density", [ring(), ring(sigma=0.1)], ids=["ring8", "wide"])
def test_the_accuracy_found_is_at_most_the_bayes_accuracy_and_near_it(
    how: str, loss: float, density: GaussianMixture
) -> None:
    """Above by three standard errors of a binomial at most, below by these and what the estimate is known to lose."""
    other, fake = changed(how, density)
    exact = [density.log_density(x) - other.log_density(x) for x in (drawn(density, 100_000), drawn(other, 100_000))]
    found = bayes_accuracy(*log_ratios(density, drawn(density), fake))
    chance = 3 * 0.5 / math.sqrt(2 * N)
    assert bayes_accuracy(*exact) - loss - chance < found < bayes_accuracy(*exact) + chance


def test_a_collapse_is_told_from_the_truth() -> None:
    """Fakes on the means, in whatever order, have a Bayes accuracy of 1; more than 0.9 of it is found."""
    density = ring()
    fake = density.centres.repeat(N // 8 + 1, 1)[:N]
    for ordered in (fake, fake[fake[:, 0].argsort()]):
        assert bayes_accuracy(*log_ratios(density, drawn(density), ordered)) > 0.9


@pytest.mark.parametrize("density", [ring(), grid()], ids=["ring8", "grid25"])
def test_a_perfect_generator_has_a_bayes_accuracy_of_one_half(density: GaussianMixture) -> None:
    """On the mean over 20 generators within three standard errors: cross-fitting leaves nothing that flatters."""
    found = [
        bayes_accuracy(*log_ratios(density, drawn(density, 1_000, 2 * k), drawn(density, 1_000, 2 * k + 1)))
        for k in range(20)
    ]
    assert sum(found) / 20 == pytest.approx(0.5, abs=3 * 0.5 / math.sqrt(20 * 2_000))


def scored(real: Tensor, fake: Tensor, points: Tensor, threshold: float = 0.0) -> Scores:
    """Log odds of reals, which are `points`, and of fakes."""
    return Scores(real[:5], real, fake, threshold, optimum="log_ratio", reals=points)


def measured(density: GaussianMixture, fake: Tensor, scores: Scores | None) -> dict[str, float]:
    return dict(DiscriminatorOptimum()(Evidence(fake, density=density, scores=scores)))


def test_one_half_is_told_from_one_half() -> None:
    """A blind discriminator is at its optimum against a perfect generator, and far from it against a poor one."""
    density = ring()
    real, blind = drawn(density), torch.zeros(N)
    perfect = measured(density, drawn(density, seed=8), scored(blind, blind, real))
    poor = measured(density, changed("five times the width", density)[1], scored(blind, blind, real))
    assert perfect["accuracy_bayes"] == pytest.approx(0.5, abs=0.03)
    assert perfect["optimum_error"] == pytest.approx(perfect["optimum_error_floor"], abs=0.01)
    assert poor["accuracy_bayes"] > 0.9
    assert poor["optimum_error"] > 0.4
    assert poor["optimum_error_floor"] == perfect["optimum_error_floor"] < 0.1


@pytest.mark.parametrize("how", ["double width", "five times the width", "a shift", "a missing half"])
def test_the_best_discriminator_is_at_no_more_than_the_floor(how: str) -> None:
    """With the exact D*, the error is that of the estimate: of the order of its floor."""
    density = ring()
    other, fake = changed(how, density)
    real = drawn(density)
    exact = [(density.log_density(x) - other.log_density(x)).float() for x in (real, fake)]
    values = measured(density, fake, scored(exact[0], exact[1], real))
    assert values["optimum_error"] < 1.3 * values["optimum_error_floor"]
    away = measured(density, fake, scored(torch.zeros(N), torch.zeros(N), real))
    assert away["optimum_error"] > 1.8 * values["optimum_error"]


def test_a_threshold_is_where_the_odds_are_even() -> None:
    """Scores that are 1 + log p/q, with the threshold 1, give the numbers of log p/q."""
    density, fake = ring(), drawn(ring(), seed=8)
    real, scores = drawn(density), torch.linspace(-1, 1, N)
    assert measured(density, fake, scored(scores + 1, scores + 1, real, threshold=1.0)) == pytest.approx(
        measured(density, fake, scored(scores, scores, real)), abs=1e-6
    )


def test_the_mean_difference_by_hand() -> None:
    """Odds of 1, 3 and 1/3 are probabilities of 1/2, 3/4 and 1/4: reals differ by 1/4, fakes by 1/2 and 0."""
    even, likely, unlikely = (torch.tensor([math.log(odds)]) for odds in (1, 3, 1 / 3))
    fakes = torch.cat([likely, likely]), torch.cat([unlikely, likely])
    assert mean_difference((likely, even), fakes) == pytest.approx((1 / 4 + 1 / 4) / 2)


def test_without_log_odds_the_optimum_is_known_but_not_how_far_it_is() -> None:
    """A hinge's score has no probability, and a variant without a discriminator has no scores at all."""
    density, fake = ring(), drawn(ring(), seed=8)
    hinge = Scores(torch.zeros(5), torch.zeros(N), torch.zeros(N), 0.0, reals=drawn(density))
    for scores in (hinge, None):
        assert list(measured(density, fake, scores)) == ["accuracy_bayes", "js_bayes"]


def test_nothing_is_given_where_nothing_is_known() -> None:
    """Without the density, as of images; and of fewer fakes than a density can be taken from."""
    assert DiscriminatorOptimum()(Evidence(torch.zeros(N, 2))) == {}
    assert measured(ring(), drawn(ring(), 7), None) == {}


def test_strange_samples_are_refused() -> None:
    """NaN among the fakes, or too few of them."""
    fake = drawn(ring(), 20)
    fake[3, 1] = torch.nan
    with pytest.raises(ValueError, match="found 1 of 20 samples with NaN or infinity, wanted finite samples"):
        log_ratios(ring(), drawn(ring(), 20), fake)
    with pytest.raises(ValueError, match="found 7 generated samples, wanted at least 8"):
        log_ratios(ring(), drawn(ring(), 20), fake[:7])


def test_every_number_is_declared() -> None:
    """In the order in which they come."""
    scores = scored(torch.zeros(N), torch.zeros(N), drawn(ring()))
    names = [quantity.name for quantity in DiscriminatorOptimum().quantities]
    assert names == list(measured(ring(), drawn(ring(), seed=8), scores))
