"""Label smoothing: real samples are labelled a little less than real, so that no score runs off to infinity.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.4: positive targets become alpha = 1 - epsilon (0.9 there, as here), and
negative ones stay 0, for were they beta > 0, the optimal discriminator would be (alpha p + beta q) / (p + q), and where
there are no data nothing would move samples that stand there. Two-sided smoothing, beta = epsilon, is offered to see
what that costs. For cross entropy the forms below are those targets exactly; for least squares, up to a constant.

Deviations: two-sided smoothing is what the section advises against, and its one epsilon for both sides is a choice
made here. One-sided, the optimal discriminator is alpha p / (p + q), yet the decision threshold stays that of the loss,
as users of the trick leave it; at it, the discriminator is the more sceptical one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ganbench import Discriminator, Halves, NotApplicable, Recipe, Trick, hookimpl


def check_epsilon(epsilon: float) -> None:
    """Raises ValueError where more than half of the real samples would be called fake."""
    if not 0 <= epsilon < 0.5:
        raise ValueError(f"label smoothing: found epsilon {epsilon}; wanted 0 <= epsilon < 0.5")


@dataclass(frozen=True)
class Smoothed(Halves):
    """`loss`, with real samples taken for generated ones with probability epsilon, by the discriminator only."""

    loss: Halves
    epsilon: float

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)

    @property
    def threshold(self) -> float | None:
        """That of the loss."""
        return self.loss.threshold

    def on_real(self, score: Tensor) -> Tensor:
        """(1 - epsilon) * on_real + epsilon * on_fake."""
        return (1 - self.epsilon) * self.loss.on_real(score) + self.epsilon * self.loss.on_fake(score)

    def on_fake(self, score: Tensor) -> Tensor:
        """Unchanged: the smoothing is one-sided."""
        return self.loss.on_fake(score)

    def on_generated(self, score: Tensor) -> Tensor:
        """Unchanged."""
        return self.loss.on_generated(score)

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """Unchanged, also where the loss is no plain mean of on_generated."""
        return self.loss.generator(d, real, fake)


@dataclass(frozen=True)
class SmoothedBothWays(Smoothed):
    """`loss`, with samples of either side taken for the other's with probability epsilon, by the discriminator only."""

    def on_fake(self, score: Tensor) -> Tensor:
        """(1 - epsilon) * on_fake + epsilon * on_real."""
        return (1 - self.epsilon) * self.loss.on_fake(score) + self.epsilon * self.loss.on_real(score)


@dataclass(frozen=True)
class LabelSmoothing(Trick):
    """Smooths the labels of a loss that has labels."""

    name = "label_smoothing"
    paper = "https://arxiv.org/abs/1606.03498"

    epsilon: float = 0.1
    """1 - alpha"""

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)

    def __call__(self, recipe: Recipe) -> Recipe:
        return replace(recipe, loss=Smoothed(labelled(recipe), self.epsilon))


@dataclass(frozen=True)
class TwoSidedSmoothing(Trick):
    """Smooths the labels of generated samples too."""

    name = "two_sided_smoothing"
    paper = "https://arxiv.org/abs/1606.03498"

    epsilon: float = 0.1
    """1 - alpha, and beta"""

    def __post_init__(self) -> None:
        check_epsilon(self.epsilon)

    def __call__(self, recipe: Recipe) -> Recipe:
        return replace(recipe, loss=SmoothedBothWays(labelled(recipe), self.epsilon))


def labelled(recipe: Recipe) -> Halves:
    """The recipe's loss, if it has labels that are not smoothed yet.

    Raises:
        NotApplicable: otherwise.
    """
    if isinstance(recipe.loss, Smoothed):
        raise NotApplicable(f"the labels of {recipe.name} are smoothed already")
    if not isinstance(recipe.loss, Halves) or recipe.loss.threshold is None:
        raise NotApplicable(f"{type(recipe.loss).__name__}, the loss of {recipe.name}, has no labels to smooth")
    return recipe.loss


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the tricks `label_smoothing` and `two_sided_smoothing`."""
    register("label_smoothing", LabelSmoothing)
    register("two_sided_smoothing", TwoSidedSmoothing)
