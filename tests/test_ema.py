"""The trick of Yazici et al. 2019: sampling from averaged weights."""

from dataclasses import replace

import pytest
from ganbench_plugins.ema import EMA
from ganbench_plugins.gan import GAN

from ganbench import NotApplicable


def test_trick_sets_the_decay_and_nothing_else() -> None:
    """The recipe samples from an average with the trick's decay, 0.999 unless said otherwise."""
    assert EMA()(GAN) == replace(GAN, ema=0.999)
    assert EMA(decay=0.9)(GAN) == replace(GAN, ema=0.9)


def test_averaging_twice_is_not_applicable() -> None:
    """A recipe that averages already keeps its decay; the reason says which."""
    with pytest.raises(NotApplicable, match=r"gan averages its generator already, with decay 0\.999"):
        EMA(decay=0.9)(EMA()(GAN))


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_that_forgets_or_freezes_all_is_refused(decay: float) -> None:
    """At decay 1 samples would come from the untrained weights for ever, so it is an error."""
    with pytest.raises(ValueError, match=r"ema: found decay .*; wanted 0 <= decay < 1"):
        EMA(decay)
