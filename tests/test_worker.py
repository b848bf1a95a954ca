"""What the exceptions of a job come to, and the process that has torch loaded."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import psutil
import pytest
import torch
from distributions import distribution, environment
from safetensors import SafetensorError

from ganbench.errors import DatasetError, NotApplicable, PluginError, UnknownNameError
from ganbench.worker import _failure


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (DatasetError("no\n  such data"), "usage", "no such data"),
        (UnknownNameError("unknown"), "usage", "unknown"),
        (NotApplicable("it makes no sense"), "not_applicable", "it makes no sense"),
        (PluginError("it broke"), "load_error", "it broke"),
        (MemoryError("4 GiB"), "out_of_memory", "an allocation failed: 4 GiB"),
        (torch.OutOfMemoryError("CUDA\nout"), "out_of_memory", "an allocation failed: CUDA out"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "interrupted",
            "the disk is full ([Errno 28] No space left on device); make room and run it again",
        ),
        (
            SafetensorError("I/O error: No space left on device (os error 28)"),
            "interrupted",
            "the disk is full (I/O error: No space left on device (os error 28)); make room and run it again",
        ),
        (OSError(errno.EACCES, "Permission denied"), "crashed", "PermissionError: [Errno 13] Permission denied"),
        (ValueError("two\nlines"), "crashed", "ValueError: two lines"),
        (AssertionError(), "crashed", "AssertionError"),
        (SystemExit(3), "crashed", "SystemExit: 3"),
        (RuntimeError("\udc80"), "crashed", "RuntimeError: ?"),
        (RuntimeError("x" * 5000), "crashed", "RuntimeError: " + "x" * 2000),
    ],
)
def test_an_exception_becomes_a_status_and_a_line(error: BaseException, status: str, reason: str) -> None:
    """Every exception stands for one status, and for a reason of one line that can be written as UTF-8."""
    assert _failure(error) == {"status": status, "reason": reason}
    reason.encode()


def said(output: IO[str]) -> dict[str, Any]:
    """The next message: a line of its own, after an empty one."""
    assert output.readline() == "\n"
    message: dict[str, Any] = json.loads(output.readline())
    return message


def test_a_job_is_answered_line_by_line(tmp_path: Path) -> None:
    """A worker answers a job with its child's process id, what became of it, and the child's exit status."""
    log = tmp_path / "deep" / "log.txt"
    request = {"variant": "nobody", "dataset": "ring8"}
    job = {"task": "describe", "requests": [request], "timed": False, "log": str(log), "token": "t0"}
    command = [sys.executable, "-m", "ganbench.worker", "1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as worker:
        print(json.dumps(job), file=worker.stdin, flush=True)
        started, failed, ended = (said(worker.stdout) for _ in range(3))
        rest = worker.communicate()
    assert (list(started), started["token"]) == (["started", "token"], "t0")
    assert failed["failed"]["status"] == "usage"
    assert failed["failed"]["reason"].startswith("unknown variant 'nobody': ")
    assert ended == {"ended": 1, "token": "t0"}
    assert (worker.returncode, *rest) == (0, "", "")
    assert log.read_text().splitlines()[-1].endswith(failed["failed"]["reason"])


def test_a_child_ends_with_its_worker(tmp_path: Path) -> None:
    """A worker that is killed takes the child with it, though that leads a session of its own."""
    asleep = tmp_path / "asleep"
    source = f"import pathlib, time\npathlib.Path({str(asleep)!r}).touch()\ntime.sleep(1000)"
    distribution(tmp_path, "acme-sleeps", source, {"variants": ["sleeps"]})
    request = {"variant": "sleeps", "dataset": "ring8"}
    job = {"task": "describe", "requests": [request], "timed": False, "log": str(tmp_path / "log.txt"), "token": "t0"}
    command = [sys.executable, "-m", "ganbench.worker", "1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment(tmp_path)}
    with subprocess.Popen(command, text=True, **pipes) as worker:
        print(json.dumps(job), file=worker.stdin, flush=True)
        child = psutil.Process(said(worker.stdout)["started"])
        while not asleep.exists():
            time.sleep(0.01)
        worker.kill()
        _, outlived = psutil.wait_procs([child], timeout=5)
    assert outlived == []
