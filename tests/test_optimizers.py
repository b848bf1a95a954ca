"""The update rules, against their formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ganbench import SGD, Adam, Optimizer, RMSprop

GRADIENTS = [torch.tensor(g, dtype=torch.float64) for g in ([0.5, -2.0], [-1.0, 0.25], [3.0, 3.0])]
START = torch.tensor([1.0, -1.0], dtype=torch.float64)


def by_adam(w: Tensor, rate: float, b1: float, b2: float, epsilon: float) -> Tensor:
    """Kingma and Ba's Algorithm 1."""
    m = v = torch.zeros(2, dtype=torch.float64)
    for t, g in enumerate(GRADIENTS, start=1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        w = w - rate * (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + epsilon)
    return w


def by_rmsprop(w: Tensor, rate: float, smoothing: float, epsilon: float) -> Tensor:
    """A step divided by the root of the running mean square."""
    v = torch.zeros(2, dtype=torch.float64)
    for g in GRADIENTS:
        v = smoothing * v + (1 - smoothing) * g**2
        w = w - rate * g / (v.sqrt() + epsilon)
    return w


def by_momentum(w: Tensor, rate: float, momentum: float) -> Tensor:
    """Polyak's heavy ball."""
    b = torch.zeros(2, dtype=torch.float64)
    for g in GRADIENTS:
        b = momentum * b + g
        w = w - rate * b
    return w


@pytest.mark.parametrize(
    ("rule", "formula"),
    [
        (Adam(0.1, (0.5, 0.9), 1e-4), lambda w: by_adam(w, 0.1, 0.5, 0.9, 1e-4)),
        (Adam(), lambda w: by_adam(w, 1e-3, 0.9, 0.999, 1e-8)),
        (Adam(0.1, betas=(0, 0.9)), lambda w: by_adam(w, 0.1, 0, 0.9, 1e-8)),
        (RMSprop(0.1, 0.8, 1e-3), lambda w: by_rmsprop(w, 0.1, 0.8, 1e-3)),
        (RMSprop(), lambda w: by_rmsprop(w, 1e-2, 0.99, 1e-8)),
        (SGD(0.1, 0.7), lambda w: by_momentum(w, 0.1, 0.7)),
        (SGD(), lambda w: by_momentum(w, 1e-2, 0.0)),
    ],
)
def test_three_steps_follow_the_formula(rule: Optimizer, formula: Callable[[Tensor], Tensor]):
    """In float64, after three gradients, with every field; whole numbers among Adam's betas are taken too."""
    w = START.clone().requires_grad_()
    optimizer = rule.build(iter([w]))
    for g in GRADIENTS:
        w.grad = g.clone()
        optimizer.step()
    torch.testing.assert_close(w.detach(), formula(START), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rule", [Adam(0.1), RMSprop(0.1), SGD(0.1, 0.5)])
def test_a_stack_is_stepped_as_its_seeds(rule: Optimizer):
    """The rules are elementwise: a stack of two seeds' weights takes the steps of each."""
    starts = [START.clone(), 2 * START]
    alone = [x.requires_grad_() for x in starts]
    stacked = torch.stack([x.detach() for x in starts]).requires_grad_()
    optimizers = [rule.build([x]) for x in (*alone, stacked)]
    for g in GRADIENTS:
        alone[0].grad, alone[1].grad, stacked.grad = g, g.flip(0), torch.stack([g, g.flip(0)])
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(stacked.detach(), torch.stack(alone).detach(), rtol=0, atol=1e-7)


def test_rules_are_values():
    """They print, compare and hash by their fields."""
    assert Adam(1e-4, (0.0, 0.9)) == Adam(1e-4, (0.0, 0.9))
    assert len({Adam(), Adam(2e-3), RMSprop(), SGD(), SGD()}) == 4
    assert repr(RMSprop(5e-5)) == "RMSprop(learning_rate=5e-05, smoothing=0.99, epsilon=1e-08)"
