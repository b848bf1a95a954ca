"""The source that a run's numbers come from, as one hash."""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_CORE = {"ganbench", "torch", "torchvision", "torch_fidelity", "numpy", "scipy", "sklearn", *sys.stdlib_module_names}
"""What records name the version of."""
_BUILT_IN = "ganbench_plugins"


def source_hash(parts: object, modules: Iterable[str]) -> str:
    """SHA-256 of the source that defines `parts`, with all that they inherit and hold, and `modules`.

    Of a stranger's package every file counts, since any may be used by any, and so does every module of the same
    distribution that it imports. Of the built-in plugins, which are one file a paper, only those that define a part do,
    and what these import of each other; core's own do not: the protocol's number stands for them.
    """
    names = {cls.__module__ for part in _parts(parts) for cls in type(part).__mro__} | set(modules)
    built_in = {name for name in names if _top(name) == _BUILT_IN}
    strangers = {_top(name) for name in names if not is_core(name)} - {_BUILT_IN}
    files = {path for name in _reached(built_in, _imported_papers) for path in _own_file(name)}
    files |= {path for top in _reached(strangers, _companions) for path in _all_files(top)}
    digest = hashlib.sha256()
    for name, content in sorted((path.name, path.read_bytes()) for path in files):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def is_core(module: str) -> bool:
    """Whether it is of ganbench itself, or of what it stands on."""
    return _top(module) in _CORE


def _top(module: str) -> str:
    return module.split(".")[0]


def _reached(names: set[str], further: Callable[[str], set[str]]) -> set[str]:
    """`names` and what `further` gives of each, however far."""
    found, waiting = set(names), list(names)
    while waiting:
        new = further(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def _imported_papers(name: str) -> set[str]:
    """The built-in plugins that a built-in one imports."""
    imports = (node for path in _own_file(name) for node in _imports(path))
    relative = (node for node in imports if isinstance(node, ast.ImportFrom) and node.level == 1)
    return {f"{_BUILT_IN}.{node.module}" for node in relative if node.module}


def _companions(top: str) -> set[str]:
    """The other top-level modules of its distribution that a stranger's module or package imports.

    Where its distribution is not known, as of a module that merely lies on the path, those are meant that lie beside
    it and are of no known one.
    """
    files = [path for path in _all_files(top) if path.suffix == ".py"]
    names = {_top(name) for path in files for node in _imports(path) for name in _named(node)}
    return {name for name in names - {top, _BUILT_IN} if not is_core(name) and _goes_with(name, top)}


def _goes_with(name: str, top: str) -> bool:
    place = _place(name)
    return place is not None and place == _place(top) and _distributions(name) == _distributions(top)


def _place(top: str) -> Path | None:
    """The folder that a top-level module or package lies in."""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).parent
    return Path(spec.origin).parent if spec.origin else None


def _distributions(top: str) -> set[str]:
    return set(_by_module().get(top, ()))


@cache
def _by_module() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def _imports(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    tree = ast.parse(path.read_bytes())
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _named(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if node.module and not node.level else []


def _own_file(module: str) -> list[Path]:
    found = importlib.import_module(module).__file__
    return [Path(found)] if found else []


def _all_files(top: str) -> list[Path]:
    """The file of a module, or every file of a package but compiled and hidden ones."""
    module = importlib.import_module(top)
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    if not folders:
        found = getattr(module, "__file__", None)
        return [Path(found)] if found else []
    inside = ((folder, path) for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for folder, path in inside if not _is_aside(path.relative_to(folder))]


def _is_aside(path: Path) -> bool:
    return path.suffix == ".pyc" or any(part.startswith(".") for part in path.parts)


def _parts(value: object) -> Iterator[object]:
    """`value` and every value inside its fields."""
    yield value
    if is_dataclass(value):
        for entry in fields(value):
            yield from _parts(getattr(value, entry.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
