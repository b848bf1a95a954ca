"""The records of a store while plugins run, which could write to any file: what was there stays, as it was."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from ganbench.errors import StoreError
from ganbench.record import RunRecord, RunSpec
from ganbench.store import Store


class Keeper:
    """Remembers every record of the store, and puts back those that were deleted, damaged or forged.

    A record that has been handed to `keep` stays as it is. One of an earlier command may have been replaced by another
    command that runs it again: by any sound record, but of two that are ok both have the same numbers.
    """

    def __init__(self, store: Store, found: Iterable[RunRecord | StoreError]) -> None:
        """`found` are the records that the store has."""
        self._store = store
        self._packed = {record.spec: _packed(record) for record in found if isinstance(record, RunRecord)}
        self._kept: set[RunSpec] = set()

    def keep(self, record: RunRecord) -> None:
        """Takes the record for what its run has left."""
        self._packed[record.spec] = _packed(record)
        self._kept.add(record.spec)

    def put_back(self) -> list[Path]:
        """Writes again what is not as it was, and returns those paths, in order."""
        changed = []
        for spec, packed in self._packed.items():
            path, text = self._store.record_path(spec), zlib.decompress(packed).decode()
            if _read(path) != text and (spec in self._kept or not self._may_replace(text, spec)):
                self._store.commit(RunRecord.from_json(text))
                changed.append(path)
        return sorted(changed)

    def _may_replace(self, text: str, spec: RunSpec) -> bool:
        """Whether what lies there now may be what another command has left."""
        before, now = RunRecord.from_json(text), self._store.find(spec)
        return now is not None and ((before.status, now.status) != ("ok", "ok") or before.values == now.values)


def _packed(record: RunRecord) -> bytes:
    """As its file holds it."""
    return zlib.compress(f"{record.to_json()}\n".encode(), level=1)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
