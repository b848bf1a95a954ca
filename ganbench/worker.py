"""The process that has torch loaded already, and forks a child for each job.

It reads one JSON job a line and does one at a time. Everything that it or the child says comes back as one JSON object
a line: {"started": pid}, {"progress": ...}, {"result": ...}, {"failed": ...} and at last {"ended": exit status}. The
child leads a session of its own, prints into the job's log, has nothing to read, and is ended when whoever gave the
job is gone.
"""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import psutil

from ganbench.errors import GanbenchError, NotApplicable, PluginError, UsageError, one_line
from ganbench.registry import Offer
from ganbench.request import Request

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LOOK_EVERY = 20
"""Milliseconds between two looks at whether the child has ended."""


def main() -> None:
    """Serves jobs until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopt_orphans()
    threads = int(sys.argv[1])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    import torch

    import ganbench.forecast  # noqa: F401 - loaded once here, so that every child starts with it

    torch.set_num_threads(threads)
    with suppress(BrokenPipeError):
        for line in sys.stdin:
            _serve(json.loads(line))
    os._exit(0)  # taking everything down in order takes a second, and gains nothing


def _serve(job: dict[str, Any]) -> None:
    if job["task"] == "run":
        import ganbench.execution  # noqa: F401 - once here too: the figures take a second
    child = os.fork()
    if child == 0:
        _be_the_child(job)
    _say(sys.stdout.fileno(), job["token"], {"started": child})
    status = _wait(child)
    _end_what_it_left()
    _say(sys.stdout.fileno(), job["token"], {"ended": os.waitstatus_to_exitcode(status)})


def _wait(child: int) -> int:
    """The wait status of the child, which is killed as soon as the other end of the standard input is gone.

    It is watched from here, since a child that hangs in compiled code cannot watch anything.
    """
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(LOOK_EVERY)):
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)


def _adopt_orphans() -> None:
    """Makes this process the parent of what its children leave behind, in whatever session; Linux alone can."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _end_what_it_left() -> None:
    """Ends and buries the orphans of a job."""
    while orphans := psutil.Process().children(recursive=True):
        for orphan in orphans:
            with suppress(psutil.Error):
                orphan.kill()
        psutil.wait_procs(orphans, timeout=1)


def _be_the_child(job: dict[str, Any]) -> None:
    """Does the job and leaves the process; never returns."""
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a worker that is killed takes its child with it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    status = 1
    try:
        channel, token = _redirect(job["log"], job.get("resume", False)), job["token"]
        try:
            _say(channel, token, {"result": _perform(job, lambda news: _say(channel, token, {"progress": news}))})
            status = 0
        except BaseException as error:  # noqa: BLE001 - whatever a plugin raises, SystemExit too, becomes its record
            _say(channel, token, {"failed": _failure(error)})
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _redirect(log: str, append: bool) -> int:
    """Sends what is printed into the log, leaves nothing to read, and returns the descriptor of the way up."""
    channel = os.dup(1)
    os.set_inheritable(channel, False)
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if append else os.O_TRUNC), 0o644)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)  # no sudden end shall cost a printed line
    faulthandler.enable()
    return channel


def _perform(job: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> Any:
    from ganbench.forecast import describe
    from ganbench.registry import state

    if job["task"] == "states":
        return [state(Offer(**offer)) for offer in job["offers"]]
    if job["task"] == "check":
        return _check(Offer(**job["offer"]), job["argument"], job["data_root"], tell)
    if job["task"] == "describe":
        requests = [Request.from_dict(each) for each in job["requests"]]
        if len(requests) == 1:
            return [describe(requests[0], job["timed"])]
        return [_described(one) for one in requests]
    from ganbench.execution import execute
    from ganbench.registry import Audience
    from ganbench.store import Store

    request = Request.from_dict(job["request"])
    store = Store(Path(job["store"]))
    audience = Audience(**{name: tuple(found) for name, found in job["audience"].items()})
    execute(request, job["seeds"], job["ids"], store, job["resume"], tell, job["also"], audience)
    return None


def _check(offer: Offer, argument: str | None, data_root: str | None, tell: Callable[[dict[str, Any]], None]) -> None:
    """Makes the checks of an offer, and tells of each before and after."""
    from ganbench.testing.suites import of_offer

    for trial in of_offer(offer, argument, Path(data_root) if data_root else None):
        made = trial.check
        tell({"making": {"check": made.name, "claim": made.claim, "why": made.why, "mend": made.mend}})
        result = trial.result()
        tell({"made": result.as_dict()})
        if result.last:
            return


def _described(request: Request) -> dict[str, Any] | None:
    """What one request of several comes to; None where it has to be looked at alone."""
    from ganbench.forecast import describe

    try:
        return describe(request)
    except Exception:  # noqa: BLE001 - whatever it is, the process that looks at it alone will say so
        return None


def _failure(error: BaseException) -> dict[str, str]:
    """The status and the reason that an exception stands for; "usage" for what the user must mend."""
    if isinstance(error, MemoryError) or _is_torch_out_of_memory(error):
        return {"status": "out_of_memory", "reason": f"an allocation failed: {one_line(error)}"}
    if _is_full_disk(error):
        return {"status": "interrupted", "reason": f"the disk is full ({one_line(error)}); make room and run it again"}
    kinds: list[tuple[type[GanbenchError], str]] = [
        (UsageError, "usage"),
        (NotApplicable, "not_applicable"),
        (PluginError, "load_error"),
    ]
    for kind, status in kinds:
        if isinstance(error, kind):
            return {"status": status, "reason": one_line(error)}
    return {"status": "crashed", "reason": f"{type(error).__name__}: {one_line(error)}".removesuffix(": ")}


def _is_torch_out_of_memory(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _is_full_disk(error: BaseException) -> bool:
    """Whether it is no fault of the run, which is to be done again; safetensors says so in its text alone."""
    numbers = (errno.ENOSPC, errno.EDQUOT)
    texts = [f"(os error {number})" for number in numbers]
    is_safetensors = type(error).__name__ == "SafetensorError" and any(text in str(error) for text in texts)
    return is_safetensors or (isinstance(error, OSError) and error.errno in numbers)


def _say(descriptor: int, token: str, message: dict[str, Any]) -> None:
    line = json.dumps(message | {"token": token}, allow_nan=False)
    data = f"\n{line}\n".encode()  # on a line of its own, whatever a plugin has written into the channel before
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
