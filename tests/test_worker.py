"""What the exceptions of a job come to, and the process that has torch loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

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


def test_a_job_is_answered_line_by_line(tmp_path: Path) -> None:
    """A worker answers a job with its child's process id, what became of it, and the child's exit status."""
    log = tmp_path / "deep" / "log.txt"
    request = {"variant": "nobody", "dataset": "ring8"}
    job = {"task": "describe", "requests": [request], "timed": False, "log": str(log), "token": "t0"}
    command = [sys.executable, "-m", "ganbench.worker", "1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as worker:
        print(json.dumps(job), file=worker.stdin, flush=True)
        started, failed, ended = (json.loads(worker.stdout.readline()) for _ in range(3))
        rest = worker.communicate()
    assert (list(started), started["token"]) == (["started", "token"], "t0")
    assert failed["failed"]["status"] == "usage"
    assert failed["failed"]["reason"].startswith("unknown variant 'nobody': ")
    assert ended == {"ended": 1, "token": "t0"}
    assert (worker.returncode, *rest) == (0, "", "")
    assert log.read_text().splitlines()[-1].endswith(failed["failed"]["reason"])
