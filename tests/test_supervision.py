"""Supervision: whatever a plugin does, it costs its own record and nothing else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributions import MISFIT_NAMES, SMALL, distribution, ganbench, install_misfits, records, timeless

from ganbench import supervision
from ganbench.errors import StoreError
from ganbench.record import RunRecord
from ganbench.store import Store
from ganbench.supervision import LOG_LIMIT, LOG_TAIL, Job, Limits, Pool, _shorten, tail

BAD = [name for name in MISFIT_NAMES if name != "slow"]
OPTIONS = ("--jobs", "2", "--seeds", "1", "--time-limit", "15s", "--memory-limit", "2GiB")


@dataclass(frozen=True)
class Neighbourhood:
    """What one command with healthy and bad variants left."""

    code: int
    output: str
    errors: str
    by_variant: dict[str, dict[str, Any]]
    runs: Path


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Neighbourhood:
    """nsgan beside every kind of misfit, in one command."""
    folder = tmp_path_factory.mktemp("crowded")
    install_misfits(folder / "site")
    variants = ",".join(["nsgan", *BAD, "broken"])
    done = ganbench("run", "-p", variants, *SMALL, *OPTIONS, cwd=folder, sites=[folder / "site"])
    found = {record["spec"]["variant"]: record for record in records(folder / "runs").values()}
    return Neighbourhood(done.returncode, done.stdout, done.stderr, found, folder / "runs")


@pytest.mark.parametrize(
    ("variant", "status", "reason", "log_tail"),
    [
        ("raises", "crashed", "ValueError: two lines ?", "ValueError: two\nlines \\udc80\n"),
        ("hangs", "timeout", "took longer than the time limit of 15 s", "call 1 of Hangs\n"),
        ("leaves", "crashed", "the process left with exit status 7 before it had finished", "call 1 of Leaves\n"),
        ("segfaults", "crashed", "the process was ended by SIGSEGV", "in misbehave"),
        (
            "killed",
            "crashed",
            "the process was ended by SIGKILL, which is how a system that runs out of memory ends a process",
            "call 1 of Killed\n",
        ),
        ("signalled", "crashed", "the process was ended by signal 35", "call 1 of Signalled\n"),
        ("exits", "crashed", "SystemExit", "raise SystemExit\nSystemExit\n"),
        ("diverges", "diverged", "samples or scores were not finite at 100% of the budget", ""),
        ("chatty", "timeout", "took longer than the time limit of 15 s", "chatterchatter"),
        ("reads", "crashed", "EOFError: EOF when reading a line", "EOFError: EOF when reading a line\n"),
        ("gusher", "timeout", "took longer than the time limit of 15 s", "call 1 of Gusher\n"),
        ("deaf", "timeout", "took longer than the time limit of 15 s", "call 1 of Deaf\n"),
        ("patches", "crashed", "the process left with exit status 1 before it had finished", "call 1 of Patches\n"),
        ("vandal", "crashed", "the process left with exit status 0 before it had finished", ""),
        ("patricide", "crashed", "the worker process itself was ended", "call 1 of Patricide\n"),
        (
            "undeclared",
            "load_error",
            "Adversarial.step returned 'critic': wanted one of discriminator, generator, which its `updates` declares",
            "PluginError: Adversarial.step returned 'critic'",
        ),
        (
            "broken",
            "load_error",
            "variant 'broken' of acme-broken 1.0 (acme_broken): importing it raised ImportError: no module named jax; "
            "wanted no exception; update acme-broken, or tell its authors",
            "so far\n",
        ),
    ],
)
def test_a_bad_run_says_what_happened(
    crowded: Neighbourhood, variant: str, status: str, reason: str, log_tail: str
) -> None:
    """A run that goes wrong leaves a record with its status, a reason of one line, and the last that it printed."""
    record = crowded.by_variant[variant]
    assert (record["status"], record["reason"]) == (status, reason)
    assert log_tail in record["log_tail"]
    assert len(record["log_tail"]) <= LOG_TAIL
    assert record["values"] == {}


def test_memory_that_grows_is_capped(crowded: Neighbourhood) -> None:
    """A run that eats memory bit by bit is ended soon after it passes --memory-limit, and says how much it used."""
    record = crowded.by_variant["hungry"]
    assert record["status"] == "out_of_memory"
    used = record["reason"].removeprefix("used ").removesuffix(" GiB of memory, over the limit of 2.00 GiB")
    assert 2.0 <= float(used) < 3.0


def test_memory_that_cannot_be_had_is_no_crash(crowded: Neighbourhood) -> None:
    """One allocation that torch is refused is out of memory too, with torch's own words."""
    record = crowded.by_variant["huge"]
    assert record["status"] == "out_of_memory"
    assert record["reason"].startswith("an allocation failed: ")
    assert "can't allocate memory: you tried to allocate 4503599627370496 bytes" in record["reason"]


