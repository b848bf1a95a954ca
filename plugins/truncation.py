"""Truncation: sample from the middle of the latent distribution, for better samples and fewer kinds of them.

Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019,
https://arxiv.org/abs/1809.11096, section 3.1: a generator trained on normal latents is sampled from latents whose every
number is truncated to [-threshold, threshold]. Of the thresholds in the paper's figure 2 (2, 1, 0.5, 0.04), 1 is the
default here: clearly felt, and not yet a collapse onto the mean.

Deviations: the authors draw a number again until it falls inside. Here each number is moved to the same quantile of the
truncated normal distribution: the law is the same, and samples with and without truncation come from the same seeds.
Batch normalisation keeps the statistics of training, where the authors compute them anew, and the generator has none of
the orthogonal regularisation with which they make it fit for truncation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.special import erfc, ndtri

from ganbench import Altered, Recipe, Trick, hookimpl


def truncated(latent: Tensor, threshold: float) -> Tensor:
    """Standard normal numbers, each moved to its quantile of the normal truncated to [-threshold, threshold].

    By symmetry, all is done in the lower tail, where float64 resolves probabilities down to 1e-300; torch's `ndtr`
    does not, for it subtracts from 1.
    """
    outside = math.erfc(threshold / math.sqrt(2)) / 2
    below = outside + erfc(latent.double().abs() / math.sqrt(2)) / 2 * (1 - 2 * outside)
    return torch.copysign(ndtri(below), latent).to(latent.dtype)


class TruncatedGenerator(nn.Module):
    """A generator that truncates its latents when it is sampled from, and not while it trains."""

    def __init__(self, network: nn.Module, threshold: float) -> None:
        super().__init__()
        self.network, self.threshold = network, threshold

    def forward(self, latent: Tensor) -> Tensor:
        samples: Tensor = self.network(latent if self.training else truncated(latent, self.threshold))
        return samples


@dataclass(frozen=True)
class Truncated(Altered):
    """The pair with a generator that is sampled from truncated latents."""

    threshold: float

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        return TruncatedGenerator(self.networks.generator(latent_dim, sample_shape), self.threshold)


@dataclass(frozen=True)
class Truncation(Trick):
    """Truncates the latents that samples are made of; training is untouched."""

    name = "truncation"
    paper = "https://arxiv.org/abs/1809.11096"

    threshold: float = 1.0
    """In standard deviations of the latents."""

    def __post_init__(self) -> None:
        if not self.threshold > 0:
            raise ValueError(f"truncation: found threshold {self.threshold}; wanted a threshold > 0")

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.rebuilt(lambda networks: Truncated(networks, self.threshold))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `truncation`."""
    register("truncation", Truncation)
