"""The same chance for each copy of a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import grad
from torch.nn.functional import dropout

from ganbench.testing.chance import Chance

BATCH = torch.linspace(-1, 1, 12).reshape(6, 2)


def _within_a_gradient(x: Tensor) -> Tensor:
    return grad(lambda y: (y * torch.randn_like(y)).sum())(x)


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: torch.rand(len(x), 1),
        lambda x: x[torch.randperm(len(x))],
        lambda x: dropout(x, 0.5),
        lambda x: torch.empty(len(x)).bernoulli_(0.5),
        lambda x: torch.distributions.Beta(torch.ones(len(x)), 2.0).sample(),
        lambda x: x * torch.rand(()),
        lambda x: x.square(),
        _within_a_gradient,
    ],
)
def test_copies_meet_the_same_draws(draw: Callable[[Tensor], Tensor]) -> None:
    """What is drawn for three copies of a batch is what was drawn for one, three times."""
    chance = Chance()
    with chance:
        once = draw(BATCH)
    with chance:
        often = draw(BATCH.repeat(3, 1))
    assert chance.alike
    wanted = once.repeat(3, *[1] * (once.ndim - 1)) if once.ndim else once
    assert torch.equal(often, wanted)


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: torch.rand(2, len(x)),
        lambda x: torch.rand(len(x), len(x)),
        lambda x: torch.rand(len(x) + 1),
        lambda x: torch.rand(1) if len(x) == 6 else x,
        lambda x: torch.rand(1) + (torch.rand(1) if len(x) > 6 else 0),
    ],
)
def test_what_cannot_be_repeated_is_said(draw: Callable[[Tensor], Tensor]) -> None:
    """Draws along another dimension, of another number, or more or fewer of them."""
    chance = Chance()
    for copies in (1, 3):
        with chance:
            draw(BATCH.repeat(copies, 1))
    assert not chance.alike
