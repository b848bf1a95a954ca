"""scikit-learn's digits as a dataset."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

from ganbench.datasets import digits
from ganbench.datasets.images import ImageDataset
from ganbench.errors import DatasetError


def load(argument: str | None = None) -> ImageDataset:
    offered = {}
    digits.register_datasets(offered.__setitem__)
    return offered["digits"](argument, None)


def test_every_digit_stands_in_exactly_one_split():
    """Training and held-out images together are scikit-learn's 1,797, grey levels 0..16 stretched to bytes 0..255."""
    pixels, classes = load_digits(return_X_y=True)
    levels = torch.tensor([round(level * 255 / 16) for level in range(17)], dtype=torch.uint8)
    wanted = sorted((*levels[torch.from_numpy(p).long()].tolist(), c) for p, c in zip(pixels, classes, strict=True))
    dataset, found = load(), []
    for split in ("train", "held_out"):
        rows = dataset.images(split).flatten(1).tolist()
        found += [(*row, label) for row, label in zip(rows, dataset.labels(split).tolist(), strict=True)]
    assert sorted(found) == wanted


def test_the_split_is_stratified():
    """1,297 images train and 500 are held out; each class has its share of them to within one image."""
    dataset = load()
    train, held_out = (dataset.labels(split).bincount() for split in ("train", "held_out"))
    assert (dataset.size("train"), dataset.size("held_out")) == (1297, 500)
    assert dataset.sample_shape == (1, 8, 8)
    assert (held_out - (train + held_out) * 500 / 1797).abs().max() < 1


def test_the_split_is_the_same_every_time():
    """Two loads have one fingerprint."""
    assert load().fingerprint == load().fingerprint


def test_as_many_samples_are_judged_as_are_held_out():
    """The headline's n is 500, so that the held-out images can be judged as a control at the same n."""
    assert load().evaluation.samples == load().size("held_out") == 500


def test_digits_take_no_argument():
    """What follows a colon is refused in words that repeat it."""
    with pytest.raises(DatasetError, match=r"^dataset 'digits' takes no argument, found 'digits:3'$"):
        load("3")
