"""Where a run's numbers come from: versions, machine, and the hash of the source that defines its variant."""

from __future__ import annotations

import ast
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
_BUILT_IN = "ganbench_plugins"
_LIBRARIES = ("ganbench", "numpy", "scikit-learn", "scipy", "torch", "torch-fidelity", "torchvision")


def source_hash(parts: object, modules: Iterable[str]) -> str:
    """SHA-256 of the source that defines `parts`, with all that they inherit and hold, and `modules`.

    Of a stranger's package every file counts, since any may be used by any. Of the built-in plugins, which are one file
    a paper, only those that define a part do, and what these import of each other; core's own do not: the protocol's
    number stands for them.
    """
    names = _with_imported({cls.__module__ for part in _parts(parts) for cls in type(part).__mro__} | set(modules))
    files = {path for name in names if not _is_core(name) for path in _files(name)}
    digest = hashlib.sha256()
    for name, content in sorted((path.name, path.read_bytes()) for path in files):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def provenance(used: Iterable[Offer], device: str) -> dict[str, Any]:
    """Versions, platform, torch's build, device, threads, and the plugin distributions that were used and installed.

    `sources` holds the hash of each used part's own source, which tells the one that changed; of what else is installed
    nothing is imported. Data and extractor are in the spec.
    """
    used = list(used)
    return {
        "versions": {name: metadata.version(name) for name in _LIBRARIES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch": _torch_build(),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else (platform.processor() or "cpu"),
        "threads": torch.get_num_threads(),
        "used": {offer.name: f"{offer.distribution} {offer.version}" for offer in used},
        "sources": {
            f"{offer.kind.removesuffix('s')} {offer.name}": source_hash((), [offer.module])
            for offer in used
            if not _is_core(offer.module)
        },
        "installed": {offer.distribution: offer.version for offer in offers()},
    }


def _torch_build() -> dict[str, str]:
    """What torch was built for and from, and which instructions of this CPU it uses: they decide the last bits."""
    hip = getattr(torch.version, "hip", None)
    return {
        "build": f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {hip}" if hip else "CPU",
        "git": torch.version.git_version,
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def _with_imported(names: set[str]) -> set[str]:
    """`names` and every built-in plugin that one of them imports, however far."""
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        imported = _imported(name) - found if name.startswith(f"{_BUILT_IN}.") else set()
        found |= imported
        waiting += imported
    return found


def _imported(name: str) -> set[str]:
    """The built-in plugins that the module imports, by name."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    relative = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1)
    return {f"{_BUILT_IN}.{node.module}" for node in relative if node.module}


def _is_core(module: str) -> bool:
    return module.split(".")[0] in _CORE


def _files(module: str) -> Iterable[Path]:
    """The files to hash for a module: its own, or its whole package's when it is a stranger's."""
    top = module.split(".")[0]
    found = getattr(importlib.import_module(module if top == _BUILT_IN else top), "__file__", None)
    if found is None:
        return []
    path = Path(found)
    return sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" and top != _BUILT_IN else [path]


def _parts(value: object) -> Iterator[object]:
    """`value` and every value inside its fields."""
    yield value
    if is_dataclass(value):
        for entry in fields(value):
            yield from _parts(getattr(value, entry.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
