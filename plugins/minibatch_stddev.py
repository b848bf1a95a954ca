"""Minibatch standard deviation: the discriminator sees, in one number, how varied its batch is.

Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
ICLR 2018, https://arxiv.org/abs/1710.10196, section 3: the standard deviation of each feature over the minibatch,
averaged over all features, is joined to the features of every sample. The 1e-8 under the root is that of the authors'
code, https://github.com/tkarras/progressive_growing_of_gans.

Deviations: the number is taken over the whole batch, as the paper says; the authors' code takes it over groups of
four samples. It comes after the last hidden layer, and not as one more map at an earlier one, so it enters the score
linearly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ganbench import Altered, Recipe, Trick, hookimpl

from .minibatch_discrimination import Joined, joinable


class Spread(nn.Module):
    """The mean over features of their standard deviation over the batch; (batch, width) -> (batch, 1), all alike."""

    def forward(self, features: Tensor) -> Tensor:
        deviation = (features.var(dim=0, correction=0) + 1e-8).sqrt()
        return deviation.mean().expand(len(features), 1)


@dataclass(frozen=True)
class MinibatchStddev(Altered):
    """The pair with a discriminator that sees the spread of its batch."""

    @property
    def couples(self) -> bool:
        """A score depends on the whole batch."""
        return True

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        network, _ = joinable(self.networks, sample_shape)
        return Joined(network, Spread(), 1)


@dataclass(frozen=True)
class WithMinibatchStddev(Trick):
    """Joins the batch's spread to the discriminator's features."""

    name = "minibatch_stddev"
    paper = "https://arxiv.org/abs/1710.10196"

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.rebuilt(MinibatchStddev)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `minibatch_stddev`."""
    register("minibatch_stddev", WithMinibatchStddev)
