"""Packages of others that are on the public board.

[[package]]
distribution = "ganbench-calm"
version = "0.1.0"
variants = ["calm"]
datasets = ["ring8"]              # default: ring8 and digits

Each is run by itself, where its code and what it depends on can disturb nobody; `arrivals` says which of its records
are let in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganbench.errors import UnknownNameError, UsageError
from ganbench.nightly.suite import Entry, Suite, checked, require_names
from ganbench.registry import offers
from ganbench.request import DATASETS

_KEYS: dict[str, type] = {"distribution": str, "version": str, "variants": list, "datasets": list}
_FORMS = {
    "distribution": re.compile(r"ganbench(-[a-z0-9]+)+"),
    "version": re.compile(r"[0-9][0-9a-z.+!]*"),
    "variants": re.compile(r"[a-z][a-z0-9_]*"),
    "datasets": re.compile(r"[a-z][a-z0-9_]*"),
}


@dataclass(frozen=True)
class Guest:
    """A package, of one version, with the variants of it that are on the board."""

    distribution: str
    version: str
    variants: tuple[str, ...]
    datasets: tuple[str, ...] = DATASETS


def read_guests(path: Path) -> list[Guest]:
    """The packages that a TOML file lists.

    Raises:
        UsageError: when the file cannot be read, or lists what is no package, or a name twice or of ganbench's own.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: no packages can be read from it: {error}") from error
    listed = checked(str(path), document, {"package": list}).get("package", [])
    guests = [_guest(f"{path}: [[package]] {n}", found) for n, found in enumerate(listed, 1)]
    taken = {offer.name: offer.distribution for offer in offers("variants") if offer.distribution == "ganbench"}
    for guest in guests:
        for name in guest.variants:
            if name in taken:
                raise UsageError(
                    f"{path}: {guest.distribution}: the variant '{name}' is {taken[name]}'s; wanted another"
                )
            taken[name] = guest.distribution
    return guests


def find_guest(guests: Sequence[Guest], distribution: str) -> Guest:
    """The package of that name.

    Raises:
        UnknownNameError: where none is listed; the nearest names are given.
    """
    for guest in guests:
        if guest.distribution == distribution:
            return guest
    raise UnknownNameError.among("package", distribution, [guest.distribution for guest in guests], listed=False)


def suite_of(guest: Guest, suite: Suite) -> Suite:
    """The guest's variants on its datasets, under the conditions that the suite has there: budget, seeds."""
    entries = []
    for entry in suite.entries:
        of_datasets = [request for request in entry.requests if request.dataset in guest.datasets]
        requests = dict.fromkeys(
            replace(request, variant=f"{guest.distribution}:{name}", tricks=(), without=(), settings=())
            for request in of_datasets
            for name in guest.variants
        )
        if requests:
            entries.append(Entry(tuple(requests), entry.seeds))
    return replace(suite, entries=tuple(entries))


def _guest(where: str, found: Any) -> Guest:
    table = checked(where, found, _KEYS)
    for key in ("distribution", "version", "variants"):
        if not table.get(key):
            raise UsageError(f"{where}: found no {key}")
    for key, value in table.items():
        texts = value if isinstance(value, list) else [value]
        require_names(f"{where}: {key}", texts)
        if not texts or not all(_FORMS[key].fullmatch(text) for text in texts):
            raise UsageError(f"{where}: {key}: found {value!r}, wanted what matches {_FORMS[key].pattern}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Guest(**values)
