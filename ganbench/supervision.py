"""Jobs in child processes: a deadline, a memory cap, and an outcome for each, whatever the plugin does."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil

from ganbench.errors import UsageError

LOOK_EVERY = 0.1
"""Seconds between two looks at deadlines and memory."""
GRACE = 10.0
"""Seconds that a worker has to bury a child that was killed; one that does not is ended too."""
GIB = 2**30
HEARD_AT_ONCE, LONGEST_MESSAGE = 2**20, 2**26
"""Bytes; what a plugin pours into the channel of its worker must not fill this process."""
LOG_TAIL = 8000
"""Bytes of its log that the outcome of a failed job keeps."""
LOG_LIMIT = 16 * 2**20
"""Bytes that a log may grow to before its beginning is cut off."""
_START = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from ganbench.worker import main
main()
"""
"""Workers find the same modules and plugins as this process does, wherever it was started."""

Key = TypeVar("Key")


@dataclass(frozen=True)
class Limits:
    """What one job may use."""

    seconds: float | None = None
    memory: int | None = None
    """Bytes in memory of the child and all its children, what they share counted once; None for an equal share of nine
    tenths of all."""

    def among(self, jobs: int) -> Limits:
        """The same with the memory of one of `jobs` jobs that run at once."""
        return replace(self, memory=self.memory or int(psutil.virtual_memory().total * 0.9 / jobs))


@dataclass(frozen=True)
class Job(Generic[Key]):
    """One thing to be done in a child process; `key` is what the caller knows it by."""

    key: Key
    payload: dict[str, Any]
    log: Path
    seconds: float | None = None
    """How long it may take where the pool sets no limit; None for ever."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    status: str
    """"ok", "usage", or one of `record.STATUSES`."""
    reason: str = ""
    result: Any = None
    log_tail: str = ""
    """The last that a failed job printed."""


def usable_cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tail(log: Path) -> str:
    """The end of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL))
            return file.read(LOG_TAIL).decode("utf-8", errors="replace")
    except OSError:
        return ""


class Pool:
    """`size` workers, each with torch loaded, each doing one job at a time. Use it as a context manager."""

    def __init__(self, size: int, threads: int, limits: Limits) -> None:
        if size < 1 or threads < 1 or min(limits.seconds or 1, limits.memory or 1) <= 0:
            raise UsageError(f"found {size} jobs of {threads} threads with {limits}: wanted positive numbers")
        self._size, self._threads, self._limits = size, threads, limits
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers, and whatever they are doing."""
        for worker in self._workers:
            worker.dismiss()
        while self._workers:
            self._workers.pop().close()

    def perform(
        self,
        jobs: Sequence[Job[Key]],
        told: Callable[[Key, dict[str, Any]], None] = lambda key, progress: None,
        admits: Callable[[Key], bool] = lambda key: True,
    ) -> Iterator[tuple[Key, Outcome]]:
        """Does the jobs, in order as workers become free, and yields each outcome when it is known.

        `admits` is asked right before a job would begin; one that it turns down is left out.
        """
        waiting = deque(jobs)
        limits = self._limits.among(max(1, min(self._size, len(jobs))))
        busy: dict[_Worker, Job[Key]] = {}
        while waiting or busy:
            while waiting and len(busy) < self._size:
                job = waiting.popleft()
                if not admits(job.key):
                    continue
                worker = self._idle(busy)
                worker.start(job.payload, job.log, replace(limits, seconds=limits.seconds or job.seconds))
                busy[worker] = job
            for worker in _ready(list(busy)):
                job = busy[worker]
                for progress in worker.look():
                    told(job.key, progress)
                if worker.outcome is not None:
                    del busy[worker]
                    failed = worker.outcome.status != "ok"
                    yield job.key, replace(worker.outcome, log_tail=tail(job.log)) if failed else worker.outcome

    def _idle(self, busy: dict[_Worker, Job[Key]]) -> _Worker:
        for worker in [worker for worker in self._workers if worker not in busy]:
            if worker.alive:
                return worker
            worker.close()
            self._workers.remove(worker)
        self._workers.append(_Worker(self._threads))
        return self._workers[-1]


def _ready(workers: Sequence[_Worker]) -> Sequence[_Worker]:
    """Waits until one of them says something, or until it is time to look at them all."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.output, selectors.EVENT_READ)
        selector.select(LOOK_EVERY)
    return workers


