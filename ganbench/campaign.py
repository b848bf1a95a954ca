"""Everything that one command asks for, carried out: every run that was planned becomes a record."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from ganbench.claim import Claim
from ganbench.errors import UsageError
from ganbench.keeper import Keeper
from ganbench.loading import State, states
from ganbench.planning import Group, Plan, describe, failed, fault, planned, with_controls
from ganbench.record import RunRecord, RunSpec
from ganbench.registry import Audience, Offer
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Job, Outcome, Pool, tail

ASK_EVERY = 0.5
"""Seconds after which a group that another command is running is asked for again."""


class Listener(Protocol):
    """Who wants to hear how it goes."""

    def planned(self, groups: Sequence[Group]) -> None:
        """These groups will run."""

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        """A group has spent this fraction of its budget; the newest values are its first seed's."""

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        """A group has ended."""

    def put_back(self, records: Sequence[Path]) -> None:
        """A plugin had deleted, damaged or forged these records, and they are as they were again."""

    def left_changed(self, records: Sequence[Path]) -> None:
        """These records of earlier commands are other ones now, by another command's doing or a plugin's."""


class Silence(Listener):
    """A listener that says nothing."""

    def planned(self, groups: Sequence[Group]) -> None:
        """Nothing."""

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        """Nothing."""

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        """Nothing."""

    def put_back(self, records: Sequence[Path]) -> None:
        """Nothing."""

    def left_changed(self, records: Sequence[Path]) -> None:
        """Nothing."""


@dataclass
class Course:
    """How far a command has come with its groups."""

    kept: dict[RunSpec, RunRecord]
    """The record of every run that has ended."""
    keeper: Keeper
    """Of the files that they lie in, and of all others in the store."""
    claims: dict[Group, Claim] = field(default_factory=dict)
    """Held for the groups that are running."""
    before: dict[RunSpec, int | None] = field(default_factory=dict)
    """When the record was written that a run found when it began."""
    spent: dict[Group, dict[str, Any]] = field(default_factory=dict)
    """The meters of groups that run or ran."""
    elsewhere: list[Group] = field(default_factory=list)
    """Groups that another command was running when their turn came."""


