"""One-sided label smoothing: real samples are labelled a little less than real, so that no score runs off to infinity.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.4: positive targets become alpha = 1 - epsilon (0.9 there, as here), and
negative ones stay 0. For cross entropy the form below is that target exactly; for least squares, up to a constant.

Deviation: the optimal discriminator becomes alpha p / (p + q), yet the decision threshold stays that of the loss, as
users of the trick leave it; at it, the discriminator is the more sceptical one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ganbench import Halves, NotApplicable, Recipe, Trick, hookimpl


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
        if isinstance(recipe.loss, Smoothed):
            raise NotApplicable(f"the labels of {recipe.name} are smoothed already")
        if not isinstance(recipe.loss, Halves) or recipe.loss.threshold is None:
            raise NotApplicable(f"{type(recipe.loss).__name__}, the loss of {recipe.name}, has no labels to smooth")
        return replace(recipe, loss=Smoothed(recipe.loss, self.epsilon))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `label_smoothing`."""
    register("label_smoothing", LabelSmoothing)
