"""A game of one vector a side that can be done by hand: D(x) = psi.x, samples that are all theta, value psi.theta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from toys import adversarial, recipe

from ganbench import SGD, Halves, Networks
from ganbench.adversarial import Adversarial
from ganbench.supply import Supply

RATE = 0.1


class Constant(nn.Module):
    """Every sample is the parameter."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.randn(size))

    def forward(self, latent: Tensor) -> Tensor:
        return self.theta.expand(len(latent), -1)


class Linear(nn.Module):
    """The score is the product with the parameter."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.randn(size))

    def features(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.psi


@dataclass(frozen=True)
class BilinearPair(Networks):
    """D(x) = psi.x against samples that are all theta."""

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        return Constant(sample_shape[0])

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return Linear(sample_shape[0])


@dataclass(frozen=True)
class FakeScore(Halves):
    """The discriminator lowers the fakes' mean score, the generator raises it: the game psi.theta."""

    def on_real(self, score: Tensor) -> Tensor:
        return 0 * score

    def on_fake(self, score: Tensor) -> Tensor:
        return score

    def on_generated(self, score: Tensor) -> Tensor:
        return -score


BILINEAR: dict[str, Any] = {"loss": FakeScore(), "networks": BilinearPair(), "optimizer": SGD(RATE)}


def bilinear(seeds: tuple[int, ...] = (0,), **changes: Any) -> tuple[Adversarial, Supply]:
    return adversarial(seeds, recipe(**BILINEAR, **changes))


def position(trainer: Adversarial) -> tuple[Tensor, Tensor]:
    """psi and theta, each (2,), of the first seed."""
    tensors = trainer.checkpoints()[0]
    return tensors["discriminator.psi"], tensors["generator.theta"]


def squared_distance(tensors: tuple[Tensor, Tensor]) -> Tensor:
    """From the equilibrium (0, 0)."""
    return sum((x.square().sum() for x in tensors), torch.zeros(()))
