"""Extragradient, Gidel et al. 2019, on the bilinear game psi.theta."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from bilinear import BILINEAR, RATE, bilinear, position, squared_distance
from ganbench_plugins.extragradient import Extragradient, WithExtragradient
from ganbench_plugins.gan import GAN
from ganbench_plugins.wgan_gp import WGAN_GP
from torch import Tensor
from toys import BATCH, adversarial, assert_group_trains_as_its_seeds, recipe, trained

from ganbench import SGD, Adam, NotApplicable


def test_each_side_steps_along_the_gradient_found_ahead() -> None:
    """With psi' = psi - h theta and theta' = theta + h psi: psi - h theta' and theta + h psi'."""
    trainer, supply = bilinear(dynamics=Extragradient())
    psi, theta = position(trainer)
    assert trained(trainer, supply, 3) == ["extrapolation", "discriminator", "generator"]
    ahead_psi, ahead_theta = psi - RATE * theta, theta + RATE * psi
    torch.testing.assert_close(position(trainer), (psi - RATE * ahead_theta, theta + RATE * ahead_psi))


def test_extragradient_spirals_inwards() -> None:
    """Each round multiplies the squared distance from the equilibrium by (1 - h^2)^2 + h^2 = 1 - h^2 + h^4."""
    trainer, supply = bilinear(dynamics=Extragradient())
    start = squared_distance(position(trainer))
    trained(trainer, supply, 3 * 50)
    torch.testing.assert_close(squared_distance(position(trainer)), start * (1 - RATE**2 + RATE**4) ** 50)


def test_adams_moments_take_in_both_gradients() -> None:
    """Four rounds are those of the paper's Extra-Adam: one Adam a side, stepped ahead, put back, stepped again."""
    adam = Adam(0.05, betas=(0.5, 0.9))
    trainer, supply = adversarial((0,), recipe(**{**BILINEAR, "optimizer": adam}, dynamics=Extragradient()))
    psi, theta = (x.clone().requires_grad_() for x in position(trainer))
    optimizers = [torch.optim.Adam([x], lr=0.05, betas=(0.5, 0.9)) for x in (psi, theta)]

    def step(start: tuple[Tensor, Tensor]) -> None:
        """Along the gradient at the weights of the moment, from `start`."""
        psi.grad, theta.grad = theta.detach().clone(), -psi.detach().clone()
        with torch.no_grad():
            psi.copy_(start[0])
            theta.copy_(start[1])
        for optimizer in optimizers:
            optimizer.step()

    for _ in range(4):
        start = psi.detach().clone(), theta.detach().clone()
        step(start)
        step(start)
    trained(trainer, supply, 12)
    torch.testing.assert_close(position(trainer), (psi.detach(), theta.detach()))


def test_the_look_ahead_draws_a_batch_of_its_own() -> None:
    """A round draws real samples twice: the look ahead is paid for."""
    trainer, supply = bilinear(dynamics=Extragradient())
    trained(trainer, supply, 3)
    assert supply.state()["real"] == 2 * BATCH


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds of perceptrons end together where each ends alone."""
    toy = recipe(dynamics=Extragradient(), optimizer=SGD(RATE))
    assert_group_trains_as_its_seeds(toy, 12, seeds=(0, 1, 2), rtol=1e-4, atol=1e-5)


def test_trick_changes_the_dynamics_alone() -> None:
    """Loss, penalties and optimiser stay."""
    assert WithExtragradient()(GAN) == replace(GAN, dynamics=Extragradient())


def test_several_discriminator_steps_have_no_common_look_ahead() -> None:
    """A recipe with five discriminator steps is refused, with its name and their number."""
    with pytest.raises(NotApplicable, match="wgan_gp updates its discriminator 5 times for each update of its gen"):
        WithExtragradient()(WGAN_GP)
