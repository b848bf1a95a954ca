"""Unrolled GANs, Metz et al. 2017: steps that are taken ahead, and the gradient through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from bilinear import BILINEAR, RATE, bilinear, position
from ganbench_plugins.gan import GAN
from ganbench_plugins.ttur import TTUR
from ganbench_plugins.unrolled import Unrolled, WithUnrolling, adam_path, sgd_path
from ganbench_plugins.wgan import WGAN, WithWeightClipping
from torch import Tensor
from torch.func import grad
from toys import ADAM, adversarial, assert_group_trains_as_its_seeds, recipe, trained

from ganbench import SGD, Adam, NotApplicable, Optimizer, Weights
from ganbench.ingredients import require_fit


class Pursuit:
    """L_D = (psi - theta)^2 / 2: the discriminator pursues theta; L_G = psi. Its optimiser has not begun."""

    moments: Mapping[str, Weights] = {}

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    def discriminator_loss(self, d: Weights, g: Weights) -> Tensor:
        return (d["psi"] - g["theta"]).square() / 2

    def generator_loss(self, d: Weights, g: Weights) -> Tensor:
        return d["psi"]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_gradient_goes_through_every_step(steps: int) -> None:
    """A pursuer with rate h ends at theta + (1 - h)^K (psi - theta), which moves by 1 - (1 - h)^K with theta."""
    d, rule, game = {"psi": torch.tensor(3.0)}, Unrolled(steps), Pursuit(SGD(RATE))
    g, left = {"theta": torch.tensor(1.0)}, (1 - RATE) ** steps
    assert rule.ahead(game, d, g)["psi"].item() == pytest.approx(1 + 2 * left)
    slope = grad(lambda g: rule.generator(game, d, g))(g)["theta"]
    assert slope.item() == pytest.approx(1 - left)


def test_the_generator_of_the_bilinear_game_foresees_the_answer() -> None:
    """psi^K = psi - h K theta, so L_G = -psi.theta + h K |theta|^2, whose slope is -psi + 2 h K theta."""
    trainer, supply = bilinear(dynamics=Unrolled(5))
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    after = psi - RATE * theta
    torch.testing.assert_close(position(trainer), (after, theta + RATE * (after - 2 * RATE * 5 * theta)))


def test_momentum_goes_on_in_the_steps_ahead() -> None:
    """A discriminator at velocity v = theta, of constant slope theta and momentum m, goes h (m + 1 + m^2 + m + 1) theta
    far in two steps, of which a generator that moves changes only the new slopes: 2 + m steps.
    """
    rule = SGD(RATE, momentum=0.9)
    trainer, supply = adversarial((0,), recipe(**BILINEAR | {"optimizer": rule}, dynamics=Unrolled(2)))
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    after = psi - RATE * theta
    ahead = after - RATE * (0.9 + 1 + 0.81 + 0.9 + 1) * theta
    torch.testing.assert_close(position(trainer), (after, theta + RATE * (ahead - RATE * 2.9 * theta)))


@pytest.mark.parametrize("seeds", [(0,), (0, 1)], ids=["one seed", "a group"])
def test_the_steps_ahead_are_those_that_adam_will_take(seeds: tuple[int, ...]) -> None:
    """What is foreseen after three updates is where a fourth and fifth on the same batch take the discriminator."""
    rule = Adam(0.01, betas=(0.5, 0.9))
    trainer, supply = adversarial(seeds, recipe(**BILINEAR | {"optimizer": rule}, d_steps=6))
    trained(trainer, supply, 3)
    psi, theta = position(trainer)
    moments = {kind: {"psi": next(iter(each.values()))} for kind, each in trainer._d.moments.items()}
    own = {kind: {"psi": each["psi"][0] if len(seeds) > 1 else each["psi"]} for kind, each in moments.items()}
    foreseen = list(islice(adam_path(rule, lambda w: {"psi": theta}, {"psi": psi}, own), 2))
    for each in foreseen:
        trained(trainer, supply, 1)
        torch.testing.assert_close(each["psi"], position(trainer)[0])


def test_the_gradient_goes_through_adam() -> None:
    """It is the central difference of the generator's objective, in double precision."""
    rule, game = Unrolled(5), Pursuit(Adam(0.3, betas=(0.5, 0.9)))
    d = {"psi": torch.tensor(2.0, dtype=torch.float64)}

    def objective(g: Weights) -> Tensor:
        return rule.generator(game, d, g)

    theta = torch.tensor(1.0, dtype=torch.float64)
    slope = grad(objective)({"theta": theta})["theta"]
    difference = objective({"theta": theta + 1e-5}) - objective({"theta": theta - 1e-5})
    assert slope.item() == pytest.approx(difference.item() / 2e-5, rel=1e-6)
    assert abs(slope.item()) > 0.01


