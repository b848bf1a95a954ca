"""Consensus optimisation: each side also descends the squared length of both gradients, and so seeks a point of rest.

Mescheder, Nowozin and Geiger, "The Numerics of GANs", NIPS 2017, https://arxiv.org/abs/1705.10461, algorithm 2: with
v the gradients of both sides, each by its own weights, both add gamma * L, L = |v|^2 / 2, to what they descend. Both
step at once, as there. gamma = 10 is that of the authors' code for the mixture of Gaussians and for faces; the class of
that code defaults to 0.1, https://github.com/LMescheder/TheNumericsOfGANs.

Deviations: the optimiser stays the recipe's, where the authors step by RMSProp. The two sides' updates see the same
real samples, but each has latents of its own. v holds the gradients of the penalties too, where the recipe has any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad, grad_and_value

from ganbench import Dynamics, Game, Recipe, Trick, Weights, hookimpl

from .simultaneous import require_one_for_one

PAPER = "https://arxiv.org/abs/1705.10461"


@dataclass(frozen=True)
class Consensus(Dynamics):
    """Own loss + gamma / 2 * (|grad_d L_D|^2 + |grad_g L_G|^2)."""

    simultaneous = True

    weight: float = 10.0
    """gamma"""

    def discriminator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        slope, loss = grad_and_value(game.discriminator_loss)(d, g)
        return self._added(loss, slope, grad(game.generator_loss, argnums=1)(d, g))

    def generator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        slope, loss = grad_and_value(game.generator_loss, argnums=1)(d, g)
        return self._added(loss, slope, grad(game.discriminator_loss)(d, g))

    def _added(self, loss: Tensor, own: Weights, other: Weights) -> Tensor:
        return loss + self.weight / 2 * (squared_length(own) + squared_length(other))


def squared_length(slope: Weights) -> Tensor:
    """The squared length of a gradient over all weights: a scalar."""
    return torch.stack([each.square().sum() for each in slope.values()]).sum()


@dataclass(frozen=True)
class WithConsensus(Trick):
    """Lets both sides descend the length of their gradients too, at once."""

    name = "consensus"
    paper = PAPER

    weight: float = 10.0
    """gamma"""

    def __call__(self, recipe: Recipe) -> Recipe:
        require_one_for_one(recipe)
        return recipe.played(Consensus(self.weight))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `consensus`."""
    register("consensus", WithConsensus)
