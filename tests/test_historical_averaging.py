"""Historical averaging, Salimans et al. 2016, section 3.3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.historical_averaging import Anchored, HistoricalAveraging
from toys import adversarial, assert_same_bits, recipe, trained

from ganbench import SGD, Adam, NotApplicable, Optimizer, RMSprop

ADAM, SGDM, RMS = Adam(0.05), SGD(0.05, momentum=0.9), RMSprop(0.05)
each_optimizer = pytest.mark.parametrize("optimizer", [ADAM, SGDM, RMS, SGD(0.05)], ids=["adam", "sgdm", "rms", "sgd"])
SEEDS = (3, 1, 4)


def descended(optimizer: torch.optim.Optimizer, theta: torch.Tensor, steps: int) -> None:
    """That many steps down (theta - 3)^2 / 2, all coordinates alike."""
    for _ in range(steps):
        theta.grad = theta.detach() - 3
        optimizer.step()


def test_two_steps_by_hand() -> None:
    """From 0 with gradient -1, rate 1/2 and weight 1: to 1/2 without a term, since the mean is theta itself; there the
    mean of 0 and 1/2 is 1/4, the term's gradient 2 * 1/4, and the step -1/2 (-1 + 1/2), to 3/4.
    """
    theta = torch.zeros(1, requires_grad=True)
    optimizer = Anchored(SGD(0.5), 1.0).build([theta])
    places = []
    for _ in range(2):
        theta.grad = torch.tensor([-1.0])
        optimizer.step()
        places.append(theta.item())
    assert places == [0.5, 0.75]


@each_optimizer
def test_it_is_the_inner_optimiser_on_the_cost_with_the_term(optimizer: Optimizer) -> None:
    """Ten steps are those of the plain optimiser on (theta - 3)^2 / 2 + 0.3 |theta - mean|^2, the mean of all places so
    far recomputed from a list of them and taken for a constant.
    """
    theta, other = (torch.tensor([0.0, 1.0, 5.0], requires_grad=True) for _ in range(2))
    descended(Anchored(optimizer, 0.3).build([theta]), theta, 10)
    plain, places = optimizer.build([other]), []
    for _ in range(10):
        places.append(other.detach().clone())
        cost = ((other - 3) ** 2 / 2).sum() + 0.3 * ((other - torch.stack(places).mean(0)) ** 2).sum()
        (other.grad,) = torch.autograd.grad(cost, [other])
        plain.step()
    torch.testing.assert_close(theta, other, rtol=1e-5, atol=1e-6)


@each_optimizer
def test_its_state_goes_on_where_it_was(optimizer: Optimizer) -> None:
    """An optimiser that loads the state of another steps on to the same bits; the state is all tensors."""
    one = torch.tensor([0.0, 5.0], requires_grad=True)
    first = Anchored(optimizer, 0.3).build([one])
    descended(first, one, 4)
    other = one.detach().clone().requires_grad_()
    second = Anchored(optimizer, 0.3).build([other])
    state = first.state_dict()
    assert all(isinstance(x, torch.Tensor) for slots in state["state"].values() for x in slots.values())
    second.load_state_dict({**state, "state": {0: {name: x.clone() for name, x in state["state"][0].items()}}})
    descended(first, one, 5)
    descended(second, other, 5)
    assert torch.equal(one, other)


def test_the_inner_optimiser_begins_as_it_would_alone() -> None:
    """The first step, where the term is 0, is the plain one, moments included."""
    one, other = (torch.tensor([0.0, 5.0], requires_grad=True) for _ in range(2))
    anchored, plain = Anchored(ADAM, 1.0).build([one]), ADAM.build([other])
    descended(anchored, one, 1)
    descended(plain, other, 1)
    assert torch.equal(one, other)
    assert torch.equal(anchored.state[one]["exp_avg"], plain.state[other]["exp_avg"])


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_players_that_circle_are_drawn_in(weight: float) -> None:
    """In the game min_x max_y x y, simultaneous descent runs off. With the term, theta is soon where it balances the
    game, 2 w (2 w - i)^-1 times the mean, and the mean moves by 1/t of its distance to theta: so the radius falls as
    t^(-1 / (1 + 4 w^2)), from 1,000 to 4,000 steps by the factor 4^(-1 / (1 + 4 w^2)).
    """
    radii = {}
    for optimizer in (SGD(0.1), Anchored(SGD(0.1), weight)):
        x, y = (torch.ones(1, requires_grad=True) for _ in range(2))
        players = optimizer.build([x]), optimizer.build([y])
        for step in range(1, 4001):
            x.grad, y.grad = y.detach().clone(), -x.detach().clone()
            for player in players:
                player.step()
            radii[optimizer, step] = torch.hypot(x, y).item()
    assert radii[SGD(0.1), 1000] > 100
    drawn = Anchored(SGD(0.1), weight)
    assert radii[drawn, 4000] / radii[drawn, 1000] == pytest.approx(4 ** (-1 / (1 + 4 * weight**2)), rel=0.01)


def test_both_players_get_the_term_and_nothing_else_changes() -> None:
    """Weight 1 unless said otherwise; the optimiser of each side is wrapped, and no third one made up."""
    shared = replace(GAN, optimizer=ADAM)
    assert HistoricalAveraging()(shared) == replace(shared, optimizer=Anchored(ADAM, 1.0))
    own = replace(shared, g_optimizer=SGDM)
    expected = replace(own, optimizer=Anchored(ADAM, 0.5), g_optimizer=Anchored(SGDM, 0.5))
    assert HistoricalAveraging(weight=0.5)(own) == expected


def test_averaging_twice_is_not_applicable() -> None:
    """A recipe that has the term does not get it again."""
    averaged = HistoricalAveraging()(replace(GAN, optimizer=ADAM))
    with pytest.raises(NotApplicable, match="gan is drawn to the mean of its history already"):
        HistoricalAveraging()(averaged)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_does_not_draw_is_refused(weight: float) -> None:
    """A weight is above 0."""
    with pytest.raises(ValueError, match=r"historical averaging: found weight .*; wanted a weight > 0"):
        HistoricalAveraging(weight)


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one."""
    toy = HistoricalAveraging()(recipe(optimizer=Adam(1e-3)))
    group, supply = adversarial(SEEDS, toy)
    trained(group, supply, 20)
    for seed, found in zip(SEEDS, group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5)


@pytest.mark.parametrize("before", [0, 1, 6])
def test_training_continues_bit_for_bit(before: int) -> None:
    """A fresh trainer that loads a state, be it from before the first step, goes on as the first would have."""
    toy = HistoricalAveraging()(recipe(optimizer=Adam(1e-3)))
    first, supply = adversarial((0, 1), toy)
    trained(first, supply, before)
    state, position = first.state_dict(), supply.state()
    trained(first, supply, 7)
    second, own = adversarial((0, 1), toy)
    second.load_state_dict(state)
    own.load_state(position)
    trained(second, own, 7)
    assert_same_bits(first.state_dict(), second.state_dict())


def test_a_strangers_optimiser_can_be_wrapped() -> None:
    """Any torch optimiser will do: Adadelta, which no recipe here names, ends elsewhere with the term than without."""

    @dataclass(frozen=True)
    class Adadelta(Optimizer):
        def build(self, parameters: Any) -> torch.optim.Optimizer:
            return torch.optim.Adadelta(list(parameters))

    ends = []
    for optimizer in (Adadelta(), Anchored(Adadelta(), 1.0)):
        theta = torch.zeros(2, requires_grad=True)
        descended(optimizer.build([theta]), theta, 5)
        ends.append(theta.detach())
    assert (ends[1] < ends[0]).all()
