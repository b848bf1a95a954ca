"""Checks of the gradients that losses and penalties give each side."""

from __future__ import annotations

import torch

from ganbench.testing.check import check, require
from ganbench.testing.ground import each_seed
from ganbench.testing.objectives import Recipes, of_discriminator, of_generator


@check(
    why="A weight without a gradient never learns.",
    mend="Look for detach(), no_grad, argmax, round and comparisons on the way from the scores to the loss.",
)
def discriminator_learns(recipes: Recipes) -> None:
    """Loss and penalties give every weight of the discriminator that they read a finite gradient, not all of it zero.

    They ask the fakes for none.
    """
    for recipe in recipes:
        weights, real, fake = next(each_seed())
        leaves = [weight.clone().requires_grad_() for weight in weights]
        own = leaves[0], leaves[1], leaves[2]
        total = torch.stack([each(own, real, fake) for each in of_discriminator(recipe)]).sum()
        total.backward()  # type: ignore[no-untyped-call]
        name = type(recipe.loss).__name__
        require(not fake.requires_grad, f"{name} asks for gradients of the fakes")
        for leaf in leaves if recipe.loss.scored else leaves[:2]:
            require(leaf.grad is not None and leaf.grad.any(), f"{name} gives weights of the discriminator no gradient")
            require(leaf.grad is not None and leaf.grad.isfinite().all(), f"{name} has a gradient that is not finite")


@check(
    why="The generator learns from nothing else.",
    mend="Look for detach(), no_grad, argmax, round and comparisons on the way from the fakes to the generator's loss.",
)
def generator_learns(recipes: Recipes) -> None:
    """The generator's loss has a finite gradient by the generated samples, not all of it zero."""
    for recipe in recipes:
        objective = of_generator(recipe)
        weights, real, fake = next(each_seed())
        samples = fake.clone().requires_grad_()
        objective(weights, real, samples).backward()  # type: ignore[no-untyped-call]
        require(samples.grad is not None and samples.grad.any(), f"{objective.where} has no gradient by `fake`")
        require(samples.grad is not None and samples.grad.isfinite().all(), f"{objective.where}: it is not finite")


GRADIENTS = (discriminator_learns, generator_learns)
