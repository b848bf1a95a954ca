"""Real throw-away distributions, as `pip install` would leave them, and the command line in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any


def distribution(site: Path, name: str, source: str, offers: Mapping[str, Sequence[str]], version: str = "1.0") -> str:
    """Installs that version of `name` into the folder `site`, offering names by kind; returns its module's name."""
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    sections = (
        f"[ganbench.{kind}]\n" + "".join(f"{each} = {module}\n" for each in names) for kind, names in offers.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections))
    (info / "RECORD").write_text("")
    return module


MISFITS = """
import collections
import ctypes
import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from ganbench import NotApplicable, Recipe, Trick, Variant, hookimpl
from ganbench.adversarial import build_trainer
from ganbench_plugins.nsgan import NSGAN, NonSaturating

CALLS = itertools.count(1)
KEPT = []


@dataclass(frozen=True)
class Misfit(NonSaturating):
    def discriminator(self, d, real, fake):
        call = next(CALLS)
        print(f"call {call} of {type(self).__name__}")
        return super().discriminator(d, real, fake) * self.misbehave(call)


class Raises(Misfit):
    def misbehave(self, call):
        raise ValueError("two\\nlines \\udc80")


class Hangs(Misfit):
    def misbehave(self, call):
        while True:
            pass


class Leaves(Misfit):
    def misbehave(self, call):
        os._exit(7)


class Segfaults(Misfit):
    def misbehave(self, call):
        ctypes.string_at(0)


class Killed(Misfit):
    def misbehave(self, call):
        os.kill(os.getpid(), signal.SIGKILL)


class Signalled(Misfit):
    def misbehave(self, call):
        os.kill(os.getpid(), signal.SIGRTMIN + 1)


class Exits(Misfit):
    def misbehave(self, call):
        raise SystemExit


class Diverges(Misfit):
    def misbehave(self, call):
        return float("nan") if call > 10 else 1.0


class Hungry(Misfit):
    def misbehave(self, call):
        while True:
            KEPT.append(torch.ones(4 * 2**20))
            time.sleep(0.01)


class Huge(Misfit):
    def misbehave(self, call):
        return torch.empty(2**50)


class Chatty(Misfit):
    def misbehave(self, call):
        while True:
            print("chatter" * 1000)


class Reads(Misfit):
    def misbehave(self, call):
        return float(input("how much? "))


class Forks(Misfit):
    def misbehave(self, call):
        print("left behind", subprocess.Popen(["sleep", "1000"]).pid)
        return 1.0


class Patricide(Misfit):
    def misbehave(self, call):
        os.kill(os.getppid(), signal.SIGKILL)
        while True:
            pass


class Deaf(Misfit):
    def misbehave(self, call):
        for number in {*range(1, 32)} - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        collections.deque(itertools.repeat(0), maxlen=0)  # a loop in C that never lets go of the interpreter


class Bomb(Misfit):
    def misbehave(self, call):
        for _ in range(4 * (call == 1)):
            if os.fork() == 0:  # 15 in all, for the children go on forking
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                KEPT.append(call)
        while KEPT:
            print("left behind", os.getpid())
            time.sleep(1000)
        return 1.0


class Threads(Misfit):
    def misbehave(self, call):
        threading.Thread(target=time.sleep, args=(1000,)).start()
        return 1.0


class Patches(Misfit):
    def misbehave(self, call):
        torch.randn = torch.Tensor.__mul__ = torch.optim.Adam.step = json.dumps = None
        return 1.0


class Vandal(Misfit):
    def misbehave(self, call):
        for path in Path("runs").rglob("*.json"):
            path.write_text("{}")
        for path in Path("runs").glob("*/vandal/*/*"):
            path.unlink()
        os._exit(0)


class Forger(Misfit):
    def misbehave(self, call):
        records = {path: json.loads(path.read_text()) for path in Path("runs").glob("*/*/*/record.json")}
        for record in records.values():
            record["values"] = {name: 8 for name in record["values"]}
        forged = [json.dumps(record) for record in records.values()]
        for path, text in zip(records, forged[1:] + forged[:1]):
            path.write_text(text if "lsgan" in str(path) else json.dumps(records[path]))
        return 1.0


class Squatter(Misfit):
    def misbehave(self, call):
        for folder in Path("runs", "ring8").iterdir():
            if folder.name != "squatter" and folder.is_dir():
                shutil.rmtree(folder)
                folder.write_text("mine")
        return 1.0


class Gusher(Misfit):
    def misbehave(self, call):
        while True:
            for descriptor in range(3, 40):
                try:
                    os.write(descriptor, b"x" * 2**16)
                except OSError:
                    pass


class Slow(Misfit):
    def misbehave(self, call):
        time.sleep(0.01)
        return 1.0


class Undeclared(Variant):
    name, paper = "undeclared", "https://example.org"

    def trainer(self, dataset, seed, device):
        trainer = build_trainer(NSGAN, dataset, (seed,), device)
        trainer.step = lambda supply: "critic"
        return trainer


@dataclass(frozen=True)
class Hopeless(Trick):
    name, paper = "hopeless", "https://example.org"

    def __call__(self, recipe):
        raise NotApplicable(f"nothing helps {recipe.name}")


@hookimpl
def register_variants(register):
    for cls in Misfit.__subclasses__():
        name = cls.__name__.lower()
        register(name, Recipe(name=name, paper="https://example.org", loss=cls()))
    register("undeclared", Undeclared())


@hookimpl
def register_tricks(register):
    register("hopeless", Hopeless)
"""
MISFIT_NAMES = (
    *("raises", "hangs", "leaves", "segfaults", "killed", "signalled", "exits", "diverges", "hungry", "huge", "chatty"),
    *("reads", "forks", "patricide", "deaf", "bomb", "threads", "patches", "vandal", "slow", "undeclared"),
    "gusher",
)
RUINOUS = ("forger", "squatter")
"""Misfits that alter the files of others, tried apart."""


def install_misfits(site: Path) -> None:
    """Variants that go wrong in every way, a trick that never applies, and a distribution that cannot be imported."""
    distribution(site, "acme-misfits", MISFITS, {"variants": MISFIT_NAMES + RUINOUS, "tricks": ["hopeless"]})
    distribution(
        site, "acme-broken", "print('so far')\nraise ImportError('no module\\nnamed jax')", {"variants": ["broken"]}
    )


GANBENCH = (sys.executable, "-P", "-c", "from ganbench.cli import main; main()")
"""The command in a process of its own."""
SMALL = ("--dataset", "ring8", "--budget", "2kimg", "--points", "2", "--samples", "500", "--jobs", "1")


def environment(*sites: Path, **changes: str) -> dict[str, str]:
    """The environment of a process that finds the distributions in `sites`, and what PYTHONPATH has for this one."""
    paths = [*map(str, sites), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200", **changes}


def ganbench(*arguments: str | Path, cwd: Path, sites: Sequence[Path] = (), **env: str) -> CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run(
        [*GANBENCH, *map(str, arguments)], cwd=cwd, env=environment(*sites, **env), capture_output=True, text=True
    )


def timeless(value: Any) -> Any:
    """JSON without what a clock said, and without where it lay."""
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items() if name not in ("seconds", "folder")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def records(runs: Path) -> dict[str, dict[str, Any]]:
    """The record of every run under a folder, by id."""
    found = (json.loads(path.read_text()) for path in sorted(runs.glob("*/*/*/record.json")))
    return {record["id"]: record for record in found}
