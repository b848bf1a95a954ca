"""DCGAN's pair, for square images of 16 to 64 pixels a side.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks", ICLR 2016, https://arxiv.org/abs/1511.06434, section 3 and figure 1: all-convolutional, ReLU inside the
generator, LeakyReLU(0.2) inside the discriminator; section 4: weights start from N(0, 0.02). The gains of batch
normalisation start from N(1, 0.02), as in the authors' code, https://github.com/Newmu/dcgan_code.

Deviations. The discriminator has batch normalisation only where it is asked for: with it, a sample's score depends on
its whole batch, and the gradient of one score by one sample, which WGAN-GP and R1 penalise, means nothing (Gulrajani et
al., "Improved Training of Wasserstein GANs", https://arxiv.org/abs/1704.00028, section 4, "No critic batch
normalization"). Kernels are 4 by 4, which a stride of 2 covers evenly, and not 5 by 5. Sides that are no power of two
are halved, rounding down, until less than eight is left: 28 comes from 7 by 14, 64 from 4 by 8, 16 and 32.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from ganbench.errors import NotApplicable
from ganbench.pair import Networks

SMALLEST, LARGEST = 16, 64
INITIAL_SPREAD = 0.02


class DCGANGenerator(nn.Module):
    """Latents (batch, latent_dim) -> images (batch, channels, side, side) in (-1, 1)."""

    def __init__(self, latent_dim: int, sample_shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        channels, sides = sample_shape[0], halved_sides(sample_shape)
        widths = [width * 2**k for k in range(len(sides) - 1)]
        self.stem = nn.Sequential(
            nn.Linear(latent_dim, widths[-1] * sides[-1] ** 2, bias=False),
            nn.Unflatten(1, (widths[-1], sides[-1], sides[-1])),
            nn.BatchNorm2d(widths[-1]),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            *(_grow(widths[k], widths[k - 1], sides[k]) for k in range(len(widths) - 1, 0, -1)),
        )
        self.out = _doubling(widths[0], channels, sides[0], bias=True)
        self.apply(_initialise)

    def forward(self, latent: Tensor) -> Tensor:
        image: Tensor = self.out(self.blocks(self.stem(latent)))
        return image.tanh()


class DCGANDiscriminator(nn.Module):
    """Images (batch, channels, side, side) -> scores (batch,)."""

    def __init__(self, sample_shape: tuple[int, ...], width: int, batch_norm: bool = False) -> None:
        super().__init__()
        sides = halved_sides(sample_shape)
        widths = [sample_shape[0], *(width * 2**k for k in range(len(sides) - 1))]
        layers: list[nn.Module] = []
        for k, (inputs, outputs) in enumerate(pairwise(widths)):
            normalised = batch_norm and k > 0
            layers.append(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not normalised))
            layers += [nn.BatchNorm2d(outputs)] if normalised else []
            layers.append(nn.LeakyReLU(0.2))
        self.hidden = nn.Sequential(*layers)
        self.out = nn.Linear(widths[-1] * sides[-1] ** 2, 1)
        self.apply(_initialise)

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer, flattened: (batch, channels * side * side of the smallest map)."""
        features: Tensor = self.hidden(x).flatten(1)
        return features

    def forward(self, x: Tensor) -> Tensor:
        score: Tensor = self.out(self.features(x))
        return score.squeeze(1)


@dataclass(frozen=True)
class DCGANPair(Networks):
    """Convolutional networks with `width` channels next to the image, twice as many at each halving of the side."""

    width: int = 64
    discriminator_batch_norm: bool = False
    """Whether the discriminator has it, in every layer but its first and its last, as in the paper."""

    @property
    def normalises_batch(self) -> bool:
        """Where the discriminator has batch normalisation, the penalties on a sample's own slope do not apply."""
        return self.discriminator_batch_norm

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> DCGANGenerator:
        """Batch normalisation after every layer but the last, as in the paper."""
        return DCGANGenerator(latent_dim, sample_shape, self.width)

    def discriminator(self, sample_shape: tuple[int, ...]) -> DCGANDiscriminator:
        """No normalisation, unless it is asked for, so that every penalty applies."""
        return DCGANDiscriminator(sample_shape, self.width, self.discriminator_batch_norm)


def halved_sides(sample_shape: tuple[int, ...]) -> list[int]:
    """The side of the image and of each smaller map: (1, 28, 28) -> [28, 14, 7].

    Raises:
        NotApplicable: where samples are no square images of a size that the pair is made for.
    """
    if len(sample_shape) != 3 or sample_shape[1] != sample_shape[2] or not SMALLEST <= sample_shape[1] <= LARGEST:
        raise NotApplicable(
            f"DCGANPair makes square images of {SMALLEST} to {LARGEST} pixels a side, (channels, side, side); "
            f"the samples are {sample_shape}"
        )
    sides = [sample_shape[1]]
    while sides[-1] >= 8:
        sides.append(sides[-1] // 2)
    return sides


def _doubling(inputs: int, outputs: int, side: int, bias: bool) -> nn.ConvTranspose2d:
    """A transposed convolution from a map of side // 2 to one of `side`."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, output_padding=side % 2, bias=bias)


def _grow(inputs: int, outputs: int, side: int) -> nn.Sequential:
    return nn.Sequential(_doubling(inputs, outputs, side, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) for weights, N(1, 0.02) for the gains of a batch normalisation, 0 for biases."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
        centre = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
        nn.init.normal_(module.weight, centre, INITIAL_SPREAD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
