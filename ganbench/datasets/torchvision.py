"""MNIST, Fashion-MNIST, CIFAR-10, STL-10 and CelebA, read and downloaded by torchvision, in their official splits.

| name | train | held out | shape |
|---|---|---|---|
| mnist, fashion_mnist | train, 60,000 | test, 10,000 | (1, 28, 28) |
| cifar10 | train, 50,000 | test, 10,000 | (3, 32, 32) |
| stl10 | unlabeled, 100,000 | test, 8,000 | (3, 48, 48): each byte the mean of 2 x 2 of the original 96 x 96 |
| celeba | train, 162,770 | test, 19,962 | (3, 64, 64): centre square of 178 pixels, resized with antialias |

STL-10 is trained on at 48 x 48, as is the custom since Miyato et al., "Spectral Normalization for GANs", ICLR 2018,
https://arxiv.org/abs/1802.05957; its labelled training images are left out. CelebA's crop is the one of PyTorch's DCGAN
tutorial, Resize(64) and CenterCrop(64), with the crop taken first: the images are 178 x 218, so 178 is the largest
square (others cut 108 or 140: their numbers do not compare with these).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import PIL
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganbench.cache import cached
from ganbench.datasets.argument import refuse_argument
from ganbench.datasets.conditions import dcgan_standard, judged_by
from ganbench.datasets.dataset import Split
from ganbench.datasets.decoding import decode
from ganbench.datasets.images import ImageDataset
from ganbench.errors import DatasetError
from ganbench.hooks import hookimpl
from ganbench.vision import torchvision

CELEBA_SIDE = 64
BLOCK = 10_000
MNIST_PARTS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
MNIST_FILES = "{}/raw/ with the four files {{train,t10k}}-{{images-idx3,labels-idx1}}-ubyte"


@dataclass(frozen=True)
class Source:
    """How torchvision names a dataset, and how its images are taken out of torchvision's object."""

    library_class: str
    arguments: Mapping[Split, Mapping[str, object]]
    """What torchvision's class is called with for each split."""
    read: Callable[[Any], tuple[Tensor, Tensor | None]]
    """From torchvision's object to images, uint8 (n, channels, height, width), and labels (n,)."""
    files: str
    """What must lie under the data root."""
    paths: tuple[str, ...]
    """The same, path by path."""


def grey(source: Any) -> tuple[Tensor, Tensor | None]:
    """MNIST and its like: bytes (n, 28, 28)."""
    return source.data.unsqueeze(1), source.targets


def colour(source: Any) -> tuple[Tensor, Tensor | None]:
    """CIFAR-10: bytes (n, 32, 32, 3)."""
    return torch.from_numpy(source.data).permute(0, 3, 1, 2), torch.tensor(source.targets)


def halved(source: Any) -> tuple[Tensor, Tensor | None]:
    """STL-10: bytes (n, 3, 96, 96), halved; without labels, for the training images have none."""
    blocks = (torch.from_numpy(source.data[k : k + BLOCK]) for k in range(0, len(source.data), BLOCK))
    return torch.cat([avg_pool2d(block.float(), 2).round().to(torch.uint8) for block in blocks]), None


def faces(source: Any) -> tuple[Tensor, Tensor | None]:
    """CelebA: JPEG files, decoded once and then kept in the cache; without labels."""
    folder = Path(source.root, source.base_folder, "img_align_celeba")

    def make() -> dict[str, Tensor]:
        images = [decode((folder / name).read_bytes, name, CELEBA_SIDE) for name in source.filename]
        return {"images": torch.stack(images)}

    key = {"folder": str(folder.resolve()), "files": source.filename, "side": CELEBA_SIDE, "pillow": PIL.__version__}
    return cached("celeba", key, make)["images"], None


def idx_paths(folder: str) -> tuple[str, ...]:
    """MNIST's four files and those of its like."""
    return tuple(f"{folder}/raw/{part}-ubyte" for part in MNIST_PARTS)