def test_a_weight_without_slope_has_a_finite_gradient() -> None:
    """Where the discriminator's slope is exactly zero, Adam stays where it is, and no NaN goes back."""
    d, g = {"psi": torch.tensor(1.0)}, {"theta": torch.tensor(1.0)}
    slope = grad(lambda g: Unrolled(3).generator(Pursuit(Adam()), d, {"theta": 0 * g["theta"] + 1}))(g)
    assert slope["theta"].item() == 0


@pytest.mark.parametrize(
    ("path", "rule"),
    [(adam_path, Adam(0.1, betas=(0.5, 0.9))), (adam_path, Adam()), (sgd_path, SGD(0.1, momentum=0.5))],
)
def test_paths_are_those_of_torchs_optimisers(path: Any, rule: Any) -> None:
    """Five steps down a bowl with other curvature in each direction lead where the optimiser itself would go."""
    curvature = torch.tensor([1.0, 10.0, 0.1])
    weight = torch.tensor([1.0, -2.0, 3.0])
    found = [each["w"] for each in islice(path(rule, lambda w: {"w": curvature * w["w"]}, {"w": weight}, {}), 5)]
    leaf = weight.clone().requires_grad_()
    optimizer = rule.build([leaf])
    for each in found:
        leaf.grad = curvature * leaf.detach()
        optimizer.step()
        torch.testing.assert_close(each, leaf.detach())


def test_the_discriminators_own_updates_are_untouched() -> None:
    """Up to the generator's first answer, weights are bit for bit those of training without the trick."""
    (plain, one), (unrolled, two) = (adversarial((0,), recipe(dynamics=x)) for x in (None, Unrolled(3)))
    trained(plain, one, 1)
    trained(unrolled, two, 1)
    for name, tensor in plain.state_dict().items():
        assert torch.equal(unrolled.state_dict()[name], tensor)


@pytest.mark.parametrize("optimizer", [SGD(RATE), Adam(0.05, epsilon=0.1)], ids=["sgd", "adam"])
def test_a_group_trains_as_its_seeds_alone(optimizer: Any) -> None:
    """Three seeds of perceptrons end together where each ends alone; a large epsilon keeps Adam from blowing up
    the last bits of slopes that are nearly zero.
    """
    toy = recipe(dynamics=Unrolled(3), optimizer=optimizer)
    assert_group_trains_as_its_seeds(toy, 8, seeds=(0, 1, 2), rtol=1e-4, atol=1e-5)


def test_the_steps_are_those_of_the_finished_recipe() -> None:
    """Rates and settings that come after the trick reach the steps ahead; everything else of the recipe stays."""
    complete = replace(GAN, optimizer=ADAM, d_steps=5)
    assert WithUnrolling()(complete) == replace(complete, dynamics=Unrolled(5))
    faster = TTUR(ratio=3.0)
    assert faster(WithUnrolling()(complete)) == WithUnrolling()(faster(complete))


def test_rules_that_cannot_be_unrolled_are_not_applicable() -> None:
    """RMSProp is none of the rules written out here, nor is a rule made of Adam; clipping lets no gradient through."""

    class Other(Adam):
        pass

    unrolled = WithUnrolling()
    require_fit(unrolled(replace(GAN, optimizer=ADAM)))
    with pytest.raises(NotApplicable, match="the discriminator of gan steps by Other"):
        require_fit(unrolled(replace(GAN, optimizer=Other())))
    with pytest.raises(NotApplicable, match="the discriminator of wgan steps by RMSprop; steps of Adam and SGD can"):
        require_fit(unrolled(WGAN))
    with pytest.raises(NotApplicable, match="gan puts its weights back after each step"):
        require_fit(WithWeightClipping()(unrolled(replace(GAN, optimizer=ADAM))))


def test_no_steps_are_refused() -> None:
    """Nothing to unroll is an error, in the trick and in the dynamics alike."""
    for make in (WithUnrolling, Unrolled):
        with pytest.raises(ValueError, match="unrolled: found 0 steps; wanted at least 1"):
            make(0)