@dataclass(frozen=True)
class Campaign:
    """How to carry out requests: where the runs go, and the processes that do them."""

    store: Store
    pool: Pool
    resume: bool = False
    again: bool = False
    """Whether finished runs are run once more."""
    loggers: tuple[str, ...] = ()
    """What hears how each run goes, beside every extension."""

    def plan(self, requests: Sequence[Request], seeds: int | None, timed: bool = False) -> Plan:
        """Looks at plugins and data, in child processes, and works out the runs. Writes nothing.

        `seeds` is how many seeds to run, from 0; None for the dataset's standard number. `timed` trains a moment of
        each cell to tell how long it will take.

        Raises:
            UsageError: for anything that the user must mend.
        """
        (found,) = self.plans([(requests, seeds)], timed)
        if isinstance(found, UsageError):
            raise found
        return found

    def plans(
        self, grids: Sequence[tuple[Sequence[Request], int | None]], timed: bool = False
    ) -> list[Plan | UsageError]:
        """The plan of each grid of requests and seeds, as `plan`, or what the user must mend of it.

        Raises:
            UsageError: for what concerns them all: the folder of the runs, a logger.
        """
        self.store.require_writable()
        warnings = self._warnings()
        wrong = [fault(requests, seeds) for requests, seeds in grids]
        asked = [[] if mistake else with_controls(asked) for (asked, _), mistake in zip(grids, wrong, strict=True)]
        outcomes = describe(self.pool, list(dict.fromkeys(itertools.chain.from_iterable(asked))), timed)
        found = [
            mistake or planned({request: outcomes[request] for request in requests}, seeds)
            for mistake, requests, (_, seeds) in zip(wrong, asked, grids, strict=True)
        ]
        for each in found:
            if isinstance(each, Plan):
                each.warnings += warnings
        return found

    def carry_out(
        self, plan: Plan, listener: Listener | None = None, admits: Callable[[Group], bool] = lambda group: True
    ) -> list[RunRecord]:
        """Runs what has not ended yet, and returns the record of every run of the plan that has one then.

        `admits` is asked right before a group would begin; one that it turns down is left for another time. A group
        that another command is running is waited for, and its records are taken. Records whose files a plugin has
        deleted, damaged or forged are written again at the end, whichever command left them; where it could have been
        another command that wrote one, the listener is told.

        Raises:
            KeyboardInterrupt: after the unfinished runs have been recorded as interrupted.
        """
        listener = listener or Silence()
        for failure in plan.failures:
            self._keep(failure)
        for group in plan.groups:
            self._add_names(group)
        kept = {spec: record for spec in plan.specs if (record := self.store.find(spec)) is not None}
        waiting = [group for group in plan.groups if self.again or not self.has_ended(group)]
        course = Course(kept, Keeper(self.store, self.store.records() if waiting else ()))
        listener.planned(waiting)
        try:
            self._run_all(waiting, course, listener, admits)
        except KeyboardInterrupt:
            self.pool.close()  # so that no run leaves a record of its own after this
            for group in waiting:
                self._record_interruption(group, course)
            raise
        finally:
            for group, claim in course.claims.items():
                self._take(group, course)
                claim.release()
            changes = course.keeper.put_back()
            if changes.put_back:
                listener.put_back(changes.put_back)
            if changes.left:
                listener.left_changed(changes.left)
        ended = (course.kept.get(spec) or self.store.find(spec) for spec in plan.specs)
        return [record for record in ended if record is not None]

    def _run_all(
        self, groups: Sequence[Group], course: Course, listener: Listener, admits: Callable[[Group], bool]
    ) -> None:
        """Runs the groups; those that another command is running are asked for until it has ended them, or itself."""

        def begins(group: Group) -> bool:
            return self._begins(group, course, listener, admits)

        while groups:
            course.elsewhere.clear()
            for group, outcome in self._run(groups, course, listener, begins):
                if outcome.status == "ok":  # then each run has left its record; if one has not, this is what happened
                    outcome = Outcome("crashed", "the process ended well but left no record")
                self._record_failure(group, outcome, course)
                self._finish(group, course, listener)
                course.claims.pop(group).release()
            groups = tuple(course.elsewhere)
            if groups:
                time.sleep(ASK_EVERY)

    def _begins(self, group: Group, course: Course, listener: Listener, admits: Callable[[Group], bool]) -> bool:
        """Whether the group is to be run here and now; then it is claimed, and its folders are made."""
        claim = self.store.claim(group.specs[0])
        if claim is None:
            course.elsewhere.append(group)
            return False
        done_elsewhere = not self.again and self.has_ended(group)
        if done_elsewhere:
            self._finish(group, course, listener)
        if done_elsewhere or not admits(group):
            claim.release()
            return False
        course.claims[group] = claim
        course.before |= {spec: self.store.committed(spec) for spec in group.specs}
        for spec in group.specs:
            self.store.begin(spec)
        return True

    @cached_property
    def _listeners(self) -> dict[Offer, State]:
        """Whether each extension and each logger that was asked for loads: tried once, in child processes."""
        return states(Audience(self.loggers).offers, self.pool)

    @property
    def _audience(self) -> Audience:
        broken = [offer.module for offer, (how, _) in self._listeners.items() if how == "broken"]
        return Audience(self.loggers, tuple(broken))

    def _warnings(self) -> list[str]:
        """Which extensions will not hear of the runs, and why.

        Raises:
            UsageError: where it is a logger that was asked for.
        """
        broken = {offer: why for offer, (how, why) in self._listeners.items() if how == "broken"}
        for offer, why in broken.items():
            if offer.kind == "loggers":
                raise UsageError(f"--log {offer.name}: {why}")
        return [f"{why}; it is left out" for why in broken.values()]

    def _run(
        self, groups: Sequence[Group], course: Course, listener: Listener, begins: Callable[[Group], bool]
    ) -> Iterator[tuple[Group, Outcome]]:
        """Runs the groups that begin, and yields how each ended."""
        jobs = []
        for group in groups:
            payload = {
                "task": "run",
                "request": group.request.as_dict(),
                "seeds": group.seeds,
                "ids": [spec.id for spec in group.specs],
                "store": str(self.store.root.absolute()),
                "resume": self.resume,
                "also": group.also,
                "audience": vars(self._audience),
            }
            jobs.append(Job(group, payload, self._log(group)))

        def told(group: Group, news: dict[str, Any]) -> None:
            course.spent[group] = news["meters"]
            listener.progressed(group, news["fraction"], news["values"])

        return self.pool.perform(jobs, told, begins)

    def _finish(self, group: Group, course: Course, listener: Listener) -> None:
        """Gives each run of the group the log that they share, and tells of the records that they left."""
        for spec in group.specs[1:]:
            with suppress(OSError):  # nothing may have been printed, or a plugin may have deleted it
                shutil.copyfile(self._log(group), self.store.folder(spec) / "log.txt")
        listener.ended(group, self._take(group, course))

    def _take(self, group: Group, course: Course) -> list[RunRecord]:
        """The records that there are of the group, which its runs have left."""
        found = {spec: record for spec in group.specs if (record := self.store.find(spec)) is not None}
        course.kept |= found
        for record in found.values():
            course.keeper.keep(record)
        return list(found.values())

    def _log(self, group: Group) -> Path:
        return self.store.folder(group.specs[0]) / "log.txt"

    def has_ended(self, group: Group) -> bool:
        """Whether every run of the group has ended in an earlier command."""
        records = [self.store.find(spec) for spec in group.specs]
        return all(record is not None and record.status != "interrupted" for record in records)

    def _add_names(self, group: Group) -> None:
        """Adds the other names of the group's recipe to the records of it that an earlier command has left."""
        for spec in group.specs if group.also else ():
            record = self.store.find(spec)
            if record is not None and not set(group.also) <= set(record.also):
                self.store.commit(replace(record, also=tuple(sorted({*record.also, *group.also}))))

    def _record_failure(self, group: Group, outcome: Outcome, course: Course) -> None:
        """Records how the runs ended that have left no readable record of their own since they began."""
        for spec in group.specs:
            unchanged = self.store.committed(spec) == course.before[spec]
            if unchanged or self.store.find(spec) is None:
                self._keep(failed(spec, outcome, course.spent.get(group, {})))

    def _record_interruption(self, group: Group, course: Course) -> None:
        """Records a group of this command that has not ended as interrupted; another command's is its own to record."""
        if self.has_ended(group):
            return
        if group not in course.claims:
            claim = self.store.claim(group.specs[0])
            if claim is None:
                return
            course.claims[group] = claim
            course.before |= {spec: self.store.committed(spec) for spec in group.specs}
        outcome = Outcome("interrupted", "the command was interrupted", log_tail=tail(self._log(group)))
        self._record_failure(group, outcome, course)

    def _keep(self, record: RunRecord) -> None:
        """Leaves the record in its run's folder."""
        self.store.begin(record.spec)
        self.store.commit(record)
