"""The clipping of Arjovsky et al. 2017 as a trick."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ganbench_plugins.gan import GAN
from ganbench_plugins.r1 import WithR1
from ganbench_plugins.wgan import WGAN, WeightClipping, WithWeightClipping
from ganbench_plugins.wgan_gp import WGAN_GP

from ganbench import NotApplicable


def test_the_trick_clips_and_changes_nothing_else() -> None:
    """Loss and optimiser stay the recipe's; the bound is 0.01 unless said otherwise."""
    assert WithWeightClipping()(GAN) == replace(GAN, projection=WeightClipping(0.01))
    assert WithWeightClipping(bound=0.1)(GAN) == replace(GAN, projection=WeightClipping(0.1))


def test_wgan_without_its_clipping_gets_it_back() -> None:
    """On a WGAN whose clipping was taken away, the trick gives WGAN: the same cell."""
    assert WithWeightClipping()(replace(WGAN, projection=None)) == WGAN


def test_clipping_twice_or_under_a_penalty_is_not_applicable() -> None:
    """A discriminator that is held already, by clipping or by a penalty, is not clipped; the reason says by which."""
    with pytest.raises(NotApplicable, match="the weights of wgan are put back after each update already"):
        WithWeightClipping(bound=0.1)(WGAN)
    for recipe in (WGAN_GP, WithR1()(GAN)):
        with pytest.raises(NotApplicable, match=f"the slope of {recipe.name} is held by a penalty already"):
            WithWeightClipping()(recipe)


@pytest.mark.parametrize("bound", [0.0, -0.01, float("nan")])
def test_an_empty_box_is_refused(bound: float) -> None:
    """A bound that is not positive is refused by the trick as it is by the projection."""
    with pytest.raises(ValueError, match=r"WeightClipping: found bound .*; wanted a bound > 0"):
        WithWeightClipping(bound)
