"""Campaigns: the same command gives the same records, however often it is cut off, and does nothing twice."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from campaigns import Heard, carried_out, small
from distributions import GANBENCH, SMALL, distribution, environment, ganbench, install_misfits, records, timeless
from safetensors import safe_open

from ganbench.campaign import Campaign, Silence
from ganbench.cli.progress import Bars
from ganbench.planning import Group
from ganbench.record import RunRecord, RunSpec
from ganbench.store import Store
from ganbench.supervision import Limits, Pool

POINTS, STEPS = 10, 100
"""Evaluation points of the long runs, and their discriminator's steps: 12,800 samples in batches of 128."""
BUDGET = ("--budget", f"{128 * STEPS}samples", "--points", str(POINTS))
LONG = ("run", "-p", "slow", "-d", "ring8", *BUDGET, "--seeds", "2", "--jobs", "1", "--samples", "500")


@dataclass(frozen=True)
class Cut:
    """A command that was cut off in the middle."""

    runs: Path
    code: int
    errors: str
    steps: int
    """What its log counts."""
    kept: int
    """The steps that its snapshot holds."""
    outlived: list[psutil.Process]
    found: dict[str, dict[str, Any]]
    """Its records right after it was cut off."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the misfits are installed; `slow` is nsgan that sleeps, and counts its steps in its log."""
    folder = tmp_path_factory.mktemp("site")
    install_misfits(folder)
    return folder


def log_steps(runs: Path) -> int:
    """How often the loss was called, all attempts together."""
    (log,) = (path for path in runs.glob("ring8/slow/*/log.txt") if seed_of(path) == 0)
    return log.read_text().count("of Slow\n")


def seed_of(path: Path) -> int:
    seed: int = json.loads((path.parent / "spec.json").read_text())["seed"]
    return seed


def snapshot_steps(runs: Path) -> int:
    """How many discriminator steps the snapshot holds; 0 when there is none yet."""
    paths = list(runs.glob("ring8/slow/*/state.safetensors"))
    if not paths:
        return 0
    with safe_open(paths[0], framework="pt") as file:
        steps: int = json.loads(file.metadata()["ganbench"])["ledger"]["meters"]["d_steps"]
        return steps


def cut_off(folder: Path, site: Path, number: int) -> Cut:
    """Starts the long command, sends it a signal after its third evaluation point, and looks at what is left."""
    runs = folder / "runs"
    with subprocess.Popen(
        [*GANBENCH, *LONG], cwd=folder, env=environment(site), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        deadline = time.monotonic() + 60
        while snapshot_steps(runs) < 3 * STEPS // POINTS and time.monotonic() < deadline:
            time.sleep(0.02)
        offspring = psutil.Process(command.pid).children(recursive=True)
        command.send_signal(number)
        _, errors = command.communicate()
    _, outlived = psutil.wait_procs(offspring, timeout=5)
    return Cut(runs, command.returncode, errors, log_steps(runs), snapshot_steps(runs), outlived, records(runs))


def undisturbed(folder: Path, site: Path, *options: str) -> Path:
    """The runs of the long command, which must end well."""
    done = ganbench(*LONG, *options, cwd=folder, sites=[site])
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "runs"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, site: Path) -> dict[str, Any]:
    """The long command undisturbed, after kill -9 and after Ctrl-C: three at once, since they mostly sleep."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("reference", "killed", "interrupted")}
    with ThreadPoolExecutor() as threads:
        started = {
            "reference": threads.submit(undisturbed, folders["reference"], site),
            "killed": threads.submit(cut_off, folders["killed"], site, signal.SIGKILL),
            "interrupted": threads.submit(cut_off, folders["interrupted"], site, signal.SIGINT),
        }
        return {name: future.result() for name, future in started.items()}


@pytest.fixture(scope="module")
def reference(first: dict[str, Any]) -> dict[str, Any]:
    """What the undisturbed command recorded, but for time."""
    assert log_steps(first["reference"]) == STEPS
    found: dict[str, Any] = timeless(records(first["reference"]))
    return found


@pytest.fixture(scope="module")
def killed(first: dict[str, Any]) -> Cut:
    """The long command after kill -9."""
    cut: Cut = first["killed"]
    return cut


@pytest.fixture(scope="module")
def interrupted(first: dict[str, Any]) -> Cut:
    """The long command after Ctrl-C."""
    cut: Cut = first["interrupted"]
    return cut


@pytest.fixture(scope="module")
def second(first: dict[str, Any], site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The runs of the same command after each of them, with --resume and without."""
    ways = {
        "killed, resumed": (first["killed"], "--resume"),
        "killed, anew": (first["killed"],),
        "interrupted, resumed": (first["interrupted"], "--resume"),
    }
    with ThreadPoolExecutor() as threads:
        started = {}
        for name, (cut, *options) in ways.items():
            folder = tmp_path_factory.mktemp("second")
            shutil.copytree(cut.runs, folder / "runs")
            started[name] = threads.submit(undisturbed, folder, site, *options)
        return {name: future.result() for name, future in started.items()}


