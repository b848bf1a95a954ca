"""Records while plugins run that alter files: what was there stays, and what another command leaves is taken."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from distributions import SMALL, ganbench, install_misfits, records, timeless
from records import failed, ok

from ganbench.keeper import Changes, Keeper
from ganbench.record import RunRecord
from ganbench.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def left(store: Store, record: RunRecord) -> Path:
    """Where the record lies that a run has left."""
    store.begin(record.spec)
    store.commit(record)
    return store.record_path(record.spec)


def _delete(path: Path) -> None:
    path.unlink()


def _damage(path: Path) -> None:
    path.write_text("{}")


def _take_the_folder(path: Path) -> None:
    shutil.rmtree(path.parents[1])
    path.parents[1].write_text("mine")


def _take_the_file(path: Path) -> None:
    path.unlink()
    (path / "deeper").mkdir(parents=True)


def _lead_away(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.symlink_to("nowhere")


@pytest.mark.parametrize("harm", [_delete, _damage, _take_the_folder, _take_the_file, _lead_away])
def test_what_was_harmed_is_put_back(store: Store, harm: Callable[[Path], None]) -> None:
    """Records of earlier commands and of this one; those that nobody has touched are not written again."""
    earlier, own, other = ok("nsgan", 0, 5), ok("wgan", 0, 3), ok("hinge", 0, 4)
    paths = [left(store, record) for record in (earlier, own, other)]
    keeper = Keeper(store, [earlier, other])
    keeper.keep(own)
    before = [path.read_bytes() for path in paths]
    untouched = paths[2].stat().st_mtime_ns
    for path in paths[:2]:
        harm(path)
    assert keeper.put_back() == Changes(sorted(paths[:2]), [])
    assert [path.read_bytes() for path in paths] == before
    assert paths[2].stat().st_mtime_ns == untouched
    assert keeper.put_back() == Changes([], [])


def test_forged_numbers_are_put_back(store: Store) -> None:
    """Other numbers under the same id, whether the run ended in this command or before."""
    for number, ended_now in enumerate((False, True)):
        record = ok("nsgan", number, 5)
        keeper = Keeper(store, [] if ended_now else [record])
        if ended_now:
            keeper.keep(record)
        path = left(store, replace(record, values={"modes_covered": 8}))
        assert keeper.put_back() == Changes([path], [])
        assert store.find(record.spec) == record


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (failed("timeout", "nsgan", 0, "slow"), ok("nsgan", 0, 5), True),
        (ok("nsgan", 0, 5), failed("crashed", "nsgan", 0, "it broke"), True),
        (ok("nsgan", 0, 5), replace(ok("nsgan", 0, 5), seconds={"start": 9.0}), True),
        (ok("nsgan", 0, 5), replace(ok("nsgan", 0, 5), also=("another name",)), False),
        (failed("interrupted", "nsgan", 0, "Ctrl-C"), ok("nsgan", 0, 5), False),
    ],
)
def test_what_another_command_leaves_is_taken(store: Store, before: RunRecord, after: RunRecord, named: bool) -> None:
    """A run of an earlier command that somebody runs again meanwhile has the record that this leaves.

    A plugin could have written it, so it is named, but for what other commands do as a matter of course.
    """
    keeper = Keeper(store, [before])
    path = left(store, after)
    assert keeper.put_back() == Changes([], [path] * named)
    assert store.find(after.spec) == after


def test_what_is_more_than_memory_is_to_hold_is_named(store: Store) -> None:
    """Of records beyond what is held, any change is named; those of the present command are held in any case."""
    earlier = [ok("nsgan", 0, 5), ok("wgan", 0, 3), ok("hinge", 0, 4), ok("gan", 0, 6)]
    deleted, forged, untouched, own = (left(store, record) for record in earlier)
    first = len(zlib.compress(deleted.read_bytes(), level=1))
    for held, put_back in ((0, []), (first, [deleted])):
        keeper = Keeper(store, earlier, held)
        keeper.keep(earlier[-1])
        for path in (deleted, own):
            path.unlink()
        left(store, replace(earlier[1], values={"modes_covered": 8}))
        assert keeper.put_back() == Changes(sorted([*put_back, own]), sorted({deleted, forged} - {*put_back}))
        for record in earlier:
            store.commit(record)
    assert untouched.exists()


def test_the_record_of_another_run_is_none(store: Store) -> None:
    """A record that was copied into the folder of another run counts as damage there, and as no end of that run."""
    one, other = ok("nsgan", 0, 5), ok("wgan", 0, 3)
    path = left(store, other)
    path.write_text(one.to_json())
    assert store.find(other.spec) is None
    assert [str(each) for each in store.records()] == [
        f"{path}: found the record of run {one.id}: wanted that of run {other.id}"
    ]


def test_ruinous_plugins_cost_nobody_a_record(tmp_path: Path) -> None:
    """One forges every record, and one puts files in place of all folders: their neighbour's run and that of an earlier
    command have the numbers that they have alone, and the user is told.
    """
    install_misfits(tmp_path / "site")

    def run(variants: str, *options: str) -> CompletedProcess[str]:
        return ganbench(
            "run", "-p", variants, *SMALL, "--seeds", "1", *options, cwd=tmp_path, sites=[tmp_path / "site"]
        )

    assert run("nsgan,lsgan", "--out", "alone").returncode == 0
    assert run("nsgan").returncode == 0
    done = run("lsgan,forger,squatter")
    assert done.returncode == 0
    assert done.stderr.startswith("a plugin had changed or deleted ")
    found = records(tmp_path / "runs")
    wanted = timeless(records(tmp_path / "alone"))
    assert {id_: timeless(found[id_]) for id_ in wanted} == wanted
    statuses = {record["spec"]["variant"]: record["status"] for record in found.values()}
    assert (statuses["forger"], statuses["squatter"]) == ("ok", "ok")
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"ring8"}
