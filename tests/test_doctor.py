"""`ganbench doctor`: what is missing, what that means and what mends it, without a download."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from distributions import distribution, ganbench

from ganbench import diagnosis
from ganbench.cli import main
from ganbench.datasets.torchvision import SOURCES
from ganbench.diagnosis import data, machine, plugins, software
from ganbench.diagnosis.finding import Finding
from ganbench.diagnosis.software import Requirement, lacking, release, requirements
from ganbench.metrics.inception import FILE, URL
from ganbench.registry import Offer

NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


def by_subject(found: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Each finding, as printed, by what it is of; every one is of another thing."""
    assert len({str(each["subject"]) for each in found}) == len(found)
    return {str(each["subject"]): each for each in found}


def test_a_machine_with_misfits_is_told_of_them(tmp_path: Path):
    """A broken, a leaving and a clashing plugin are problems that stop no run; a run folder that cannot be does."""
    site = tmp_path / "site"
    distribution(site, "acme-broken", "raise ImportError('no module\\nnamed jax')", {"variants": ["broken"]})
    distribution(site, "acme-leaves", "import os\nos._exit(7)", {"tricks": ["leaves"]})
    distribution(site, "acme-nsgan", "raise ImportError('again')", {"variants": ["nsgan"]})
    (tmp_path / "file").write_text("")
    (tmp_path / "data").mkdir()
    before = sorted(tmp_path.rglob("*"))
    arguments = ("doctor", "--json", "--out", "file/below", "--data-root", "data")
    done = ganbench(*arguments, cwd=tmp_path, sites=[site], PYTHONDONTWRITEBYTECODE="1", **NO_NETWORK)
    assert (done.returncode, done.stderr) == (3, "")
    assert sorted(tmp_path.rglob("*")) == before
    found = by_subject(json.loads(done.stdout))
    assert [name for name, each in found.items() if each["needed"] and each["state"] != "ok"] == ["run folder"]
    assert found["run folder"]["about"] == f"{tmp_path}/file/below cannot be written: no run can be kept"
    broken = found["plugins of acme-broken"]
    assert (broken["state"], broken["mend"]) == ("problem", "pip install --upgrade acme-broken")
    assert "importing it raised ImportError: no module named jax" in str(broken["about"])
    assert str(found["plugins of acme-leaves"]["about"]).startswith(
        "trick 'leaves' of acme-leaves 1.0 (acme_leaves): loading it ended in crashed: "
        "the process left with exit status 7 before it had finished; see it alone by `"
    )
    ours = metadata.version("ganbench")
    assert found["variant nsgan"]["about"] == (
        f"offered by acme-nsgan 1.0 and ganbench {ours}: say which, or uninstall one"
    )
    assert found["plugins of ganbench"]["state"] == "ok"
    assert str(found["dataset cifar10"]["about"]).endswith(
        "is not there): use --data-root, or plan a run, which downloads it"
    )
    assert found["dataset cifar10"]["mend"] == (
        "ganbench run -p nsgan -d cifar10 --extractor none --dry-run --data-root data"
    )


def test_without_torch_the_rest_is_not_looked_at(tmp_path: Path):
    """A torch that cannot be imported is one line with its reason, and exit code 3; no traceback."""
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: cannot open\\nshared object file')")
    done = ganbench("doctor", cwd=tmp_path, sites=[tmp_path])
    assert (done.returncode, done.stderr) == (3, "")
    lines = done.stdout.splitlines()
    assert (
        "problem  torch: cannot be imported (OSError: libtorch.so: cannot open shared object file); "
        "nothing can be trained"
    ) in lines
    assert lines[-1] == "no run can be made yet: mend torch, torchvision"


@pytest.mark.parametrize(
    ("state", "needed", "code", "last"),
    [
        ("ok", True, 0, "all that a run needs is here"),
        ("missing", False, 0, "all that a run needs is here"),
        ("problem", False, 0, "all that a run needs is here"),
        ("missing", True, 3, "no run can be made yet: mend thing"),
    ],
)
def test_only_what_is_needed_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str, needed: bool, code: int, last: str
):
    """The exit code is 0 when all that a run needs is there, whatever else is missing."""
    found = Finding("thing", state, "as it is", "mend it", needed)  # type: ignore[arg-type]
    monkeypatch.setattr(diagnosis, "diagnose", lambda *_: iter([found]))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["ganbench", "doctor"])
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code or 0) == code
    assert capsys.readouterr().out == f"{state:<8} thing: as it is\n         mend: mend it\n{last}\n"


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.13.0+cpu", (2, 13, 0)), ("2.14.0a0+git1", (2, 14, 0)), ("7", (7,)), ("dev", ())],
)
def test_a_version_begins_with_numbers(version: str, numbers: tuple[int, ...]):
    """Which are compared as numbers, not as text."""
    assert release(version) == numbers


@pytest.mark.parametrize(
    ("exact", "wanted", "found", "fits"),
    [
        (False, (2, 11), "2.9.1", False),
        (False, (2, 11), "2.11.0+cpu", True),
        (False, (2, 11), "3.0", True),
        (False, (), "0.1", True),
        (True, (0, 4), "0.4.2", True),
        (True, (0, 4), "0.5", False),
    ],
)
def test_a_requirement_fits_versions(exact: bool, wanted: tuple[int, ...], found: str, fits: bool):
    """At least so new, or of exactly that series."""
    assert Requirement("torch", exact, wanted, "").fits(found) is fits


