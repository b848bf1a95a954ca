"""Historical averaging: each player is drawn towards the mean of where its parameters have been.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.3: the cost of both players gets the term |theta - 1/t sum_i theta[i]|^2,
the sum over the parameters at the times i = 1 to t, inspired by fictitious play. The mean is brought up to date online.

Deviations: the present parameters are the last of the t, so the first update has no term, and the mean is taken for a
constant when the gradient is taken. To differentiate it too would multiply the term by 1 - 1/t, which is soon 1. The
paper weighs the term by 1, and so does the default; under an optimiser that rescales gradients, as Adam, a weight acts
only by the share that the term has in the gradient. The parameters count once for each step of the optimiser, both
steps of an extrapolation included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench import NotApplicable, Optimizer, Recipe, Trick, hookimpl

MEAN, COUNT = "historical_mean", "historical_count"
"""The slots added to the state that the inner optimiser keeps for a parameter: theta's mean, and t."""


@dataclass(frozen=True)
class Anchored(Optimizer):
    """`optimizer`, on gradients with that of weight * |theta - 1/t sum_i theta[i]|^2 added."""

    optimizer: Optimizer
    weight: float

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """The inner optimiser, with the term added before each of its steps."""
        own = list(parameters)
        optimizer = self.optimizer.build(own)
        start = [parameter.detach().clone() for parameter in own]

        @torch.no_grad()
        def add_term() -> None:
            for parameter in own:
                slots = optimizer.state[parameter]
                if MEAN in slots:
                    slots[COUNT] += 1
                    slots[MEAN] += (parameter - slots[MEAN]) / slots[COUNT]
                    assert parameter.grad is not None
                    parameter.grad.add_(parameter - slots[MEAN], alpha=2 * self.weight)

        @torch.no_grad()
        def begin() -> None:
            # only after the first step: optimisers take a state with anything in it for one that they have begun
            for parameter, value in zip(own, start, strict=True):
                slots = optimizer.state[parameter]
                if MEAN not in slots:
                    slots[MEAN], slots[COUNT] = value, torch.ones((), device=value.device)

        optimizer.register_step_pre_hook(lambda *_: add_term())
        optimizer.register_step_post_hook(lambda *_: begin())
        return optimizer


@dataclass(frozen=True)
class HistoricalAveraging(Trick):
    """Adds the term to the costs of both players."""

    name = "historical_averaging"
    paper = "https://arxiv.org/abs/1606.03498"

    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise ValueError(f"historical averaging: found weight {self.weight}; wanted a weight > 0")

    def __call__(self, recipe: Recipe) -> Recipe:
        if isinstance(recipe.optimizer, Anchored) or isinstance(recipe.g_optimizer, Anchored):
            raise NotApplicable(f"{recipe.name} is drawn to the mean of its history already")
        return recipe.stepped(lambda optimizer: Anchored(optimizer, self.weight))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `historical_averaging`."""
    register("historical_averaging", HistoricalAveraging)
