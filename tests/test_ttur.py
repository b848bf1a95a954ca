"""The two time-scale update rule, Heusel et al. 2017."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.historical_averaging import Anchored
from ganbench_plugins.ttur import TTUR
from ganbench_plugins.wgan import WGAN
from ganbench_plugins.wgan_gp import WGAN_GP
from toys import adversarial, recipe

from ganbench import SGD, Adam, NotApplicable, Optimizer, Recipe, RMSprop


@pytest.mark.parametrize(
    ("plain", "faster"),
    [
        (replace(GAN, optimizer=SGD(0.1, momentum=0.5)), SGD(0.4, momentum=0.5)),
        (WGAN_GP, Adam(4e-4, betas=(0.0, 0.9))),
        (WGAN, RMSprop(2e-4)),
    ],
    ids=["sgd", "adam", "rmsprop"],
)
def test_the_discriminator_learns_faster_and_the_generator_as_before(plain: Recipe, faster: Optimizer) -> None:
    """With ratio 4 the discriminator has four times the rate, the generator the recipe's; all else stays."""
    changed = TTUR(ratio=4)(plain)
    assert changed == replace(plain, optimizer=faster, g_optimizer=plain.optimizer)


def test_the_default_makes_wgan_gp_that_of_the_authors() -> None:
    """Their WGAN-GP on LSUN has 0.0003 for the discriminator and 0.0001 for the generator."""
    changed = TTUR()(WGAN_GP)
    assert changed.optimizer == Adam(pytest.approx(3e-4), betas=(0.0, 0.9))
    assert changed.g_optimizer == Adam(1e-4, betas=(0.0, 0.9))


def test_an_optimiser_inside_another_is_reached() -> None:
    """Where an optimiser wraps one, the rate of the one inside is multiplied."""
    wrapped = replace(GAN, optimizer=Anchored(SGD(0.1), 1.0))
    assert TTUR(ratio=2)(wrapped).optimizer == Anchored(SGD(0.2), 1.0)


def test_the_networks_are_stepped_at_their_rates() -> None:
    """In training, torch's optimisers have the rates 0.003 and 0.001."""
    trainer, _ = adversarial((0, 1), TTUR()(recipe(optimizer=Adam(1e-3))))
    assert trainer._d.optimizer.param_groups[0]["lr"] == pytest.approx(3e-3)
    assert trainer._g.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3)


def test_a_recipe_with_two_optimisers_is_not_applicable() -> None:
    """Where each side has its optimiser, the recipe has its two time scales; so the trick does not apply twice."""
    with pytest.raises(NotApplicable, match="wgan_gp has an optimiser for each side already"):
        TTUR()(TTUR()(WGAN_GP))


def test_an_optimiser_without_a_rate_is_not_applicable() -> None:
    """A stranger's optimiser that names no learning rate cannot be sped up; the reason names both."""

    @dataclass(frozen=True)
    class Parameterless(Optimizer):
        def build(self, parameters: Any) -> torch.optim.Optimizer:
            return torch.optim.SGD(parameters)

    with pytest.raises(NotApplicable, match="Parameterless, the optimiser of gan, has no learning rate to multiply"):
        TTUR()(replace(GAN, optimizer=Parameterless()))


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1.0, float("nan")])
def test_a_ratio_that_is_no_two_time_scales_is_refused(ratio: float) -> None:
    """A ratio is positive, and 1 would be one time scale."""
    with pytest.raises(ValueError, match=r"ttur: found ratio .*; wanted a ratio > 0 other than 1"):
        TTUR(ratio)
