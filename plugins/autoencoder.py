"""A plain autoencoder that samples by decoding draws from the Gaussian fitted to its codes.

Hinton and Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313, 2006,
https://doi.org/10.1126/science.1127647: codes from which a decoder restores the data, trained on the squared error.
Sampling is the ex-post density estimation of Ghosh, Sajjadi, Vergari, Black and Schoelkopf, "From Variational to
Deterministic Autoencoders", ICLR 2020, https://arxiv.org/abs/1903.12436, in its section on it, with one Gaussian.

Deviations: no pretraining by restricted Boltzmann machines, which Adam makes unnecessary; no regularisation, which is
Ghosh et al.'s subject and not this baseline's. The Gaussian has the mean and covariance of the codes of training, older
codes counting less, since the encoder moves on: a share `forgetting` less with every batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench import Dataset, Supply, Variant, hookimpl

from .encoding import Autoencoding


@dataclass(frozen=True)
class Autoencoder(Variant):
    """Squared error, and a Gaussian on the codes."""

    name = "autoencoder"
    paper = "https://doi.org/10.1126/science.1127647"

    forgetting: float = 0.01
    """What the codes seen so far lose in weight with every batch; 0 forgets nothing."""

    def trainer(self, dataset: Dataset, seed: int, device: str) -> AutoencoderTrainer:
        return AutoencoderTrainer(self, dataset, device)


class RunningGaussian:
    """Mean and covariance of everything added, each batch weighing 1 - forgetting times the next."""

    def __init__(self, dimensions: int, forgetting: float, device: str = "cpu") -> None:
        self._keep = 1 - forgetting
        self.weight = torch.zeros((), dtype=torch.float64, device=device)
        self.total = torch.zeros(dimensions, dtype=torch.float64, device=device)
        self.products = torch.zeros(dimensions, dimensions, dtype=torch.float64, device=device)

    def add(self, x: Tensor) -> None:
        """Counts `x` (batch, dimensions)."""
        x = x.detach().double()
        self.weight = self._keep * self.weight + len(x)
        self.total = self._keep * self.total + x.sum(0)
        self.products = self._keep * self.products + x.T @ x

    @property
    def mean(self) -> Tensor:
        """(dimensions,)"""
        return self.total / self.weight

    @property
    def covariance(self) -> Tensor:
        """(dimensions, dimensions)"""
        return self.products / self.weight - self.mean.outer(self.mean)

    def __call__(self, normal: Tensor) -> Tensor:
        """Draws (n, dimensions) from it, made of as many standard normals."""
        variances, axes = torch.linalg.eigh(self.covariance)
        spread = axes * variances.clamp(min=0).sqrt()  # rank may be lacking: a code's dimension may be dead
        draws: Tensor = self.mean + normal.double() @ spread.T
        return draws.to(normal.dtype)

    def state(self) -> dict[str, Tensor]:
        """The three sums."""
        return {"weight": self.weight, "total": self.total, "products": self.products}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state` returned."""
        self.weight, self.total, self.products = (state[name].clone() for name in ("weight", "total", "products"))


class AutoencoderTrainer(Autoencoding):
    """Codes have the dimensions of the latent."""

    def __init__(self, settings: Autoencoder, dataset: Dataset, device: str) -> None:
        super().__init__(dataset, device, dataset.standard.latent_dim)
        self.codes = RunningGaussian(dataset.standard.latent_dim, settings.forgetting, device)

    def loss(self, x: Tensor, supply: Supply) -> Tensor:
        """E|decoder(encoder(x)) - x|^2; the codes are counted."""
        codes = self.encoder(x)
        self.codes.add(codes)
        error: Tensor = (self.decoder(codes) - x).flatten(1).square().sum(1).mean()
        return error

    def sample(self, latent: Tensor) -> Tensor:
        """Decoded draws from the Gaussian of the codes."""
        return self.decoded(self.codes(latent))

    def state_dict(self) -> dict[str, Tensor]:
        """Weights, moments and the Gaussian."""
        return super().state_dict() | {f"codes.{name}": x.clone() for name, x in self.codes.state().items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        super().load_state_dict(state)
        self.codes.load_state({name: state[f"codes.{name}"] for name in self.codes.state()})


@hookimpl
def register_variants(register: Callable[[str, Variant], None]) -> None:
    """Offers `autoencoder`."""
    register("autoencoder", Autoencoder())
