"""The records of a store while plugins run, which could write to any file: what was there stays, or is named."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ganbench.errors import StoreError
from ganbench.record import RunRecord
from ganbench.store import Store

HELD = 64 * 2**20
"""Bytes of earlier commands' records, packed, that are held to be put back: as measured, 4 to 18 kB a record, so those
of thousands of runs. Of more only a hash is held, by which a change is seen and cannot be undone."""


@dataclass(frozen=True)
class Changes:
    """Records that were found to be other ones than before, in order of their paths."""

    put_back: list[Path]
    """They are as they were."""
    left: list[Path]
    """They are not: another command has run them again, or a plugin has forged them, and nothing tells which; or what
    they were is not held."""


class Keeper:
    """Remembers every record of the store, and puts back those that were deleted, damaged or forged.

    A record that has been handed to `keep` stays as it is. One of an earlier command may have been replaced by another
    command that runs it again: by any sound record, but of two that are ok both have the same numbers. Only where it
    was interrupted is that to be expected; else it is named.
    """

    def __init__(self, store: Store, found: Iterable[RunRecord | StoreError], held: int = HELD) -> None:
        """`found` are the records that the store has; `held` as `HELD`."""
        self._store = store
        self._packed: dict[Path, bytes] = {}
        self._hashes: dict[Path, bytes] = {}
        self._kept: set[Path] = set()
        for record in found:
            if isinstance(record, RunRecord):
                path, packed = store.record_path(record.spec), zlib.compress(_text(record), level=1)
                held -= len(packed)
                if held >= 0:
                    self._packed[path] = packed
                else:
                    self._hashes[path] = _digest(path)

    def keep(self, record: RunRecord) -> None:
        """Takes the record for what its run has left."""
        path = self._store.record_path(record.spec)
        self._packed[path] = zlib.compress(_text(record), level=1)
        self._hashes.pop(path, None)
        self._kept.add(path)

    def put_back(self) -> Changes:
        """Writes again what is not as it was and can be told to be wrong."""
        put_back, left = [], []
        for path, packed in self._packed.items():
            text = zlib.decompress(packed)
            if _read(path) == text:
                continue
            before = RunRecord.from_json(text.decode())
            now = self._store.find(before.spec)
            if path in self._kept or now is None or not _may_replace(before, now):
                self._store.commit(before)
                put_back.append(path)
            elif before.status != "interrupted" and replace(now, also=before.also) != before:
                left.append(path)
        left += [path for path, digest in self._hashes.items() if _digest(path) != digest]
        return Changes(sorted(put_back), sorted(left))


def _may_replace(before: RunRecord, now: RunRecord) -> bool:
    """Whether the record may be what another command has left."""
    return (before.status, now.status) != ("ok", "ok") or before.values == now.values


def _text(record: RunRecord) -> bytes:
    """As its file holds it."""
    return f"{record.to_json()}\n".encode()


def _digest(path: Path) -> bytes:
    return hashlib.sha256(_read(path)).digest()


def _read(path: Path) -> bytes:
    """What lies there; nothing where no file does."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
