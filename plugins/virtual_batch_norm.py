"""Virtual batch normalisation: the generator normalises a sample by a batch that never changes, and by itself.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 3.4: a reference batch is chosen once; it is normalised by its own
statistics, and each sample by those of the reference batch and of itself, in the generator alone. How the two are
combined is taken from the authors' code (https://github.com/openai/improved-gan, VBN in imagenet/model.py): mean and
mean square are those of the reference batch with the sample as its one member more, over all positions. The 64 latents
are the batch that this model has by default.

Deviations: none known. Reference and samples pass the generator together, with the weights of the moment, so
every pass pays for 64 samples more, in training and in sampling alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganbench import Altered, Networks, NotApplicable, Recipe, Trick, hookimpl


class VirtualBatchNorm(nn.Module):
    """What a batch normalisation becomes: the first `size` rows of its input are the reference batch."""

    def __init__(self, norm: _BatchNorm, size: int) -> None:
        super().__init__()
        self.weight, self.bias, self.epsilon, self.size = norm.weight, norm.bias, norm.eps, size

    def forward(self, x: Tensor) -> Tensor:
        """Of x (size + batch, channels, *positions), the same shape."""
        rows = x.reshape(*x.shape[:2], -1)
        reference, own = rows[: self.size], rows[self.size :]
        variance, mean = torch.var_mean(reference, dim=(0, 2), correction=0, keepdim=True)
        own_variance, own_mean = torch.var_mean(own, dim=2, correction=0, keepdim=True)
        share = 1 / (self.size + 1)
        both_mean = torch.lerp(mean.expand_as(own_mean), own_mean, share)
        both_variance = torch.lerp(variance.expand_as(own_variance), own_variance, share)
        both_variance = both_variance + share * (1 - share) * (own_mean - mean).square()
        normalised = torch.cat([self.scaled(reference, mean, variance), self.scaled(own, both_mean, both_variance)])
        return normalised.reshape(x.shape)

    def scaled(self, rows: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        """Rows (n, channels, positions) brought to these moments, then to the layer's own gain and offset."""
        normalised = (rows - mean) * (variance + self.epsilon).rsqrt()
        return normalised if self.weight is None else normalised * self.weight[:, None] + self.bias[:, None]


class ReferencedGenerator(nn.Module):
    """A generator that takes its reference latents (size, latent_dim) along on every pass."""

    reference: Tensor

    def __init__(self, network: nn.Module, reference: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("reference", reference)

    def forward(self, latent: Tensor) -> Tensor:
        samples: Tensor = self.network(torch.cat([self.reference, latent]))
        return samples[len(self.reference) :]


def replace_norms(network: nn.Module, size: int) -> None:
    """Puts a virtual batch normalisation in the place of every batch normalisation inside `network`."""
    for name, child in network.named_children():
        if isinstance(child, _BatchNorm):
            setattr(network, name, VirtualBatchNorm(child, size))
        else:
            replace_norms(child, size)


def has_norms(network: nn.Module) -> bool:
    """Whether there is a batch normalisation inside."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())


@dataclass(frozen=True)
class VirtualNorm(Altered):
    """The pair with a generator that normalises virtually."""

    size: int

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        network = self.networks.generator(latent_dim, sample_shape)
        if not has_norms(network):
            raise NotApplicable(f"the generator of {self.networks!r} has no batch normalisation to make virtual")
        replace_norms(network, self.size)
        with torch.random.fork_rng(devices=[]):  # the discriminator built next is to start as it would without
            return ReferencedGenerator(network, torch.randn(self.size, latent_dim))


@dataclass(frozen=True)
class WithVirtualBatchNorm(Trick):
    """Makes the generator's batch normalisation virtual."""

    name = "virtual_batch_norm"
    paper = "https://arxiv.org/abs/1606.03498"

    size: int = 64
    """Latents in the reference batch."""

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(f"virtual batch norm: found size {self.size}; wanted at least 2")

    def __call__(self, recipe: Recipe) -> Recipe:
        rebuilt = recipe.rebuilt(lambda networks: VirtualNorm(networks, self.size))
        if recipe.networks is not None and never_normalises(recipe.networks):
            raise NotApplicable(f"the generator of {recipe.name} has no batch normalisation to make virtual")
        return rebuilt


def never_normalises(networks: Networks) -> bool:
    """Whether the pair makes points or images, and neither with batch normalisation; else building it will tell."""
    found = []
    for shape in ((2,), (1, 28, 28)):
        try:
            with torch.device("meta"):
                found.append(has_norms(networks.generator(2, shape)))
        except NotApplicable:
            continue
    return bool(found) and not any(found)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `virtual_batch_norm`."""
    register("virtual_batch_norm", WithVirtualBatchNorm)
