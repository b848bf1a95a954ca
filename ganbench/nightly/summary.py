"""A night in words, as Markdown: what ran, what failed, what moved, what is left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import pandas as pd

from ganbench.leaderboards.changes import Change
from ganbench.leaderboards.entries import quantity_text
from ganbench.leaderboards.markdown import escaped
from ganbench.leaderboards.numbers import seconds_text, seeds_text
from ganbench.nightly.night import Night
from ganbench.nightly.vanished import Vanished
from ganbench.planning import Group
from ganbench.record import RunRecord


def summary(night: Night, suite: str) -> str:
    """The night on one page, worst news first, ending in a newline; every text of others is escaped."""
    counts = Counter(record.status for record in night.published)
    ran = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"
    moved = [change for change in night.changes if change.moved]
    still = len(night.changes) - len(moved)
    sections = [
        f"# Nightly: {escaped(suite)}",
        "\n".join(
            [
                f"- runs published tonight: {len(night.published)} ({ran}); published before: {night.finished}",
                f"- groups left for want of time: {len(night.left)}",
                f"- rows that new code ran anew: {len(night.changes)}, of which {len(moved)} moved beyond their noise "
                f"and {still} did not",
                f"- boards: {len(night.boards)}; {seconds_text(night.seconds)} s in all",
            ]
        ),
        *_listed("Runs that vanished", map(_vanished, night.vanished)),
        *_moved(moved),
        *_listed("Files of last night's boards that could not be read", night.unread),
        *_listed("Damaged lines of records", map(str, night.damaged)),
        *_listed("Unfinished lines, set aside beside their file", [path.name for path in night.set_aside]),
        *_listed("Grids that could not be planned", night.unplanned),
        *_listed("Records that were not let in", night.refused),
        *_listed("Runs that failed", _failures(night.failed)),
        *_listed("Left for another night", _left(night.left)),
        *_listed("Warnings", night.warnings),
    ]
    return "\n\n".join(sections) + "\n"


def _listed(heading: str, items: Sequence[str] | map[str]) -> list[str]:
    lines = [f"- {escaped(item)}" for item in items]
    return [f"## {heading}", "\n".join(lines)] if lines else []


def _vanished(row: Vanished) -> str:
    which = f"{len(row.runs)} of {seeds_text(row.seeds)}"
    return f"{row.dataset}: {row.cell}, {which}, on last night's boards: {' '.join(row.runs)}"


def _failures(records: Sequence[RunRecord]) -> list[str]:
    """A line a cell and reason, with the seeds that it happened to."""
    seeds: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for record in records:
        what = (record.spec.dataset, record.spec.cell, record.status, record.reason)
        seeds[what].append(str(record.spec.seed))
    return [
        f"{dataset}: {cell}, seed{'s' * (len(found) > 1)} {', '.join(found)}: {status}: {reason}"
        for (dataset, cell, status, reason), found in seeds.items()
    ]


def _left(groups: Sequence[Group]) -> list[str]:
    """A line a cell, with its seeds."""
    seeds: dict[tuple[str, str], list[int]] = defaultdict(list)
    for group in groups:
        seeds[group.specs[0].dataset, group.specs[0].cell] += group.seeds
    return [f"{dataset}: {cell}, {seeds_text(len(found))}" for (dataset, cell), found in seeds.items()]


def _moved(moved: Sequence[Change]) -> list[str]:
    if not moved:
        return []
    lines = [
        {
            "dataset": change.board.conditions.dataset,
            "cell": change.after.cell,
            "quantity": change.board.headline,
            "before": quantity_text(change.before, change.board.headline),
            "now": quantity_text(change.after, change.board.headline),
            "failed before": change.before.failures,
            "failed now": change.after.failures,
            "now is": change.way,
            "p": f"{change.p:.2g}",
        }
        for change in moved
    ]
    table = pd.DataFrame([{name: escaped(text) for name, text in line.items()} for line in lines])
    note = "p is Student's, paired by seed, corrected after Holm for every row that new code ran anew."
    return ["## Scores that moved", table.to_markdown(index=False, tablefmt="github", disable_numparse=True), note]