class _Worker:
    """The parent's end of a `ganbench.worker` process."""

    def __init__(self, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(threads), json.dumps([str(Path(p).absolute()) for p in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self.output = self._process.stdin, self._process.stdout
        os.set_blocking(self.output.fileno(), False)
        self._reset(None, Limits())

    def _reset(self, log: Path | None, limits: Limits) -> None:
        self._log, self._limits = log, limits
        self._child: int | None = None
        self._deadline: float | None = None
        self._killed = 0.0
        self._rest = b""
        self._token = secrets.token_hex(8)
        self._said: dict[str, Any] = {}
        self._verdict: Outcome | None = None
        self.outcome: Outcome | None = None

    @property
    def alive(self) -> bool:
        """Whether the process can take another job."""
        return self._process.poll() is None

    def start(self, payload: dict[str, Any], log: Path, limits: Limits) -> None:
        """Hands it a job; the deadline counts from when its child starts."""
        self._reset(log, limits)
        self._input.write(json.dumps(payload | {"log": str(log), "token": self._token}).encode() + b"\n")
        self._input.flush()

    def look(self) -> list[dict[str, Any]]:
        """Reads what came, enforces the limits, and returns the news of progress."""
        progress = [message["progress"] for message in self._messages() if self._note(message)]
        if self.outcome is None:
            self._enforce()
        return progress

    def _messages(self) -> Iterator[dict[str, Any]]:
        alive = self.alive
        data = self._heard()
        if not data and not alive:
            self._verdict = self._verdict or Outcome("crashed", "the worker process itself was ended")
            self._end(None)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_MESSAGE:
            self._rest = b""
        for line in lines:
            with suppress(ValueError):  # what a plugin writes into the channel lacks the job's token
                message = json.loads(line)
                if isinstance(message, dict) and message.pop("token", None) == self._token:
                    yield message

    def _heard(self) -> bytes:
        """Some of what has come; nothing where there is none, or no more will."""
        try:
            return os.read(self.output.fileno(), HEARD_AT_ONCE)
        except BlockingIOError:
            return b""

    def _note(self, message: dict[str, Any]) -> bool:
        """Takes in one message; true for news of progress."""
        if "started" in message:
            self._child = int(message["started"])
            if self._limits.seconds is not None:
                self._deadline = time.monotonic() + self._limits.seconds
        elif "ended" in message:
            self._end(int(message["ended"]))
        elif "progress" not in message:
            self._said |= message
        return "progress" in message

    def _enforce(self) -> None:
        if self._verdict is not None:
            if time.monotonic() > self._killed + GRACE:  # a plugin stopped it, or forks faster than it can kill
                self._process.kill()
            return
        if self._child is None:
            return
        _shorten(self._log)
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._verdict = Outcome("timeout", f"took longer than the time limit of {self._limits.seconds:g} s")
        elif (most := self._limits.memory) is not None and (used := _used(self._child, most)) > most:
            found = f"used {used / GIB:.2f} GiB of memory, over the limit of {most / GIB:.2f} GiB"
            self._verdict = Outcome("out_of_memory", found)
        if self._verdict is not None:
            self._killed = time.monotonic()
            _kill(self._child)

    def _end(self, exit_code: int | None) -> None:
        if self._child is not None:
            _kill(self._child)
        self.outcome = self._verdict or _outcome(self._said, exit_code)

    def dismiss(self) -> None:
        """Ends the child, and lets the process end."""
        if self._child is not None and self.outcome is None:
            _kill(self._child)
        self._input.close()

    def close(self) -> None:
        """Ends the child and the process, and waits until they have."""
        self.dismiss()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.output.close()


def _outcome(said: dict[str, Any], exit_code: int | None) -> Outcome:
    if "failed" in said:
        return Outcome(said["failed"]["status"], said["failed"]["reason"])
    if "result" in said and exit_code == 0:
        return Outcome("ok", result=said["result"])
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name if -exit_code in set(signal.Signals) else f"signal {-exit_code}"
        hint = ", which is how a system that runs out of memory ends a process" if name == "SIGKILL" else ""
        return Outcome("crashed", f"the process was ended by {name}{hint}")
    return Outcome("crashed", f"the process left with exit status {exit_code} before it had finished")


def _shorten(log: Path | None) -> None:
    """Cuts off the beginning of a log that has grown too long, so that no plugin's printing fills the disk."""
    with suppress(OSError):
        if log is not None and log.stat().st_size > LOG_LIMIT:
            end = tail(log)
            os.truncate(log, 0)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"[cut: this log was longer than {LOG_LIMIT >> 20} MiB]\n{end}")


def _used(pid: int, limit: int) -> int:
    """Bytes in memory of a process and its descendants; 0 when it is gone.

    Each page of memory is counted for all that share it, which is quick, or where that passes the limit in parts.
    """
    members: list[psutil.Process] = []
    with suppress(psutil.Error):
        members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    resident = _total(members, lambda member: member.memory_info().rss)
    if len(members) == 1 or resident <= limit:
        return resident
    return _total(members, lambda member: getattr(member.memory_full_info(), "pss", member.memory_info().rss))


def _total(members: Sequence[psutil.Process], measure: Callable[[psutil.Process], int]) -> int:
    total = 0
    for member in members:
        with suppress(psutil.Error):
            total += measure(member)
    return total


def _kill(pid: int) -> None:
    """Ends a process, its group, and descendants that left the group."""
    descendants: list[psutil.Process] = []
    with suppress(psutil.Error):
        descendants = psutil.Process(pid).children(recursive=True)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for process in descendants:
        with suppress(psutil.Error):
            process.kill()
