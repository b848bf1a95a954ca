"""The Dirac-GAN: all data are 0, both networks have one parameter, and gradient descent converges or does not.

Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, section 2. The equilibrium is theta = psi = 0. What a loss, a penalty or a rule of
play does near it can be worked out by hand, so a run on this dataset tests an implementation against theory in seconds.

The theory is about gradient descent at one rate. So the optimiser is part of the question here: plain descent at the
rate 0.1 takes the place of every recipe's own. Tricks and settings, which are asked for by name, still change it.
Noise that a trick adds to samples keeps the networks in a ball about the equilibrium, whose radius is about
sqrt(rate / batch size); theory speaks of the expectation, to which a larger --batch-size comes nearer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from torch import Generator, Tensor

from ganbench.datasets.argument import refuse_argument
from ganbench.datasets.dataset import Dataset, Evaluation, Split, Standard
from ganbench.hooks import hookimpl
from ganbench.networks.dirac import DiracPair
from ganbench.optimizers import SGD

BLOCK = 16_384
DATUM = 0.0
"""Where all data lie, and the only value at which D(x) = psi * x can be at rest for every psi."""

STANDARD = Standard(
    networks=DiracPair(),
    optimizer=SGD(0.1),
    latent_dim=1,
    batch_size=64,
    budget="1000g_steps",
    seeds=5,
    binding_optimizer=True,
)
EVALUATION = Evaluation(
    metrics=("equilibrium",),
    headline="verdict",
    extractor=None,
    samples=16,
    curve_samples=16,
    points=250,
)


class Dirac(Dataset):
    """Samples (1,) that are all 0."""

    def __init__(self) -> None:
        self.name = "dirac"
        self.sample_shape = (1,)
        self.standard = STANDARD
        self.evaluation = EVALUATION
        self.probe: Tensor = torch.tensor([[0.0], [1.0]])

    def shuffled(self, split: Split, generator: Generator) -> Tensor:
        """A block of the one sample."""
        return torch.full((BLOCK, *self.sample_shape), DATUM)

    def fetch(self, split: Split, handles: Tensor) -> Tensor:
        """The samples themselves."""
        return handles

    def size(self, split: Split) -> int | None:
        """None: without end, if always the same."""
        return None

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of where the data lie."""
        return hashlib.sha256(f"Dirac at {DATUM} in R^1".encode()).hexdigest()


def load(argument: str | None, _data_root: Path | None) -> Dirac:
    """The dataset `dirac`; it needs no data root."""
    refuse_argument("dirac", argument)
    return Dirac()


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer the Dirac-GAN."""
    register("dirac", load)
