"""The local gradient penalty of Kodali et al. 2017, as a variant and as a trick."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.dragan import DRAGAN, DraganPenalty, WithDraganPenalty
from ganbench_plugins.gan import GAN
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.wgan import WGAN, WithWeightClipping
from torch import Tensor

from ganbench import Adam, NotApplicable
from ganbench.ingredients import require_fit


@pytest.mark.parametrize(("w", "cost"), [((3.0, 4.0), 160.0), ((0.6, 0.8), 0.0), ((0.0, 0.0), 10.0)])
def test_linear_discriminators_cost_what_their_slope_says(w: tuple[float, float], cost: float) -> None:
    """D(x) = w.x has slope |w| everywhere: 10 (|w| - 1)^2, so 160 for (3, 4), 0 for |w| = 1 and 10 for a flat one."""
    real, fake = torch.randn(5, 2), torch.randn(5, 2)
    assert DraganPenalty()(lambda x: x @ torch.tensor(w), real, fake).item() == pytest.approx(cost, abs=1e-5)


def test_the_wanted_slope_is_a_field() -> None:
    """With k = 3 and lambda = 2, a slope of 5 costs 2 (5 - 3)^2 = 8."""
    w = torch.tensor([3.0, 4.0])
    cost = DraganPenalty(weight=2.0, slope=3.0)(lambda x: x @ w, torch.randn(5, 2), torch.randn(5, 2)).item()
    assert cost == pytest.approx(8.0, rel=1e-5)


def test_the_norm_is_that_of_each_sample_over_all_pixels() -> None:
    """On images (4, 3, 2, 2) with D the sum of pixels, each sample's slope is sqrt(12), not one norm of the batch."""
    images = torch.randn(4, 3, 2, 2)
    cost = DraganPenalty()(lambda x: x.flatten(1).sum(1), images, images).item()
    assert cost == pytest.approx(10 * (12**0.5 - 1) ** 2, rel=1e-5)


def test_the_slope_is_taken_a_little_above_the_real_samples() -> None:
    """Reals at 2 and 6 have std 2, so points lie at x + s u with s and u uniform in [0, 1]: E[su] = 1/4 and
    E[(su)^2] = 1/9. For D(x) = x^2 / 2 and k = 0, that is E[x^2] + 2 E[x] / 4 + 1/9 = 20 + 2 + 1/9.
    """
    torch.manual_seed(0)
    real = torch.tensor([2.0, 6.0]).repeat(100_000).unsqueeze(1)
    cost = DraganPenalty(weight=1.0, slope=0.0)(lambda x: (x.square() / 2).sum(1), real, torch.zeros_like(real)).item()
    assert cost == pytest.approx(20 + 2 + 1 / 9, rel=2e-3)


def test_noise_is_drawn_for_each_number_and_the_share_for_each_sample() -> None:
    """Points x + s u, with s of the sample and u of the number: over samples, the offsets of two numbers have
    the covariance E[s^2] / 4 - 1/16 = 1/48, and the variance E[s^2] / 3 - 1/16 = 7/144.
    """
    torch.manual_seed(0)
    points: list[Tensor] = []

    def recording(x: Tensor) -> Tensor:
        points.append(x.detach())
        return x.sum(1)

    real = torch.tensor([[0.0, 4.0]]).repeat(200_000, 1)
    DraganPenalty()(recording, real, real)
    covariance = torch.cov((torch.func.debug_unwrap(points[0]) - real).T)
    wanted = torch.tensor([[7 / 144, 1 / 48], [1 / 48, 7 / 144]])
    torch.testing.assert_close(covariance, wanted, rtol=0.02, atol=0)


def test_fakes_play_no_part() -> None:
    """Whatever the generator makes, the penalty with the same random draws is the same."""
    real, costs = torch.randn(8, 2), []
    for fake in (torch.zeros(8, 2), torch.randn(8, 2)):
        torch.manual_seed(1)
        costs.append(DraganPenalty()(lambda x: x.square().sum(1), real, fake).item())
    assert costs[0] == costs[1]


def test_defaults_are_the_authors() -> None:
    """lambda = 10, k = 1, noise 0.5, Adam at 0.0001 with betas 0.5 and 0.9, and one discriminator step."""
    assert DRAGAN.penalties == (DraganPenalty(weight=10.0, slope=1.0, noise=0.5),)
    assert (DRAGAN.d_steps, DRAGAN.optimizer) == (1, Adam(1e-4, betas=(0.5, 0.9)))


def test_nsgan_with_the_penalty_is_dragan() -> None:
    """The non-saturating GAN with the penalty and its optimiser is the same cell as DRAGAN."""
    assert replace(WithDraganPenalty()(NSGAN), optimizer=DRAGAN.optimizer) == DRAGAN


def test_the_trick_adds_the_penalty_and_nothing_else() -> None:
    """Its fields are the penalty's."""
    trick = WithDraganPenalty(weight=2.0, slope=0.0, noise=0.1)
    assert trick(GAN) == replace(GAN, penalties=(DraganPenalty(2.0, 0.0, 0.1),))


def test_a_second_penalty_and_bounded_weights_are_not_applicable() -> None:
    """The penalty is not added twice, nor where clipping already says how steep a discriminator may be."""
    with pytest.raises(NotApplicable, match="dragan has DraganPenalty already"):
        WithDraganPenalty(weight=1.0)(DRAGAN)
    with pytest.raises(
        NotApplicable, match="wgan bounds its weights, which keeps slopes from where DraganPenalty draws"
    ):
        require_fit(WithDraganPenalty()(WGAN))
    with pytest.raises(NotApplicable, match="dragan bounds its weights"):
        require_fit(WithWeightClipping()(DRAGAN))