def test_divergence_keeps_the_points_before_it(crowded: Neighbourhood) -> None:
    """A run that diverges in its second half keeps the point at which it was still finite, and what it had spent."""
    record = crowded.by_variant["diverges"]
    assert [point["fraction"] for point in record["curve"]] == [0.5]
    assert (record["curve"][0]["meters"]["samples"], record["meters"]["samples"]) == (1024, 2048)


@pytest.mark.parametrize(("variant", "children"), [("forks", 16), ("bomb", 15)])
def test_children_of_a_run_end_with_it(crowded: Neighbourhood, variant: str, children: int) -> None:
    """Processes that a plugin starts and leaves behind, also deaf ones in sessions of their own, end when its run does,
    and do not harm it; what they share with it is no memory of theirs.
    """
    record = crowded.by_variant[variant]
    (log,) = crowded.runs.glob(f"ring8/{variant}/*/log.txt")
    pids = [int(line.rpartition(" ")[2]) for line in log.read_text().splitlines() if line.startswith("left behind")]
    assert record["status"] == "ok"
    assert record["meters"]["d_steps"] == 16
    assert len(pids) == children
    assert not any(psutil.pid_exists(pid) and is_left(psutil.Process(pid)) for pid in pids)


def is_left(process: psutil.Process) -> bool:
    """Whether it is what the misfits leave behind, and no other of the same number."""
    return process.name() == "sleep" or "ganbench.worker" in " ".join(process.cmdline())


def test_threads_of_a_run_end_with_it(crowded: Neighbourhood) -> None:
    """A run does not wait for threads that its plugin has left, and is ok."""
    assert crowded.by_variant["threads"]["status"] == "ok"


def test_records_outlive_what_a_plugin_does_to_the_files(crowded: Neighbourhood) -> None:
    """A plugin that overwrites every file of every run costs its own: at the end, each record is readable again."""
    read = list(Store(crowded.runs).records())
    assert {record.spec.variant for record in read if isinstance(record, RunRecord)} == set(crowded.by_variant)
    assert [each for each in read if isinstance(each, StoreError)] == []


def test_healthy_neighbours_are_untouched(crowded: Neighbourhood, tmp_path: Path) -> None:
    """Beside every kind of misfit, healthy runs leave the same records as in a command without misfits."""
    done = ganbench("run", "-p", "nsgan", *SMALL, "--seeds", "1", cwd=tmp_path, sites=[crowded.runs.parent / "site"])
    assert (done.returncode, done.stderr) == (0, "")
    alone = records(tmp_path / "runs")
    assert {record["spec"]["variant"] for record in alone.values()} == {"nsgan", "held_out_real", "untrained"}
    beside = {record["id"]: record for record in crowded.by_variant.values()}
    assert {id_: timeless(beside[id_]) for id_ in alone} == timeless(alone)


def test_bad_and_healthy_stand_on_one_board(crowded: Neighbourhood) -> None:
    """The only board has a column for each variant and names each failure; the exit code says that some failed, and
    the errors that records were put back.
    """
    assert crowded.code == 3
    assert crowded.errors.startswith("a plugin had changed or deleted ")  # the vandal
    assert crowded.errors.count("\n") == 1
    assert crowded.output.count("ring8: 2000 samples\n") == 1
    for variant in ["nsgan", *BAD, "broken"]:
        status = crowded.by_variant[variant]["status"]
        assert f"({variant}, seed 0: {status})\n" in crowded.output
        if status != "ok":
            assert f"\n{variant}, seed 0: {status}" in crowded.output


