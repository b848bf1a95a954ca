"""The Jensen-Shannon regulariser of Roth et al. 2017, as a trick."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from ganbench_plugins.feature_matching import WithFeatureMatching
from ganbench_plugins.fgan import VARIANTS as FGANS
from ganbench_plugins.gan import GAN
from ganbench_plugins.hinge import HINGE
from ganbench_plugins.label_smoothing import LabelSmoothing
from ganbench_plugins.lsgan import LSGAN
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.relativistic import RAGAN, RSGAN
from ganbench_plugins.roth import RothRegulariser, WithRothRegulariser
from ganbench_plugins.wgan import WGAN
from torch import Tensor
from torch.func import grad
from toys import adversarial, recipe, trained

from ganbench import SGD, NotApplicable, Recipe
from ganbench.ingredients import require_fit
from ganbench.networks.dcgan import DCGANPair

FGAN = {each.name: each for each in FGANS}


def slanted(x: Tensor) -> Tensor:
    """3 x + 4 y, whose slope is 5 everywhere."""
    return x.flatten(1) @ torch.tensor([3.0, 4.0])


def test_slopes_are_weighted_by_the_doubt_of_the_discriminator() -> None:
    """Slope 25 squared; D = 3/4 on reals, where it is 1/4 unsure, and 1/5 on fakes: 2 / 2 * 25 (1/16 + 1/25)."""
    real, fake = (torch.tensor([[s / 3, 0.0]]) for s in (math.log(3), -math.log(4)))
    assert RothRegulariser()(slanted, real, fake).item() == pytest.approx(25 * (1 / 16 + 1 / 25), rel=1e-5)
    assert RothRegulariser(0.1)(slanted, real, fake).item() == pytest.approx(1.25 * (1 / 16 + 1 / 25), rel=1e-5)


def test_a_sure_discriminator_pays_nothing_for_its_slope() -> None:
    """Reals at score 50 and fakes at -50 cost next to nothing; the other way round, 2 / 2 * 25 (1 + 1) = 50."""
    far = torch.tensor([[50 / 3, 0.0]])
    assert RothRegulariser()(slanted, far, -far).item() == pytest.approx(0.0, abs=1e-30)
    assert RothRegulariser()(slanted, -far, far).item() == pytest.approx(50.0)


def test_the_norm_is_over_all_pixels_of_a_sample() -> None:
    """On images (4, 3, 2, 2) of zeros with D the sum of pixels: each squared slope is 12, each D 1/2, so 12 / 2."""
    images = torch.zeros(4, 3, 2, 2)
    cost = RothRegulariser()(lambda x: x.flatten(1).sum(1), images, images)
    assert cost.item() == pytest.approx(6.0)


def test_the_weights_carry_a_gradient() -> None:
    """With s = 2 x + b at x = 0, R = 4 (sigmoid(-b)^2 + sigmoid(b)^2), whose derivative by b comes from the weights
    alone: 8 D (1 - D) (2 D - 1), at D = 3/4 exactly 3/4.
    """

    def cost(bias: Tensor) -> Tensor:
        origin = torch.zeros(5, 1)
        return RothRegulariser()(lambda x: 2 * x.sum(1) + bias, origin, origin)

    assert grad(cost)(torch.tensor(math.log(3))).item() == pytest.approx(8 * 3 / 16 * 1 / 2, rel=1e-5)


def test_gamma_falls_geometrically_over_the_budget() -> None:
    """From gamma_0 = 2 to 0.01 gamma_0, a tenth of it being left at half time; the decay itself stays."""
    penalty = RothRegulariser()
    assert [penalty.at(f).weight for f in (0.0, 0.5, 1.0)] == pytest.approx([2.0, 0.2, 0.02])
    assert penalty.at(0.5).decay == 0.01
    assert RothRegulariser(0.1, decay=1.0).at(0.7) == RothRegulariser(0.1, decay=1.0)


def test_the_trick_adds_the_penalty_and_nothing_else() -> None:
    """Loss and optimiser stay."""
    toy = replace(GAN, optimizer=SGD(0.1))
    assert WithRothRegulariser()(toy) == replace(toy, penalties=(RothRegulariser(2.0, 0.01),))
    assert WithRothRegulariser(0.1, 1.0)(toy) == replace(toy, penalties=(RothRegulariser(0.1, 1.0),))


@pytest.mark.parametrize(
    "toy",
    [GAN, NSGAN, FGAN["fgan_js"], LabelSmoothing()(NSGAN), WithFeatureMatching()(GAN)],
    ids=lambda r: repr(r.loss),
)
def test_it_applies_to_cross_entropy_however_wrapped(toy: Recipe) -> None:
    """Whatever the generator pays, and if labels are smoothed, D = sigmoid(score) judges."""
    assert WithRothRegulariser()(toy).penalties == (RothRegulariser(),)


@pytest.mark.parametrize("toy", [LSGAN, WGAN, HINGE, RSGAN, RAGAN, FGAN["fgan_kl"]], ids=lambda r: r.name)
def test_another_loss_is_not_applicable(toy: Recipe) -> None:
    """Its scores are no logits, so the weights would mean nothing; the reason names loss and recipe."""
    loss = type(toy.loss).__name__
    with pytest.raises(NotApplicable, match=f"{loss}, the loss of {toy.name}, is no cross entropy"):
        WithRothRegulariser()(toy)


def test_a_second_one_is_not_applicable() -> None:
    """Whatever its gamma."""
    with pytest.raises(NotApplicable, match="gan has RothRegulariser already"):
        WithRothRegulariser(0.1)(WithRothRegulariser()(GAN))


def test_batch_normalisation_is_not_applicable() -> None:
    """One sample's score has no slope of its own there."""
    normalised = replace(NSGAN, networks=DCGANPair(discriminator_batch_norm=True))
    with pytest.raises(NotApplicable, match="the discriminator of nsgan normalises its batch"):
        require_fit(WithRothRegulariser()(normalised))


@pytest.mark.parametrize(("weight", "decay"), [(-1.0, 0.01), (2.0, 0.0), (2.0, 1.5), (2.0, float("nan"))])
def test_a_gamma_below_zero_or_growing_is_refused(weight: float, decay: float) -> None:
    """In the trick and in the penalty alike."""
    for make in (WithRothRegulariser, RothRegulariser):
        with pytest.raises(
            ValueError, match=r"roth_regulariser: found weight .* wanted weight >= 0 and 0 < decay <= 1"
        ):
            make(weight, decay)


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one."""
    toy = WithRothRegulariser()(recipe())
    group, supply = adversarial((3, 1, 4), toy)
    trained(group, supply, 20)
    for seed, found in zip((3, 1, 4), group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")
