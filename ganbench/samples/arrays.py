"""Arrays in files, read without running anything that a file may hold.

`.npy` and `.npz` are opened with allow_pickle=False, `.pt` and `.pth` with weights_only=True; `.safetensors` cannot
hold code. A file of several arrays must say which one it means, by the name "samples". A small file may claim to hold
far more than any memory, so what it says of its size is looked at first.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from ganbench.errors import SamplesError

NAME = "samples"
SHOWN = 5
"""Names of arrays that an error lists."""
GIB = 2**30
LARGEST = 8 * GIB
"""Bytes that an array may fill as numbers of eight bytes each."""
LARGEST_UNPACKED = GIB
"""Bytes that the compressed members of a file may unpack to, together."""


def read_array(path: Path) -> Tensor:
    """The one array in the file: floats as float32 or float64, uint8 as it is, other whole numbers as int64.

    Raises:
        SamplesError: where the file is damaged, holds pickled objects, several arrays or none, anything but real
            numbers, or too many of them.
    """
    try:
        _require_modest(path)
        arrays = READERS[path.suffix.lower()](path)
    except SamplesError:
        raise
    except Exception as error:
        raise SamplesError(
            f"{path}: cannot be read as {path.suffix} ({_reason(error)}); wanted one array of numbers, for pickled "
            "objects could run code and are never opened; save it again from a plain array"
        ) from error
    return _numbers(path, _chosen(path, arrays))


def _require_modest(path: Path) -> None:
    """Raises SamplesError where the file is an archive whose compressed members unpack to too much."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        packed = [each for each in archive.infolist() if each.compress_type != zipfile.ZIP_STORED]
    if (size := sum(each.file_size for each in packed)) > LARGEST_UNPACKED:
        raise SamplesError(
            f"{path}: its compressed members unpack to {size / GIB:.1f} GiB, wanted at most "
            f"{LARGEST_UNPACKED / GIB:g}; save the samples uncompressed, as .npy or .safetensors, or fewer of them"
        )


def _require_held(path: Path, shape: tuple[int, ...]) -> None:
    """Raises SamplesError where an array of that shape is more than memory should be filled with."""
    if (size := 8 * math.prod(shape)) > LARGEST:
        raise SamplesError(
            f"{path}: found an array of shape {tuple(shape)}, which takes {size / GIB:.1f} GiB at eight bytes a "
            f"number; wanted at most {LARGEST / GIB:g}: save fewer samples"
        )


def _reason(error: Exception) -> str:
    """What went wrong, without the libraries' advice on how to open the file all the same."""
    text = " ".join(str(error).split())
    if type(error).__name__ == "UnpicklingError" or "allow_pickle" in text or "Python objects" in text:
        return "it holds pickled objects, or is no such file at all"
    return f"{type(error).__name__}: {text[:120]}"


def _chosen(path: Path, arrays: Mapping[str, Any]) -> Any:
    if NAME in arrays:
        return arrays[NAME]
    if len(arrays) != 1:
        names = ", ".join([*map(str, arrays)][:SHOWN]) + ", ..." * (len(arrays) > SHOWN)
        raise SamplesError(
            f"{path}: found {len(arrays)} arrays ({names or 'none'}), wanted one, or one of them named '{NAME}'"
        )
    return next(iter(arrays.values()))


def _numbers(path: Path, array: Any) -> Tensor:
    plain = isinstance(array, Tensor) and array.layout == torch.strided and array.device.type == "cpu"
    if not plain or array.is_quantized or array.is_nested or array.is_complex() or array.dtype == torch.bool:
        of = f" of {array.dtype}" if isinstance(array, Tensor | np.ndarray) else ""
        raise SamplesError(f"{path}: found a {type(array).__name__}{of}, wanted a dense array of real numbers")
    _require_held(path, array.shape)
    x: Tensor = array.detach()
    if x.is_floating_point():
        return x if x.dtype == torch.float64 else x.float()
    return x if x.dtype == torch.uint8 else x.long()


def _npy(path: Path) -> dict[str, Any]:
    array = np.lib.format.open_memmap(path, mode="r")
    _require_held(path, array.shape)
    return {NAME: _tensor(array)}


def _npz(path: Path) -> dict[str, Any]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as members:
        wanted = [NAME] if NAME in members.files else members.files
        return {name: _tensor(members[name]) if len(wanted) == 1 else None for name in wanted}


def _pt(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found = torch.load(file, map_location="cpu", weights_only=True)
    return dict(found) if isinstance(found, dict) else {NAME: found}


def _tensor(array: Any) -> Any:
    """A NumPy array of numbers as a tensor, in this machine's byte order; anything else as it is."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
        return array
    wider = {"u": np.int64, "i": np.int64, "f": np.float64}[array.dtype.kind]
    keep = array.dtype in (np.uint8, np.float32)
    native: NDArray[Any] = np.array(array, dtype=array.dtype if keep else wider)
    return torch.from_numpy(native)


READERS: dict[str, Callable[[Path], Mapping[str, Any]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".pt": _pt,
    ".pth": _pt,
    ".safetensors": load_file,
}
"""By the end of the file's name."""
