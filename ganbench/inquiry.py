"""What child processes find out of many things: those that are alike share one, and nobody answers for another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from ganbench.supervision import Job, Outcome, Pool

Subject = TypeVar("Subject", bound=Hashable)


def found_out(
    pool: Pool, alike: Sequence[Sequence[Subject]], task: Callable[[Sequence[Subject]], dict[str, Any]], seconds: float
) -> dict[Subject, Outcome]:
    """What becomes of each subject, in their order; an outcome that is ok has what was found as its result.

    `task` says what a process is to do of several: its result is a list with what it finds of each, None where it finds
    nothing. The subjects of a group in `alike` are looked at in one process. Those of one that does not end well, or
    that it finds nothing of, are looked at again, each in a process of its own. A process may take as long as the pool
    allows; where that is for ever, `seconds`.
    """
    found: dict[Subject, Outcome] = {}
    for group, outcome in _performed(pool, [group for group in alike if len(group) > 1], task, seconds):
        if outcome.status == "ok":
            results = zip(group, outcome.result, strict=True)
            found |= {subject: Outcome("ok", result=result) for subject, result in results if result is not None}
    subjects = [subject for group in alike for subject in group]
    for (subject,), outcome in _performed(pool, [[each] for each in subjects if each not in found], task, seconds):
        found[subject] = replace(outcome, result=outcome.result[0]) if outcome.status == "ok" else outcome
    return {subject: found[subject] for subject in subjects}


def _performed(
    pool: Pool, groups: Sequence[Sequence[Subject]], task: Callable[[Sequence[Subject]], dict[str, Any]], seconds: float
) -> list[tuple[Sequence[Subject], Outcome]]:
    with TemporaryDirectory() as folder:
        jobs = [Job(k, task(group), Path(folder) / f"{k}.txt", seconds) for k, group in enumerate(groups)]
        return [(groups[k], outcome) for k, outcome in pool.perform(jobs)]
