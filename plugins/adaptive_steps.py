"""Adaptive steps: a discriminator that is right too often lets its turn pass, until the generator has caught up.

Wu, Zhang, Xue, Freeman and Tenenbaum, "Learning a Probabilistic Latent Space of Object Shapes via 3D
Generative-Adversarial Modeling", NIPS 2016, https://arxiv.org/abs/1610.07584, the training details of the section on
3D-GAN: for each batch, the discriminator is updated only if its accuracy in the last batch is not higher than 80 %.

Deviations: the accuracy is that in the batch at hand, before the update, so that nothing need be remembered; the
paper's rates, 0.0025 for the generator and 0.00001 for the discriminator, are left out. A turn that passes draws its
real batch all the same, and pays for it. A loss that names no threshold calls no sample real or fake, and so has no
accuracy: the trick is then not applicable, rather than to invent a threshold midway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench import Dynamics, NotApplicable, Recipe, Trick, hookimpl


def check_accuracy(accuracy: float) -> None:
    """Raises ValueError for what is no share, and for 1, above which no accuracy lies."""
    if not 0 <= accuracy < 1:
        raise ValueError(f"adaptive_steps: found accuracy {accuracy}; wanted 0 <= accuracy < 1")


@dataclass(frozen=True)
class AdaptiveSteps(Dynamics):
    """The discriminator lets a turn pass when it is right about more than a given share of the batch."""

    accuracy: float = 0.8
    """The highest accuracy, over reals and fakes together, at which it is still updated."""

    def __post_init__(self) -> None:
        check_accuracy(self.accuracy)

    @property
    def pausing(self) -> bool:
        """True."""
        return True

    def pauses(self, real_scores: Tensor, fake_scores: Tensor, threshold: float | None) -> bool:
        """Whether more than `accuracy` of the reals score above the threshold and of the fakes do not.

        Raises:
            NotApplicable: where there is no threshold.
        """
        if threshold is None:
            raise NotApplicable("AdaptiveSteps: the loss names no threshold, so its discriminator has no accuracy")
        right = torch.cat([real_scores > threshold, fake_scores <= threshold])
        # counts of what is right, for 0.8 in float32 is more than 0.8
        return int(right.sum()) > self.accuracy * len(right)


@dataclass(frozen=True)
class WithAdaptiveSteps(Trick):
    """Lets the discriminator pause; its seeds then train one by one."""

    name = "adaptive_steps"
    paper = "https://arxiv.org/abs/1610.07584"

    accuracy: float = 0.8
    """The highest accuracy, over reals and fakes together, at which it is still updated."""

    def __post_init__(self) -> None:
        check_accuracy(self.accuracy)

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.loss.threshold is None:
            raise NotApplicable(
                f"{type(recipe.loss).__name__}, the loss of {recipe.name}, "
                "names no threshold, so its discriminator has no accuracy"
            )
        return recipe.played(AdaptiveSteps(self.accuracy))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `adaptive_steps`."""
    register("adaptive_steps", WithAdaptiveSteps)
