"""Where a run's numbers come from: versions, machine, and the hash of the source that defines its variant."""

from __future__ import annotations

import hashlib
import importlib
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from ganbench.registry import Offer, offers

_CORE = {"ganbench", "torch", *sys.stdlib_module_names}
_LIBRARIES = ("ganbench", "numpy", "scikit-learn", "scipy", "torch", "torch-fidelity", "torchvision")


def source_hash(variant: object, modules: Iterable[str]) -> str:
    """SHA-256 of the source of every module that defines a part of `variant`, or what it inherits, and of `modules`.

    Core's own modules do not count: what they compute is named by the protocol's number.
    """
    names = {cls.__module__ for part in _parts(variant) for cls in type(part).__mro__} | set(modules)
    digest = hashlib.sha256()
    for name in sorted(name for name in names if not _is_core(name)):
        digest.update(name.encode() + b"\0" + _source(name) + b"\0")
    return digest.hexdigest()


def provenance(used: Iterable[Offer], device: str) -> dict[str, Any]:
    """Versions, platform, device, threads, and the plugin distributions that were used and installed."""
    return {
        "versions": {name: metadata.version(name) for name in _LIBRARIES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else (platform.processor() or "cpu"),
        "threads": torch.get_num_threads(),
        "used": {offer.name: f"{offer.distribution} {offer.version}" for offer in used},
        "installed": {offer.distribution: offer.version for offer in offers()},
    }


def _is_core(module: str) -> bool:
    return module.split(".")[0] in _CORE


def _source(module: str) -> bytes:
    path = getattr(importlib.import_module(module), "__file__", None)
    return Path(path).read_bytes() if path else b""


def _parts(value: object) -> Iterator[object]:
    """`value` and every value inside its fields."""
    yield value
    if is_dataclass(value):
        for entry in fields(value):
            yield from _parts(getattr(value, entry.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
