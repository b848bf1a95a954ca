"""R1 and R2: the discriminator is to be flat where the data are (R1), or where the samples are (R2).

Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, equations 9 and 10. Either lets training converge near the equilibrium, where
a discriminator that keeps its slope pushes the generator past it for ever. gamma = 10 is the default of the authors'
code (`reg_param`), with which they trained on images.

Deviations: the tricks add the penalty and leave loss and optimiser as they are; the authors step by RMSProp at 0.0001
and sample from an average of the generator's weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.func import grad

from ganbench import Discriminator, Penalty, Recipe, Trick, hookimpl

PAPER = "https://arxiv.org/abs/1801.04406"


def mean_squared_slope(d: Discriminator, x: Tensor) -> Tensor:
    """E[|grad D(x)|_2^2], the norm of each sample over all its pixels."""
    slope: Tensor = grad(lambda samples: d(samples).sum())(x)
    return slope.flatten(1).square().sum(dim=1).mean()


@dataclass(frozen=True)
class R1(Penalty):
    """gamma / 2 * E[|grad D(real)|_2^2], equation 9."""

    by_sample = True

    weight: float = 10.0
    """gamma"""

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight / 2 * mean_squared_slope(d, real)


@dataclass(frozen=True)
class R2(Penalty):
    """gamma / 2 * E[|grad D(fake)|_2^2], equation 10."""

    by_sample = True

    weight: float = 10.0
    """gamma"""

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight / 2 * mean_squared_slope(d, fake)


@dataclass(frozen=True)
class WithR1(Trick):
    """Adds the penalty on real samples."""

    name = "r1"
    paper = PAPER

    weight: float = 10.0
    """gamma"""

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.penalised(R1(self.weight))


@dataclass(frozen=True)
class WithR2(Trick):
    """Adds the penalty on generated samples."""

    name = "r2"
    paper = PAPER

    weight: float = 10.0
    """gamma"""

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.penalised(R2(self.weight))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the tricks `r1` and `r2`."""
    register("r1", WithR1)
    register("r2", WithR2)
