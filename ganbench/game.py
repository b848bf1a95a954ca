"""One seed's game for given batches: what its networks lose, with views, schedules and memories in place.

Everything here is a function of tensors; `adversarial.py` runs it for one seed or, under vmap, for many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import torch
from torch import Tensor, nn

from ganbench.dynamics import Weights
from ganbench.ensemble import BoundNetwork
from ganbench.ingredient import Ingredient, Optimizer
from ganbench.ingredients import Path, ingredients, value_at, with_value
from ganbench.loss import Discriminator
from ganbench.variant import Recipe

Memory = Mapping[str, Tensor]
"""What a recipe's ingredients remember, each a scalar for one seed, by the way to its field."""


def shown(recipe: Recipe, x: Tensor) -> Tensor:
    """What the discriminator is shown of `x` (batch, *sample shape)."""
    for view in recipe.views:
        x = view(x)
    return x


def shown_shape(recipe: Recipe, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one of what the discriminator is shown."""
    for view in recipe.views:
        sample_shape = view.shape(sample_shape)
    return sample_shape


def scores(recipe: Recipe, d: Discriminator, x: Tensor) -> Tensor:
    """A score (n,) for each of `x` (n, *sample shape); where several are shown as one, for each with its followers."""
    together = prod(view.samples for view in recipe.views)
    packs = torch.stack([x.roll(-k, 0) for k in range(together)], 1).flatten(0, 1) if together > 1 else x
    return d(shown(recipe, packs))


def discriminator_loss(recipe: Recipe, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss with every penalty: a scalar."""
    real, fake = shown(recipe, real), shown(recipe, fake)
    loss = recipe.loss.discriminator(d, real, fake)
    for penalty in recipe.penalties:
        loss = loss + penalty(d, real, fake)
    return loss


def generator_loss(recipe: Recipe, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
    """The generator's loss: a scalar."""
    return recipe.loss.generator(d, shown(recipe, real), shown(recipe, fake))


class WeightGame:
    """The losses as functions of both sides' weights, as `dynamics.Game` promises.

    Buffers enter as copies, so that nothing which is only imagined moves a running statistic.
    """

    def __init__(
        self,
        recipe: Recipe,
        d: tuple[nn.Module, Weights],
        g: tuple[nn.Module, Weights],
        real: Tensor,
        latent: Tensor,
        moments: Mapping[str, Weights],
        optimizer: Optimizer,
    ) -> None:
        self._recipe, self._d, self._g, self._real, self._latent = recipe, d, g, real, latent
        self.moments, self.optimizer = moments, optimizer

    def discriminator_loss(self, d: Weights, g: Weights) -> Tensor:
        return self._lose(discriminator_loss, d, g)

    def generator_loss(self, d: Weights, g: Weights) -> Tensor:
        return self._lose(generator_loss, d, g)

    def _lose(self, loss: Callable[[Recipe, Discriminator, Tensor, Tensor], Tensor], d: Weights, g: Weights) -> Tensor:
        fake = _bound(self._g, g)(self._latent)
        return loss(self._recipe, _bound(self._d, d), self._real, fake)


def _bound(network: tuple[nn.Module, Weights], weights: Weights) -> BoundNetwork:
    template, buffers = network
    return BoundNetwork(template, {**weights, **{name: buffer.clone() for name, buffer in buffers.items()}})


def remembering(recipe: Recipe) -> dict[str, Path]:
    """The way to each field that the recipe's ingredients remember, by a name for it."""
    ways = [
        (*way, name) for way, part in ingredients(recipe) if isinstance(part, Ingredient) for name in part.remembered
    ]
    return {".".join(map(str, way)): way for way in ways}


def recalled(recipe: Recipe, memory: Memory) -> Recipe:
    """The recipe with what it remembers in its fields."""
    for name, way in remembering(recipe).items() if memory else ():
        recipe = with_value(recipe, way, memory[name])
    return recipe


def renewed(recipe: Recipe, d: Discriminator, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """What the recipe, which has its memory in its fields, remembers after an update with these batches."""
    real, fake = shown(recipe, real), shown(recipe, fake)
    parts = {way[:-1]: value_at(recipe, way[:-1]) for way in remembering(recipe).values()}
    after = {way: part.after(d, real, fake) for way, part in parts.items()}
    return {name: getattr(after[way[:-1]], str(way[-1])) for name, way in remembering(recipe).items()}