def test_the_default_memory_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of n jobs may use an n-th of nine tenths of the machine's memory."""

    class Memory:
        total = 1000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    assert (Limits().among(1).memory, Limits().among(4).memory) == (900, 225)


def test_a_log_that_grows_too_long_loses_its_beginning(tmp_path: Path) -> None:
    """A log over the limit keeps its end and says that it was cut, while its writer goes on at its end."""
    log = tmp_path / "log.txt"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * LOG_LIMIT)
        _shorten(log)
        assert log.stat().st_size == LOG_LIMIT
        writer.write(b"end")
        _shorten(log)
        writer.write(b" and on")
    expected = "[cut: this log was longer than 16 MiB]\n" + "x" * (LOG_TAIL - 3) + "end and on"
    assert log.read_text() == expected
    assert tail(log) == expected[-LOG_TAIL:]


def test_a_missing_log_has_an_empty_tail(tmp_path: Path) -> None:
    """A job that never printed has printed nothing."""
    assert tail(tmp_path / "none.txt") == ""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """One worker with a limit of three seconds."""
    with Pool(1, 1, Limits(seconds=3)) as one:
        yield one


def describe(name: str, log: Path, **changes: Any) -> Job[str]:
    """A job that looks at a variant."""
    from ganbench.request import Request

    request = Request(variant=name, dataset="ring8", **changes).as_dict()
    return Job(name, {"task": "describe", "requests": [request], "timed": False}, log / f"{name}.txt")


def test_what_is_importable_here_is_importable_there(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker looks for modules and plugins where its parent does, and not in the folder it happens to start in."""
    install_misfits(tmp_path / "site")
    (tmp_path / "torch.py").write_text("raise ImportError('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    with Pool(1, 1, Limits()) as fresh:
        ((name, outcome),) = fresh.perform([describe("raises", tmp_path)])
    assert (name, outcome.status, outcome.result[0]["template"]["variant"]) == ("raises", "ok", "raises")


def test_outcomes_come_with_their_keys(pool: Pool, tmp_path: Path) -> None:
    """Jobs are done in order by one worker, each outcome with its key; a failed one does not stop the next."""
    outcomes = list(
        pool.perform([describe("nsgan", tmp_path), describe("nobody", tmp_path), describe("wgan", tmp_path)])
    )
    assert [(key, outcome.status) for key, outcome in outcomes] == [
        ("nsgan", "ok"),
        ("nobody", "usage"),
        ("wgan", "ok"),
    ]
    assert outcomes[1][1].reason.startswith("unknown variant 'nobody': ")


def test_a_worker_that_is_stopped_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that stops the process which would bury it costs its own time limit, and the next job is done."""
    stops = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(1000)"
    distribution(tmp_path, "acme-stops", stops, {"variants": ["stops"]})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(supervision, "GRACE", 0.5)
    with Pool(1, 1, Limits(seconds=3)) as one:
        outcomes = dict(one.perform([describe("stops", tmp_path), describe("nsgan", tmp_path)]))
    assert {name: outcome.status for name, outcome in outcomes.items()} == {"stops": "timeout", "nsgan": "ok"}


def test_a_worker_that_dies_idle_is_replaced(pool: Pool, tmp_path: Path) -> None:
    """A worker that was killed between two jobs costs neither of them."""
    assert [outcome.status for _, outcome in pool.perform([describe("nsgan", tmp_path)])] == ["ok"]
    (worker,) = (each for each in psutil.Process().children() if "ganbench.worker" in " ".join(each.cmdline()))
    worker.kill()
    time.sleep(0.2)
    assert [outcome.status for _, outcome in pool.perform([describe("nsgan", tmp_path)])] == ["ok"]
