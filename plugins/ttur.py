"""TTUR: the discriminator learns at a rate of its own, a faster one, so that it stays near its optimum.

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium", NIPS 2017, https://arxiv.org/abs/1706.08500, section "Two Time-Scale Update Rule for GANs": two
learning rates, b for the discriminator and a for the generator. Here the generator keeps the rate of the recipe and the
discriminator takes `ratio` times that, so that the rule fits any recipe. The default of 3 is the authors' code for
WGAN-GP on LSUN, 0.0003 against 0.0001. (An early revision of that code had it the other way round.)

Deviations: the paper searches its pairs of rates for each model and data set, and they are no constant ratio. In that
code the discriminator takes one step for each of the generator's, where WGAN-GP takes five; here the number of steps
stays the recipe's, to be set beside the trick. Which side's rate of a recipe with one rate is kept is a choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from ganbench import NotApplicable, Optimizer, Recipe, Trick, hookimpl


def faster(optimizer: Any, ratio: float) -> Optimizer | None:
    """The optimiser, or the one inside that it steps by, at `ratio` times its learning rate; None where it has none."""
    if hasattr(optimizer, "learning_rate"):
        changed: Optimizer = replace(optimizer, learning_rate=ratio * optimizer.learning_rate)
        return changed
    for field in fields(optimizer):
        inner = getattr(optimizer, field.name)
        if isinstance(inner, Optimizer) and (changed_inner := faster(inner, ratio)):
            return replace(optimizer, **{field.name: changed_inner})  # type: ignore[no-any-return]
    return None


@dataclass(frozen=True)
class TTUR(Trick):
    """Multiplies the discriminator's learning rate; the generator keeps the recipe's."""

    name = "ttur"
    paper = "https://arxiv.org/abs/1706.08500"

    ratio: float = 3.0
    """b / a"""

    def __post_init__(self) -> None:
        if not self.ratio > 0 or self.ratio == 1:
            raise ValueError(f"ttur: found ratio {self.ratio}; wanted a ratio > 0 other than 1")

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.g_optimizer is not None:
            raise NotApplicable(f"{recipe.name} has an optimiser for each side already")
        optimizer = faster(recipe.optimizer, self.ratio)
        if optimizer is None:
            name = type(recipe.optimizer).__name__
            raise NotApplicable(f"{name}, the optimiser of {recipe.name}, has no learning rate to multiply")
        return replace(recipe, optimizer=optimizer, g_optimizer=recipe.optimizer)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `ttur`."""
    register("ttur", TTUR)
