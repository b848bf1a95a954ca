"""Stacked MNIST: three digits in the three channels of an image, so that there are 1,000 modes to be covered.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017,
https://arxiv.org/abs/1611.02163, made it; VEEGAN (https://arxiv.org/abs/1705.07761) and PacGAN
(https://arxiv.org/abs/1712.04086) compare on it. Images are (3, 28, 28). Deviation: there is no fixed list of triples;
each is drawn when it is wanted, from the training digits or from the held-out ones, so the data have no end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from ganbench.datasets import torchvision
from ganbench.datasets.argument import refuse_argument
from ganbench.datasets.conditions import HEADLINE_SAMPLES, dcgan_standard, judged_by
from ganbench.datasets.dataset import Dataset, Split
from ganbench.datasets.images import ImageDataset
from ganbench.hooks import hookimpl

CHANNELS = 3
BLOCK = 30_000
"""Triples of a pass: 30 for each class of the reference, whose 1,000 probabilities an image are then 120 MB."""

STANDARD = dcgan_standard(width=32, latent_dim=100, budget="400kimg")
EVALUATION = replace(
    judged_by("stacked-mnist-cnn", held_out=HEADLINE_SAMPLES),
    metrics=("class_modes", "fid", "discriminator_accuracy"),
    headline="modes_covered",
    domain="stacked_mnist",
)


class Stacked(Dataset):
    """Fresh triples of the grey images of `digits`, one a channel; both splits are without end."""

    def __init__(self, name: str, digits: ImageDataset) -> None:
        self.name = name
        self.digits = digits
        self.sample_shape = (CHANNELS, *digits.sample_shape[1:])
        self.standard = STANDARD
        self.evaluation = EVALUATION

    def shuffled(self, split: Split, generator: torch.Generator) -> Tensor:
        """A block of fresh triples of image numbers (block, 3), int64; a split's digits never meet the other's."""
        return torch.randint(self.digits.size(split), (BLOCK, CHANNELS), generator=generator)

    def fetch(self, split: Split, handles: Tensor) -> Tensor:
        """The stacked images (..., 3, height, width) in [-1, 1]; `handles` are int64 (..., 3)."""
        return self.digits.fetch(split, handles).squeeze(-3)

    def size(self, split: Split) -> int | None:
        """None: without end."""
        return None

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the digits' own and of how they are stacked."""
        return hashlib.sha256(f"{CHANNELS} of {self.digits.fingerprint}, {BLOCK} a pass".encode()).hexdigest()


def load(argument: str | None, data_root: Path | None) -> Stacked:
    """The dataset `stacked_mnist`, from MNIST's own files.

    Raises:
        DatasetError: where MNIST is neither there whole nor to be downloaded.
    """
    refuse_argument("stacked_mnist", argument)
    return Stacked("stacked_mnist", torchvision.load("mnist", None, data_root))


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer stacked MNIST."""
    register("stacked_mnist", load)
