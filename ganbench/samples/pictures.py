"""Image files in a folder or a zip as samples: each of exactly the reference's size, none cropped or resized.

A metric of resized images is a metric of the resizing too. What was saved as RGB though it is grey (as many libraries
do) counts as grey.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ganbench.datasets.decoding import decode_whole
from ganbench.datasets.folder import open_folder, open_zip
from ganbench.errors import DatasetError, SamplesError


def read_pictures(path: Path, shape: tuple[int, ...]) -> Tensor:
    """Every image in the folder or zip `path`, sorted by name, as bytes (n, *shape); sub-folders are looked into.

    Raises:
        SamplesError: where there are none, or one of them (named) is broken, truncated, or of another size or colour.
    """
    opened = open_folder if path.is_dir() else open_zip
    try:
        with opened(path) as collection:
            if not collection.names:
                raise SamplesError(f"found no image in {path}, wanted image files of {_size(shape)}, or a finished run")
            return torch.stack([_picture(partial(collection.read, name), name, shape) for name in collection.names])
    except DatasetError as error:
        raise SamplesError(str(error)) from error


def _picture(read: Callable[[], bytes], name: str, shape: tuple[int, ...]) -> Tensor:
    """The image as bytes of that shape (channels, height, width)."""
    channels, height, width = shape
    image = decode_whole(read, name, height, width)
    if len(image) == 1 or channels == 3:
        return image.expand(channels, -1, -1)
    if not torch.equal(image.amin(dim=0), image.amax(dim=0)):
        raise SamplesError(f"image '{name}': found colours, wanted grey: {_size(shape)}, as the reference has them")
    return image[:1]


def _size(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width} x {height} pixels in {channels} channel{'s' * (channels > 1)}"
