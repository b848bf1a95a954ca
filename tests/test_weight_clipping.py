"""The clipping of Arjovsky et al. 2017 as a trick."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ganbench_plugins.gan import GAN
from ganbench_plugins.r1 import WithR1
from ganbench_plugins.wgan import WGAN, WeightClipping, WithWeightClipping
from ganbench_plugins.wgan_gp import WGAN_GP

from ganbench import NotApplicable
from ganbench.ingredients import require_fit


def test_the_trick_clips_and_changes_nothing_else() -> None:
    """Loss and optimiser stay the recipe's; the bound is 0.01 unless said otherwise."""
    assert WithWeightClipping()(GAN) == replace(GAN, projection=WeightClipping(0.01))
    assert WithWeightClipping(bound=0.1)(GAN) == replace(GAN, projection=WeightClipping(0.1))


def test_wgan_without_its_clipping_gets_it_back() -> None:
    """On a WGAN whose clipping was taken away, the trick gives WGAN: the same cell."""
    assert WithWeightClipping()(replace(WGAN, projection=None)) == WGAN


def test_clipping_twice_or_under_a_penalty_that_raises_slopes_is_not_applicable() -> None:
    """Weights in a box never reach slope one; a penalty that only holds slopes down goes along, in either order."""
    with pytest.raises(NotApplicable, match="the weights of wgan are put back after each update already"):
        WithWeightClipping(bound=0.1)(WGAN)
    with pytest.raises(NotApplicable, match="wgan_gp bounds its weights, which keeps slopes from where Gradient"):
        require_fit(WithWeightClipping()(WGAN_GP))
    held, clipped = WithWeightClipping()(WithR1()(GAN)), WithR1()(WithWeightClipping()(GAN))
    require_fit(held)
    assert held == clipped


@pytest.mark.parametrize("bound", [0.0, -0.01, float("nan")])
def test_an_empty_box_is_refused(bound: float) -> None:
    """A bound that is not positive is refused by the trick as it is by the projection."""
    with pytest.raises(ValueError, match=r"WeightClipping: found bound .*; wanted a bound > 0"):
        WithWeightClipping(bound)
