"""Arrays in files, read without running anything that a file may hold.

`.npy` and `.npz` are opened with allow_pickle=False, `.pt` and `.pth` with weights_only=True; `.safetensors` cannot
hold code. A file of several arrays must say which one it means, by the name "samples".
"""

from __future__ import annotations

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


def read_array(path: Path) -> Tensor:
    """The one array in the file: floats as float32 or float64, uint8 as it is, other whole numbers as int64.

    Raises:
        SamplesError: where the file is damaged, holds pickled objects, several arrays or none, or anything but real
            numbers.
    """
    try:
        arrays = READERS[path.suffix.lower()](path)
    except Exception as error:
        raise SamplesError(
            f"{path}: cannot be read as {path.suffix} ({_reason(error)}); wanted one array of numbers, for pickled "
            "objects could run code and are never opened; save it again from a plain array"
        ) from error
    return _numbers(path, _chosen(path, arrays))


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
    x: Tensor = array.detach()
    if x.is_floating_point():
        return x if x.dtype == torch.float64 else x.float()
    return x if x.dtype == torch.uint8 else x.long()


def _npy(path: Path) -> dict[str, Any]:
    return {NAME: _tensor(np.lib.format.open_memmap(path, mode="r"))}


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
