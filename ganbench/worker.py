"""The process that has torch loaded already, and forks a child for each job: `python -m ganbench.worker`.

It reads one JSON job a line and does one at a time. Everything that it or the child says comes back as one JSON object
a line: {"started": pid}, {"progress": ...}, {"result": ...}, {"failed": ...} and at last {"ended": exit status}. The
child leads a session of its own, prints into the job's log, and ends when the parent of the worker does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganbench.errors import GanbenchError, NotApplicable, PluginError, UsageError


def main() -> None:
    """Serves jobs until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads = int(sys.argv[1])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    import torch

    import ganbench.execution  # noqa: F401 - loaded once here, so that every child starts with it

    torch.set_num_threads(threads)
    for line in sys.stdin:
        _serve(json.loads(line))


def _serve(job: dict[str, Any]) -> None:
    child = os.fork()
    if child == 0:
        _be_the_child(job)
    _say(sys.stdout.fileno(), {"started": child})
    _, status = os.waitpid(child, 0)
    _say(sys.stdout.fileno(), {"ended": os.waitstatus_to_exitcode(status)})


def _be_the_child(job: dict[str, Any]) -> None:
    """Does the job and leaves the process; never returns."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    channel = _redirect(job["log"])
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    status = 0
    try:
        _say(channel, {"result": _perform(job, lambda progress: _say(channel, {"progress": progress}))})
    except BaseException as error:  # noqa: BLE001 - whatever a plugin raises, SystemExit too, becomes its record
        traceback.print_exc()
        _say(channel, {"failed": _failure(error)})
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _redirect(log: str) -> int:
    """Sends what is printed into the log; returns the descriptor of the way to the parent."""
    channel = os.dup(1)
    os.set_inheritable(channel, False)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    return channel


def _end_with_the_parent() -> None:
    """Waits, without reading, until the other end of the standard input is gone."""
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
        pass
    os.killpg(0, signal.SIGKILL)


def _perform(job: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> Any:
    from ganbench.execution import describe, execute
    from ganbench.request import Request
    from ganbench.store import Store

    request = Request.from_dict(job["request"])
    if job["task"] == "describe":
        return describe(request)
    report = lambda fraction, values: tell({"fraction": fraction, "values": values})  # noqa: E731 - an adapter
    execute(request, job["seeds"], Store(Path(job["store"])), job["resume"], report)
    return None


def _failure(error: BaseException) -> dict[str, str]:
    """The status and the reason that an exception stands for; "usage" for what the user must mend."""
    if isinstance(error, MemoryError) or _is_torch_out_of_memory(error):
        return {"status": "out_of_memory", "reason": f"an allocation failed: {_one_line(error)}"}
    kinds: list[tuple[type[GanbenchError], str]] = [
        (UsageError, "usage"),
        (NotApplicable, "not_applicable"),
        (PluginError, "load_error"),
    ]
    for kind, status in kinds:
        if isinstance(error, kind):
            return {"status": status, "reason": _one_line(error)}
    return {"status": "crashed", "reason": f"{type(error).__name__}: {_one_line(error)}"}


def _is_torch_out_of_memory(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:2000]


def _say(descriptor: int, message: dict[str, Any]) -> None:
    data = (json.dumps(message, allow_nan=False) + "\n").encode()
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
