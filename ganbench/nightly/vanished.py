"""What last night's boards show and the archive lacks."""

from __future__ import annotations

import csv
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path


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


def vanished(folder: Path, known: Container[str]) -> list[Vanished]:
    """The rows of the boards in `folder` with runs whose ids are not `known`; a row of several boards once."""
    found: dict[Vanished, None] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                runs = (line.get("runs") or "").split()
                gone = tuple(run for run in runs if run not in known)
                if gone and "cell" in line:  # a board itself, and no table made of one
                    found[Vanished(line.get("dataset") or "", line["cell"] or "", len(runs), gone)] = None
    return list(found)
