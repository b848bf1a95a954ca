"""Checks of what a loss makes of scores: which way it pulls them, its threshold and its optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.errors import NotApplicable
from ganbench.loss import Halves
from ganbench.testing.check import check, require
from ganbench.testing.objectives import SMALL, Recipes, as_time_passes
from ganbench.variant import Recipe


@dataclass(frozen=True)
class Table:
    """A discriminator that gives `scores` (places,) to samples that are one-hot (batch, places)."""

    scores: Tensor

    def features(self, x: Tensor) -> Tensor:
        return x

    def __call__(self, x: Tensor) -> Tensor:
        return x @ self.scores


def _scored(recipes: Recipes, why_not: str, fits: Callable[[Recipe], bool]) -> list[Recipe]:
    found = [recipe for recipe in as_time_passes(recipes) if recipe.loss.scored and fits(recipe)]
    if not found:
        raise NotApplicable(why_not)
    return found


@check(
    why="With a label or a sign the wrong way round both sides still learn something, and the board shows a bad method "
    "where there is a mistake.",
    mend="The discriminator is to score reals high and fakes low, the generator to make fakes that score high; mind "
    "that losses are descended.",
)
def sides_pull_the_right_way(recipes: Recipes) -> None:
    """Where reals and fakes score alike, the discriminator pulls reals up and fakes down, the generator fakes up."""
    for recipe in _scored(recipes, "the loss leaves scores untrained", lambda _: True):
        at = recipe.loss.threshold or 0.0
        scores = torch.full((2,), at, dtype=torch.float64, requires_grad=True)
        real, fake = torch.eye(2, dtype=torch.float64).repeat_interleave(8, 0).chunk(2)
        d = Table(scores)
        name = type(recipe.loss).__name__
        (pull,) = torch.autograd.grad(recipe.loss.discriminator(d, real, fake), scores)
        require(
            pull[0] <= SMALL and pull[1] >= -SMALL and pull.abs().max() > SMALL,
            f"{name}.discriminator grows by {pull[0]:.3g} with the score of reals and by {pull[1]:.3g} with that of "
            f"fakes, at {at:g}; wanted below 0 and above 0",
        )
        loss = recipe.loss.generator(d, real, fake) + 0 * scores.sum()  # one that reads features alone pulls at none
        (pull,) = torch.autograd.grad(loss, scores)
        require(
            pull[1] <= SMALL,
            f"{name}.generator grows by {pull[1]:.3g} with the score of fakes, at {at:g}; wanted below 0",
        )


@check(
    why="Discriminator accuracy is counted at the threshold: elsewhere it is the accuracy of another classifier.",
    mend="Name the score at which the discriminator is undecided: 0 for logits, 1/2 between the labels 0 and 1; name "
    "none where scores decide nothing. A score is a raw output: it goes through one sigmoid at most.",
)
def threshold_is_undecided(recipes: Recipes) -> None:
    """Where a loss of two halves names a threshold, a score there costs as much for a real sample as for a fake."""
    why_not = "the loss names no threshold, or is not one of two halves"
    for recipe in _scored(recipes, why_not, lambda r: isinstance(r.loss, Halves) and r.loss.threshold is not None):
        assert isinstance(recipe.loss, Halves)
        name, score = type(recipe.loss).__name__, torch.tensor([recipe.loss.threshold], dtype=torch.float64)
        real, fake = float(recipe.loss.on_real(score)), float(recipe.loss.on_fake(score))
        require(
            abs(real - fake) <= 1e-6 * (1 + abs(real)),
            f"{name}: at the threshold {float(score):g} a real costs {real:.4g}, a fake {fake:.4g}",
        )


@check(
    why="Scores are compared with the Bayes optimum, and divergences are estimated, by what the loss says of them.",
    mend='Say "log_ratio" where the best score is threshold + log p/q, "potential" where only differences of scores '
    "count, and nothing where neither holds.",
)
def optimum_is_as_it_says(recipes: Recipes) -> None:
    """A "log_ratio" is best at log p/q; with a "potential", a constant added to all scores changes nothing."""
    for recipe in _scored(recipes, "the loss names no optimum", lambda r: r.loss.optimum is not None):
        name, zero = type(recipe.loss).__name__, recipe.loss.threshold or 0.0
        here, there = torch.eye(2, dtype=torch.float64)
        real, fake = torch.stack([here, here, here, there]), torch.stack([here, there, there, there])
        best = zero + torch.tensor([3.0, 1 / 3], dtype=torch.float64).log()
        best.requires_grad_()
        loss = recipe.loss.discriminator(Table(best), real, fake)
        if recipe.loss.optimum == "log_ratio":
            (slope,) = torch.autograd.grad(loss, best)
            require(
                slope.abs().max() < 1e-6,
                f"{name}: where p/q is 3 and 1/3, the loss still falls at scores of threshold + log p/q, by "
                f"{slope.abs().max():.3g} a unit",
            )
        else:
            change = float((recipe.loss.discriminator(Table(best + 1), real, fake) - loss).detach())
            require(abs(change) < SMALL, f"{name} changes by {change:.3g} with all scores + 1")


SCORES = (sides_pull_the_right_way, threshold_is_undecided, optimum_is_as_it_says)
