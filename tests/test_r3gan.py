"""The recipe of Huang et al. 2024."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.r1 import WithR1, WithR2
from ganbench_plugins.r3gan import R3GAN
from ganbench_plugins.relativistic import RSGAN
from torch.nn.functional import softplus

from ganbench import Adam


def test_it_is_the_pairing_loss_with_both_penalties() -> None:
    """RSGAN with R1 and R2 of gamma 0.05 is R3GAN but for the optimiser: Adam at 0.0002 with betas 0 and 0.9."""
    penalised = WithR2(weight=0.05)(WithR1(weight=0.05)(RSGAN))
    assert replace(penalised, optimizer=Adam(2e-4, betas=(0.0, 0.9))) == R3GAN


def test_what_the_discriminator_pays_by_hand() -> None:
    """With D(x) = w.x, w = (3, 4), a real at (1, 0) and a fake at the origin: log(1 + e^-3) + (25 + 25) / 40."""
    w, real, fake = torch.tensor([3.0, 4.0]), torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2)
    objectives = (R3GAN.loss.discriminator, *R3GAN.penalties)
    paid = sum(objective(lambda x: x @ w, real, fake).item() for objective in objectives)
    assert paid == pytest.approx(softplus(torch.tensor(-3.0)).item() + 1.25, rel=1e-6)


def test_networks_are_the_datasets() -> None:
    """The recipe brings no networks and no average of weights, so that it is compared with others on the same."""
    assert (R3GAN.networks, R3GAN.ema, R3GAN.d_steps) == (None, None, 1)