TRAIN_OR_TEST: Mapping[Split, Mapping[str, object]] = {"train": {"train": True}, "held_out": {"train": False}}
SOURCES = {
    "mnist": Source("MNIST", TRAIN_OR_TEST, grey, MNIST_FILES.format("MNIST"), idx_paths("MNIST")),
    "fashion_mnist": Source(
        "FashionMNIST", TRAIN_OR_TEST, grey, MNIST_FILES.format("FashionMNIST"), idx_paths("FashionMNIST")
    ),
    "cifar10": Source(
        "CIFAR10",
        TRAIN_OR_TEST,
        colour,
        "cifar-10-batches-py/ with data_batch_1 to 5 and test_batch",
        tuple(f"cifar-10-batches-py/{name}" for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")),
    ),
    "stl10": Source(
        "STL10",
        {"train": {"split": "unlabeled"}, "held_out": {"split": "test"}},
        halved,
        "stl10_binary/ with train, test and unlabeled *.bin",
        tuple(f"stl10_binary/{name}_X.bin" for name in ("train", "test", "unlabeled")),
    ),
    "celeba": Source(
        "CelebA",
        {"train": {"split": "train"}, "held_out": {"split": "test"}},
        faces,
        "celeba/ with img_align_celeba/ and the five lists *.txt",
        ("celeba/img_align_celeba", "celeba/list_eval_partition.txt", "celeba/list_attr_celeba.txt"),
    ),
}


STANDARDS = {
    "mnist": dcgan_standard(width=32, latent_dim=64, budget="200kimg"),
    "fashion_mnist": dcgan_standard(width=32, latent_dim=64, budget="200kimg"),
    "cifar10": dcgan_standard(width=64, latent_dim=100, budget="2000kimg"),
    "stl10": dcgan_standard(width=64, latent_dim=100, budget="2000kimg"),
    "celeba": dcgan_standard(width=64, latent_dim=100, budget="2000kimg"),
}
EXTRACTORS = {"mnist": "mnist-cnn"}
"""The rest are judged by Inception-v3."""
DOMAINS = {"mnist": "mnist", "fashion_mnist": "grey clothes"}
"""The rest are photographs."""


def data_folder(data_root: Path | None) -> Path:
    """--data-root, else $GANBENCH_DATA, else ~/.cache/ganbench/data."""
    return data_root or Path(os.environ.get("GANBENCH_DATA") or Path.home() / ".cache" / "ganbench" / "data")


def load(name: str, argument: str | None, data_root: Path | None) -> ImageDataset:
    """The dataset `name`, from the data root; downloaded there if it is absent.

    Raises:
        DatasetError: where it is neither there whole nor to be downloaded.
    """
    refuse_argument(name, argument)
    source, root = SOURCES[name], data_folder(data_root)
    parts = {split: source.read(_opened(name, root, arguments)) for split, arguments in source.arguments.items()}
    return ImageDataset(
        name,
        {split: images for split, (images, _) in parts.items()},
        {split: labels for split, (_, labels) in parts.items() if labels is not None},
        standard=STANDARDS[name],
        evaluation=replace(
            judged_by(
                EXTRACTORS.get(name, "inception"), held_out=len(parts["held_out"][0]), classes=name in EXTRACTORS
            ),
            domain=DOMAINS.get(name, "photographs"),
        ),
    )


def _opened(name: str, root: Path, arguments: Mapping[str, object]) -> Any:
    """One split as torchvision's object; what is on disk goes first, so that no network is needed where it is."""
    library_class = getattr(torchvision.datasets, SOURCES[name].library_class)
    try:
        return library_class(root, download=False, **arguments)
    except Exception as error:  # noqa: BLE001 - torchvision's readers raise whatever they meet
        on_disk = error
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return library_class(root, download=True, **arguments)
    except Exception as error:
        raise DatasetError(_unavailable(name, root, on_disk, error)) from error


def _unavailable(name: str, root: Path, on_disk: Exception, download: Exception) -> str:
    return (
        f"dataset '{name}': torchvision cannot read it in {root} ({on_disk}) nor download it there ({download}). "
        f"Wanted there: {SOURCES[name].files}. "
        "Put the files there, or name the folder that holds them with --data-root or GANBENCH_DATA."
    )


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer all five."""
    for name in SOURCES:
        register(name, partial(load, name))
