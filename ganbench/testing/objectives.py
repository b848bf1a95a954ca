"""Losses and penalties as mathematics: what training descends, of a small perceptron in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from ganbench.errors import NotApplicable
from ganbench.loss import Discriminator
from ganbench.testing.check import Failed
from ganbench.testing.ground import Perceptron, Weights
from ganbench.testing.plain import plainly
from ganbench.variant import Recipe

Recipes = Sequence[Recipe]
SMALL = 1e-9
"""Below which a slope or a loss in double precision counts as nothing."""


@dataclass(frozen=True)
class Objective:
    """One scalar that training takes the gradient of, as a function of (discriminator, real, fake)."""

    where: str
    call: Callable[[Discriminator, Tensor, Tensor], Tensor]

    def __call__(self, weights: Weights, real: Tensor, fake: Tensor) -> Tensor:
        """Of one seed's perceptron."""
        try:
            return self.call(Perceptron(*weights), real, fake)
        except NotApplicable:
            raise
        except Exception as error:
            raise Failed(f"{self.where}: {plainly(error)}") from error


def of_discriminator(recipe: Recipe) -> list[Objective]:
    """Its loss, and each penalty."""
    loss = Objective(f"{type(recipe.loss).__name__}.discriminator", recipe.loss.discriminator)
    return [loss, *(Objective(type(each).__name__, each) for each in recipe.penalties)]


def of_generator(recipe: Recipe) -> Objective:
    """Its loss."""
    return Objective(f"{type(recipe.loss).__name__}.generator", recipe.loss.generator)


def as_time_passes(recipes: Recipes) -> list[Recipe]:
    """Every recipe as it begins, at half its budget and at its end; once, where no schedule changes it."""
    found: list[Recipe] = []
    for recipe in recipes:
        times = [recipe.at(spent) for spent in (0.0, 0.5, 1.0)]
        found += [now for k, now in enumerate(times) if now not in times[:k]]
    return found


def objectives(recipes: Recipes) -> Iterator[Objective]:
    """Those of both sides, of every recipe as time passes; each once, though many recipes share a loss."""
    seen: set[tuple[str, int]] = set()
    held = as_time_passes(recipes)  # all at once: what is known by its id must live on
    for recipe in held:
        for each in (*of_discriminator(recipe), of_generator(recipe)):
            owner = id(getattr(each.call, "__self__", each.call))
            if (each.where, owner) not in seen:
                seen.add((each.where, owner))
                yield each
