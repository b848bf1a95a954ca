"""Stacked MNIST: which images stand in which channel, from made files; and its 1,000 modes, where the real one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from test_torchvision_datasets import REAL_DATA, write_idx

from ganbench.datasets import stacked
from ganbench.datasets.stacked import BLOCK, Stacked, load
from ganbench.errors import DatasetError
from ganbench.evaluation import Evaluator
from ganbench.metrics.class_modes import ClassModes
from ganbench.metrics.features import load_extractor
from ganbench.observation import real_samples

SIZES = {"train": 6, "held_out": 4}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """MNIST's four files with images each of one grey: 0 to 5 to train on, 100 to 103 held out."""
    for part, n, first in (("train", SIZES["train"], 0), ("t10k", SIZES["held_out"], 100)):
        greys = np.arange(first, first + n, dtype=np.uint8)
        raw = tmp_path / "MNIST" / "raw"
        write_idx(raw / f"{part}-images-idx3-ubyte", np.broadcast_to(greys[:, None, None], (n, 28, 28)).copy())
        write_idx(raw / f"{part}-labels-idx1-ubyte", greys % 10)
    return tmp_path


def greys(images: torch.Tensor) -> torch.Tensor:
    """The grey of every channel, of images of one grey a channel in [-1, 1]."""
    return ((images[..., 0, 0] + 1) * 127.5).round().long()


def test_a_triple_stands_in_the_channels_in_order(made: Path) -> None:
    """Numbers (5, 0, 3) are a red 5, a green 0 and a blue 3; of whatever shape the handles are."""
    dataset = load(None, made)
    handles = torch.tensor([[[5, 0, 3], [1, 1, 2]]])
    images = dataset.fetch("train", handles)
    assert images.shape == (1, 2, 3, 28, 28)
    assert images.dtype == torch.float32
    assert torch.equal(greys(images), handles)
    assert dataset.sample_shape == (3, 28, 28)
    assert dataset.is_image


@pytest.mark.parametrize(("split", "first"), [("train", 0), ("held_out", 100)])
def test_triples_are_drawn_from_one_split_alone(made: Path, split: str, first: int) -> None:
    """Every triple of its images is as likely (chi-square over all 6^3 or 4^3)."""
    dataset = load(None, made)
    handles = dataset.shuffled(split, torch.Generator().manual_seed(0))
    n = SIZES[split]
    assert handles.shape == (BLOCK, 3)
    assert set(greys(dataset.fetch(split, handles[:500])).unique().tolist()) == set(range(first, first + n))
    triples = (handles * torch.tensor([n * n, n, 1])).sum(dim=1).bincount(minlength=n**3)
    assert chisquare(triples.numpy()).pvalue > 1e-3


def test_the_generator_decides_the_triples(made: Path) -> None:
    """The same seed draws the same, another seed another; there is no end, so more can be asked for than there are."""
    dataset = load(None, made)
    one, again, other = (dataset.shuffled("train", torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert dataset.size("train") is dataset.size("held_out") is None
    assert real_samples(dataset, "held_out", BLOCK + 5, 0, "control").shape == (BLOCK + 5, 3, 28, 28)


def test_the_fingerprint_is_that_of_the_digits(made: Path) -> None:
    """And differs from theirs; one byte more, and it is another."""
    dataset = load(None, made)
    before = dataset.fingerprint
    assert before == load(None, made).fingerprint != dataset.digits.fingerprint
    raw = made / "MNIST" / "raw" / "train-images-idx3-ubyte"
    raw.write_bytes(raw.read_bytes()[:-1] + b"\xff")
    assert load(None, made).fingerprint != before


def test_it_is_offered_with_its_own_evaluation(made: Path) -> None:
    """Modes first, under the extractor that reads each channel; and it takes no argument."""
    offered = {}
    stacked.register_datasets(offered.__setitem__)
    evaluation = offered["stacked_mnist"](None, made).evaluation
    assert (evaluation.headline, evaluation.extractor) == ("modes_covered", "stacked-mnist-cnn")
    assert evaluation.metrics[0] == "class_modes"
    assert (evaluation.samples, evaluation.curve_samples) == (10_000, 2_500)
    with pytest.raises(DatasetError, match=r"^dataset 'stacked_mnist' takes no argument, found 'stacked_mnist:x'$"):
        offered["stacked_mnist"]("x", made)


@pytest.fixture(scope="module")
def real() -> Stacked:
    if not (REAL_DATA / "MNIST").is_dir():
        pytest.skip("the real MNIST is not beside the checkout")
    return load(None, REAL_DATA)


def test_real_triples_cover_what_the_ceiling_says(real: Stacked) -> None:
    """Of 2,500 held-out triples: 894 of 1,000 modes, within four deviations of 8, and reverse KL near its floor.

    Within 15 %: its own spread is 4 %, and held-out digits are not quite of the shares of training digits. Of 500
    triples repeated five times, few modes are covered.
    """
    evaluate = Evaluator(real, [ClassModes()], load_extractor("stacked-mnist-cnn"))
    handles = real.shuffled("held_out", torch.Generator().manual_seed(1))[:2_500]
    values, _ = evaluate(real.fetch("held_out", handles), None)
    values = {name.removesuffix("[stacked-mnist-cnn]"): value for name, value in values.items()}
    assert values["modes_ceiling"] == pytest.approx(894, abs=2)
    assert values["modes_covered"] == pytest.approx(values["modes_ceiling"], abs=32)
    assert values["reverse_kl"] == pytest.approx(values["reverse_kl_floor"], rel=0.15)
    assert values["rejected"] == pytest.approx(values["rejected_real"], abs=0.02)
    few, _ = evaluate(real.fetch("held_out", handles[:500].repeat(5, 1)), None)
    assert few["modes_covered[stacked-mnist-cnn]"] < 500
    assert few["reverse_kl[stacked-mnist-cnn]"] > 3 * values["reverse_kl_floor"]
