"""Several updates of the discriminator for each of the generator, so that it is nearer to its best when asked.

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative Adversarial Nets",
NIPS 2014, https://arxiv.org/abs/1406.2661, the k of Algorithm 1, where the authors took 1. The default is the
n_critic = 5 of Algorithm 1 in Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017,
https://arxiv.org/abs/1701.07875.

Deviations: none. Each of the updates draws a real batch of its own, and all are paid for from the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganbench import NotApplicable, Recipe, Trick, hookimpl


@dataclass(frozen=True)
class DSteps(Trick):
    """The discriminator is updated k times before each update of the generator."""

    name = "d_steps"
    paper = "https://arxiv.org/abs/1406.2661"

    k: int = 5
    """k; n_critic in Wasserstein GAN"""

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"d_steps: found k {self.k}; wanted k >= 1")

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.d_steps == self.k:
            raise NotApplicable(f"{recipe.name} updates its discriminator {self.k} to 1 already")
        if recipe.dynamics is not None and (recipe.dynamics.simultaneous or recipe.dynamics.extrapolates):
            raise NotApplicable(f"both sides of {recipe.name} step at once, so neither can step more often")
        return replace(recipe, d_steps=self.k)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `d_steps`."""
    register("d_steps", DSteps)
