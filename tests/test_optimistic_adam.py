"""Optimistic mirror descent and Optimistic Adam, Daskalakis et al. 2018."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.optimistic_adam import OptimisticAdam, OptimisticSGD, WithOptimism
from ganbench_plugins.wgan import WGAN
from ganbench_plugins.wgan_gp import WGAN_GP
from toys import adversarial, assert_same_bits, recipe, trained

from ganbench import SGD, Adam, Dynamics, NotApplicable, Optimizer, RMSprop
from ganbench.ingredients import require_fit

GRADIENTS = [1.0, -0.5, 2.0, 0.25, -3.0, 0.0, 1.0]
SEEDS = (3, 1, 4)


def places(optimizer: Optimizer, gradients: list[float]) -> list[float]:
    """Where a weight that starts at 0.3 is after each step along these gradients."""
    w = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    built, found = optimizer.build([w]), []
    for gradient in gradients:
        w.grad = torch.tensor([gradient], dtype=torch.float64)
        built.step()
        found.append(w.item())
    return found


def algorithm_one(gradients: list[float], eta: float, beta1: float, beta2: float, epsilon: float) -> list[float]:
    """Optimistic Adam in plain numbers, line by line."""
    theta, m, v, last, found = 0.3, 0.0, 0.0, 0.0, []
    for t, gradient in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        direction = m / (1 - beta1**t) / (math.sqrt(v / (1 - beta2**t)) + epsilon)
        theta += -2 * eta * direction + eta * last
        last = direction
        found.append(theta)
    return found


@pytest.mark.parametrize("betas", [(0.5, 0.9), (0.0, 0.9), (0.9, 0.999)])
def test_optimistic_adam_is_algorithm_one(betas: tuple[float, float]) -> None:
    """Seven steps along given gradients end where Algorithm 1, worked out in plain numbers, ends."""
    expected = algorithm_one(GRADIENTS, 0.01, *betas, 1e-6)
    assert places(OptimisticAdam(0.01, betas, 1e-6), GRADIENTS) == pytest.approx(expected, rel=1e-9)


def test_optimistic_descent_is_the_equation() -> None:
    """w - 2 eta g_t + eta g_(t-1): with rate 1/10 from 0.3 along 1, -1/2, 2, it is at 0.1, 0.3 and -0.15."""
    assert places(OptimisticSGD(0.1), [1.0, -0.5, 2.0]) == pytest.approx([0.1, 0.3, -0.15])


def test_a_steady_gradient_is_followed_at_the_plain_rate() -> None:
    """Where the gradient does not change, every step but the first, which is doubled, is the plain one."""
    found = places(OptimisticSGD(0.1), [1.0] * 4)
    assert found == pytest.approx([0.3 - 0.2, 0.3 - 0.3, 0.3 - 0.4, 0.3 - 0.5])


def radius(optimizer: Optimizer, steps: int) -> float:
    """How far from the equilibrium the players of min_x max_y x y are, who start at (1, 1) and move at once."""
    x, y = (torch.ones(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    players = optimizer.build([x]), optimizer.build([y])
    for _ in range(steps):
        x.grad, y.grad = y.detach().clone(), -x.detach().clone()
        for player in players:
            player.step()
    return torch.hypot(x, y).item()


def test_the_bilinear_game_converges_only_with_optimism() -> None:
    """Descent multiplies the radius by sqrt(1 + eta^2) at each step. With optimism, z = x + iy goes by the recurrence
    z' = (1 + 2 i eta) z - i eta z_before, worked out here in complex numbers, and ends at the equilibrium.
    """
    assert radius(SGD(0.1), 100) == pytest.approx(2**0.5 * 1.01**50)
    z, before = 1 + 1j, 0j
    for _ in range(100):
        z, before = (1 + 0.2j) * z - 0.1j * before, z
    assert radius(OptimisticSGD(0.1), 100) == pytest.approx(abs(z))
    assert radius(OptimisticSGD(0.1), 3000) < 1e-6


def test_adam_and_descent_of_both_players_become_optimistic() -> None:
    """Rate, betas, epsilon and momentum stay the recipe's, for either side's optimiser."""
    adam, sgd = Adam(2e-4, (0.5, 0.9), 1e-7), SGD(0.1, momentum=0.3)
    changed = WithOptimism()(replace(GAN, optimizer=adam, g_optimizer=sgd))
    expected = OptimisticAdam(2e-4, (0.5, 0.9), 1e-7), OptimisticSGD(0.1, 0.3)
    assert (changed.optimizer, changed.g_optimizer) == expected
    shared = WithOptimism()(WGAN_GP)
    assert shared == replace(WGAN_GP, optimizer=OptimisticAdam(1e-4, (0.0, 0.9)))


def test_another_optimiser_is_not_applicable() -> None:
    """RMSProp, on either side, is no Adam; the reason names it and the recipe."""
    for plain in (WGAN, replace(GAN, name="wgan", optimizer=Adam(), g_optimizer=RMSprop())):
        with pytest.raises(NotApplicable, match="wgan steps by RMSprop; Optimistic Adam takes the place of Adam"):
            WithOptimism()(plain)


def test_optimism_twice_is_not_applicable() -> None:
    """An optimistic recipe does not become more so."""
    with pytest.raises(NotApplicable, match="wgan_gp is optimistic already"):
        WithOptimism()(WithOptimism()(WGAN_GP))


def test_a_recipe_that_extrapolates_is_not_applicable() -> None:
    """Optimism guesses the gradient a step ahead; a recipe that takes that step has it, whichever came first."""

    @dataclass(frozen=True)
    class Ahead(Dynamics):
        extrapolates = True

    for changed in (WithOptimism()(WGAN_GP.played(Ahead())), WithOptimism()(WGAN_GP).played(Ahead())):
        with pytest.raises(NotApplicable, match="wgan_gp looks a step ahead, which optimism saves"):
            require_fit(changed)


@pytest.mark.parametrize("optimizer", [Adam(1e-3, (0.5, 0.9)), SGD(0.01)], ids=["adam", "sgd"])
def test_a_group_trains_as_its_seeds_alone(optimizer: Optimizer) -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one."""
    toy = WithOptimism()(recipe(optimizer=optimizer))
    group, supply = adversarial(SEEDS, toy)
    trained(group, supply, 20)
    for seed, found in zip(SEEDS, group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5)


@pytest.mark.parametrize("optimizer", [Adam(1e-3), SGD(0.01), SGD(0.01, 0.9)], ids=["adam", "sgd", "momentum"])
@pytest.mark.parametrize("before", [0, 1, 6])
def test_training_continues_bit_for_bit(optimizer: Optimizer, before: int) -> None:
    """A fresh trainer that loads a state goes on as the first would have: the last step is part of the state."""
    toy = WithOptimism()(recipe(optimizer=optimizer))
    first, supply = adversarial((0, 1), toy)
    trained(first, supply, before)
    state, position = first.state_dict(), supply.state()
    trained(first, supply, 7)
    second, own = adversarial((0, 1), toy)
    second.load_state_dict(state)
    own.load_state(position)
    trained(second, own, 7)
    assert_same_bits(first.state_dict(), second.state_dict())
