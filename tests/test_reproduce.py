"""`ganbench reproduce`: a recorded run is run again from its record, and its numbers are compared."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from distributions import SMALL, ganbench, records
from records import ok

from ganbench.archive import Archive
from ganbench.errors import StoreError, UsageError
from ganbench.record import RunRecord
from ganbench.reproduction import recorded_run, request_of
from ganbench.request import Request
from ganbench.store import Store


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds of a cell with a trick and a setting, trained as one group, with their controls."""
    folder = tmp_path_factory.mktemp("made")
    cell = ("-p", "nsgan", "-t", "ema(decay=0.5)", "--set", "d_steps=2")
    done = ganbench("run", *cell, *SMALL, "--batch-size", "64", "-s", "3", cwd=folder)
    assert done.returncode == 0
    return folder / "runs"


@pytest.fixture(scope="module")
def trained(runs: Path) -> RunRecord:
    """The second seed of the group."""
    found = [record for record in Store(runs).records() if isinstance(record, RunRecord)]
    return next(each for each in found if each.spec.variant == "nsgan" and each.spec.seed == 1)


@pytest.fixture(scope="module")
def control(runs: Path) -> RunRecord:
    """An untrained generator, which is soon measured again."""
    found = [record for record in Store(runs).records() if isinstance(record, RunRecord)]
    return next(each for each in found if each.spec.variant == "untrained" and each.spec.seed == 0)


def reproduced(folder: Path, record: RunRecord, *arguments: str | Path) -> CompletedProcess[str]:
    """The command for a record that is published alone."""
    Archive(folder / "records").append([record])
    return ganbench("reproduce", record.id, "--records", "records", *arguments, cwd=folder)


