"""1,797 real handwritten digits of 8 x 8 pixels, which come with scikit-learn: an image dataset without a download.

Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
https://archive.ics.uci.edu/dataset/80; scikit-learn's `load_digits` holds its test set. Grey levels 0..16 become
0..255. The split is stratified by class and the same everywhere: 1,297 images to train on, 500 held out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ganbench.datasets.argument import refuse_argument
from ganbench.datasets.conditions import judged_by
from ganbench.datasets.dataset import Standard
from ganbench.datasets.images import ImageDataset
from ganbench.hooks import hookimpl
from ganbench.networks.mlp import MLPPair
from ganbench.optimizers import Adam

HELD_OUT = 500
SPLIT_SEED = 0
GREY_LEVELS = 16

STANDARD = Standard(
    networks=MLPPair(width=256, depth=2, batch_norm=True),
    optimizer=Adam(2e-4, betas=(0.5, 0.9)),
    latent_dim=32,
    batch_size=64,
    budget="400kimg",
    seeds=2,
)
EVALUATION = replace(judged_by("digits-cnn", held_out=HELD_OUT, classes=True), domain="digits")


def load(argument: str | None, _data_root: Path | None) -> ImageDataset:
    """The dataset `digits`; it needs no data root."""
    refuse_argument("digits", argument)
    pixels, classes = load_digits(return_X_y=True)
    levels = np.rint(pixels * (255 / GREY_LEVELS)).astype(np.uint8).reshape(-1, 1, 8, 8)
    train, held_out, train_classes, held_out_classes = map(
        torch.from_numpy,
        train_test_split(levels, classes, test_size=HELD_OUT, random_state=SPLIT_SEED, stratify=classes),
    )
    return ImageDataset(
        "digits",
        {"train": train, "held_out": held_out},
        {"train": train_classes, "held_out": held_out_classes},
        standard=STANDARD,
        evaluation=EVALUATION,
    )


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer the digits."""
    register("digits", load)
