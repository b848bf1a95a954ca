"""What the nightly job runs: a TOML file of suites, each a list of grids, the most valuable first.

[cpu]
about = "a night on two cores"
seeds = 5                         # stands for every grid of the suite that says nothing else

[[cpu.grid]]
plugins = ["nsgan", "wgan_gp"]
tricks = [["none", "ema"]]        # alternatives; further lists are composed, as further --trick
datasets = ["ring8", "mnist"]
budget = "60kimg"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench.errors import UnknownNameError, UsageError
from ganbench.request import Request, grid

_COMMON: dict[str, type] = {
    "seeds": int,
    "budget": str,
    "batch_size": int,
    "points": int,
    "samples": int,
    "extractor": str,
    "device": str,
}
"""Keys of a suite or of one grid: the options of `ganbench run`."""
_KINDS = {int: "a whole number", str: "a text", list: "a list"}
_GRID: dict[str, type] = {"plugins": list, "datasets": list, "tricks": list, "without": list, "settings": list}


@dataclass(frozen=True)
class Entry:
    """One grid of a suite."""

    requests: tuple[Request, ...]
    seeds: int | None
    """How many; None for each dataset's standard number."""


@dataclass(frozen=True)
class Suite:
    """What is to be published, the most valuable first."""

    name: str
    entries: tuple[Entry, ...]
    threads: int
    """Of each worker."""


def read_suite(path: Path, name: str, **given: str | None) -> Suite:
    """The suite called `name` in the TOML file at `path`; `given` are options of every request, such as data_root.

    Raises:
        UsageError: when the file cannot be read, has no such suite, or says what no grid can be.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # of UTF-8, of TOML, or of endless digits
        raise UsageError(f"{path}: no suite can be read from it: {error}") from error
    if name not in document:
        raise UnknownNameError.among("suite", name, document, listed=False)
    table = checked(f"{path}: [{name}]", document[name], {"about": str, "threads": int, "grid": list, **_COMMON})
    common = {key: value for key, value in table.items() if key in _COMMON}
    shared: dict[str, Any] = {"threads": table.get("threads", 1), **given}
    entries = [
        _entry(f"{path}: [[{name}.grid]] {n}", one, common, shared) for n, one in enumerate(table.get("grid", []), 1)
    ]
    return Suite(name, tuple(entries), shared["threads"])


def _entry(where: str, found: Any, common: Mapping[str, Any], shared: Mapping[str, Any]) -> Entry:
    table = checked(where, found, {**_GRID, **_COMMON})
    for key in ("plugins", "datasets", "settings"):
        require_names(f"{where}: {key}", table.get(key, []))
    for key in ("tricks", "without"):
        for alternatives in table.get(key, []):
            require_names(f"{where}: {key}", alternatives)
    options = {key: value for key, value in {**common, **table}.items() if key in _COMMON and key != "seeds"}
    requests = grid(
        _wanted(where, table, "plugins"),
        _wanted(where, table, "datasets"),
        table.get("tricks", []),
        table.get("without", []),
        settings=tuple(table.get("settings", [])),
        **options,
        **shared,
    )
    return Entry(tuple(requests), table.get("seeds", common.get("seeds")))


def checked(where: str, found: Any, wanted: Mapping[str, type]) -> dict[str, Any]:
    """`found` as a table whose keys are among those wanted and of the wanted types."""
    if not isinstance(found, dict):
        raise UsageError(f"{where}: found {type(found).__name__}, wanted a table")
    for key, value in found.items():
        if key not in wanted:
            raise UsageError(f"{where}: found the key '{key}', wanted some of {', '.join(wanted)}")
        if not isinstance(value, wanted[key]) or isinstance(value, bool):
            raise UsageError(f"{where}: {key}: found {value!r}, wanted {_KINDS[wanted[key]]}")
    return found


def require_names(where: str, found: Any) -> None:
    """Raises UsageError unless `found` is a list of texts."""
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise UsageError(f"{where}: found {found!r}, wanted a list of texts")


def _wanted(where: str, table: Mapping[str, Any], key: str) -> list[str]:
    if not table.get(key):
        raise UsageError(f"{where}: found no {key}, wanted a list of at least one name")
    names: list[str] = table[key]
    return names
