"""Optimism: each player steps by the gradient that it expects next, so that the two no longer circle each other.

Daskalakis, Ilyas, Syrgkanis and Zeng, "Training GANs with Optimism", ICLR 2018, https://arxiv.org/abs/1711.00141.
Optimistic mirror descent, w <- w - 2 eta g_t + eta g_(t-1), takes the last gradient for a guess of the next; Optimistic
Adam, Algorithm 1, is the same with the steps of Adam in place of eta g. Both are twice the step that the plain
optimiser takes, less the step that it took before, and both are written here as that.

Deviations: the step taken back is the one that Adam took, its bias corrected for its own time, as Algorithm 1 has it;
the authors' code corrects both steps by the factor of the present one, which matters in the first updates only. The
very first step is doubled, as there is none to take back. Rates and betas stay the recipe's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from ganbench import SGD, Adam, NotApplicable, Optimizer, Recipe, Trick, hookimpl

PREVIOUS = "previous_step"
"""The slot added to the state that the plain optimiser keeps for a parameter: its last step."""

Built = TypeVar("Built", bound=torch.optim.Optimizer)


def optimistic(optimizer: Built) -> Built:
    """`optimizer`, made to step twice as far as it would, less the step that it would have taken the time before."""
    before: dict[Tensor, Tensor] = {}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]

    def remember() -> None:
        before.update((parameter, parameter.detach().clone()) for parameter in parameters)

    @torch.no_grad()
    def correct() -> None:
        for parameter in parameters:
            slots = optimizer.state[parameter]
            step = parameter - before.pop(parameter)
            parameter += step - slots.get(PREVIOUS, 0.0)
            slots[PREVIOUS] = step

    optimizer.register_step_pre_hook(lambda *_: remember())
    optimizer.register_step_post_hook(lambda *_: correct())
    return optimizer


class Optimistic(Optimizer):
    """A rule that takes each step twice over, and the one before back."""

    def require_fit(self, recipe: Recipe) -> None:
        if recipe.dynamics is not None and recipe.dynamics.extrapolates:
            raise NotApplicable(f"{recipe.name} looks a step ahead, which optimism saves the gradient of")


@dataclass(frozen=True)
class OptimisticAdam(Adam, Optimistic):
    """Algorithm 1."""

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Adam:
        """torch's Adam, made optimistic."""
        return optimistic(super().build(parameters))


@dataclass(frozen=True)
class OptimisticSGD(SGD, Optimistic):
    """w <- w - 2 eta g_t + eta g_(t-1); with momentum, the steps of the heavy ball stand in place of eta g."""

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.SGD:
        """torch's SGD, made optimistic."""
        return optimistic(super().build(parameters))


@dataclass(frozen=True)
class WithOptimism(Trick):
    """Puts Optimistic Adam in place of Adam, and optimistic descent in place of plain descent, for both players."""

    name = "optimistic_adam"
    paper = "https://arxiv.org/abs/1711.00141"

    def __call__(self, recipe: Recipe) -> Recipe:
        def changed(optimizer: Optimizer) -> Optimizer:
            if isinstance(optimizer, Optimistic):
                raise NotApplicable(f"{recipe.name} is optimistic already")
            if type(optimizer) is Adam:
                return OptimisticAdam(optimizer.learning_rate, optimizer.betas, optimizer.epsilon)
            if type(optimizer) is SGD:
                return OptimisticSGD(optimizer.learning_rate, optimizer.momentum)
            name = type(optimizer).__name__
            raise NotApplicable(f"{recipe.name} steps by {name}; Optimistic Adam takes the place of Adam")

        return recipe.stepped(changed)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `optimistic_adam`."""
    register("optimistic_adam", WithOptimism)
