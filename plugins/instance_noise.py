"""Instance noise: Gaussian noise on real and generated samples alike, so that the two overlap and can be compared.

Two papers proposed it at the same time. Arjovsky and Bottou, "Towards Principled Methods for Training Generative
Adversarial Networks", ICLR 2017, https://arxiv.org/abs/1701.04862, in their section on softer metrics and
distributions: without noise, distributions on thin supports are told apart perfectly, and the generator learns nothing.
Sonderby, Caballero, Theis, Shi and Huszar, "Amortised MAP Inference for Image Super-resolution", ICLR 2017,
https://arxiv.org/abs/1610.04490, in an appendix, who let the noise fade as training goes on. Noise of a fixed deviation
is the first paper's form, and `annealed=False` here: the same equation, x + sigma * N(0, 1), so it is one trick.

Deviations: the default deviation, 0.1 on samples that span [-1, 1], and the straight line along which it falls to 0 at
the end of the budget are what users of the trick take; neither number was found in the papers' own text. Both sides'
updates draw noise of their own, and so do the scores that are measured, each with the deviation of the moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganbench import Recipe, Trick, View, hookimpl


@dataclass(frozen=True)
class InstanceNoise(View):
    """x + sigma * N(0, 1), with fresh noise for every number of every sample."""

    deviation: float = 0.1
    """sigma, at the start"""
    annealed: bool = True
    """Whether sigma falls to 0, linearly in the budget spent."""

    def __post_init__(self) -> None:
        if not self.deviation >= 0:
            raise ValueError(f"instance noise: found deviation {self.deviation}; wanted a deviation >= 0")

    def at(self, spent_fraction: float) -> InstanceNoise:
        """The noise that is left when that share of the budget is spent."""
        return replace(self, deviation=self.deviation * max(0.0, 1 - spent_fraction)) if self.annealed else self

    def __call__(self, x: Tensor) -> Tensor:
        """The samples (batch, *sample shape), noisy."""
        return x + self.deviation * torch.randn_like(x)


@dataclass(frozen=True)
class WithInstanceNoise(Trick):
    """Shows the discriminator noisy samples."""

    name = "instance_noise"
    paper = "https://arxiv.org/abs/1610.04490"

    deviation: float = 0.1
    """sigma, at the start"""
    annealed: bool = True
    """Whether sigma falls to 0, linearly in the budget spent."""

    def __post_init__(self) -> None:
        InstanceNoise(self.deviation)  # refuses what it would refuse

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.shown(InstanceNoise(self.deviation, self.annealed))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `instance_noise`."""
    register("instance_noise", WithInstanceNoise)
