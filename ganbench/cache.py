"""Tensors that are slow to make, kept on disk for the next run.

A cache is a convenience: one that cannot be read or written, or holds a damaged file, costs time and nothing else. Its
files are safetensors, which run no code when they are read, and bear a SHA-256 of what they hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


def cached(kind: str, key: Mapping[str, object], make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """What `make()` returns, or returned when `kind` and `key` were the same; on the CPU.

    `key` names ALL that the tensors depend on, in values that JSON can hold.

    Raises:
        ValueError, TypeError: where JSON cannot hold the key.
    """
    path = cache_root() / file_name(kind, key)
    found = _read(path)
    if found is None:
        found = {name: _own(x) for name, x in make().items()}
        _write(path, found)
    return found


def cache_root() -> Path:
    """$GANBENCH_CACHE, or ~/.cache/ganbench."""
    return Path(os.environ.get("GANBENCH_CACHE") or Path.home() / ".cache" / "ganbench")


def file_name(kind: str, key: Mapping[str, object]) -> str:
    """`kind` and the SHA-256 of the key's canonical JSON, in which the order of names does not count."""
    canonical = json.dumps(key, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return f"{kind}-{hashlib.sha256(canonical.encode()).hexdigest()}.safetensors"


def digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """The SHA-256 of a text and of tensors on the CPU, contiguous: their names, types, shapes and every bit."""
    found = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _own(x: Tensor) -> Tensor:
    """A copy that shares no memory, which safetensors would refuse, and lies where one read from the cache lies."""
    return x.detach().cpu().clone(memory_format=torch.contiguous_format)


def _read(path: Path) -> dict[str, Tensor] | None:
    """What the file holds; None where there is none, or a flipped bit would give other numbers in silence."""
    try:
        with safe_open(path, framework="pt") as file:
            kept = (file.metadata() or {}).get("sha256")
            found: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError):
        return None
    return found if kept == digest(path.name, found) else None


def _write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Puts the file in place whole, by renaming it: a reader never sees half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unfinished-") as folder:
            unfinished = Path(folder) / path.name
            save_file(dict(tensors), unfinished, {"sha256": digest(path.name, tensors)})
            unfinished.replace(path)
    except (OSError, SafetensorError):
        return
