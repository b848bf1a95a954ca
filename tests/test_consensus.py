"""Consensus optimisation, Mescheder et al. 2017, on games small enough to be done by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from bilinear import RATE, bilinear, position, squared_distance
from ganbench_plugins.consensus import Consensus, WithConsensus
from ganbench_plugins.gan import GAN
from ganbench_plugins.wgan_gp import WGAN_GP
from torch import Tensor
from torch.func import grad
from toys import RealSlope, assert_group_trains_as_its_seeds, recipe, trained

from ganbench import SGD, NotApplicable, Weights


class Squared:
    """L_D = (psi theta)^2 / 2 and L_G = -psi theta, for numbers psi and theta."""

    def discriminator_loss(self, d: Weights, g: Weights) -> Tensor:
        return (d["psi"] * g["theta"]).square() / 2

    def generator_loss(self, d: Weights, g: Weights) -> Tensor:
        return -d["psi"] * g["theta"]


def test_objectives_are_own_loss_and_half_the_squared_slopes() -> None:
    """With slopes psi theta^2 and -psi, both add gamma / 2 * (psi^2 theta^4 + psi^2)."""
    d, g, game = {"psi": torch.tensor(3.0)}, {"theta": torch.tensor(2.0)}, Squared()
    added = 0.7 / 2 * (9 * 16 + 9)
    assert Consensus(0.7).discriminator(game, d, g).item() == pytest.approx(18 + added)
    assert Consensus(0.7).generator(game, d, g).item() == pytest.approx(-6 + added)


def test_each_side_follows_the_gradient_of_both_slopes() -> None:
    """psi: psi theta^2 + gamma (psi theta^4 + psi); theta: -psi + 2 gamma psi^2 theta^3."""
    d, g, game, rule = {"psi": torch.tensor(3.0)}, {"theta": torch.tensor(2.0)}, Squared(), Consensus(0.7)
    by_psi = grad(lambda d: rule.discriminator(game, d, g))(d)["psi"]
    by_theta = grad(lambda g: rule.generator(game, d, g))(g)["theta"]
    assert by_psi.item() == pytest.approx(12 + 0.7 * (48 + 3))
    assert by_theta.item() == pytest.approx(-3 + 2 * 0.7 * 9 * 8)


def test_bilinear_slopes_shrink_each_side() -> None:
    """On psi.theta the slopes are theta and -psi: both sides, at once, also shrink by h gamma of themselves."""
    trainer, supply = bilinear(dynamics=Consensus(2.0))
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    wanted = psi - RATE * (theta + 2 * psi), theta - RATE * (2 * theta - psi)
    torch.testing.assert_close(position(trainer), wanted)


def test_consensus_spirals_inwards() -> None:
    """Each round multiplies the squared distance by (1 - h gamma)^2 + h^2, where plain descent has 1 + h^2."""
    trainer, supply = bilinear(dynamics=Consensus(0.5))
    start = squared_distance(position(trainer))
    trained(trainer, supply, 40)
    factor = (1 - 0.5 * RATE) ** 2 + RATE**2
    torch.testing.assert_close(squared_distance(position(trainer)), start * factor**20)


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds of perceptrons, with a penalty whose slope counts too, end together where each ends alone."""
    toy = recipe(dynamics=Consensus(0.1), optimizer=SGD(RATE), penalties=(RealSlope(),))
    assert_group_trains_as_its_seeds(toy, 12, seeds=(0, 1, 2), rtol=1e-4, atol=1e-5)


def test_trick_changes_the_dynamics_alone() -> None:
    """gamma is 10, and loss, penalties and optimiser stay."""
    assert WithConsensus()(GAN) == replace(GAN, dynamics=Consensus(10.0))


def test_several_discriminator_steps_have_no_consensus() -> None:
    """A recipe with five discriminator steps is refused, with its name and their number."""
    with pytest.raises(NotApplicable, match="wgan_gp updates its discriminator 5 times for each update of its gen"):
        WithConsensus()(WGAN_GP)
