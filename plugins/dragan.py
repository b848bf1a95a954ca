"""DRAGAN: hold the discriminator's slope at one in the neighbourhood of real samples alone.

Kodali, Abernethy, Hays and Kira, "On Convergence and Stability of GANs", 2017, https://arxiv.org/abs/1705.07215, the
gradient penalty scheme of section 2: lambda * E[(|grad D(x + noise)|_2 - k)^2], with lambda = 10 and k = 1.

Deviations: the paper's noise is Gaussian, with a variance c that one sets to suit the range of the data; here it is
that of the authors' code, which suits itself: a share, uniform in [0, 1] for each sample, of 0.5 * std * U, U uniform
in [0, 1] for each number and std that of all numbers of the real batch. It moves samples towards higher values only;
some reimplementations make it symmetric, the authors do not. The non-saturating loss, one step of each side and Adam's
settings are those of that code too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad

from ganbench import Adam, Discriminator, Penalty, Recipe, Trick, hookimpl

from .nsgan import NonSaturating

PAPER = "https://arxiv.org/abs/1705.07215"


@dataclass(frozen=True)
class DraganPenalty(Penalty):
    """lambda * E[(|grad D(x)|_2 - k)^2], x uniform on the segment from a real sample to its perturbed copy."""

    by_sample = True
    raises_slope = True

    weight: float = 10.0
    """lambda"""
    slope: float = 1.0
    """k"""
    noise: float = 0.5
    """The farthest a number moves, in standard deviations of the real batch."""

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        reach = self.noise * real.std(correction=0) * torch.rand(real.shape, dtype=real.dtype, device=real.device)
        share = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)
        slope: Tensor = grad(lambda x: d(x).sum())(real + share * reach).flatten(1).norm(dim=1)
        return self.weight * (slope - self.slope).square().mean()


@dataclass(frozen=True)
class WithDraganPenalty(Trick):
    """Adds the penalty."""

    name = "dragan_penalty"
    paper = PAPER

    weight: float = 10.0
    """lambda"""
    slope: float = 1.0
    """k"""
    noise: float = 0.5
    """The farthest a number moves, in standard deviations of the real batch."""

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.penalised(DraganPenalty(self.weight, self.slope, self.noise))


DRAGAN = Recipe(
    name="dragan",
    paper=PAPER,
    loss=NonSaturating(),
    penalties=(DraganPenalty(),),
    optimizer=Adam(1e-4, betas=(0.5, 0.9)),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `dragan`."""
    register("dragan", DRAGAN)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `dragan_penalty`."""
    register("dragan_penalty", WithDraganPenalty)