def test_a_run_is_there_again_to_the_last_bit(runs: Path, trained: RunRecord, tmp_path: Path):
    """By its id, with its whole group of seeds, kept in --out; every number of the curve, and the id, is the same."""
    done = ganbench("reproduce", trained.id, "--runs", runs, "--out", "again", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["reproduced"], found["bit_equal"], found["tolerance"]) == (True, True, 1e-6)
    assert (found["id"], found["seed"], found["group"]) == ([trained.id] * 2, 1, [0, 1, 2])
    assert (found["changed_fields"], found["changed_surroundings"]) == ({}, {})
    assert {row["name"]: row["recorded"] for row in found["quantities"]} == {
        **trained.values,
        **{name: value for name, value in trained.meters.items() if name != "seconds"},
    }
    again = records(tmp_path / "again")
    assert {(each["spec"]["variant"], each["spec"]["seed"]) for each in again.values()} == {
        ("nsgan", 0),
        ("nsgan", 1),
        ("nsgan", 2),
    }
    assert set(again) <= set(records(runs))
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_a_record_that_lies_is_not_reproduced(control: RunRecord, tmp_path: Path):
    """One number changed by a thousandth, on the same platform and versions, is exit code 5, and is named."""
    name, value = next((name, value) for name, value in control.values.items() if name == "reverse_kl")
    done = reproduced(tmp_path, replace(control, values={**control.values, name: value * 1.001}))
    assert (done.returncode, done.stderr) == (5, "")
    assert re.search(r"^ ?reverse_kl +\S+ +\S+ +1\.0e-03 !", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "not reproduced: over the tolerance of 1e-06, or missing: reverse_kl"
    assert [path.name for path in tmp_path.iterdir()] == ["records"]


def test_what_differs_is_named(control: RunRecord, tmp_path: Path):
    """Of another torch and other data: what changed of the id and of the versions; the same lie is then tolerated."""
    elsewhere = {**control.provenance, "versions": {**control.provenance["versions"], "torch": "2.11.0"}}
    spec = replace(control.spec, fingerprint="0" * 64)
    values = {**control.values, "reverse_kl": control.values["reverse_kl"] * 1.001}
    record = replace(control, spec=spec, values=values, provenance=elsewhere)
    done = reproduced(tmp_path, record)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert f"id: {record.id} became {control.id}, which is another run; what differs of its spec:" in lines
    assert f"- fingerprint: '{'0' * 64}' became '{control.spec.fingerprint}'" in lines
    assert f"- torch: 2.11.0 became {control.provenance['versions']['torch']}" in lines
    assert lines[-1] == "reproduced: within the tolerance of 0.1, but not to the last bit"


def test_a_folder_that_holds_the_run_is_refused(runs: Path, control: RunRecord):
    """The recorded run is never written over."""
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    done = ganbench("reproduce", Store(runs).folder(control.spec), "--out", runs, cwd=runs.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ganbench: error: --out {runs}: holds run {control.id} already; choose another folder, or none\n"
    )
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before


def test_a_request_is_made_of_a_spec():
    """Everything that was asked for stands in the spec; what it leaves to the dataset's standard is left to it."""
    spec = ok(
        tricks=("ema(decay=0.5)",),
        without=("r1",),
        settings=(("optimizer.betas", (0.5, 0.9)), ("d_steps", 2)),
        extractor="digits-cnn",
        device="cuda",
        threads=3,
    ).spec
    assert Request.of(spec, data_root="data") == Request(
        "nsgan",
        "ring8",
        ("ema(decay=0.5)",),
        ("r1",),
        ("optimizer.betas=(0.5, 0.9)", "d_steps=2"),
        data_root="data",
        budget="1280 samples",
        batch_size=128,
        points=2,
        samples=1000,
        extractor="digits-cnn",
        device="cuda",
        threads=3,
    )
    untrained = ok("untrained", budget="0 samples", batch_size=0, points=1).spec
    assert Request.of(untrained) == Request("untrained", "ring8", points=1, samples=1000, extractor="none")


@pytest.mark.parametrize("published", [False, True])
def test_no_such_run(tmp_path: Path, published: bool):
    """Says where it was looked for, and what would be a run."""
    found, where = (tmp_path, "published in") if published else (None, "under")
    with pytest.raises(StoreError, match=f"no run '0123' {where} '{tmp_path}': wanted a run's folder, or an id"):
        recorded_run("0123", tmp_path, found)


def test_a_run_that_has_not_ended(tmp_path: Path):
    """A folder without a record, and the record of an interrupted run, have no numbers."""
    with pytest.raises(StoreError, match=r"holds no record\.json: wanted the folder of a run that has ended"):
        recorded_run(str(tmp_path), tmp_path)
    (tmp_path / "record.json").write_text("{}")
    with pytest.raises(StoreError, match=r"record\.json: cannot be read as a run's record \(no RunRecord: "):
        recorded_run(str(tmp_path), tmp_path)
    Store(tmp_path).commit(stopped := replace(ok(), status="interrupted"))
    with pytest.raises(UsageError, match=f"run {stopped.id} was interrupted, and there is nothing to reproduce"):
        recorded_run(stopped.id, tmp_path)


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ({"acme_gan": "acme-gan 2.1"}, "the run had it from acme-gan 2.1: pip install 'acme-gan==2.1'"),
        ({"acme_gan": "acme 1; rm -rf \x1b[2J"}, "the run had it from 'acme 1; rm -rf ?[2J'"),
        ({}, "the record does not say which distribution it is from"),
    ],
)
def test_a_missing_plugin_is_named(used: dict[str, str], said: str):
    """With the distribution and version that the record gives; what is no version gets into no command."""
    with pytest.raises(UsageError) as found:
        request_of(replace(ok("acme_gan"), provenance={"used": used}), {})
    assert re.fullmatch(r"run \w{16}: unknown variant 'acme_gan': .*; " + re.escape(said), str(found.value))


def test_a_missing_trick_and_a_missing_dataset_are_named():
    """As a missing variant is."""
    made = {"used": {"acme_trick": "acme 1.0", "acme_data": "acme 2.0"}}
    with pytest.raises(UsageError, match=r"unknown trick 'acme_trick': .*pip install 'acme==1\.0'"):
        request_of(replace(ok(tricks=("acme_trick(x=1)",)), provenance=made), {})
    with pytest.raises(UsageError, match=r"unknown dataset 'acme_data': .*pip install 'acme==2\.0'"):
        request_of(replace(ok(dataset="acme_data"), provenance=made), {})


def test_images_of_ones_own_have_to_be_found_again():
    """A record holds no path; --dataset gives it."""
    record = ok(dataset="folder:photos@32")
    with pytest.raises(UsageError, match=r"'folder:photos@32', and its record does not say where they lie"):
        request_of(record, {})
    assert request_of(record, {"dataset": "folder:there/photos@32"}).dataset == "folder:there/photos@32"
