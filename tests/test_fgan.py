"""The divergences of Nowozin et al. 2016, against textbook integrals that know nothing of f, f* or activations."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, log2, sqrt

import pytest
import torch
from ganbench_plugins.fgan import VARIANTS, VariationalBound
from ganbench_plugins.gan import Minimax
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor

from ganbench import Recipe

P, Q = norm(0, 1), norm(1, 2)
LOSSES: dict[str, VariationalBound] = {recipe.name: recipe.loss for recipe in VARIANTS}
BEST: dict[str, Callable[[float], float]] = {
    "fgan_kl": lambda r: 1 + log(r),
    "fgan_reverse_kl": lambda r: log(r),
    "fgan_pearson": lambda r: 2 * (r - 1),
    "fgan_hellinger": lambda r: log(r) / 2,
    "fgan_js": lambda r: log(r),
}
"""The score v with g_f(v) = f'(r), for a density ratio r = p / q."""
SLOPES: dict[str, Callable[[float], float]] = {
    "fgan_kl": lambda r: log(r) + 1,
    "fgan_reverse_kl": lambda r: -1 / r,
    "fgan_pearson": lambda r: 2 * (r - 1),
    "fgan_hellinger": lambda r: 1 - 1 / sqrt(r),
    "fgan_js": lambda r: log(2 * r / (1 + r)),
}
"""f'(r), differentiated by hand."""
DIVERGENCES: dict[str, Callable[[float, float], float]] = {
    "fgan_kl": lambda p, q: p * log(p / q),
    "fgan_reverse_kl": lambda p, q: q * log(q / p),
    "fgan_pearson": lambda p, q: (p - q) ** 2 / q,
    "fgan_hellinger": lambda p, q: (sqrt(p) - sqrt(q)) ** 2,
    "fgan_js": lambda p, q: log(2) * (p * log2(2 * p / (p + q)) + q * log2(2 * q / (p + q))),
}
"""The integrand of each divergence."""
each_name = pytest.mark.parametrize("name", LOSSES)


def at(function: Callable[[Tensor], Tensor], score: float) -> float:
    return function(torch.tensor(score, dtype=torch.float64)).item()


def integral(integrand: Callable[[float, float], float]) -> float:
    """Over x, of a function of both densities there."""
    value, _ = quad(
        lambda x: integrand(float(P.pdf(x)), float(Q.pdf(x))), -24, 26, points=[-4, 0, 4], epsabs=1e-10, limit=200
    )
    return float(value)


def bound(name: str, score_of_ratio: Callable[[float], float]) -> float:
    """What the discriminator gains with those scores: its loss under both densities, the sign turned."""
    loss = LOSSES[name]

    def integrand(p: float, q: float) -> float:
        score = score_of_ratio(p / q)
        return -p * at(loss.on_real, score) - q * at(loss.on_fake, score)

    return integral(integrand)


@each_name
def test_the_best_scores_reach_the_divergence(name: str) -> None:
    """With T = f'(p/q) the objective is the divergence of N(0, 1) from N(1, 4), as its own integral gives it."""
    assert bound(name, BEST[name]) == pytest.approx(integral(DIVERGENCES[name]), abs=1e-8)


@pytest.mark.parametrize(
    ("name", "value"), [("fgan_kl", log(2) + 2 / 8 - 1 / 2), ("fgan_reverse_kl", -log(2) + 5 / 2 - 1 / 2)]
)
def test_relative_entropies_of_gaussians(name: str, value: float) -> None:
    """KL(N(0, 1) | N(1, 4)) = log 2 + (1 + 1) / 8 - 1/2, and the other way round -log 2 + (4 + 1) / 2 - 1/2."""
    assert bound(name, BEST[name]) == pytest.approx(value, abs=1e-8)


@each_name
@pytest.mark.parametrize("shift", [-0.5, 0.3])
def test_other_scores_reach_less(name: str, shift: float) -> None:
    """It is a lower bound: scores off the best by a constant give less than the divergence."""
    assert bound(name, lambda ratio: BEST[name](ratio) + shift) < integral(DIVERGENCES[name]) - 1e-3


