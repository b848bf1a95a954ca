"""The variational autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, https://arxiv.org/abs/1312.6114: the bound of its
equation 3, with one reparameterised draw for each sample, and the divergence in the closed form of its appendix B.

The decoder is Gaussian, and its variance is the one that is best for the batch, the mean squared error: Rybkin,
Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated Decoders", ICML 2021,
https://arxiv.org/abs/2006.13202, with the soft lower limit on its logarithm that the authors' code,
https://github.com/orybkin/sigma-vae-pytorch, has. A fixed variance would be a setting to tune for every dataset: with
the usual variance of one, a latent of the ring, whose own variance is one half, is not worth its divergence at all.

The divergence counts more and more from the first update to `warm_up` of the budget, and in full from there: the
deterministic warm-up of Soenderby, Raiko, Maaloe, Soenderby and Winther, "Ladder Variational Autoencoders", NIPS 2016,
https://arxiv.org/abs/1602.02282. Without it the variance that is best at first, that of the data, makes it best to
ignore the latents, and on both standard mixtures training never left that point.

Deviations: Kingma and Welling learn the variance as an output of the decoder; here the decoder is the generator that
every variant has, which has no such output. Samples are the decoder's means, as is customary, without the
decoder's noise: on mixtures, where that noise is part of the density, the model is better than its samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ganbench import Dataset, Supply, Variant, hookimpl

from .encoding import Autoencoding


@dataclass(frozen=True)
class VAE(Variant):
    """The evidence lower bound with a calibrated Gaussian decoder."""

    name = "vae"
    paper = "https://arxiv.org/abs/1312.6114"

    least_log_sigma: float = -6.0
    """Soft lower limit of the logarithm of the decoder's standard deviation."""
    warm_up: float = 0.2
    """The share of the budget over which the weight of the divergence rises from 0 to 1."""

    def weight(self, spent_fraction: float) -> float:
        """Of the divergence, when so much of the budget is spent."""
        return 1.0 if spent_fraction >= self.warm_up else spent_fraction / self.warm_up

    def trainer(self, dataset: Dataset, seed: int, device: str) -> VAETrainer:
        return VAETrainer(self, dataset, device)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) | N(0, 1)), summed over dimensions: (batch, dimensions) -> (batch,)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def reconstruction(x: Tensor, mean: Tensor, least_log_sigma: float) -> Tensor:
    """-log N(x; mean, sigma^2) of each sample, with the sigma that is best for the batch: (batch,)."""
    squares = (x - mean).flatten(1).square()
    log_sigma = squares.mean().clamp(min=torch.finfo(x.dtype).tiny).log() / 2
    log_sigma = least_log_sigma + softplus(log_sigma - least_log_sigma)
    return (squares * (-2 * log_sigma).exp() / 2 + log_sigma + math.log(2 * math.pi) / 2).sum(1)


class VAETrainer(Autoencoding):
    """The encoder gives mean and log variance of each code."""

    def __init__(self, settings: VAE, dataset: Dataset, device: str) -> None:
        super().__init__(dataset, device, 2 * dataset.standard.latent_dim)
        self._settings = settings

    def loss(self, x: Tensor, supply: Supply) -> Tensor:
        """Minus the evidence lower bound, in nats, once the divergence counts in full."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        code = mean + (log_variance / 2).exp() * supply.latent(len(x))
        rebuilt = reconstruction(x, self.decoder(code), self._settings.least_log_sigma)
        weight = self._settings.weight(supply.spent_fraction)
        return (rebuilt + weight * divergence(mean, log_variance)).mean()

    def sample(self, latent: Tensor) -> Tensor:
        """Decoded latents."""
        return self.decoded(latent)


@hookimpl
def register_variants(register: Callable[[str, Variant], None]) -> None:
    """Offers `vae`."""
    register("vae", VAE())
