"""Generator and discriminator pairs as values, and pairs made of others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.ingredient import Ingredient

if TYPE_CHECKING:
    from torch import nn


class Networks(Ingredient, ABC):
    """A generator and discriminator pair as a value: it says how to build them for a sample shape.

    A module of the discriminator may have a method `advance()`, called once before each of its updates, without
    gradient, to bring buffers up to date that the update then takes as given.
    """

    @property
    def normalises_batch(self) -> bool:
        """Whether the discriminator has batch normalisation: the slope of one sample's score then has no meaning."""
        return False

    @property
    def couples(self) -> bool:
        """Whether a score depends on the size of the batch: it is then measured in batches of the training's size."""
        return False

    @property
    def learns_features(self) -> bool:
        """Whether the discriminator's last hidden layer is trained; False where it is the sample itself."""
        return True

    @property
    def latent_dim(self) -> int | None:
        """How many latents the generator has by its paper; None: as many as is standard for the dataset."""
        return None

    @abstractmethod
    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        """A module from latents (batch, latent_dim) to samples (batch, *sample_shape)."""

    @abstractmethod
    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        """A module from samples to scores (batch,), with a method `features` as in `Discriminator`."""


@dataclass(frozen=True)
class Altered(Networks):
    """Another pair, with something changed in it. A subclass overrides what it changes, and says so in its name."""

    networks: Networks

    @property
    def normalises_batch(self) -> bool:
        return self.networks.normalises_batch

    @property
    def couples(self) -> bool:
        return self.networks.couples

    @property
    def learns_features(self) -> bool:
        return self.networks.learns_features

    @property
    def latent_dim(self) -> int | None:
        return self.networks.latent_dim

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        return self.networks.generator(latent_dim, sample_shape)

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return self.networks.discriminator(sample_shape)