@each_name
@pytest.mark.parametrize("ratio", [0.05, 1.0, 20.0])
def test_activation_at_the_best_score_is_the_slope_of_f(name: str, ratio: float) -> None:
    """g_f takes the best score to f'(p/q), where the best score is the one that the test above integrates."""
    assert at(LOSSES[name].activation, BEST[name](ratio)) == pytest.approx(SLOPES[name](ratio), abs=1e-12)


@each_name
def test_threshold_is_where_the_densities_are_equal(name: str) -> None:
    """At the threshold T = f'(1), f*(T) = f'(1) too since f(1) = 0, and both halves cost nothing."""
    loss = LOSSES[name]
    assert loss.threshold == BEST[name](1.0)
    assert at(loss.activation, loss.threshold) == at(loss.conjugate, loss.threshold) == loss.level == SLOPES[name](1.0)
    assert at(loss.on_real, loss.threshold) == at(loss.on_fake, loss.threshold) == 0.0


@each_name
@pytest.mark.parametrize("score", [-50.0, -3.0, 0.5, 50.0])
def test_the_generator_minimises_the_same_objective(name: str, score: float) -> None:
    """What the generator pays is what the discriminator does not, up to the constant f'(1): the game is zero-sum."""
    loss = LOSSES[name]
    assert at(loss.on_generated, score) == pytest.approx(-at(loss.on_fake, score) - loss.level, rel=1e-12)


@each_name
def test_conjugate_is_the_best_value_over_density_ratios(name: str) -> None:
    """f*(T) = max over u of u T - f(u), so f*(f'(u)) = u f'(u) - f(u); f is the divergence's integrand at q = 1."""
    for ratio in (0.1, 1.0, 7.0):
        wanted = ratio * SLOPES[name](ratio) - DIVERGENCES[name](ratio, 1.0)
        assert at(LOSSES[name].conjugate, BEST[name](ratio)) == pytest.approx(wanted, abs=1e-12)


@each_name
def test_scores_of_fifty_stay_finite_in_single_precision(name: str) -> None:
    """All three functions and their gradients are finite numbers from -50 to 50, where exp(50) is 5e21."""
    for function in (LOSSES[name].on_real, LOSSES[name].on_fake, LOSSES[name].on_generated):
        score = torch.linspace(-50, 50, 101, requires_grad=True)
        values = function(score)
        values.sum().backward()
        assert values.isfinite().all() and score.grad is not None and score.grad.isfinite().all()


@each_name
def test_larger_scores_overflow_to_infinity_and_never_to_nan(name: str) -> None:
    """At scores of 1,000 either way a cost is a number or infinite, so that divergence shows as itself."""
    score = torch.tensor([-1000.0, 1000.0])
    for function in (LOSSES[name].on_real, LOSSES[name].on_fake, LOSSES[name].on_generated):
        assert not function(score).isnan().any()


def test_exponential_divergences_by_hand() -> None:
    """At 100, KL's fakes cost exp(99) - 1, infinite in single precision; reverse KL's cost 100 - 1 + 1 = 100."""
    score = torch.tensor(100.0)
    assert LOSSES["fgan_kl"].on_fake(score).item() == float("inf")
    assert LOSSES["fgan_kl"].on_fake(score.double()).item() == pytest.approx(exp(99))
    assert LOSSES["fgan_reverse_kl"].on_fake(score).item() == 100.0


def test_jensen_shannon_moves_the_networks_as_the_original_gan() -> None:
    """Its three functions differ from the minimax loss by log 2 and nothing else, so their gradients are the same."""
    score, loss, minimax = torch.linspace(-30, 30, 61, dtype=torch.float64), LOSSES["fgan_js"], Minimax()
    torch.testing.assert_close(minimax.on_real(score) - loss.on_real(score), torch.full_like(score, log(2)))
    torch.testing.assert_close(minimax.on_fake(score) - loss.on_fake(score), torch.full_like(score, log(2)))
    torch.testing.assert_close(loss.on_generated(score) - minimax.on_generated(score), torch.full_like(score, log(2)))


@pytest.mark.parametrize("recipe", VARIANTS, ids=lambda recipe: recipe.name)
def test_only_the_divergence_differs(recipe: Recipe) -> None:
    """The five variants share all settings, so that a board compares divergences alone."""
    assert (recipe.d_steps, recipe.optimizer, recipe.penalties, recipe.projection) == (1, None, (), None)
