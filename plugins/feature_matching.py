"""Feature matching: the generator is to meet the mean of what the discriminator sees in real samples, not its verdict.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.1. The features are those of the discriminator's last hidden layer, as in
the authors' code for MNIST.

Deviations: that code takes the mean of the squares over the features, here it is their sum, as in the paper; and it
draws new real samples for the generator's update, here they are the discriminator's last batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ganbench import Discriminator, Loss, NotApplicable, Optimum, Recipe, Trick, hookimpl


@dataclass(frozen=True)
class FeatureMatching(Loss):
    """`loss` for the discriminator; the generator pays for how far its features are from the real ones on average."""

    loss: Loss

    @property
    def threshold(self) -> float | None:
        """That of the loss."""
        return self.loss.threshold

    @property
    def optimum(self) -> Optimum | None:
        """That of the loss."""
        return self.loss.optimum

    @property
    def scored(self) -> bool:
        """As in the loss, which alone trains the discriminator."""
        return self.loss.scored

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """Unchanged."""
        return self.loss.discriminator(d, real, fake)

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """|E[f(real)] - E[f(fake)]|_2^2."""
        return (d.features(real).mean(0) - d.features(fake).mean(0)).square().sum()


@dataclass(frozen=True)
class WithFeatureMatching(Trick):
    """Puts feature matching in the place of the generator's loss."""

    name = "feature_matching"
    paper = "https://arxiv.org/abs/1606.03498"

    def __call__(self, recipe: Recipe) -> Recipe:
        if isinstance(recipe.loss, FeatureMatching):
            raise NotApplicable(f"the generator of {recipe.name} matches features already")
        return replace(recipe, loss=FeatureMatching(recipe.loss))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `feature_matching`."""
    register("feature_matching", WithFeatureMatching)
