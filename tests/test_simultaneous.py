"""Simultaneous updates, Mescheder et al. 2017, on the bilinear game psi.theta."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from bilinear import RATE, bilinear, position, squared_distance
from ganbench_plugins.gan import GAN
from ganbench_plugins.simultaneous import Simultaneous, WithSimultaneousUpdates
from ganbench_plugins.wgan_gp import WGAN_GP
from toys import trained

from ganbench import NotApplicable


def test_both_step_from_where_both_stood() -> None:
    """psi steps along -theta, theta along the psi from before that step."""
    trainer, supply = bilinear(dynamics=Simultaneous())
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    torch.testing.assert_close(position(trainer), (psi - RATE * theta, theta + RATE * psi))


def test_simultaneous_descent_spirals_outwards() -> None:
    """Each round multiplies the squared distance from the equilibrium by 1 + h^2, so 50 do by (1 + h^2)^50."""
    trainer, supply = bilinear(dynamics=Simultaneous())
    start = squared_distance(position(trainer))
    trained(trainer, supply, 100)
    torch.testing.assert_close(squared_distance(position(trainer)), start * (1 + RATE**2) ** 50)


def test_updates_in_turn_stay_on_an_ellipse() -> None:
    """Without the trick |psi|^2 + |theta|^2 - h psi.theta never changes."""
    trainer, supply = bilinear()

    def invariant() -> torch.Tensor:
        psi, theta = position(trainer)
        return psi.square().sum() + theta.square().sum() - RATE * psi @ theta

    start = invariant()
    trained(trainer, supply, 100)
    torch.testing.assert_close(invariant(), start)


def test_trick_changes_the_dynamics_alone() -> None:
    """Loss, penalties and optimiser stay."""
    assert WithSimultaneousUpdates()(GAN) == replace(GAN, dynamics=Simultaneous())


def test_several_discriminator_steps_have_no_simultaneous_form() -> None:
    """A recipe with five discriminator steps is refused, with its name and their number."""
    with pytest.raises(NotApplicable, match="wgan_gp updates its discriminator 5 times for each update of its gen"):
        WithSimultaneousUpdates()(WGAN_GP)


def test_dynamics_are_chosen_once() -> None:
    """A recipe that has dynamics of its own is refused."""
    with pytest.raises(NotApplicable, match=r"gan has dynamics of its own already: Simultaneous\(\)"):
        WithSimultaneousUpdates()(WithSimultaneousUpdates()(GAN))
