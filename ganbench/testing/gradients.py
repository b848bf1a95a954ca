"""Checks of the gradients that losses and penalties give each side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ganbench.errors import NotApplicable
from ganbench.testing.check import check, require
from ganbench.testing.ground import Weights, each_seed
from ganbench.testing.objectives import Objective, Recipes, as_time_passes, of_discriminator, of_generator
from ganbench.variant import Recipe

SCALES = (1.0, 10.0, 0.1)
"""By which weights are multiplied, so that slopes are steep and flat."""


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
    why="A term without a gradient is a number in a log: the board shows the game without it under its name.",
    mend="Take gradients inside a penalty by torch.func.grad, which can be differentiated again; leave out detach() "
    "and no_grad.",
)
def penalties_teach(recipes: Recipes) -> None:
    """Each penalty by itself has a gradient by the discriminator's weights, for some weights at some time in training.

    It may have none elsewhere, as one of steep slopes has none where slopes are flat.
    """
    if not any(recipe.penalties for recipe in recipes):
        raise NotApplicable("it has no penalty")
    for recipe in recipes:
        times = [of_discriminator(now)[1:] for now in as_time_passes([recipe])]
        for one in zip(*times, strict=True):
            moved = any(_moves(each, *seed, scale) for each in one for seed in each_seed() for scale in SCALES)
            require(moved, f"{one[0].where} gives no weight of the discriminator a gradient")


def _moves(penalty: Objective, weights: Weights, real: Tensor, fake: Tensor, scale: float) -> bool:
    """Whether the penalty has a gradient by any of the weights, made so many times as large."""
    leaves = [(scale * weight).requires_grad_() for weight in weights]
    torch.manual_seed(3)
    value = penalty((leaves[0], leaves[1], leaves[2]), real.clone(), fake.clone())
    slopes = torch.autograd.grad(value + 0 * sum(leaf.sum() for leaf in leaves), leaves)
    return any(bool(slope.any()) for slope in slopes)


@check(
    why="A discriminator that is never told of one of its batches has nothing to tell the other from.",
    mend="Let the scores of reals and of fakes both enter the discriminator's loss, neither detached.",
)
def discriminator_reads_both_batches(recipes: Recipes) -> None:
    """The discriminator's loss, its penalties aside, has a gradient by reals and one by fakes, not all of it zero."""
    for recipe in recipes:
        found = [_slopes(each, *seed) for each in _at_all_times(recipe) for seed in each_seed()]
        for name, slopes in zip(("real", "fake"), zip(*found, strict=True), strict=True):
            require(
                any(slope.any() for slope in slopes),
                f"{type(recipe.loss).__name__}.discriminator has no gradient by `{name}`",
            )


def _at_all_times(recipe: Recipe) -> Iterator[Objective]:
    """The discriminator's loss as it begins, and with a one for each number that it remembers."""
    for loss in (recipe.loss, replace(recipe.loss, **dict.fromkeys(recipe.loss.remembered, 1.0))):  # type: ignore[type-var]
        objective, *_ = of_discriminator(replace(recipe, loss=loss))
        yield objective


def _slopes(objective: Objective, weights: Weights, real: Tensor, fake: Tensor) -> tuple[Tensor, ...]:
    """By reals and by fakes; zero where there is none."""
    batches = real.clone().requires_grad_(), fake.clone().requires_grad_()
    loss = objective(weights, *(x.clone() for x in batches))  # which may be changed in place: another check's
    return torch.autograd.grad(loss + 0 * sum(x.sum() for x in batches), batches)


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


GRADIENTS = (discriminator_learns, penalties_teach, discriminator_reads_both_batches, generator_learns)
