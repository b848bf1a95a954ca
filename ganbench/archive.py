"""Published records: `<folder>/<dataset>.jsonl`, a record a line, only ever appended to.

The order of lines is the order of publication. What a newer version of a plugin replaces stays in its file, and is left
off the boards once the newer one has run the same seeds.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ganbench.claim import claim
from ganbench.errors import RecordError, StoreError
from ganbench.leaderboards.conditions import Conditions
from ganbench.record import RunRecord
from ganbench.store import slug


class Archive:
    """The published records under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, dataset: str) -> Path:
        """The file of a dataset's records."""
        return self.folder / f"{slug(dataset)}.jsonl"

    def records(self) -> Iterator[RunRecord | StoreError]:
        """Every record, by file and line; what is no record, or gives a known run other numbers, comes as an error."""
        seen: dict[str, tuple[str, RunRecord]] = {}
        for where, line in self._lines():
            record = _parsed(line, where)
            if isinstance(record, StoreError):
                yield record
            elif record.id not in seen:
                seen[record.id] = where, record
                yield record
            elif seen[record.id][1] != record:
                yield StoreError(f"{where}: run {record.id} stands already in {seen[record.id][0]}, which counts")

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        """Every line, after the words that name its place."""
        for path in sorted(self.folder.glob("*.jsonl")):
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield f"{path}, line {number}", line

    def append(self, records: Sequence[RunRecord]) -> None:
        """Publishes the records: every line is on the disk when this returns.

        Raises:
            OSError: when a file cannot be written; what an unfinished line left behind is set aside next time.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for record in records:
            with self.path(record.spec.dataset).open("ab") as file:
                file.write(record.to_json().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """For as long as the block lasts, nobody else publishes here.

        Raises:
            StoreError: when somebody else does.
        """
        held = claim(self.folder)
        if held is None:
            raise StoreError(f"another command is publishing into {self.folder}; wait until it has ended")
        try:
            yield
        finally:
            held.release()

    def set_aside(self) -> list[Path]:
        """Moves every unfinished last line into `<dataset>.jsonl.damaged`, and returns the files that had one.

        To be called before the first append, which would join its record to such a line.
        """
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                with path.with_name(f"{path.name}.damaged").open("ab") as damaged:
                    damaged.write(content[whole:] + b"\n")
                os.truncate(path, whole)
                found.append(path)
        return found


def sorted_out(found: Iterable[RunRecord | StoreError]) -> tuple[list[RunRecord], list[StoreError]]:
    """The records among what a store or an archive gives, and what is wrong with the rest; each in its order."""
    whole: list[RunRecord] = []
    damaged: list[StoreError] = []
    with _no_collection():
        for each in found:
            if isinstance(each, StoreError):
                damaged.append(each)
            else:
                whole.append(each)
    return whole, damaged


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spares the garbage collector looks, now and later, at millions of new objects of which none is in a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def current(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The records that a board shows, of `records` in the order of publication.

    Of each cell under the same conditions only runs of one source count, and of each seed the last of them: of the
    source that was published last and has a run of every seed that the source before it has. So a row stays whole while
    new code is rerun night by night. A run whose plugin could not be loaded replaces none that could.
    """
    cells: dict[tuple[Conditions, str], list[RunRecord]] = defaultdict(list)
    for record in records:
        cells[Conditions.of(record.spec), record.spec.cell].append(record)
    return [record for published in cells.values() for record in _newest(published)]


def _newest(published: Sequence[RunRecord]) -> Iterable[RunRecord]:
    sources: dict[str | None, dict[int, RunRecord]] = {}
    for record in published:
        runs = sources.pop(record.spec.source_hash, {})
        runs[record.spec.seed] = record
        sources[record.spec.source_hash] = runs  # the source that was published last stands last
    unloaded = sources.pop(None, {})
    shown: dict[int, RunRecord] = {}
    for runs in sources.values():
        if runs.keys() >= shown.keys():
            shown = runs
    return (shown or unloaded).values()


def _parsed(line: bytes, where: str) -> RunRecord | StoreError:
    try:
        return RunRecord.from_json(line.decode())
    except (UnicodeDecodeError, RecordError) as error:
        return StoreError(f"{where}: {error}")
