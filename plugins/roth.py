"""Roth's regulariser: what noise on the samples would do to a Jensen-Shannon GAN, as a penalty on weighted slopes.

Roth, Lucchi, Nowozin and Hofmann, "Stabilizing Training of Generative Adversarial Networks through Regularization",
NIPS 2017, https://arxiv.org/abs/1705.09367, the equation of the Jensen-Shannon regulariser, as the authors' code has
it: gamma is the variance of the noise, and an unsure discriminator pays most for its slope. The weights carry a
gradient as the slopes do: that code stops neither.

The weights are those of a discriminator trained by cross entropy, so to any other loss the trick is not applicable;
what a trick has changed about the generator's side, or about labels, is looked through.

Gamma falls over the run from gamma_0 to alpha * gamma_0, geometrically, as in the authors' code, whose example for
images has gamma_0 = 2 and alpha = 0.01. Its example for a mixture of Gaussians has gamma_0 = 0.1.

Deviations: the share of the budget that is spent stands for the authors' share of all iterations; loss and optimiser
are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor, sigmoid
from torch.func import grad

from ganbench import Discriminator, Loss, NotApplicable, Penalty, Recipe, Trick, hookimpl

from .fgan import JensenShannon
from .gan import Minimax


def check_gamma(weight: float, decay: float) -> None:
    """Raises ValueError where gamma would be negative or grow."""
    if weight < 0 or not 0 < decay <= 1:
        raise ValueError(
            f"roth_regulariser: found weight {weight} and decay {decay}; wanted weight >= 0 and 0 < decay <= 1"
        )


@dataclass(frozen=True)
class RothRegulariser(Penalty):
    """gamma / 2 * (E[(1 - D)^2 |grad s|_2^2] on reals + E[D^2 |grad s|_2^2] on fakes); s the score, D = sigmoid(s)."""

    by_sample = True

    weight: float = 2.0
    """gamma; gamma_0 in a recipe, from which training makes what it is at the moment"""
    decay: float = 0.01
    """alpha, the share of gamma_0 that is left when the budget is spent; 1 for no annealing"""

    def __post_init__(self) -> None:
        check_gamma(self.weight, self.decay)

    def at(self, spent_fraction: float) -> Self:
        """Gamma = gamma_0 * alpha^(share of the budget that is spent)."""
        return replace(self, weight=self.weight * self.decay**spent_fraction)

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        on_real, real_slope = scores_and_squared_slopes(d, real)
        on_fake, fake_slope = scores_and_squared_slopes(d, fake)
        # sigmoid(-s) is 1 - sigmoid(s), without its rounding
        reals = (sigmoid(-on_real).square() * real_slope).mean()
        fakes = (sigmoid(on_fake).square() * fake_slope).mean()
        return self.weight / 2 * (reals + fakes)


def scores_and_squared_slopes(d: Discriminator, x: Tensor) -> tuple[Tensor, Tensor]:
    """D(x) and |grad D(x)|_2^2, each (batch,), the norm of each sample over all its pixels."""

    def total(samples: Tensor) -> tuple[Tensor, Tensor]:
        score = d(samples)
        return score.sum(), score

    slope, score = grad(total, has_aux=True)(x)
    return score, slope.flatten(1).square().sum(dim=1)


def is_cross_entropy(loss: Loss) -> bool:
    """Whether sigmoid(score) is the probability of real by which the loss, or the one inside it, judges."""
    inner = getattr(loss, "loss", None)
    return is_cross_entropy(inner) if isinstance(inner, Loss) else isinstance(loss, Minimax | JensenShannon)


@dataclass(frozen=True)
class WithRothRegulariser(Trick):
    """Adds the penalty to a loss by cross entropy."""

    name = "roth_regulariser"
    paper = "https://arxiv.org/abs/1705.09367"

    weight: float = 2.0
    """gamma_0"""
    decay: float = 0.01
    """alpha; 1 for no annealing"""

    def __post_init__(self) -> None:
        check_gamma(self.weight, self.decay)

    def __call__(self, recipe: Recipe) -> Recipe:
        if not is_cross_entropy(recipe.loss):
            raise NotApplicable(
                f"{type(recipe.loss).__name__}, the loss of {recipe.name}, is no cross entropy, "
                "whose probabilities weight the slopes"
            )
        return recipe.penalised(RothRegulariser(self.weight, self.decay))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `roth_regulariser`."""
    register("roth_regulariser", WithRothRegulariser)
