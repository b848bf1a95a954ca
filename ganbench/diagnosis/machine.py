"""Devices, cores, memory and the folders that ganbench writes into. Loads torch."""

from __future__ import annotations

import os
import shlex
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

from ganbench.cache import cache_root
from ganbench.diagnosis.finding import Finding
from ganbench.errors import StoreError, one_line
from ganbench.store import Store
from ganbench.supervision import GIB, usable_cores

WORKER = GIB // 2
"""What a worker takes before it trains anything: torch and the libraries alone are 0.4 GiB."""
LEAST_FREE = GIB
"""On a disk; a run keeps a few MiB, a cached dataset a few hundred."""
CGROUP = Path("/sys/fs/cgroup")
DRIVER = Path("/proc/driver/nvidia/version")


def of_device() -> Finding:
    """The CUDA devices that torch sees; where it sees none, why."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    if usable:
        names = ", ".join(torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count()))
        return Finding("device", "ok", f"cpu, and by --device cuda: {names}")
    if not DRIVER.is_file():
        return Finding("device", "ok", "cpu; no GPU is here, and none is needed")
    if torch.version.cuda is None:
        about = "a GPU is here, but torch is built for the CPU alone: runs take the CPU"
    else:
        why = one_line(said[0].message) if said else "CUDA_VISIBLE_DEVICES may hide it"
        about = f"a GPU is here, but torch, built for CUDA {torch.version.cuda}, cannot use it ({why})"
    return Finding("device", "problem", about, "nvidia-smi")


def of_cores() -> Finding:
    """The cores that this process may use, against the quota that a container may have."""
    cores, quota = usable_cores(), cpu_quota()
    about = f"{cores} usable of {os.cpu_count()}: so many workers by default, of one thread each"
    if quota is None or quota >= cores:
        return Finding("cores", "ok", about)
    jobs = max(1, int(quota))
    about = f"{about}; but this container may use {quota:g} of them, and more workers than that hinder one another"
    return Finding("cores", "problem", about, f"ganbench run --jobs {jobs} ...")


def cpu_quota() -> float | None:
    """Cores' worth of time that the control group allows; None where it sets no limit."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text(encoding="utf-8").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def of_memory() -> Finding:
    """The memory that is free, shared among as many workers as there are by default."""
    free, workers = free_memory(), usable_cores()
    about = f"{free / GIB:.1f} GiB free for {workers} worker{'s' * (workers > 1)}"
    if free >= WORKER * workers:
        return Finding("memory", "ok", about, needed=True)
    fitting = free // WORKER
    about = f"{about}; each takes {WORKER / GIB:.1f} GiB before it trains anything"
    mend = f"ganbench run --jobs {max(1, fitting)} ..."
    return Finding("memory", "problem", about, mend, needed=fitting < 1)


def free_memory() -> int:
    """Bytes that can still be had: of the machine, or of the control group where that has less left."""
    free = int(psutil.virtual_memory().available)
    try:
        limit, used = (int((CGROUP / f"memory.{name}").read_text(encoding="utf-8")) for name in ("max", "current"))
    except (OSError, ValueError):
        return free
    return max(0, min(free, limit - used))


def of_folders(runs: Path) -> Iterator[Finding]:
    """Where runs are kept, and where slow tensors are cached."""
    yield _of_folder("run folder", runs, "ganbench run --out FOLDER ...", needed=True)
    yield _of_folder("cache", cache_root(), "export GANBENCH_CACHE=FOLDER", needed=False)


def _of_folder(subject: str, folder: Path, mend: str, needed: bool) -> Finding:
    where = f"{folder.absolute()}"
    try:
        Store(folder).require_writable()
    except StoreError:
        consequence = "no run can be kept" if needed else "slow tensors are made anew in every run"
        return Finding(subject, "problem", f"{where} cannot be written: {consequence}", mend, needed)
    nearest = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(nearest).free
    about = f"{where} can be written, {free / GIB:.1f} GiB free"
    if free < LEAST_FREE:
        return Finding(subject, "problem", f"{about}: little", f"du -sh {shlex.quote(str(nearest))}/*", needed=False)
    return Finding(subject, "ok", about, needed=needed)
