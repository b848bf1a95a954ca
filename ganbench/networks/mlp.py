"""Multilayer perceptrons, for points and for very small images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganbench.pair import Networks


class MLPGenerator(nn.Module):
    """Latents (batch, latent_dim) -> samples (batch, *sample_shape); images end in tanh, points are unbounded."""

    def __init__(
        self, latent_dim: int, sample_shape: tuple[int, ...], width: int, depth: int, batch_norm: bool = False
    ) -> None:
        super().__init__()
        self.sample_shape = sample_shape
        self.hidden = hidden_layers(latent_dim, width, depth, nn.ReLU(), batch_norm)
        self.out = nn.Linear(width, math.prod(sample_shape))

    def forward(self, latent: Tensor) -> Tensor:
        x: Tensor = self.out(self.hidden(latent))
        return torch.tanh(x).reshape(-1, *self.sample_shape) if len(self.sample_shape) == 3 else x


class MLPDiscriminator(nn.Module):
    """Samples (batch, *sample_shape) -> scores (batch,)."""

    def __init__(self, sample_shape: tuple[int, ...], width: int, depth: int) -> None:
        super().__init__()
        self.hidden = hidden_layers(math.prod(sample_shape), width, depth, nn.LeakyReLU(0.2))
        self.out = nn.Linear(width, 1)

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer (batch, width)."""
        features: Tensor = self.hidden(x.flatten(1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = self.out(self.features(x))
        return score.squeeze(1)


def hidden_layers(
    inputs: int, width: int, depth: int, activation: nn.Module, batch_norm: bool = False
) -> nn.Sequential:
    """`depth` linear layers of `width` units, each followed by batch normalisation, if wanted, and the activation.

    Batch normalisation takes the mean away, so a layer before it has no bias.
    """
    layers: list[nn.Module] = []
    for k in range(depth):
        layers.append(nn.Linear(inputs if k == 0 else width, width, bias=not batch_norm))
        layers += [nn.BatchNorm1d(width)] if batch_norm else []
        layers.append(activation)
    return nn.Sequential(*layers)


@dataclass(frozen=True)
class MLPPair(Networks):
    """Two perceptrons of the same width and depth.

    The discriminator has no normalisation, so that penalties on one sample's slope apply (see `dcgan.py`).
    """

    width: int = 128
    depth: int = 2
    batch_norm: bool = False
    """Whether the generator has it; small sets of images need it, points in the plane do not."""

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> MLPGenerator:
        """ReLU inside."""
        return MLPGenerator(latent_dim, sample_shape, self.width, self.depth, self.batch_norm)

    def discriminator(self, sample_shape: tuple[int, ...]) -> MLPDiscriminator:
        """LeakyReLU(0.2) inside."""
        return MLPDiscriminator(sample_shape, self.width, self.depth)
