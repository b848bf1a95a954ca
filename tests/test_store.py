"""Run directories: where they lie, when a run counts as ended, and what a damaged one costs."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from records import failed, ok, spec

from ganbench.errors import StoreError
from ganbench.record import RunRecord, RunSpec
from ganbench.store import Store
from ganbench.strict import parse_json


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def test_a_committed_run_is_found(store: Store):
    """begin writes the spec, commit the record, and find returns it; before that, it is None."""
    record = ok("nsgan", 3, 8)
    assert store.find(record.spec) is None
    folder = store.begin(record.spec)
    assert folder == store.root / "ring8" / "nsgan" / record.id
    assert RunSpec.from_dict(parse_json((folder / "spec.json").read_text())) == record.spec
    assert store.find(record.spec) is None
    store.commit(record)
    assert store.find(record.spec) == record
    assert list(store.records()) == [record]


def test_beginning_again_keeps_the_record_until_another_replaces_it(store: Store):
    """A run that is done again shows its old result meanwhile; `committed` tells when a new one has come."""
    assert store.committed(ok().spec) is None
    store.begin(ok().spec)
    assert store.committed(ok().spec) is None
    store.commit(failed("crashed"))
    path = store.folder(ok().spec) / "record.json"
    os.utime(path, ns=(10**18, 10**18))
    store.begin(ok().spec)
    assert store.find(ok().spec) == failed("crashed")
    assert store.committed(ok().spec) == 10**18
    store.commit(ok())
    assert store.find(ok().spec) == ok()
    assert store.committed(ok().spec) == path.stat().st_mtime_ns > 10**18


def test_a_crash_while_committing_leaves_the_old_record(store: Store, monkeypatch: pytest.MonkeyPatch):
    """The record is replaced whole or not at all."""
    store.begin(ok().spec)
    store.commit(failed("crashed"))

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="no space left"):
            store.commit(ok())
    assert store.find(ok().spec) == failed("crashed")
    assert sorted(path.name for path in store.folder(ok().spec).iterdir()) == ["record.json", "spec.json"]


@pytest.mark.parametrize(
    "name", ["../../etc", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "a\0b", "folder:../..", "é" * 300, "-rf"]
)
def test_hostile_names_stay_inside_the_root(store: Store, name: str):
    """Whatever a dataset or variant is called, its run lies exactly three folders below the root."""
    hostile = spec(name, dataset=name)
    store.begin(hostile)
    record = RunRecord(spec=hostile, status="ok")
    store.commit(record)
    folder = store.folder(hostile)
    assert folder.resolve().is_relative_to(store.root.resolve())
    assert len(folder.resolve().relative_to(store.root.resolve()).parts) == 3
    assert list(store.records()) == [record]


def test_a_link_in_a_runs_place_gives_way(store: Store, tmp_path: Path):
    """A plugin cannot send the record of its run out of the store; what the link leads to stays as it is."""
    (tmp_path / "elsewhere").mkdir()
    folder = store.begin(ok().spec)
    shutil.rmtree(folder)
    folder.symlink_to(tmp_path / "elsewhere")
    store.commit(ok())
    assert not folder.is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert store.find(ok().spec) == ok()


def test_a_users_link_to_another_disk_stays(store: Store, tmp_path: Path):
    """A dataset's folder may be a link: no run's folder is its place."""
    (tmp_path / "disk").mkdir()
    store.root.mkdir()
    (store.root / "ring8").symlink_to(tmp_path / "disk")
    store.commit(ok())
    assert (tmp_path / "disk" / "nsgan" / ok().id / "record.json").exists()


def test_names_that_share_a_folder_do_not_share_a_run(store: Store):
    """The id below tells them apart."""
    one, other = ok("a/b"), ok("a-b")
    assert store.folder(one.spec).parent == store.folder(other.spec).parent
    store.commit(one)
    store.commit(other)
    assert (store.find(one.spec), store.find(other.spec)) == (one, other)


@pytest.mark.parametrize("damage", [b"", b'{"id":', b"\xff\xfe", b"[]", b"{}", b'{"spec": {"variant": "\\ud800"}}'])
def test_a_damaged_record_names_its_file(store: Store, damage: bytes):
    """It comes as a StoreError among the others, and its run counts as not ended."""
    for record in (ok("gan"), ok("nsgan")):
        store.commit(record)
    path = store.folder(ok("gan").spec) / "record.json"
    path.write_bytes(damage)
    error, whole = store.records()
    assert whole == ok("nsgan")
    assert isinstance(error, StoreError)
    assert str(error).startswith(f"{path}: ")
    assert store.find(ok("gan").spec) is None


@pytest.mark.parametrize("field", ["provenance", "quantities", "settings"])
def test_a_record_nested_deep_is_damaged(store: Store, field: str):
    """At every depth below and above Python's limit: whatever is read can be compared and printed too."""
    nested = {"provenance": ('"provenance":{', '"x":%s,'), "quantities": ('"auc":{', '"x":%s,')}
    before, within = nested.get(field, ('"settings":[', '["x",%s]'))
    store.commit(ok())
    path = store.record_path(ok().spec)
    text = path.read_text()
    assert before in text
    for depth in (33, 500, 900, *range(940, 1000), 2000, 100_000):
        path.write_text(text.replace(before, before + within % ("[" * depth + "]" * depth)))
        (error,) = store.records()
        assert isinstance(error, StoreError)
        assert "nested deeper than 32 levels" in str(error) or "recursion" in str(error)


