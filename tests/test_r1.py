"""The penalties of Mescheder et al. 2018, equations 9 and 10, as tricks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.r1 import R1, R2, WithR1, WithR2
from ganbench_plugins.r3gan import R3GAN
from torch import Tensor

from ganbench import SGD, NotApplicable, Penalty, Trick

REAL, FAKE = torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.tensor([[1.0, 1.0], [0.0, 2.0]])


def bowl(x: Tensor) -> Tensor:
    """|x|^2 / 2, whose gradient is x."""
    return x.flatten(1).square().sum(1) / 2


@pytest.mark.parametrize(("penalty", "cost"), [(R1(), 65.0), (R2(), 15.0), (R1(2.0), 13.0), (R2(2.0), 3.0)])
def test_a_bowl_costs_its_mean_squared_slope(penalty: Penalty, cost: float) -> None:
    """D(x) = |x|^2 / 2 has slope |x|: reals with 25 and 1 cost gamma / 2 * 13, fakes with 2 and 4 gamma / 2 * 3."""
    assert penalty(bowl, REAL, FAKE).item() == pytest.approx(cost)


@pytest.mark.parametrize("penalty", [R1(), R2()])
def test_the_norm_is_over_all_pixels_of_a_sample(penalty: Penalty) -> None:
    """On images (4, 3, 2, 2) with D the sum of pixels, each sample's squared slope is 12: 5 * 12 = 60."""
    images = torch.randn(4, 3, 2, 2)
    assert penalty(lambda x: x.flatten(1).sum(1), images, images).item() == pytest.approx(60.0)


def test_each_looks_at_one_side_only() -> None:
    """A discriminator that is flat on the real samples costs R1 nothing, and one flat on fakes costs R2 nothing."""

    def flat_above_two(x: Tensor) -> Tensor:
        return x.clamp(max=2.0).sum(1)

    above, below = torch.full((5, 2), 3.0), torch.zeros(5, 2)
    assert (R1()(flat_above_two, above, below).item(), R2()(flat_above_two, above, below).item()) == (0.0, 10.0)
    assert (R1()(flat_above_two, below, above).item(), R2()(flat_above_two, below, above).item()) == (10.0, 0.0)


@pytest.mark.parametrize(("trick", "penalty"), [(WithR1, R1), (WithR2, R2)])
def test_the_trick_adds_the_penalty_and_nothing_else(trick: type[Trick], penalty: type[Penalty]) -> None:
    """Loss, optimiser and other penalties stay; gamma is 10 unless said otherwise."""
    recipe = replace(GAN, optimizer=SGD(0.1))
    assert trick()(recipe) == replace(recipe, penalties=(penalty(10.0),))
    assert trick(weight=0.1)(recipe) == replace(recipe, penalties=(penalty(0.1),))


def test_both_can_stand_together() -> None:
    """R1 and R2 are different penalties: one does not exclude the other."""
    assert WithR2()(WithR1()(GAN)).penalties == (R1(), R2())


@pytest.mark.parametrize("trick", [WithR1(), WithR2()])
def test_the_same_penalty_twice_is_not_applicable(trick: Trick) -> None:
    """A recipe that has the penalty does not get it again, whatever its gamma; the reason names both."""
    with pytest.raises(NotApplicable, match=f"r3gan has {trick.name.upper()} already"):
        trick(R3GAN)
