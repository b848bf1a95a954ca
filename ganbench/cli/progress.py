"""Progress on the standard error, drawn only where that is a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ganbench.planning import Group
from ganbench.record import RunRecord

SHOWN = 3
"""How many of the newest values stand beside a bar."""


def looking(cells: int) -> AbstractContextManager[object]:
    """Says, for as long as the block lasts, that so many cells are looked at before any begins."""
    return Console(stderr=True).status(f"looking at {cells} cell{'' if cells == 1 else 's'}")


class Bars:
    """One bar a group of seeds, with its newest values. A listener of a campaign and a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[values]}", style="dim", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[Group, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def planned(self, groups: Sequence[Group]) -> None:
        for group in groups:
            self._tasks[group] = self._progress.add_task(_name(group), total=1.0, values="")

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.4g}" for name, value in list(values.items())[:SHOWN])
        self._progress.update(self._tasks[group], completed=fraction, values=shown)

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        bad = [record for record in records if record.status != "ok"]
        self._progress.update(self._tasks[group], completed=1.0)
        if bad:
            self._progress.update(self._tasks[group], values=f"{len(bad)} of {len(records)}: {bad[0].status}")

    def put_back(self, records: Sequence[Path]) -> None:
        self._say(f"a plugin had changed or deleted {_count(records)}, now as before", records)

    def left_changed(self, records: Sequence[Path]) -> None:
        found = f"{_count(records)} of earlier commands changed meanwhile"
        self._say(f"{found}; unless another command ran them again, a plugin has: --again runs them anew", records)

    def _say(self, text: str, records: Sequence[Path]) -> None:
        listed = ", ".join(map(str, records))
        self._progress.console.print(f"{text}: {listed}", markup=False, highlight=False, soft_wrap=True)


def _count(records: Sequence[Path]) -> str:
    return "1 record" if len(records) == 1 else f"{len(records)} records"


def _name(group: Group) -> str:
    seeds = group.seeds
    span = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]}-{seeds[-1]}"
    return f"{group.specs[0].dataset} · {group.specs[0].cell} · {span}"
