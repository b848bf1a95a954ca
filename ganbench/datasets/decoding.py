"""From an image file to a small square of bytes: decoded, cropped and resized by Pillow.

The largest centred square is cut out, then resized with Pillow's LANCZOS filter, whose support grows with the
reduction: no pixel is skipped, as Parmar, Zhang and Zhu, "On Aliased Resizing and Surprising Subtleties in GAN
Evaluation", CVPR 2022, https://arxiv.org/abs/2104.11222, ask for. Transparency is dropped, an animation is its first
frame, pixels stand as they are stored (no EXIF rotation), and no image is enlarged.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ganbench.errors import DatasetError

GREY_MODES = frozenset({"1", "L", "LA"})
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
DEEP_MODES = frozenset({"I", "F"})


def decode(read: Callable[[], bytes], name: str, side: int) -> Tensor:
    """The image whose file `read` returns, as bytes (channels, side, side); one channel where it is stored as grey.

    Raises:
        DatasetError: naming the image, where it is missing, broken, truncated, too large to be decoded safely
            (Pillow's limit on decompression bombs), smaller than `side`, or deeper than 8 bits a channel.
    """
    with _opened(read, name) as image:
        if min(image.size) < side:
            found = f"{image.width} x {image.height} pixels"
            raise ValueError(f"found {found}, wanted at least {side} x {side}, for images are not enlarged")
        return _bytes(_square(_plain(image), side))


def decode_whole(read: Callable[[], bytes], name: str, height: int, width: int) -> Tensor:
    """The same for an image of exactly that size, neither cropped nor resized: bytes (channels, height, width).

    Raises:
        DatasetError: as `decode`, and where the image is of another size.
    """
    with _opened(read, name) as image:
        if image.size != (width, height):
            found = f"{image.width} x {image.height} pixels"
            raise ValueError(f"found {found}, wanted {width} x {height}, for nothing is cropped or resized here")
        return _bytes(_plain(image))


@contextmanager
def _opened(read: Callable[[], bytes], name: str) -> Iterator[Image.Image]:
    """The image file, of 8 bits a channel; whatever goes wrong with it is an error that names it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(read()), formats=FORMATS) as image:
                if image.mode.partition(";")[0] in DEEP_MODES:
                    raise ValueError(f"found pixels of mode {image.mode}, wanted 8 bits a channel")
                yield image
    except Exception as error:
        unknown = isinstance(error, UnidentifiedImageError)  # whose text names no file, but an object of Python's
        why = f"found no image, wanted one of {', '.join(FORMATS)}" if unknown else error
        raise DatasetError(f"image '{name}' cannot be used: {why}; repair it or take it out") from error


def _plain(image: Image.Image) -> Image.Image:
    """The image as grey, if it is stored so, else as RGB."""
    return image.convert("L" if image.mode in GREY_MODES else "RGB")


def _square(image: Image.Image, side: int) -> Image.Image:
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    cut = image.crop((left, top, left + edge, top + edge))
    return cut if edge == side else cut.resize((side, side), Image.Resampling.LANCZOS)


def _bytes(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))
    return pixels.unsqueeze(0) if pixels.ndim == 2 else pixels.permute(2, 0, 1).contiguous()
