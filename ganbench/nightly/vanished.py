"""What last night's boards show and the archive lacks."""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ganbench.leaderboards.files import of_boards


@dataclass(frozen=True)
class Shown:
    """One row of last night's boards."""

    dataset: str
    cell: str
    """As the board prints it."""
    runs: tuple[str, ...]
    """Their ids, by seed."""


@dataclass(frozen=True)
class Vanished:
    """Runs of one row that are gone."""

    dataset: str
    cell: str
    """As the board prints it."""
    seeds: int
    """How many the row had."""
    runs: tuple[str, ...]
    """The ids of those that are gone, by seed."""


def last_boards(folder: Path) -> tuple[list[Shown], list[str]]:
    """The rows of the boards in `folder`, one of several boards once; and why tables could not be read, a line each."""
    rows: dict[Shown, None] = {}
    unread: list[str] = []
    for path in of_boards(folder):
        if path.suffix == ".csv":
            try:
                rows |= dict.fromkeys(_rows(path))
            except (OSError, csv.Error) as error:
                unread.append(f"{path.name}: {getattr(error, 'strerror', None) or error}")
    return list(rows), unread


def vanished(rows: Iterable[Shown], known: Container[str]) -> list[Vanished]:
    """The rows with runs whose ids are not `known`."""
    gone = ((row, tuple(run for run in row.runs if run not in known)) for row in rows)
    return [Vanished(row.dataset, row.cell, len(row.runs), runs) for row, runs in gone if runs]


def _rows(path: Path) -> Iterator[Shown]:
    text = path.read_bytes().decode(errors="replace")
    for line in csv.DictReader(io.StringIO(text, newline="")):
        if "cell" in line:  # a board itself, and no table made of one
            yield Shown(line.get("dataset") or "", line["cell"] or "", tuple((line.get("runs") or "").split()))
