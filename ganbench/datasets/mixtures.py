"""Mixtures of Gaussians in the plane, with the geometry of VEEGAN and PacGAN.

Srivastava, Valkov, Russell, Gutmann and Sutton, "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational
Learning", NIPS 2017, https://arxiv.org/abs/1705.07761, section 4.1; Lin, Khetan, Fanti and Oh, "PacGAN: The power of
two samples in generative adversarial networks", NeurIPS 2018, https://arxiv.org/abs/1712.04086, section 4.1.
The ring has eight modes on the unit circle; its angles leave out the end point, since 2 pi is 0 again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

from torch import Generator, Tensor

from ganbench.datasets.argument import refuse_argument
from ganbench.datasets.dataset import Dataset, Evaluation, Split, Standard
from ganbench.datasets.density import GaussianMixture
from ganbench.hooks import hookimpl
from ganbench.networks.mlp import MLPPair
from ganbench.optimizers import Adam

BLOCK = 16_384


class Mixture(Dataset):
    """A dataset whose every sample is a fresh draw from a known density: it has no end and cannot be memorised."""

    def __init__(self, name: str, density: GaussianMixture, standard: Standard) -> None:
        self.name = name
        self.density: GaussianMixture = density
        self.sample_shape = (density.centres.shape[1],)
        self.standard = standard
        self.evaluation = Evaluation(
            metrics=(
                "modes",
                "chi_square",
                "js",
                "w2",
                "nearest_neighbour",
                "discriminator_accuracy",
                "discriminator_optimum",
                "divergence_estimate",
                "point_probe",
            ),
            headline="modes_covered",
            extractor=None,
            samples=10_000,
            curve_samples=2_500,
        )

    def shuffled(self, split: Split, generator: Generator) -> Tensor:
        """A block of fresh draws; every block of every generator is new, so both splits draw alike."""
        return self.density.sample(BLOCK, generator)

    def fetch(self, split: Split, handles: Tensor) -> Tensor:
        """The draws themselves."""
        return handles

    def size(self, split: Split) -> int | None:
        """None: without end."""
        return None

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of means and sigma."""
        return hashlib.sha256(json.dumps([self.density.means, self.density.sigma]).encode()).hexdigest()


def ring(modes: int = 8, radius: float = 1.0, sigma: float = 0.01) -> GaussianMixture:
    """`modes` Gaussians evenly spaced on a circle."""
    angles = [2 * math.pi * k / modes for k in range(modes)]
    return GaussianMixture(tuple((radius * math.cos(a), radius * math.sin(a)) for a in angles), sigma)


def grid(side: int = 5, spacing: float = 2.0, sigma: float = 0.05) -> GaussianMixture:
    """side x side Gaussians on a square lattice about the origin."""
    ticks = [spacing * (k - (side - 1) / 2) for k in range(side)]
    return GaussianMixture(tuple((x, y) for x in ticks for y in ticks), sigma)


def _standard(budget: str) -> Standard:
    return Standard(
        networks=MLPPair(width=128, depth=3),
        optimizer=Adam(1e-3, betas=(0.5, 0.9)),
        latent_dim=2,
        batch_size=128,
        budget=budget,
        seeds=5,
    )


def _load(name: str, density: GaussianMixture, budget: str, argument: str | None, _data_root: Path | None) -> Mixture:
    refuse_argument(name, argument)
    return Mixture(name, density, _standard(budget))


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer the two mixtures that the literature compares on."""
    register("ring8", partial(_load, "ring8", ring(), "640kimg"))
    register("grid25", partial(_load, "grid25", grid(), "1280kimg"))
