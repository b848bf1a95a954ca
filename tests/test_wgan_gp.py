"""The gradient penalty of Gulrajani et al. 2017, as a variant and as a trick."""

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.ttur import TTUR
from ganbench_plugins.wgan import WGAN, WithWeightClipping
from ganbench_plugins.wgan_gp import WGAN_GP, GradientPenalty, WithGradientPenalty
from torch import Tensor
from torch.func import grad, vmap

from ganbench import SGD, Adam, NotApplicable, Recipe


def of_linear(w: Tensor, shape: tuple[int, ...] = (5, 2)) -> Tensor:
    """The penalty of D(x) = w.x, between random reals and fakes."""
    return GradientPenalty()(lambda x: x.flatten(1) @ w, torch.randn(shape), torch.randn(shape))


@pytest.mark.parametrize(("w", "cost"), [((3.0, 4.0), 160.0), ((0.6, 0.8), 0.0), ((0.0, 0.0), 10.0)])
def test_linear_discriminators_cost_what_their_slope_says(w: tuple[float, float], cost: float) -> None:
    """D(x) = w.x has slope |w| everywhere: 10 (|w| - 1)^2, so 160 for (3, 4), 0 for |w| = 1 and 10 for a flat one."""
    assert of_linear(torch.tensor(w)).item() == pytest.approx(cost, abs=1e-5)


def test_the_norm_is_that_of_each_sample_over_all_pixels() -> None:
    """On images (4, 3, 2, 2) with D the sum of pixels, each sample's slope is sqrt(12), not one norm of the batch."""
    cost = of_linear(torch.ones(12), (4, 3, 2, 2)).item()
    assert cost == pytest.approx(10 * (12**0.5 - 1) ** 2, rel=1e-5)


def test_the_slope_is_taken_between_a_real_and_its_fake() -> None:
    """D(x) = x^2 / 2 has slope |x|: with reals at 2 and fakes at 4, the mean of (x - 1)^2 over [2, 4] is 13/3."""
    torch.manual_seed(0)
    real, fake = torch.full((200_000, 1), 2.0), torch.full((200_000, 1), 4.0)
    cost = GradientPenalty(weight=1.0)(lambda x: (x.square() / 2).sum(1), real, fake).item()
    assert cost == pytest.approx(13 / 3, rel=0.01)


def test_a_flat_discriminator_has_a_finite_gradient() -> None:
    """Where the slope is zero its norm has no gradient; it is taken as zero, never as NaN, alone and under vmap."""
    w = torch.zeros(2)
    assert grad(of_linear)(w).tolist() == [0.0, 0.0]
    stacked = vmap(grad(of_linear), randomness="different")(torch.stack([w, torch.tensor([3.0, 4.0])]))
    torch.testing.assert_close(stacked, torch.tensor([[0.0, 0.0], [48.0, 64.0]]))


def test_defaults_are_algorithm_one() -> None:
    """lambda = 10, n_critic = 5, Adam with alpha = 0.0001, beta1 = 0 and beta2 = 0.9."""
    assert WGAN_GP.penalties == (GradientPenalty(10.0),)
    assert (WGAN_GP.d_steps, WGAN_GP.optimizer) == (5, Adam(1e-4, betas=(0.0, 0.9)))


def test_wgan_with_the_penalty_is_wgan_gp() -> None:
    """On a recipe with clipping the penalty takes the place of the clipping and of its optimiser: the same cell."""
    assert WithGradientPenalty()(WGAN) == WGAN_GP
    assert hash(WithGradientPenalty()(WGAN)) == hash(WGAN_GP)


def test_an_optimiser_of_ones_own_survives_the_end_of_clipping() -> None:
    """Only WGAN's own goes with the clipping that demanded it; what a recipe or another trick brought stays."""
    clipped = WithWeightClipping()(replace(NSGAN, optimizer=Adam(2e-3)))
    assert WithGradientPenalty()(clipped) == replace(NSGAN, optimizer=Adam(2e-3), penalties=(GradientPenalty(),))
    apart = TTUR(ratio=3.0)(WGAN)
    found = WithGradientPenalty()(apart)
    assert (found.projection, found.optimizer, found.g_optimizer) == (None, apart.optimizer, apart.g_optimizer)


def test_a_weight_below_zero_is_refused() -> None:
    """By every penalty: it would push where it should hold."""
    with pytest.raises(ValueError, match=r"GradientPenalty: found weight -5\.0; wanted one that is not negative"):
        WithGradientPenalty(weight=-5.0)(NSGAN)


def test_elsewhere_the_penalty_is_added_and_nothing_else() -> None:
    """On a recipe without clipping, only the penalties change; the optimiser stays the recipe's own."""
    recipe = replace(GAN, optimizer=SGD(0.1))
    assert WithGradientPenalty(weight=2.0)(recipe) == replace(recipe, penalties=(GradientPenalty(2.0),))


@pytest.mark.parametrize("recipe", [WGAN_GP, WithGradientPenalty(weight=0.1)(GAN)], ids=["wgan_gp", "gan"])
def test_a_second_penalty_is_not_applicable(recipe: Recipe) -> None:
    """A recipe that has the penalty does not get it again, whatever its weight; the reason names the recipe."""
    with pytest.raises(NotApplicable, match=f"{recipe.name} has GradientPenalty already"):
        WithGradientPenalty()(recipe)
