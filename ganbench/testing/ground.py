"""The proving ground: data, networks and batches that are small, so that checks take moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from ganbench.datasets.dataset import Dataset, Evaluation, Standard
from ganbench.datasets.images import ImageDataset
from ganbench.datasets.mixtures import Mixture, ring
from ganbench.networks.dcgan import DCGANPair
from ganbench.networks.mlp import MLPPair
from ganbench.optimizers import Adam

WIDTH, LATENT, BATCH = 48, 6, 32
ADAM = Adam(1e-3, betas=(0.5, 0.9))


def ring_dataset(**changes: Any) -> Mixture:
    """Eight modes with sigma 0.1, and networks wide enough that gradients come out transposed."""
    standard: dict[str, Any] = {
        "networks": MLPPair(width=WIDTH, depth=2),
        "optimizer": ADAM,
        "latent_dim": LATENT,
        "batch_size": BATCH,
        "budget": "1kimg",
        "seeds": 2,
    }
    return Mixture("ring8", ring(sigma=0.1), Standard(**{**standard, **changes}))


def picture_dataset() -> Dataset:
    """Grey squares of noise in a frame, of the size of MNIST's digits, with narrow networks of MNIST's kind."""
    return _pictures("pictures", channels=1, side=28)


def colour_dataset() -> Dataset:
    """The same in colour, of the size of CIFAR-10's images."""
    return _pictures("colour pictures", channels=3, side=32)


def _pictures(name: str, channels: int, side: int) -> Dataset:
    source, inner = torch.Generator().manual_seed(0), side - 8
    pixels = torch.zeros(64, channels, side, side, dtype=torch.uint8)
    pixels[:, :, 4:-4, 4:-4] = torch.randint(0, 256, (64, channels, inner, inner), generator=source)
    labels = torch.zeros(64, dtype=torch.long)
    return ImageDataset(
        name,
        {"train": pixels, "held_out": pixels},
        {"train": labels, "held_out": labels},
        standard=Standard(DCGANPair(width=8), ADAM, 16, BATCH, "1kimg", 2),
        evaluation=Evaluation((), "", None, 16, 16),
    )


@dataclass
class Perceptron:
    """One seed's discriminator: weights (dimensions, width), bias (width,) and output (width,)."""

    weights: Tensor
    bias: Tensor
    output: Tensor

    def features(self, x: Tensor) -> Tensor:
        return leaky_relu(x.flatten(1) @ self.weights + self.bias, 0.2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.features(x) @ self.output


Weights = tuple[Tensor, Tensor, Tensor]


def three_seeds() -> tuple[Weights, Tensor, Tensor]:
    """Stacked weights of a `Perceptron`, reals (3, 16, 2) and fakes (3, 16, 2), in double precision."""
    source = torch.Generator().manual_seed(7)
    shapes = (3, 2, 8), (3, 8), (3, 8), (3, 16, 2), (3, 16, 2)
    *weights, real, fake = (torch.randn(*s, generator=source, dtype=torch.float64) for s in shapes)
    return (weights[0], weights[1], weights[2]), real, fake


def each_seed() -> Iterator[tuple[Weights, Tensor, Tensor]]:
    """Weights, reals (16, 2) and fakes (16, 2) of each of the `three_seeds`."""
    (weights, bias, output), real, fake = three_seeds()
    for k in range(3):
        yield (weights[k], bias[k], output[k]), real[k], fake[k]


def parts(value: object) -> Iterator[Any]:
    """`value` and every ingredient inside it."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for member in value:
            yield from parts(member)
