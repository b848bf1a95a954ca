"""The pair of EBGAN and BEGAN, whose discriminators are autoencoders: how well a sample is rebuilt is its score.

Zhao, Mathieu and LeCun, "Energy-based Generative Adversarial Network", ICLR 2017, https://arxiv.org/abs/1609.03126,
section 4.1: fully connected networks for small images, with a decoder of a single layer unless stated otherwise. The
score is the negative of the energy, so that here too higher is more real; it is no linear function of the features.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ganbench import Networks


class PerceptronGenerator(nn.Module):
    """Latents (batch, latent_dim) -> samples (batch, *sample_shape); images end in tanh, points are unbounded."""

    def __init__(self, latent_dim: int, sample_shape: tuple[int, ...], width: int, depth: int) -> None:
        super().__init__()
        self.sample_shape = sample_shape
        self.layers = nn.Sequential(*hidden(latent_dim, width, depth), nn.Linear(width, math.prod(sample_shape)))

    def forward(self, latent: Tensor) -> Tensor:
        x: Tensor = self.layers(latent)
        return x.tanh().reshape(-1, *self.sample_shape) if len(self.sample_shape) == 3 else x


class Autoencoder(nn.Module):
    """Samples (batch, *sample_shape) -> scores (batch,): the negative energy of what is lost in coding."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, energy: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self._energy = energy

    def features(self, x: Tensor) -> Tensor:
        """The code (batch, width)."""
        code: Tensor = self.encoder(x.flatten(1))
        return code

    def forward(self, x: Tensor) -> Tensor:
        return -self._energy(self.decoder(self.features(x)) - x.flatten(1))


@dataclass(frozen=True)
class AutoencodingPair(Networks):
    """Perceptrons with ReLU inside. A subclass says what the energy of a reconstruction is."""

    width: int = 256
    depth: int = 2
    """Hidden layers of the generator, and of the encoder, whose last is the code."""
    decoder_depth: int = 0
    """Hidden layers of the decoder."""

    @abstractmethod
    def energy(self, error: Tensor) -> Tensor:
        """Energies (batch,) of reconstruction errors (batch, numbers of a sample)."""

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> PerceptronGenerator:
        return PerceptronGenerator(latent_dim, sample_shape, self.width, self.depth)

    def discriminator(self, sample_shape: tuple[int, ...]) -> Autoencoder:
        size = math.prod(sample_shape)
        encoder = nn.Sequential(*hidden(size, self.width, self.depth))
        decoder = nn.Sequential(*hidden(self.width, self.width, self.decoder_depth), nn.Linear(self.width, size))
        return Autoencoder(encoder, decoder, self.energy)


def hidden(inputs: int, width: int, depth: int) -> list[nn.Module]:
    """`depth` linear layers of `width` units, each followed by a ReLU."""
    sizes = [inputs, *[width] * depth]
    return [layer for k in range(depth) for layer in (nn.Linear(sizes[k], sizes[k + 1]), nn.ReLU())]