def test_an_altered_record_is_damaged(store: Store):
    """A spec that was edited by hand does not give the id that stands beside it."""
    store.commit(ok())
    path = store.folder(ok().spec) / "record.json"
    path.write_text(path.read_text().replace('"seed":0', '"seed":1'))
    (error,) = store.records()
    assert isinstance(error, StoreError)
    assert "does not follow from its spec" in str(error)


def test_stores_merge_by_copying(store: Store, tmp_path: Path):
    """Two machines' runs in one folder are the union of their records."""
    other = Store(tmp_path / "elsewhere")
    store.commit(ok("gan", 0))
    other.commit(ok("gan", 1))
    other.commit(ok("hinge", 0))
    shutil.copytree(other.root, store.root, dirs_exist_ok=True)
    merged = {(record.spec.variant, record.spec.seed) for record in store.records() if isinstance(record, RunRecord)}
    assert merged == {("gan", 0), ("gan", 1), ("hinge", 0)}


def test_an_empty_root_holds_nothing(store: Store):
    """A folder that is not there holds no records, and asking makes none."""
    assert list(store.records()) == []
    store.require_writable()
    assert not store.root.exists()


def test_a_file_in_the_roots_place_is_named(store: Store):
    """The error says what stands there and what was wanted."""
    store.root.write_text("a file")
    with pytest.raises(StoreError, match=f"--out {store.root}: '{store.root}' is a file; wanted a folder"):
        store.require_writable()
    with pytest.raises(StoreError, match=f"'{store.root}' is a file"):
        Store(store.root / "deeper" / "still").require_writable()


def test_an_unwritable_folder_is_named(store: Store, monkeypatch: pytest.MonkeyPatch):
    """The error names the nearest folder there is, and the option that chooses another."""

    def refused(**options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refused)
    with pytest.raises(StoreError) as caught:
        store.require_writable()
    parent = store.root.parent
    assert str(caught.value) == (
        f"--out {store.root}: the folder '{parent}' cannot be written (Permission denied); choose another"
    )


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    disk = tmp_path / "tiny"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a full disk was NOT tried: no small one can be mounted here ({made.stderr.strip()})")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_whole_records_alone(tiny: Path):
    """Records are committed until one does not fit; it is an error of the system, and every other is whole."""
    store = Store(tiny / "runs")
    committed = []
    with pytest.raises(OSError, match="No space left on device"):
        for seed in range(1000):
            store.commit(ok("nsgan", seed, 8))
            committed.append(seed)
    assert 0 < len(committed) < 60
    assert sorted(record.spec.seed for record in store.records()) == committed
    assert list(tiny.rglob(".record*")) == []


def test_a_full_disk_keeps_the_record_that_was_there(tiny: Path):
    """What cannot be replaced stays as it was; with room again, it is replaced."""
    store = Store(tiny / "runs")
    store.commit(failed("crashed"))
    with pytest.raises(OSError, match="No space left on device"):
        (tiny / "filler").write_bytes(b"x" * 2**20)
    with pytest.raises(OSError, match="No space left on device"):
        store.commit(ok())
    assert store.find(ok().spec) == failed("crashed")
    (tiny / "filler").unlink()
    store.commit(ok())
    assert store.find(ok().spec) == ok()


def test_a_run_is_claimed_by_one(store: Store):
    """Who has claimed a run keeps others from it until it is released; runs trained apart are claimed apart."""
    held = store.claim(ok("nsgan", 0).spec)
    assert store.claim(ok("nsgan", 0).spec) is None
    other = store.claim(ok("nsgan", 1).spec)
    assert None not in (held, other)
    held.release()
    again = store.claim(ok("nsgan", 0).spec)
    assert again is not None
    for claim in (other, again):
        claim.release()
    assert list(store.folder(ok("nsgan", 0).spec).iterdir()) == []


def test_a_claim_ends_with_its_process(store: Store):
    """Nobody has to clean up after a command that was killed."""
    program = (
        f"import os, signal, sys; from pathlib import Path; from ganbench.claim import claim; "
        f"print(claim(Path({str(store.folder(ok().spec))!r})), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    assert "Claim object" in done.stdout
    held = store.claim(ok().spec)
    assert held is not None
    held.release()
