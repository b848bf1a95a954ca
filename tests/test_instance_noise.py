"""Instance noise, Sonderby et al. 2017 and Arjovsky and Bottou 2017."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.instance_noise import InstanceNoise, WithInstanceNoise
from ganbench_plugins.nsgan import NSGAN
from torch.func import vmap

from ganbench import NotApplicable


def test_the_noise_is_normal_with_that_deviation() -> None:
    """Over 200,000 numbers, mean and deviation of what is added are 0 and sigma to three standard errors."""
    torch.manual_seed(0)
    x = torch.full((100_000, 2), 5.0)
    noise = InstanceNoise(0.3)(x) - x
    assert noise.mean().item() == pytest.approx(0, abs=3 * 0.3 / 200_000**0.5)
    assert noise.std().item() == pytest.approx(0.3, abs=3 * 0.3 / 400_000**0.5)
    within = (noise.abs() < 0.3).double().mean().item()
    assert within == pytest.approx(0.6827, abs=3 * (0.6827 * 0.3173 / 200_000) ** 0.5)


@pytest.mark.parametrize(("spent", "left"), [(0.0, 0.2), (0.25, 0.15), (0.5, 0.1), (1.0, 0.0), (1.2, 0.0)])
def test_annealed_noise_falls_along_a_line_to_nothing(spent: float, left: float) -> None:
    """sigma (1 - share of the budget spent), and no less than 0 where the last update overshoots the budget."""
    assert InstanceNoise(0.2).at(spent).deviation == pytest.approx(left)
    assert WithInstanceNoise(0.2)(NSGAN).at(spent).views[0] == InstanceNoise(0.2).at(spent)


def test_noise_that_is_not_annealed_stays() -> None:
    """With `annealed` off, sigma is the same from the first update to the last."""
    assert InstanceNoise(0.2, annealed=False).at(0.9) == InstanceNoise(0.2, annealed=False)


def test_without_noise_the_samples_are_shown_as_they_are() -> None:
    """At the end of the budget, annealed noise shows the very samples."""
    x = torch.randn(7, 3, 4, 4)
    assert torch.equal(InstanceNoise().at(1.0)(x), x)


def test_the_noise_passes_gradients_on() -> None:
    """The slope of the noisy sample by the sample is 1."""
    x = torch.randn(5, 2, requires_grad=True)
    InstanceNoise()(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.ones(5, 2))


def test_seeds_draw_noise_of_their_own() -> None:
    """Under vmap over three seeds no two of them get the same noise."""
    noise = vmap(InstanceNoise(1.0), randomness="different")(torch.zeros(3, 8, 2))
    assert len({tuple(each.flatten().tolist()) for each in noise}) == 3


def test_the_trick_shows_noisy_samples() -> None:
    """Deviation 0.1, annealed, unless said otherwise; nothing else changes."""
    assert WithInstanceNoise()(NSGAN) == NSGAN.shown(InstanceNoise(0.1, annealed=True))
    assert WithInstanceNoise(0.5, annealed=False)(NSGAN).views == (InstanceNoise(0.5, annealed=False),)


def test_noise_upon_noise_is_not_applicable() -> None:
    """A recipe with instance noise does not get more; the reason says so."""
    with pytest.raises(NotApplicable, match="nsgan has InstanceNoise already"):
        WithInstanceNoise(0.3)(WithInstanceNoise()(NSGAN))


@pytest.mark.parametrize("make", [WithInstanceNoise, InstanceNoise])
@pytest.mark.parametrize("deviation", [-0.1, float("nan")])
def test_a_deviation_that_is_none_is_refused(make: type, deviation: float) -> None:
    """A deviation is 0 or more."""
    with pytest.raises(ValueError, match=r"instance noise: found deviation .*; wanted a deviation >= 0"):
        make(deviation)