def test_requirements_are_ganbenchs_own():
    """Every line of the metadata but those that name ganbench again, each written as it stood there."""
    lines = [line for line in metadata.requires("ganbench") or [] if not line.startswith("ganbench[")]
    written = [each.wanted + (f'; extra == "{each.extra}"' if each.extra else "") for each in requirements()]
    assert [line.replace(">=0; ", "; ") for line in written] == lines


def test_what_is_lacking_is_said():
    """Not installed, or not of a version that will do."""
    assert lacking(Requirement("no-such-thing", False, (1,), "")) == "no-such-thing>=1 is not installed"
    found = metadata.version("pluggy")
    assert lacking(Requirement("pluggy", False, (999,), "")) == f"found pluggy {found}, wanted pluggy>=999"
    assert lacking(Requirement("pluggy", False, (1,), "")) == ""


def test_datasets_are_told_by_their_files(tmp_path: Path):
    """One is there when all its files are; stacked MNIST is MNIST; none is read or downloaded."""
    for path in (*SOURCES["mnist"].paths, *SOURCES["cifar10"].paths[:-1]):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = {each.subject: each for each in data.of_datasets(tmp_path)}
    there = [name for name, each in found.items() if each.state == "ok"]
    assert there == ["datasets", "dataset mnist", "dataset stacked_mnist"]
    assert found["datasets"].about.startswith("digits, dirac, grid25, ring8 come with ganbench")
    assert "(cifar-10-batches-py/test_batch is not there)" in found["dataset cifar10"].about
    assert "download" not in found["dataset celeba"].about
    assert "torchvision's documentation page of CelebA" in found["dataset celeba"].about


def test_inceptions_weights_are_told_by_their_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Missing, with the command that fetches them; damaged; or there."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "my hub"))
    file = tmp_path / "my hub" / "checkpoints" / FILE
    shipped, missing = data.of_extractors()
    assert (shipped.state, missing.state, missing.needed) == ("ok", "missing", False)
    assert shlex.split(missing.mend) == [
        *("mkdir", "-p", str(file.parent), "&&", "curl", "-fL", "-o", str(file), URL),
    ]
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no weights")
    *_, damaged = data.of_extractors()
    assert (damaged.state, damaged.mend) == ("problem", missing.mend)
    monkeypatch.setattr(data, "HASH_START", hashlib.sha256(b"no weights").hexdigest()[:8])
    *_, whole = data.of_extractors()
    assert (whole.state, whole.mend) == ("ok", "")


def test_a_name_that_two_offer_is_a_clash():
    """Of one kind: a variant and a trick may share a name. What a name holds gets into no shell's line unquoted."""
    one = [Offer("variants", "x", "m", "acme", "1"), Offer("tricks", "x", "m", "acme", "1")]
    assert list(plugins.clashes(one)) == []
    (clash,) = plugins.clashes([*one, Offer("variants", "x", "m", "b; rm -rf \x1b", "2")])
    assert (clash.subject, clash.mend) == ("variant x", "ganbench show acme:x")
    assert clash.about == "offered by acme 1 and b; rm -rf ? 2: say which, or uninstall one"
    (first,) = plugins.clashes([Offer("variants", "$(x)", "m", name, "1") for name in ("-acme", "b")])
    assert shlex.split(first.mend) == ["ganbench", "show", "./-acme:$(x)"]


def test_a_containers_quota_of_cores_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As many workers as cores would share it; "max" is none, and so is no file."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "usable_cores", lambda: 16)
    assert machine.cpu_quota() is None
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert (machine.cpu_quota(), machine.of_cores().state) == (None, "ok")
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    found = machine.of_cores()
    assert (machine.cpu_quota(), found.state, found.mend) == (2.5, "problem", "ganbench run --jobs 2 ...")


def test_memory_is_shared_among_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the container has left counts where it is less; too little for one worker stops every run."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    (tmp_path / "memory.current").write_text("0\n")
    for limit, state, blocks in ((0, "problem", True), (3, "problem", False)):
        (tmp_path / "memory.max").write_text(f"{limit * machine.WORKER}\n")
        assert machine.free_memory() == limit * machine.WORKER
        found = machine.of_memory()
        assert (found.state, found.blocks) == (state, blocks)
    assert found.mend == "ganbench run --jobs 3 ..."


def test_a_cache_that_cannot_be_written_costs_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It stops no run; a run folder does, and one that is not there yet is no trouble and is not made."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "file"))
    runs, cache = machine.of_folders(tmp_path / "new" / "runs")
    assert (runs.state, cache.state, cache.blocks) == ("ok", "problem", False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    runs, _ = machine.of_folders(tmp_path / "file")
    assert runs.blocks


@pytest.mark.parametrize(
    ("driver", "cuda", "state", "about"),
    [
        (False, None, "ok", "cpu; no GPU is here, and none is needed"),
        (True, None, "problem", "a GPU is here, but torch is built for the CPU alone: runs take the CPU"),
        (
            True,
            "12.8",
            "problem",
            "a GPU is here, but torch, built for CUDA 12.8, cannot use it (CUDA_VISIBLE_DEVICES may",
        ),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, cuda: str | None, state: str, about: str
):
    """It is no reason not to run: the CPU will do."""
    monkeypatch.setattr(machine, "DRIVER", tmp_path if not driver else Path(__file__))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    found = machine.of_device()
    assert (found.state, found.blocks) == (state, False)
    assert found.about.startswith(about)


def test_torch_and_python_are_told_as_they_are():
    """Version and build of torch, and this interpreter."""
    assert software.of_torch().about.startswith(f"{torch.__version__}, built for ")
    assert software.of_python().state == "ok"
    assert sys.executable in software.of_python().about
