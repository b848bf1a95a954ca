"""The two networks of the Dirac-GAN: a generator of one point, and a discriminator that is linear.

Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, section 2: the generator's distribution is the Dirac at theta, D(x) = psi * x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganbench.pair import Networks

NEAREST, FARTHEST = 0.25, 0.5
"""Between which theta and psi begin, on either side of 0: near enough for the linear theory, and apart by seed."""


class DiracGenerator(nn.Module):
    """Latents (batch, latent_dim) -> the one sample theta (batch, *sample_shape), whatever the latents are."""

    def __init__(self, sample_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.theta = nn.Parameter(_start() * torch.ones(sample_shape))

    def forward(self, latent: Tensor) -> Tensor:
        return self.theta.expand(len(latent), *self.theta.shape).clone()  # a view would ask for gradients for ever


class LinearDiscriminator(nn.Module):
    """Samples (batch, *sample_shape) -> scores (batch,): psi * x, without a bias.

    Where several numbers are shown, as in packs, each has a weight; together they begin as the slope psi.
    """

    def __init__(self, sample_shape: tuple[int, ...]) -> None:
        super().__init__()
        numbers = math.prod(sample_shape)
        self.out = nn.Linear(numbers, 1, bias=False)
        self.out.weight = nn.Parameter(_start() / numbers * torch.ones(1, numbers))

    def features(self, x: Tensor) -> Tensor:
        """The sample itself, flat (batch, numbers)."""
        return x.flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = self.out(self.features(x))
        return score.squeeze(1)


def _start() -> Tensor:
    """A scalar that is NEAREST to FARTHEST from 0, of either sign."""
    sign = 1 - 2 * torch.randint(2, ())
    return sign * torch.empty(()).uniform_(NEAREST, FARTHEST)


@dataclass(frozen=True)
class DiracPair(Networks):
    """One parameter a side, and nothing else: theta and psi."""

    @property
    def learns_features(self) -> bool:
        return False

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> DiracGenerator:
        """The Dirac distribution at theta."""
        return DiracGenerator(sample_shape)

    def discriminator(self, sample_shape: tuple[int, ...]) -> LinearDiscriminator:
        """Linear, without a bias."""
        return LinearDiscriminator(sample_shape)
