"""MLP GAN: the fully connected pair with which tutorials generate MNIST.

It has no paper of its own, and tutorials vary. This is the common shape of them: a generator that widens, 100 -
256 - 512 - 1024, with ReLU; a discriminator that narrows, 512 - 256, with LeakyReLU(0.2); cross entropy; Adam at
0.0003. The game is that of Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio,
"Generative Adversarial Nets", NIPS 2014, https://arxiv.org/abs/1406.2661: equation 1 for the discriminator, and for the
generator the non-saturating loss of the last paragraph of section 3.

Deviations: the paper's own perceptrons have maxout and dropout in the discriminator and train by momentum; none of
that is here. Points in the plane are unbounded, so for them there is no tanh.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from ganbench import Adam, Networks, Recipe, hookimpl

from .nsgan import NonSaturating


class WideningGenerator(nn.Module):
    """Latents (batch, latent_dim) -> samples (batch, *sample_shape); images end in tanh, points are unbounded."""

    def __init__(self, latent_dim: int, sample_shape: tuple[int, ...], widths: Sequence[int]) -> None:
        super().__init__()
        self.hidden = hidden_layers([latent_dim, *widths], nn.ReLU())
        self.out = nn.Linear(widths[-1], math.prod(sample_shape))
        self.squash = nn.Tanh() if len(sample_shape) == 3 else nn.Identity()
        self.sample_shape = sample_shape

    def forward(self, latent: Tensor) -> Tensor:
        samples: Tensor = self.squash(self.out(self.hidden(latent)))
        return samples.reshape(-1, *self.sample_shape)


class NarrowingDiscriminator(nn.Module):
    """Samples (batch, *sample_shape) -> scores (batch,)."""

    def __init__(self, sample_shape: tuple[int, ...], widths: Sequence[int]) -> None:
        super().__init__()
        self.hidden = hidden_layers([math.prod(sample_shape), *widths], nn.LeakyReLU(0.2))
        self.out = nn.Linear(widths[-1], 1)

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer (batch, width)."""
        features: Tensor = self.hidden(x.flatten(1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = self.out(self.features(x))
        return score.squeeze(1)


def hidden_layers(widths: Sequence[int], activation: nn.Module) -> nn.Sequential:
    """A linear layer from each width to the next, each followed by the activation."""
    layers = [layer for inputs, outputs in pairwise(widths) for layer in (nn.Linear(inputs, outputs), activation)]
    return nn.Sequential(*layers)


@dataclass(frozen=True)
class TutorialPair(Networks):
    """A perceptron that widens layer by layer from 100 latents, against one that narrows."""

    latent_dim: int = 100
    generator_widths: tuple[int, ...] = (256, 512, 1024)
    discriminator_widths: tuple[int, ...] = (512, 256)

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> WideningGenerator:
        """ReLU inside."""
        return WideningGenerator(latent_dim, sample_shape, self.generator_widths)

    def discriminator(self, sample_shape: tuple[int, ...]) -> NarrowingDiscriminator:
        """LeakyReLU(0.2) inside, no normalisation."""
        return NarrowingDiscriminator(sample_shape, self.discriminator_widths)


MLP_GAN = Recipe(
    name="mlp_gan",
    paper="https://arxiv.org/abs/1406.2661",
    loss=NonSaturating(),
    optimizer=Adam(3e-4),
    networks=TutorialPair(),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `mlp_gan`."""
    register("mlp_gan", MLP_GAN)
