"""BEGAN: an autoencoder rebuilds real samples well and generated ones badly, and a controller keeps the two in balance.

Berthelot, Schumm and Metz, "BEGAN: Boundary Equilibrium Generative Adversarial Networks", 2017,
https://arxiv.org/abs/1703.10717, the BEGAN objective of section 3.4: with L(v) the mean absolute error of rebuilding v,

    L_D = L(x) - k L(G(z)),   L_G = L(G(z)),   k <- k + lambda_k (gamma L(x) - L(G(z))),   k in [0, 1], 0 at first.

lambda_k = 0.001 and Adam at 0.0001 are the paper's; gamma, which the paper varies from 0.3 to 0.7, is the 0.5 of the
reimplementation https://github.com/carpedm20/BEGAN-tensorflow.

Deviations: k moves after each update of the discriminator, by the losses that it then has on that update's batch, and
not by the generator's. The networks are perceptrons, the decoder as deep as the generator, where the paper's are
convolutions with ELU; L is the mean over a sample's numbers. The learning rate does not decay. Adam's betas, which the
paper leaves open, are the 0.5 and 0.999 of that reimplementation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ganbench import Adam, Discriminator, Loss, Recipe, hookimpl

from .autoencoding_pair import AutoencodingPair

PAPER = "https://arxiv.org/abs/1703.10717"


@dataclass(frozen=True)
class BoundaryEquilibrium(Loss):
    """L(x) - k L(G(z)) against L(G(z)), the reconstruction loss L being the negative score; it names no threshold."""

    diversity: float = 0.5
    """gamma, the wanted E[L(G(z))] / E[L(x)]"""
    gain: float = 0.001
    """lambda_k"""
    balance: float = 0.0
    """k"""

    remembered = ("balance",)

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[L(real)] - k E[L(fake)]."""
        return self.balance * d(fake).mean() - d(real).mean()

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[L(fake)]."""
        return -d(fake).mean()

    def after(self, d: Discriminator, real: Tensor, fake: Tensor) -> BoundaryEquilibrium:
        """k moves up where generated samples are rebuilt better than the balance wants, else down."""
        moved = self.balance + self.gain * (d(fake).mean() - self.diversity * d(real).mean())
        return replace(self, balance=moved.clamp(0, 1))  # type: ignore[arg-type] # a scalar tensor in training


@dataclass(frozen=True)
class AbsoluteAutoencoders(AutoencodingPair):
    """The energy of a sample is the mean of |Dec(Enc(x)) - x| over its numbers."""

    decoder_depth: int = 2

    def energy(self, error: Tensor) -> Tensor:
        return error.abs().mean(dim=1)


BEGAN = Recipe(
    name="began",
    paper=PAPER,
    loss=BoundaryEquilibrium(),
    optimizer=Adam(1e-4, betas=(0.5, 0.999)),
    networks=AbsoluteAutoencoders(),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `began`."""
    register("began", BEGAN)
