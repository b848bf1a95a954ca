"""Run directories on disk: `<root>/<dataset>/<variant>/<id>/`.

    spec.json               what the run is; written when it begins
    record.json             what it left; written last, by atomic rename: it is the commit
    samples.png curves.png  to look at
    checkpoint.safetensors  the trained networks
    log.txt                 what the plugin printed
    state.safetensors       where an unfinished run can continue; gone when it ends

Two machines' runs merge by copying folders.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ganbench.atomic import write_text
from ganbench.claim import Claim, claim
from ganbench.errors import RecordError, StoreError
from ganbench.record import RunRecord, RunSpec
from ganbench.strict import canonical


class Store:
    """The runs under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def require_writable(self) -> None:
        """Raises StoreError unless runs can be written here; makes nothing."""
        nearest = next(folder for folder in (self.root.absolute(), *self.root.absolute().parents) if folder.exists())
        if not nearest.is_dir():
            raise StoreError(f"--out {self.root}: '{nearest}' is a file; wanted a folder to write runs into")
        try:
            with tempfile.TemporaryDirectory(dir=nearest, prefix=".ganbench-"):
                pass
        except OSError as error:
            raise StoreError(
                f"--out {self.root}: the folder '{nearest}' cannot be written ({error.strerror}); choose another"
            ) from error

    def folder(self, spec: RunSpec) -> Path:
        """Where the run lives."""
        return self.root / slug(spec.dataset) / slug(spec.variant) / spec.id

    def record_path(self, spec: RunSpec) -> Path:
        """Where the run's record lies, once it has ended."""
        return self.folder(spec) / "record.json"

    def _clear_way(self, path: Path) -> None:
        """Deletes what a plugin has put in the place of a folder below the root, or of the file `path` itself.

        A link in the place of the run's own folder would lead out of the store; higher ones may be the user's.
        """
        for folder in [each for each in reversed(path.parents) if self.root in each.parents]:
            is_folder = folder.is_dir() and not (folder == path.parent and folder.is_symlink())
            if not is_folder and (folder.exists() or folder.is_symlink()):
                folder.unlink()
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)

    def begin(self, spec: RunSpec) -> Path:
        """Makes the run's folder with its spec, and returns it; an earlier record stays until another replaces it."""
        folder = self.folder(spec)
        self._clear_way(folder / "spec.json")
        write_text(folder / "spec.json", canonical(spec.as_dict()) + "\n")
        return folder

    def claim(self, spec: RunSpec) -> Claim | None:
        """The claim to do the run, and those trained together with it; None while another command does it."""
        self._clear_way(self.record_path(spec))
        return claim(self.folder(spec))

    def commit(self, record: RunRecord) -> None:
        """Makes the record the run's result."""
        self._clear_way(self.record_path(record.spec))
        write_text(self.record_path(record.spec), record.to_json() + "\n")

    def find(self, spec: RunSpec) -> RunRecord | None:
        """The run's record, if it has ended; a damaged one, and that of another run, count as none."""
        found = _read(self.record_path(spec))
        return found if isinstance(found, RunRecord) else None

    def committed(self, spec: RunSpec) -> int | None:
        """When the run's record was written, in nanoseconds; None where there is none."""
        try:
            return self.record_path(spec).stat().st_mtime_ns
        except OSError:
            return None

    def records(self) -> Iterator[RunRecord | StoreError]:
        """Every record under the root, by path; a damaged one comes as an error that names its file."""
        for path in sorted(self.root.glob("*/*/*/record.json")):
            yield _read(path)


def _read(path: Path) -> RunRecord | StoreError:
    """The record at `path`, whose folder bears the run's id, or what is wrong with it."""
    try:
        record = RunRecord.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecordError) as error:
        return StoreError(f"{path}: {error}")
    if record.id != path.parent.name:
        return StoreError(f"{path}: found the record of run {record.id}: wanted that of run {path.parent.name}")
    return record


def slug(name: str) -> str:
    """A folder name that cannot leave its parent; it need not be unique, since the id below it is."""
    return re.sub(r"[^A-Za-z0-9_@-]", "-", name)[:80] or "-"
