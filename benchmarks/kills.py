"""kill -9 at random moments: what had ended stays, nothing is done twice, and the end is that of an undisturbed run.

    python benchmarks/kills.py                     # 200 kills, hours on few cores
    python benchmarks/kills.py --minutes 8

A small command runs undisturbed once. Then it is started again and again in another folder with --resume, and each time
the parent, the worker that forks, the child that trains, or all of them are killed at random moments, until it ends by
itself; then a new folder begins. After every start, each record of a group of seeds that had ended before must be the
same file still. A child or worker that is killed alone leaves a record that says so; that record is taken away, as a
user would, before the command is resumed. At the end of every folder, its records and boards must equal those of the
undisturbed run but for clocks.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import psutil

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import board_texts
from ganbench.record import RunRecord
from ganbench.store import Store

COMMAND = (
    *(sys.executable, "-P", "-c", "from ganbench.cli import main; main()", "run", "-p", "nsgan,gan"),
    *("-d", "ring8", "--budget", "20kimg", "--points", "8", "--samples", "300", "--seeds", "2", "--jobs", "2"),
)
VICTIMS = ("parent", "worker", "child", "all")
KILLED_ALONE = ("the process was ended by SIGKILL", "the worker process itself was ended")


def started(folder: Path) -> subprocess.Popen[bytes]:
    """The command, on its way in a folder."""
    return subprocess.Popen([*COMMAND, "--resume"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(command: subprocess.Popen[bytes], victim: str, random: Random) -> bool:
    """Kills what was chosen, if it is there, and sees all of it end; false where there was nothing to kill."""
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(command.pid).children(recursive=True)
        workers = [each for each in family if each.ppid() == command.pid]
        chosen = {
            "parent": [psutil.Process(command.pid)],
            "worker": workers and [random.choice(workers)],
            "child": (children := [each for each in family if each not in workers]) and [random.choice(children)],
            "all": [psutil.Process(command.pid), *family],
        }[victim]
        if command.poll() is None and chosen:
            for each in chosen:
                with contextlib.suppress(psutil.Error):
                    each.send_signal(signal.SIGKILL)
            if victim in ("parent", "all"):
                command.wait()
                chosen = family
            _, left = psutil.wait_procs(chosen, timeout=10)
            outlived = [each for each in left if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
            assert not outlived, f"{victim} was killed, and {outlived} live on"
            return True
    return False


def kept(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Every record's time and content."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.glob("runs/*/*/*/record.json")}


def ended(found: dict[Path, tuple[int, bytes]]) -> dict[Path, tuple[int, bytes]]:
    """Those whose group, the unit of work, has ended as a whole: a kill between two seeds' records undoes neither, and
    both are written again.
    """
    groups: dict[str, set[Path]] = defaultdict(set)
    members = {}
    for path, (_, text) in found.items():
        spec = json.loads(text)["spec"]
        members[path] = f"{spec['variant']} {spec['group']}", len(spec["group"])
        groups[members[path][0]].add(path)
    return {path: found[path] for path, (group, size) in members.items() if len(groups[group]) == size}


def take_away_killed(folder: Path) -> int:
    """Deletes the records of runs that were killed alone, and returns how many there were."""
    paths = [path for path, (_, text) in kept(folder).items() if json.loads(text)["reason"].startswith(KILLED_ALONE)]
    for path in paths:
        path.unlink()
    return len(paths)


def clockless(value: Any) -> Any:
    """JSON with every clock at nought."""
    if isinstance(value, dict):
        at_nought = {name: {} if isinstance(each, dict) else 0.0 for name, each in value.items() if name == "seconds"}
        return {name: clockless(each) for name, each in value.items()} | at_nought
    return [clockless(each) for each in value] if isinstance(value, list) else value


def result(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Records by id and the boards' files by name, without clocks."""
    found = list(Store(folder / "runs").records())
    assert all(isinstance(each, RunRecord) for each in found), found
    plain = {record.id: clockless(record.as_dict()) for record in found}
    return plain, board_texts(boards(RunRecord.from_json(json.dumps(each)) for each in plain.values()))


def disturbed(folder: Path, seconds: float, kills: int, until: float, random: Random, done: Counter[str]) -> None:
    """Starts the command and kills it until it ends by itself; then it is not killed any more."""
    while True:
        before = ended(kept(folder))
        command = started(folder)
        while command.poll() is None and done.total() < kills and time.monotonic() < until:
            with contextlib.suppress(subprocess.TimeoutExpired):
                command.wait(random.uniform(0, seconds / 2))
            victim = random.choice(VICTIMS)
            done[victim] += kill(command, victim, random)
        command.wait()
        after = kept(folder)
        changed = [path for path, what in before.items() if after.get(path) != what]
        assert not changed, f"finished runs were lost or repeated: {changed}, {[after.get(path) for path in changed]}"
        if not take_away_killed(folder) and command.returncode == 0:
            return


def main() -> None:
    """Kills, and says how often."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    random, done, folders = Random(options.seed), Counter[str](), 0
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as name:
        reference = Path(name, "reference")
        reference.mkdir()
        begun = time.monotonic()
        assert started(reference).wait() == 0
        seconds, wanted = time.monotonic() - begun, result(reference)
        print(f"undisturbed: {len(wanted[0])} records, {seconds:.0f} s", flush=True)
        while done.total() < options.kills and time.monotonic() < until:
            folder = Path(name, "disturbed")
            folder.mkdir()
            disturbed(folder, seconds, options.kills, until, random, done)
            assert result(folder) == wanted, "the records or boards differ from the undisturbed run's"
            shutil.rmtree(folder)
            folders += 1
            print(f"{done.total()} kills ({dict(done)}), {folders} folders equal to the undisturbed run", flush=True)


if __name__ == "__main__":
    main()
