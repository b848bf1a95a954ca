"""Consistency regularisation: a real sample and a slightly altered copy of it are to have the same score.

Zhang, Zhang, Odena and Lee, "Consistency Regularization for Generative Adversarial Networks", ICLR 2020,
https://arxiv.org/abs/1910.12027, the section that defines CR-GAN: lambda * E[(D(x) - D(T(x)))^2], D taken before any
last activation, x real, lambda = 10. T mirrors an image, or not, and shifts it by a few pixels; each sample draws its
own T.

Deviations: how far is an eighth of the side here (4 pixels of 32), the reach of the translations of Zhao, Liu, Lin, Zhu
and Han, "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020, and what a shift lays bare repeats
the nearest pixel; neither is taken from the authors. What is no image has no pixels to shift, so points get Gaussian
noise instead, 0.05 of the batch's standard deviation. The authors train with spectral normalisation; here the networks
stay as they are. Mirrored digits are no digits: set `mirrored=False` where that matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench import Discriminator, Penalty, Recipe, Trick, hookimpl


@dataclass(frozen=True)
class Consistency(Penalty):
    """lambda * E[(D(T(real)) - D(real))^2], with a random T for each sample."""

    weight: float = 10.0
    """lambda"""
    shift: float = 0.125
    """The farthest that an image is moved, up or down and left or right, as a share of its side."""
    mirrored: bool = True
    """Whether half of the images are turned left to right."""
    noise: float = 0.05
    """What points are moved by, in standard deviations of the real batch."""

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight * (d(self.transformed(real)) - d(real)).square().mean()

    def transformed(self, x: Tensor) -> Tensor:
        """T(x), of the shape of `x`: images are (batch, channels, height, width), anything else is points."""
        if x.ndim != 4:
            return x + self.noise * x.std(correction=0) * torch.randn_like(x)
        height, width = x.shape[2:]
        rows, columns = self._moved(x, height), self._moved(x, width)
        if self.mirrored:
            turned = torch.rand(len(x), 1, device=x.device) < 0.5
            columns = torch.where(turned, width - 1 - columns, columns)
        # one gather a side, since each sample goes its own way
        x = x.gather(2, rows[:, None, :, None].expand_as(x))
        return x.gather(3, columns[:, None, None, :].expand_as(x))

    def _moved(self, x: Tensor, side: int) -> Tensor:
        """For each sample and place along a side, (batch, side), the place that its pixels come from."""
        most = int(side * self.shift + 0.5)
        steps = torch.randint(-most, most + 1, (len(x), 1), device=x.device)
        return (torch.arange(side, device=x.device) + steps).clamp(0, side - 1)


@dataclass(frozen=True)
class WithConsistency(Trick):
    """Adds the penalty."""

    name = "consistency"
    paper = "https://arxiv.org/abs/1910.12027"

    weight: float = 10.0
    """lambda"""
    shift: float = 0.125
    """The farthest that an image is moved, up or down and left or right, as a share of its side."""
    mirrored: bool = True
    """Whether half of the images are turned left to right."""
    noise: float = 0.05
    """What points are moved by, in standard deviations of the real batch."""

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.penalised(Consistency(self.weight, self.shift, self.mirrored, self.noise))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `consistency`."""
    register("consistency", WithConsistency)