def test_a_killed_command_leaves_no_process(killed: Cut) -> None:
    """After kill -9 of the command, its workers and their children are gone within seconds, and nothing is printed."""
    assert (killed.code, killed.errors) == (-signal.SIGKILL, "")
    assert killed.outlived == []
    assert 3 * STEPS // POINTS <= killed.kept <= killed.steps < STEPS


def test_a_killed_command_resumes_to_the_same_records(
    killed: Cut, second: dict[str, Path], reference: dict[str, Any]
) -> None:
    """--resume after kill -9 goes on from the last point, and its records equal an undisturbed run's but for time."""
    runs = second["killed, resumed"]
    assert timeless(records(runs)) == reference
    assert log_steps(runs) - killed.steps == STEPS - killed.kept
    assert not list(runs.rglob("state.safetensors"))


def test_a_killed_command_starts_anew_to_the_same_records(
    killed: Cut, second: dict[str, Path], reference: dict[str, Any]
) -> None:
    """Without --resume, the same command begins from the start and leaves the same records as well."""
    runs = second["killed, anew"]
    assert timeless(records(runs)) == reference
    assert log_steps(runs) == STEPS
    assert not list(runs.rglob("state.safetensors"))


def test_an_interrupted_command_says_so(interrupted: Cut) -> None:
    """Ctrl-C ends with code 130, one line that says how to go on, no process, and a record of each unfinished run."""
    assert interrupted.code == 130
    assert interrupted.errors.strip() == "ganbench: error: interrupted; the same command with --resume continues"
    assert interrupted.outlived == []
    slow = [record for record in interrupted.found.values() if record["spec"]["variant"] == "slow"]
    assert {record["meters"]["d_steps"] >= 3 * STEPS // POINTS for record in slow} == {True}
    assert [(record["status"], record["reason"]) for record in slow] == [
        ("interrupted", "the command was interrupted")
    ] * 2
    assert all(record["log_tail"].endswith(" of Slow\n") for record in slow)


def test_an_interrupted_command_resumes(interrupted: Cut, second: dict[str, Path], reference: dict[str, Any]) -> None:
    """--resume after Ctrl-C finishes what was interrupted, with the records of an undisturbed run."""
    runs = second["interrupted, resumed"]
    assert timeless(records(runs)) == reference
    assert log_steps(runs) - interrupted.steps == STEPS - interrupted.kept


@pytest.fixture(scope="module")
def pool(site: Path) -> Iterator[Pool]:
    """A worker that knows the misfits."""
    with pytest.MonkeyPatch.context() as patch, Pool(1, 1, Limits()) as one:
        patch.syspath_prepend(str(site))
        yield one


COUNTED = """
import time
from ganbench import Recipe, hookimpl
from ganbench_plugins.nsgan import NonSaturating


class Counted(NonSaturating):
    def discriminator(self, d, real, fake):
        with open("calls", "a") as file:
            file.write("x")
        time.sleep(0.05)
        return super().discriminator(d, real, fake)


@hookimpl
def register_variants(register):
    register("counted", Recipe(name="counted", paper="https://example.org", loss=Counted()))
"""


def test_two_commands_share_the_work(tmp_path: Path) -> None:
    """Of two commands that ask for the same at once, one trains each group, and both end with the same records."""
    site = tmp_path / "site"
    distribution(site, "acme-counted", COUNTED, {"variants": ["counted"]})
    both = [
        subprocess.Popen(
            [*GANBENCH, "run", "-p", "counted,nsgan", *BUDGET, "-d", "ring8", "--seeds", "2", "--jobs", "1", "--json"],
            cwd=tmp_path,
            env=environment(site),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    one, other = (command.communicate() for command in both)
    assert ([command.returncode for command in both], one[1], other[1]) == ([0, 0], "", "")
    assert (tmp_path / "calls").read_text() == "x" * STEPS
    assert json.loads(one[0]) == json.loads(other[0])
    assert {run["status"] for run in json.loads(one[0])} == {"ok"}


def held(pool: Pool, root: Path, meanwhile: Callable[[Group], None]) -> tuple[list[RunRecord], Heard]:
    """What a campaign of one group comes to while another command has it until `meanwhile` is done."""
    plan, heard = Campaign(Store(root), pool).plan([small()], 1), Heard()
    plan.groups = [group for group in plan.groups if not group.request.is_control]
    (group,) = plan.groups
    claim = Store(root).claim(group.specs[0])
    assert claim is not None
    with ThreadPoolExecutor() as threads:
        ended = threads.submit(Campaign(Store(root), pool).carry_out, plan, heard)
        time.sleep(1.0)
        assert not ended.done()
        assert not (Store(root).folder(group.specs[0]) / "log.txt").exists()
        meanwhile(group)
        claim.release()
        return ended.result(), heard


def test_a_group_that_another_command_leaves_is_run(pool: Pool, tmp_path: Path) -> None:
    """It is waited for, and run when the other one has gone without having ended it."""
    found, heard = held(pool, tmp_path, lambda group: None)
    assert [record.status for record in found] == ["ok"]
    assert heard.fractions


def test_a_group_that_another_command_ends_is_not_run(pool: Pool, tmp_path: Path) -> None:
    """Its records are taken as they are, and nothing is trained."""
    theirs = RunRecord(RunSpec("x", "ring8", "", 0, (0,)), "ok")

    def end_it(group: Group) -> None:
        Store(tmp_path).commit(replace(theirs, spec=group.specs[0]))

    found, heard = held(pool, tmp_path, end_it)
    assert [(record.status, record.values) for record in found] == [("ok", {})]
    assert (heard.fractions, [statuses for _, statuses in heard.ended_groups]) == ([], [["ok"]])


def test_a_full_disk_is_no_fault_of_the_run(site: Path, tmp_path: Path) -> None:
    """What does not fit is recorded as interrupted, with nothing left in part, and is run when there is room."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "none", tmp_path], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a full disk was NOT tried: no small one can be mounted here ({made.stderr.strip()})")
    command = ("run", "-p", "nsgan", *SMALL, "--seeds", "1")
    try:
        done = ganbench(*command, cwd=tmp_path)
        (record,) = (each for each in records(tmp_path / "runs").values() if each["spec"]["variant"] == "nsgan")
        assert done.returncode == 3, done.stderr
        assert record["status"] == "interrupted"
        assert record["reason"].startswith("the disk is full (")
        assert record["reason"].endswith("No space left on device (os error 28)); make room and run it again")
        assert {path.name for path in tmp_path.rglob("nsgan/*/*")} == {"spec.json", "log.txt", "record.json"}
        subprocess.run(["mount", "-o", "remount,size=8m", tmp_path], check=True)
        assert ganbench(*command, cwd=tmp_path).returncode == 0
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_the_same_requests_leave_the_same_records_anywhere(pool: Pool, tmp_path: Path) -> None:
    """Two folders get records that are equal in every number but time, and in every other field."""
    first, _ = carried_out(pool, tmp_path / "a", small(), seeds=2)
    second, _ = carried_out(pool, tmp_path / "b", small(), seeds=2)
    assert timeless([record.as_dict() for record in first]) == timeless([record.as_dict() for record in second])
    assert [record.status for record in first] == ["ok"] * 2


def test_finished_runs_are_not_run_again(pool: Pool, tmp_path: Path) -> None:
    """A finished run's record is returned untouched; `again` runs it once more, to the same numbers."""
    before, heard = carried_out(pool, tmp_path, small())
    assert [group.seeds for group in heard.planned_groups] == [(0,)]
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*/*/*")}
    same, heard = carried_out(pool, tmp_path, small())
    assert (same, heard.planned_groups) == (before, [])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*/*/*")} == times
    repeated, heard = carried_out(pool, tmp_path, small(), again=True)
    assert len(heard.planned_groups) == 1
    assert timeless([record.as_dict() for record in repeated]) == timeless([record.as_dict() for record in before])
    written = (path for path in times if path.name == "record.json")
    assert all(path.stat().st_mtime_ns > times[path] for path in written)


def test_a_failure_on_another_try_replaces_the_record(pool: Pool, tmp_path: Path) -> None:
    """With `again`, a run that fails this time is recorded as failed, though an ok record was there before."""
    ok, _ = carried_out(pool, tmp_path, small(variant="slow"))
    assert ok[0].status == "ok"
    plan = Campaign(Store(tmp_path), pool).plan([small(variant="slow")], 1)
    with Pool(1, 1, Limits(seconds=0.01)) as hasty:
        again = Campaign(Store(tmp_path), hasty, again=True).carry_out(plan)
    assert again[0].id == ok[0].id
    assert (again[0].status, again[0].reason) == ("timeout", "took longer than the time limit of 0.01 s")


def test_a_finished_run_learns_its_second_name(pool: Pool, tmp_path: Path) -> None:
    """Asked for again under another name, nothing runs, and the record that is there gets the name."""
    (before, *_), _ = carried_out(pool, tmp_path, small(variant="wgan_gp"), seeds=1)
    second = small(variant="wgan", tricks=("gradient_penalty",))
    (after, *_), heard = carried_out(pool, tmp_path, small(variant="wgan_gp"), second, seeds=1)
    assert heard.planned_groups == []
    assert after == replace(before, also=("wgan + gradient_penalty(weight=10.0)",))


def test_a_listener_hears_everything(pool: Pool, tmp_path: Path) -> None:
    """A listener is told what is planned, how far it is, and how each group ended."""
    _, heard = carried_out(pool, tmp_path, small(), small(variant="raises"))
    assert sorted(status for _, statuses in heard.ended_groups for status in statuses) == ["crashed", "ok"]
    assert {group for group, _ in heard.ended_groups} == set(heard.planned_groups)
    assert heard.fractions.count(1.0) == 1


@dataclass
class Forging(Silence):
    """Alters a record of an earlier command while this one runs, as a plugin could, or stops it there."""

    deed: Callable[[], object]
    named: list[Path] = field(default_factory=list)

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        self.deed()

    def left_changed(self, records: Sequence[Path]) -> None:
        self.named += records


def test_records_of_earlier_commands_are_watched(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that ends otherwise than before is named: another command may have run it again, or a plugin lies."""
    (record,), _ = carried_out(pool, tmp_path, small())
    store, campaign = Store(tmp_path), Campaign(Store(tmp_path), pool)
    forged = replace(record, status="crashed", reason="so it says")
    listener = Forging(lambda: store.commit(forged))
    campaign.carry_out(campaign.plan([small(variant="lsgan")], 1), listener)
    assert listener.named == [path := store.record_path(record.spec)]
    Bars().left_changed(listener.named)
    assert capsys.readouterr().err == (
        "1 record of earlier commands changed meanwhile; unless another command ran them again, a plugin has: "
        f"--again runs them anew: {path}\n"
    )


def test_what_this_command_leaves_is_no_change(pool: Pool, tmp_path: Path) -> None:
    """A run that is run again and stopped by the user has another record than before, which nobody is told of."""
    carried_out(pool, tmp_path, small(points=2))
    listener = Forging(partial(signal.raise_signal, signal.SIGINT))
    campaign = Campaign(Store(tmp_path), pool, again=True)
    with pytest.raises(KeyboardInterrupt):
        campaign.carry_out(campaign.plan([small(points=2)], 1), listener)
    assert listener.named == []


def test_an_extension_that_ends_the_process_costs_no_run(tmp_path: Path) -> None:
    """It is tried once, apart; the plan says that it is left out and why, and the runs end as without it."""
    site = tmp_path / "site"
    distribution(site, "acme-exits", "import os\nos._exit(3)", {"extensions": ["exits"]})
    done = ganbench("run", "-p", "nsgan", *SMALL, "--seeds", "1", cwd=tmp_path, sites=[site])
    assert done.returncode == 0
    assert (
        "extension 'exits' of acme-exits 1.0 (acme_exits): loading it ended in crashed: "
        "the process left with exit status 3 before it had finished; see it alone by `"
    ) in done.stderr
    assert done.stderr.strip().endswith("`; update or uninstall acme-exits, or tell its authors; it is left out")
    assert {record["status"] for record in records(tmp_path / "runs").values()} == {"ok"}
