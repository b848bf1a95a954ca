"""The datasets that torchvision reads: official splits, taken over byte for byte, and honest about missing files."""

from __future__ import annotations

import struct
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ganbench.datasets.images import ImageDataset
from ganbench.datasets.torchvision import SOURCES, colour, data_folder, faces, halved, register_datasets
from ganbench.errors import DatasetError
from ganbench.vision import torchvision

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def load(name: str, argument: str | None = None, root: Path | None = None) -> ImageDataset:
    offered = {}
    register_datasets(offered.__setitem__)
    return offered[name](argument, root)


def write_idx(path: Path, array: np.ndarray) -> None:
    """IDX: two zero bytes, the type of a byte (8), the number of dimensions, each dimension big-endian, the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise urllib.error.URLError("the network is down")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")])
def test_idx_files_become_the_two_splits(tmp_path: Path, no_network: None, name: str, folder: str):
    """The official training and test files are train and held-out, byte for byte, and no network is needed."""
    rng = np.random.default_rng(0)
    images = {part: rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for part, n in (("train", 6), ("t10k", 3))}
    labels = {part: rng.integers(0, 10, len(x), dtype=np.uint8) for part, x in images.items()}
    for part in images:
        write_idx(tmp_path / folder / "raw" / f"{part}-images-idx3-ubyte", images[part])
        write_idx(tmp_path / folder / "raw" / f"{part}-labels-idx1-ubyte", labels[part])
    dataset = load(name, root=tmp_path)
    assert dataset.sample_shape == (1, 28, 28)
    for split, part in (("train", "train"), ("held_out", "t10k")):
        assert np.array_equal(dataset.images(split).squeeze(1).numpy(), images[part])
        assert dataset.labels(split).tolist() == labels[part].tolist()


@pytest.mark.skipif(not (REAL_DATA / "MNIST").is_dir(), reason="the real MNIST is not beside the checkout")
def test_the_real_mnist_is_the_one_everybody_uses():
    """60,000 + 10,000 images; mean and deviation are the 0.1307 and 0.3081 of PyTorch's MNIST example."""
    dataset = load("mnist", root=REAL_DATA)
    pixels = dataset.images("train").double() / 255
    assert (dataset.size("train"), dataset.size("held_out")) == (60_000, 10_000)
    assert pixels.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert pixels.std().item() == pytest.approx(0.3081, abs=5e-5)
    assert dataset.evaluation.samples == 10_000
    assert dataset.evaluation.extractor == "mnist-cnn"


def test_colour_images_become_channels_first():
    """CIFAR-10's bytes (n, height, width, 3) become (n, 3, height, width)."""
    pixels = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    images, labels = colour(SimpleNamespace(data=pixels, targets=[7, 1]))
    assert images[1, 2, 3, 4] == pixels[1, 3, 4, 2]
    assert images.shape == (2, 3, 4, 5)
    assert labels.tolist() == [7, 1]


def test_stl10_is_halved_by_means():
    """Each byte is the rounded mean of the 2 x 2 that it replaces, across the border of a block of images too."""
    pixels = np.zeros((3, 3, 4, 4), dtype=np.uint8)
    pixels[2, 1, :2, 2:] = [[10, 20], [30, 41]]
    images, labels = halved(SimpleNamespace(data=pixels))
    assert images.shape == (3, 3, 2, 2)
    assert images[2, 1].tolist() == [[0, 25], [0, 0]]
    assert labels is None


def test_celeba_keeps_the_centre_square(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of 178 x 218 pixels the middle 178 x 178 are kept: what is painted outside them is gone, and 64 x 64 are left."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    face = np.full((218, 178, 3), 255, dtype=np.uint8)
    face[20:198] = 100
    Image.fromarray(face).save(folder / "000001.png")
    images, labels = faces(SimpleNamespace(root=tmp_path, base_folder="celeba", filename=["000001.png"]))
    assert torch.equal(images, torch.full((1, 3, 64, 64), 100, dtype=torch.uint8))
    assert labels is None


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "stl10"])
def test_missing_files_are_named(tmp_path: Path, no_network: None, name: str):
    """Without files and network, the error says where it looked, for which files, what the network said, what to do."""
    with pytest.raises(DatasetError) as caught:
        load(name, root=tmp_path)
    message = str(caught.value)
    assert message.startswith(f"dataset '{name}': torchvision cannot read it in {tmp_path} (Dataset not found")
    assert "the network is down" in message
    assert f"Wanted there: {SOURCES[name].files}." in message
    assert message.endswith("name the folder that holds them with --data-root or GANBENCH_DATA.")


def test_damaged_files_are_no_crash(tmp_path: Path, no_network: None):
    """A truncated file is reported like a missing one, with the reader's words."""
    for part in ("train", "t10k"):
        write_idx(tmp_path / "MNIST" / "raw" / f"{part}-labels-idx1-ubyte", np.zeros(2, dtype=np.uint8))
        (tmp_path / "MNIST" / "raw" / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    with pytest.raises(DatasetError, match="dataset 'mnist': torchvision cannot read it in "):
        load("mnist", root=tmp_path)


def test_a_download_is_tried_when_files_are_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """First without download, then with it; what torchvision prints while downloading stays off standard output."""
    calls = []

    class Absent:
        def __init__(self, root: Path, train: bool, download: bool) -> None:
            calls.append((train, download))
            if not download:
                raise RuntimeError("Dataset not found.")
            sys.stdout.write("Downloading\n")
            self.data, self.targets = torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)

    monkeypatch.setattr(torchvision.datasets, "MNIST", Absent)
    load("mnist", root=tmp_path)
    assert calls == [(True, False), (True, True), (False, False), (False, True)]
    assert capsys.readouterr() == ("", "Downloading\nDownloading\n")


def test_the_data_root_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """--data-root goes first, then GANBENCH_DATA, then ~/.cache/ganbench/data."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("GANBENCH_DATA", "/elsewhere")
    assert data_folder(tmp_path) == tmp_path
    assert data_folder(None) == Path("/elsewhere")
    monkeypatch.delenv("GANBENCH_DATA")
    assert data_folder(None) == Path("/home/someone/.cache/ganbench/data")


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_they_take_no_argument(name: str):
    """What follows a colon is refused before anything is read."""
    with pytest.raises(DatasetError, match=f"^dataset '{name}' takes no argument, found '{name}:foo'$"):
        load(name, "foo")
