"""Your own images: `folder:PATH` and `zip:PATH`, made square and small; `folder:PATH@64` chooses the side, else 32.

Images are found by extension in all sub-folders; hidden files are left out. Where every image lies in one of two or
more top folders, those are the classes (a single folder around all of them does not count). One image in ten is held
out: those whose names have the smallest SHA-256, so that nobody chooses them. Members of a zip are read in memory,
never extracted. Decoding is described in `decoding.py`; its result is cached under the files' names, sizes and times
(in a zip: checksums).
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import PIL
import torch
from torch import Tensor

from ganbench.cache import cached
from ganbench.datasets.conditions import dcgan_standard, judged_by
from ganbench.datasets.dataset import Split
from ganbench.datasets.decoding import decode
from ganbench.datasets.images import ImageDataset
from ganbench.errors import DatasetError
from ganbench.hooks import hookimpl
from ganbench.networks.dcgan import LARGEST, SMALLEST

EXTENSIONS = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
DEFAULT_SIDE = 32
FEWEST = 20
LARGEST_FILE = 2**28
"""Bytes that a member of a zip may unpack to: a small archive can hold a file that no memory can."""
HELD_OUT_ONE_IN = 10

STANDARD = dcgan_standard(width=64, latent_dim=100, budget="2000kimg")


@dataclass(frozen=True)
class Collection:
    """Image files by name, as they lie in a folder or in a zip."""

    names: Sequence[str]
    """Sorted; relative to the folder or the zip, with slashes."""
    stamp: Mapping[str, object]
    """What changes when a file does."""
    read: Callable[[str], bytes]


@contextmanager
def open_folder(path: Path) -> Iterator[Collection]:
    """The images under a folder."""
    if not path.is_dir():
        raise DatasetError(f"found no folder at {path}, wanted one that holds images (a zip file is `zip:PATH`)")
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    names = sorted(filter(_is_image, files))
    status = [(name, files[name].stat()) for name in names]
    stamp = {"folder": str(path), "files": [[name, s.st_size, s.st_mtime_ns] for name, s in status]}
    yield Collection(names, stamp, read=lambda name: files[name].read_bytes())


@contextmanager
def open_zip(path: Path) -> Iterator[Collection]:
    """The images in a zip file."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        raise DatasetError(f"cannot read {path} as a zip file: {error}") from error
    with archive:
        members = {member.filename: member for member in archive.infolist()}
        names = sorted(filter(_is_image, members))
        if large := next((name for name in names if members[name].file_size > LARGEST_FILE), None):
            found = f"{members[large].file_size:,} bytes when unpacked"
            raise DatasetError(f"image '{large}' of {path} has {found}, wanted at most {LARGEST_FILE:,}; take it out")
        stamp = {"members": [[name, members[name].file_size, members[name].CRC] for name in names]}
        yield Collection(names, stamp, archive.read)


def load(
    kind: str,
    open_collection: Callable[[Path], AbstractContextManager[Collection]],
    argument: str | None,
    _data_root: Path | None,
) -> ImageDataset:
    """The images at the path in `argument`, which is relative to the working folder.

    Raises:
        DatasetError: where the path is missing, holds fewer than 20 images, or holds one that cannot be used (named).
    """
    path, side = _path_and_side(kind, argument)
    with open_collection(path) as collection:
        if len(collection.names) < FEWEST:
            wanted = f"at least {FEWEST} ({', '.join(sorted(EXTENSIONS))})"
            raise DatasetError(f"found {len(collection.names)} images in {path}, wanted {wanted}")
        pixels = _decoded(collection, side)
    numbers, classes = split(collection.names), class_numbers(collection.names)
    return ImageDataset(
        f"{kind}:{path.name}@{side}",
        {part: pixels[chosen] for part, chosen in numbers.items()},
        {} if classes is None else {part: classes[chosen] for part, chosen in numbers.items()},
        standard=STANDARD,
        evaluation=judged_by("inception", held_out=len(numbers["held_out"])),
    )


def split(names: Sequence[str]) -> dict[Split, Tensor]:
    """The positions of the training and of the held-out names, each in increasing order."""
    digests = [hashlib.sha256(name.encode(errors="surrogateescape")).digest() for name in names]
    shuffled = sorted(range(len(names)), key=digests.__getitem__)
    held_out = len(names) // HELD_OUT_ONE_IN
    return {"train": torch.tensor(sorted(shuffled[held_out:])), "held_out": torch.tensor(sorted(shuffled[:held_out]))}


def class_numbers(names: Sequence[str]) -> Tensor | None:
    """The number of each name's class in alphabetical order, int64 (n,); None where there are no classes."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    if not all(folders):
        return None
    numbers = {name: k for k, name in enumerate(sorted({parts[0] for parts in folders}))}
    return torch.tensor([numbers[parts[0]] for parts in folders])


def _decoded(collection: Collection, side: int) -> Tensor:
    """The images (n, channels, side, side), uint8: grey if all are."""

    def make() -> dict[str, Tensor]:
        images = [decode(partial(collection.read, name), name, side) for name in collection.names]
        channels = max(len(image) for image in images)
        return {"images": torch.stack([image.expand(channels, -1, -1) for image in images])}

    key = {**collection.stamp, "side": side, "pillow": PIL.__version__}
    return cached("images", key, make)["images"]


def _path_and_side(kind: str, argument: str | None) -> tuple[Path, int]:
    """The two parts of PATH@SIDE; a path whose own name ends so takes a second one."""
    if not argument:
        raise DatasetError(
            f"dataset '{kind}' needs a path: {kind}:PATH, or {kind}:PATH@{DEFAULT_SIDE} to choose the size"
        )
    path, _, digits = argument.rpartition("@")
    if not (path and digits.isdecimal()):
        path, digits = argument, str(DEFAULT_SIDE)
    if not SMALLEST <= int(digits) <= LARGEST:
        raise DatasetError(
            f"dataset '{kind}:{argument}': found a side of {digits}, wanted {SMALLEST} to {LARGEST} pixels"
        )
    return Path(path).expanduser().resolve(), int(digits)


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part == "__MACOSX" or (part.strip(".") and part.startswith(".")) for part in path.parts)
    return path.suffix.lower() in EXTENSIONS and not hidden


@hookimpl
def register_datasets(register: Callable[..., None]) -> None:
    """Offer both."""
    register("folder", partial(load, "folder", open_folder))
    register("zip", partial(load, "zip", open_zip))
