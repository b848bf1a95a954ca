"""Top-k training: the generator learns from those of its samples alone that the discriminator scores highest.

Sinha, Zhao, Goyal, Raffel and Odena, "Top-k Training of GANs: Improving GAN Performance by Throwing Away Bad Samples",
NeurIPS 2020, https://arxiv.org/abs/2002.06224, the section on top-k training: the discriminator's update is left as it
is, the generator's loss is the mean over the k best of the batch, and k falls from the whole batch.

Deviations: the paper lets k fall by gamma = 0.99 an epoch to a lowest share of the batch; a run here need not have
epochs, so k falls as geometrically, to be at the lowest share when the budget is spent. No code of the authors was
found: rate and shares are known from reproductions of their experiments, which stop at 1/2 for images, the default
here, and at 3/4 for mixtures of Gaussians.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from ganbench import Discriminator, Halves, NotApplicable, Optimum, Recipe, Trick, hookimpl


def check_share(share: float) -> None:
    """Raises ValueError where none or more than all of a batch would count."""
    if not 0 < share <= 1:
        raise ValueError(f"top_k: found share {share}; wanted 0 < share <= 1")


@dataclass(frozen=True)
class TopK(Halves):
    """`loss`, but the generator pays for the best-scored of its samples alone."""

    loss: Halves
    share: float = 0.5
    """k / batch, rounded up to whole samples; in a recipe the lowest, from which training makes that of the moment"""

    def __post_init__(self) -> None:
        check_share(self.share)

    @property
    def threshold(self) -> float | None:
        """That of the loss."""
        return self.loss.threshold

    @property
    def optimum(self) -> Optimum | None:
        """That of the loss."""
        return self.loss.optimum

    def at(self, spent_fraction: float) -> Self:
        """From the whole batch, geometrically, to `share` when the budget is spent."""
        return replace(super().at(spent_fraction), share=self.share**spent_fraction)

    def on_real(self, score: Tensor) -> Tensor:
        """Unchanged."""
        return self.loss.on_real(score)

    def on_fake(self, score: Tensor) -> Tensor:
        """Unchanged."""
        return self.loss.on_fake(score)

    def on_generated(self, score: Tensor) -> Tensor:
        """Unchanged, for a sample that counts."""
        return self.loss.on_generated(score)

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The mean of on_generated over the k highest scores."""
        score = d(fake)
        return self.on_generated(score.topk(math.ceil(self.share * len(score))).values).mean()


@dataclass(frozen=True)
class WithTopK(Trick):
    """Lets the generator learn from its best samples alone."""

    name = "top_k"
    paper = "https://arxiv.org/abs/2002.06224"

    share: float = 0.5
    """nu / batch, the lowest share of the batch that counts"""

    def __post_init__(self) -> None:
        check_share(self.share)

    def __call__(self, recipe: Recipe) -> Recipe:
        if isinstance(recipe.loss, TopK):
            raise NotApplicable(f"the generator of {recipe.name} learns from its best samples alone already")
        if not isinstance(recipe.loss, Halves):
            raise NotApplicable(
                f"{type(recipe.loss).__name__}, the loss of {recipe.name}, "
                "is no mean over generated samples, of which some could be left out"
            )
        return replace(recipe, loss=TopK(recipe.loss, self.share))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `top_k`."""
    register("top_k", WithTopK)
