"""Spectral normalisation: every weight of the discriminator is divided by its largest singular value.

Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
https://arxiv.org/abs/1802.05957, Algorithm 1: one step of power iteration before each update of the discriminator; its
vectors are constants, so the gradient is the one of section 2, in which what W gains along its first singular vectors
is taken away again. A convolution's weight is a matrix with one row for each output channel. The authors' code is
https://github.com/pfnet-research/sngan_projection.

Deviations: the vectors stay as they are while the generator is updated, as in Algorithm 1 (the authors' code iterates
at each forward pass), and one step is made when the network is built, so that it can be asked before it trains. The
trick takes the place of weight clipping, which bounds the same slope; everything else of a recipe stays, whereas the
authors train with the hinge loss and Adam.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import normalize

from ganbench import Altered, NotApplicable, Recipe, Trick, hookimpl

from .wgan import WeightClipping

Layer = nn.Linear | nn.modules.conv._ConvNd


class SpectrallyNormalised(nn.Module):
    """A linear or convolutional layer with the weight W / sigma(W)."""

    u: Tensor
    v: Tensor

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        rows, columns = self.matrix().shape
        self.register_buffer("u", layer.weight.new_empty(1, rows).normal_())
        self.register_buffer("v", layer.weight.new_zeros(1, columns))
        self.advance()

    def matrix(self) -> Tensor:
        """W as (outputs, everything else)."""
        weight = self.layer.weight
        return (weight.transpose(0, 1) if getattr(self.layer, "transposed", False) else weight).flatten(1)

    @torch.no_grad()
    def advance(self) -> None:
        """One step of power iteration: u and v turn towards the first singular vectors."""
        self.v.copy_(normalize(self.u @ self.matrix()))
        self.u.copy_(normalize(self.v @ self.matrix().T))

    def weight(self) -> Tensor:
        """W / sigma, with sigma = u W v: differentiable in W alone."""
        sigma = self.u @ self.matrix() @ self.v.T
        return self.layer.weight / sigma.squeeze()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = functional_call(self.layer, {"weight": self.weight()}, (x,))
        return out


def normalise_layers(network: nn.Module) -> nn.Module:
    """`network`, with every linear and convolutional layer inside it normalised."""
    for name, child in network.named_children():
        setattr(network, name, SpectrallyNormalised(child) if isinstance(child, Layer) else normalise_layers(child))
    return network


@dataclass(frozen=True)
class SpectralNorm(Altered):
    """The pair with a spectrally normalised discriminator."""

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return normalise_layers(self.networks.discriminator(sample_shape))


@dataclass(frozen=True)
class WithSpectralNorm(Trick):
    """Normalises the discriminator; in place of weight clipping."""

    name = "spectral_norm"
    paper = "https://arxiv.org/abs/1802.05957"

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.networks is not None and recipe.networks.normalises_batch:
            raise NotApplicable(
                f"the discriminator of {recipe.name} normalises its batch, which undoes the scale of a weight"
            )
        normalised = recipe.rebuilt(SpectralNorm)
        return replace(normalised, projection=None) if isinstance(recipe.projection, WeightClipping) else normalised


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `spectral_norm`."""
    register("spectral_norm", WithSpectralNorm)
