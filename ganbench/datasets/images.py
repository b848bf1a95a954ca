"""Images held in memory as bytes, and the one map between bytes and the numbers that networks see."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

import torch
from torch import Tensor

from ganbench.datasets.dataset import Dataset, Evaluation, Split, Standard
from ganbench.errors import DatasetError

HALF_RANGE = 127.5
"""Bytes 0..255 are the numbers -1..1: x = byte / 127.5 - 1."""


class ImageDataset(Dataset):
    """Two splits of images, each one uint8 tensor (n, channels, height, width); labels, if any, are int64 (n,).

    Raises:
        DatasetError: where a split is empty, is no such tensor, or does not fit the other split or its labels.
    """

    def __init__(
        self,
        name: str,
        images: Mapping[Split, Tensor],
        labels: Mapping[Split, Tensor] = MappingProxyType({}),
        *,
        standard: Standard,
        evaluation: Evaluation,
    ) -> None:
        _check_images(name, images)
        _check_labels(name, images, labels)
        self.name = name
        self.sample_shape = tuple(images["train"].shape[1:])
        self.standard = standard
        self.evaluation = evaluation
        self._images: dict[Split, Tensor] = {split: x.cpu().contiguous() for split, x in images.items()}
        self._labels: dict[Split, Tensor] = {split: y.cpu().long() for split, y in labels.items()}
        self._copies: dict[tuple[Split, torch.device], Tensor] = {}

    def shuffled(self, split: Split, generator: torch.Generator) -> Tensor:
        """A random permutation of the image numbers (n,), int64."""
        return torch.randperm(len(self._images[split]), generator=generator)

    def fetch(self, split: Split, handles: Tensor) -> Tensor:
        """The numbered images (..., channels, height, width) in [-1, 1]; `handles` are int64 (...)."""
        return self._on(split, handles.device)[handles].float().div_(HALF_RANGE).sub_(1)

    def size(self, split: Split) -> int:
        """How many images the split holds."""
        return len(self._images[split])

    def images(self, split: Split) -> Tensor:
        """The split as bytes: uint8 (n, channels, height, width), on the CPU."""
        return self._images[split]

    def labels(self, split: Split) -> Tensor:
        """The class of each image, int64 (n,).

        Raises:
            DatasetError: where the dataset has no labels.
        """
        if split not in self._labels:
            raise DatasetError(f"dataset '{self.name}' has no labels for its split '{split}'")
        return self._labels[split]

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the shape and the bytes of both splits."""
        digest = hashlib.sha256()
        for split in ("train", "held_out"):
            digest.update(f"{split}{tuple(self._images[split].shape)}".encode())
            digest.update(self._images[split].numpy().data)
        return digest.hexdigest()

    def _on(self, split: Split, device: torch.device) -> Tensor:
        """The split's bytes on `device`, moved there once."""
        if (split, device) not in self._copies:
            self._copies[split, device] = self._images[split].to(device)
        return self._copies[split, device]


def to_uint8(samples: Tensor) -> Tensor:
    """Bytes (..., channels, height, width) for samples in [-1, 1], rounded and clamped: the inverse of `fetch`.

    Raises:
        ValueError: where a sample is not finite, for a byte cannot say so.
    """
    if not bool(samples.isfinite().all()):
        raise ValueError("samples hold NaN or infinity, which no byte can stand for")
    return samples.float().add(1).mul(HALF_RANGE).round().clamp(0, 255).to(torch.uint8)


def _check_images(name: str, images: Mapping[Split, Tensor]) -> None:
    for split, x in images.items():
        if x.dtype != torch.uint8 or x.ndim != 4 or x.numel() == 0:
            raise DatasetError(
                f"dataset '{name}', split '{split}': found {x.dtype} of shape {tuple(x.shape)}, "
                "wanted at least one image as torch.uint8 (n, channels, height, width)"
            )
    train, held_out = images["train"].shape[1:], images["held_out"].shape[1:]
    if train != held_out:
        raise DatasetError(
            f"dataset '{name}': training images are {tuple(train)} but held-out images are {tuple(held_out)}, "
            "wanted one shape for both"
        )


def _check_labels(name: str, images: Mapping[Split, Tensor], labels: Mapping[Split, Tensor]) -> None:
    for split, y in labels.items():
        if y.shape != (len(images[split]),) or y.is_floating_point():
            raise DatasetError(
                f"dataset '{name}', split '{split}': found labels {y.dtype} of shape {tuple(y.shape)}, "
                f"wanted whole numbers of shape ({len(images[split])},)"
            )
