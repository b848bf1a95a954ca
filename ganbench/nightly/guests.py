"""Packages of others that are on the public board, and what is let in of the records that their own nights leave.

[[package]]
distribution = "ganbench-calm"
version = "0.1.0"
variants = ["calm"]
datasets = ["ring8"]              # default: ring8 and digits

Each is run by itself, where its code and what it depends on can disturb nobody. Its records then come from a place
that runs a stranger's code, so they are looked through: only of its own variants, by its own version, as they are. What
numbers such a record holds is taken on trust.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganbench.archive import Archive
from ganbench.errors import StoreError, UnknownNameError, UsageError
from ganbench.nightly.suite import Entry, Suite, checked, require_names
from ganbench.record import PROTOCOL, RunRecord
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


@dataclass(frozen=True)
class Arrivals:
    """What guests' own nights left."""

    records: tuple[RunRecord, ...] = ()
    refused: tuple[str, ...] = ()
    """What was not let in, and why, a line each."""


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
    raise UnknownNameError.among("package", distribution, [guest.distribution for guest in guests])


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


def arrivals(folder: Path, guests: Sequence[Guest]) -> Arrivals:
    """What is let in of the records in `folder`/<distribution>/<dataset>.jsonl.

    A guest's folder may hold records of others too, such as control rows: they are passed over.
    """
    records: list[RunRecord] = []
    refused: list[str] = []
    for guest in guests:
        for found in Archive(folder / guest.distribution).records():
            if isinstance(found, StoreError):
                refused.append(str(found))
            elif found.spec.variant in guest.variants:
                objections = [*_objections(found, guest)]
                refused += [f"{guest.distribution}: run {found.id} of {found.spec.cell}: {each}" for each in objections]
                records += [] if objections else [found]
    return Arrivals(tuple(records), tuple(refused))


def _objections(record: RunRecord, guest: Guest) -> Iterator[str]:
    spec, wanted = record.spec, f"{guest.distribution} {guest.version}"
    used = record.provenance.get("used")
    by = used.get(spec.variant) if isinstance(used, dict) else None
    if spec.dataset not in guest.datasets:
        yield f"found the dataset {spec.dataset!r}, wanted {' or '.join(guest.datasets)}"
    if spec.changes:
        yield f"found {' '.join(spec.changes)}, wanted the variant as it is"
    if spec.protocol != PROTOCOL:
        yield f"found protocol {spec.protocol}, wanted {PROTOCOL}"
    if by != wanted and (by is not None or record.status in ("ok", "diverged")):
        yield f"found it made by {by!r}, wanted {wanted!r}"


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
