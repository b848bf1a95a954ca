"""Minibatch discrimination: the discriminator sees how close a sample is to the others of its batch.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.2: with M_i = f(x_i) T, a matrix of B rows and C columns, the features
f(x_i) are joined by o(x_i)_b, made of exp(-|M_ib - M_jb|_1) for every other sample j, real and generated batches apart.
B = 100 and C = 5 are those of the authors' code for CIFAR-10, https://github.com/openai/improved-gan.

Deviations: o is the mean over the others, as in the authors' code for ImageNet, and not the sum: between 0 and 1, it
weighs the same whatever the batch size. T starts with columns of about unit length, as theirs do, but is then free,
where they keep it weight-normalised and fit its scale to the first batch. What is joined comes after the last hidden
layer, so it enters the score linearly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbench import Altered, Networks, NotApplicable, Recipe, Trick, hookimpl


class Joined(nn.Module):
    """A discriminator whose features are joined by `size` numbers that `statistic` finds in the batch of them.

    What is learnt of them is no layer of the network, so tricks that change its layers leave it as it is.
    """

    network: Any
    statistic: nn.Module

    def __init__(self, network: nn.Module, statistic: nn.Module, size: int) -> None:
        super().__init__()
        self.network, self.statistic, self.size = network, statistic, size
        self.weights = nn.Parameter(torch.empty(size).uniform_(-1, 1) * size**-0.5)

    def features(self, x: Tensor) -> Tensor:
        """The network's own, then the statistics: (batch, width + size)."""
        features: Tensor = self.network.features(x)
        return torch.cat([features, self.statistic(features)], dim=1)

    def out(self, features: Tensor) -> Tensor:
        """The last layer, widened by as much: (batch, 1)."""
        score: Tensor = self.network.out(features[:, : -self.size])
        return score + (features[:, -self.size :] @ self.weights).unsqueeze(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.features(x)).squeeze(1)


def joinable(networks: Networks, sample_shape: tuple[int, ...]) -> tuple[Any, int]:
    """The discriminator of a pair, and the width of its features.

    Raises:
        NotApplicable: where its score is not a layer `out` on its features.
    """
    network: Any = networks.discriminator(sample_shape)
    if not hasattr(network, "out"):
        raise NotApplicable(
            f"the {type(network).__name__} of {type(networks).__name__} has no last layer `out` on its features, which "
            "statistics of the batch could join"
        )
    with torch.device("meta"):
        twin: Any = networks.discriminator(sample_shape)
        return network, twin.features(torch.empty(2, *sample_shape)).shape[1]


class Closeness(nn.Module):
    """o(x): how close each sample is to the others, in the eyes of each kernel; (batch, width) -> (batch, kernels)."""

    def __init__(self, width: int, kernels: int, dimensions: int) -> None:
        super().__init__()
        self.tensor = nn.Parameter(torch.randn(width, kernels, dimensions) * width**-0.5)

    def forward(self, features: Tensor) -> Tensor:
        columns = (features @ self.tensor.flatten(1)).T.reshape(*self.tensor.shape[1:], -1).unbind(1)
        distances = torch.zeros((), device=features.device)
        for column in columns:  # one after the other: all at once take several times the memory, and longer
            distances = distances + (column.unsqueeze(2) - column.unsqueeze(1)).abs()
        itself, others = 1, max(len(features) - 1, 1)
        closeness: Tensor = ((-distances).exp().sum(dim=2) - itself) / others
        return closeness.T


@dataclass(frozen=True)
class MinibatchDiscrimination(Altered):
    """The pair with a discriminator that sees closeness."""

    kernels: int = 100
    """B"""
    dimensions: int = 5
    """C"""

    @property
    def couples(self) -> bool:
        """A score depends on the whole batch."""
        return True

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        network, width = joinable(self.networks, sample_shape)
        return Joined(network, Closeness(width, self.kernels, self.dimensions), self.kernels)


@dataclass(frozen=True)
class WithMinibatchDiscrimination(Trick):
    """Joins closeness to the discriminator's features."""

    name = "minibatch_discrimination"
    paper = "https://arxiv.org/abs/1606.03498"

    kernels: int = 100
    """B"""
    dimensions: int = 5
    """C"""

    def __post_init__(self) -> None:
        for name, value in (("kernels", self.kernels), ("dimensions", self.dimensions)):
            if value < 1:
                raise ValueError(f"minibatch discrimination: found {name} {value}; wanted at least 1")

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.rebuilt(lambda networks: MinibatchDiscrimination(networks, self.kernels, self.dimensions))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `minibatch_discrimination`."""
    register("minibatch_discrimination", WithMinibatchDiscrimination)
