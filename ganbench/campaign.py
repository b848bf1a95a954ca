"""Everything that one command asks for: requests become groups of runs, and every run becomes a record."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ganbench.budget import Budget
from ganbench.errors import UsageError
from ganbench.ingredients import parse_call, parse_setting
from ganbench.record import CONTROLS, RunRecord, RunSpec, canonical
from ganbench.registry import find, find_dataset
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Job, Outcome, Pool, tail

_LEAST = {"points": 1, "batch_size": 2, "samples": 2, "threads": 1}
_DEVICE = re.compile(r"cpu|cuda(:[0-9]+)?")


@dataclass(frozen=True)
class Group:
    """Seeds of one request that are trained together: the unit of work."""

    request: Request
    specs: tuple[RunSpec, ...]
    also: tuple[str, ...] = ()
    """Other cells that were asked for and are the same recipe."""
    seconds: float | None = None
    """How long it will take, where that was asked for and could be told."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(spec.seed for spec in self.specs)


class Listener(Protocol):
    """Who wants to hear how it goes."""

    def planned(self, groups: Sequence[Group]) -> None:
        """These groups will run."""

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        """A group has spent this fraction of its budget; the newest values are its first seed's."""

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        """A group has ended."""


class Silence(Listener):
    """A listener that says nothing."""

    def planned(self, groups: Sequence[Group]) -> None:
        """Nothing."""

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        """Nothing."""

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        """Nothing."""


@dataclass
class Plan:
    """What is to be done, and what is known already."""

    groups: list[Group] = field(default_factory=list)
    failures: list[RunRecord] = field(default_factory=list)
    """Runs that cannot begin: their plugin does not load, or the combination makes no sense."""
    warnings: list[str] = field(default_factory=list)
    """What to know before the numbers are believed."""

    @property
    def specs(self) -> list[RunSpec]:
        """Every run that was asked for."""
        return [spec for group in self.groups for spec in group.specs] + [record.spec for record in self.failures]


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
        if not requests:
            raise UsageError("nothing to run: name a variant and a dataset, as in `ganbench run -p wgan_gp`")
        if seeds is not None and seeds < 1:
            raise UsageError(f"seeds: found {seeds}, wanted at least 1")
        for request in requests:
            check(request)
        self.store.require_writable()
        self._check_loggers()
        asked = _with_controls(requests)
        outcomes = self.describe(asked, timed)
        if wrong := next((outcome for outcome in outcomes.values() if outcome.status == "usage"), None):
            raise UsageError(wrong.reason)
        return _plan(outcomes, seeds)

    def carry_out(
        self, plan: Plan, listener: Listener | None = None, admits: Callable[[Group], bool] = lambda group: True
    ) -> list[RunRecord]:
        """Runs what has not ended yet, and returns the record of every run of the plan that has one then.

        `admits` is asked right before a group would begin; one that it turns down is left for another time.

        Raises:
            KeyboardInterrupt: after the unfinished runs have been recorded as interrupted.
        """
        listener = listener or Silence()
        for failure in plan.failures:
            self.store.begin(failure.spec)
            self.store.commit(failure)
        waiting = [group for group in plan.groups if self.again or not self.has_ended(group)]
        for group in plan.groups:
            self._add_names(group)
        before = {spec: self.store.committed(spec) for group in waiting for spec in group.specs}
        spent: dict[Group, dict[str, Any]] = {}
        listener.planned(waiting)
        try:
            for group, outcome in self._run(waiting, spent, listener, admits):
                if outcome.status == "ok":  # then each run has left its record; if one has not, this is what happened
                    outcome = Outcome("crashed", "the process ended well but left no record")
                self._record_failure(group, outcome, before, spent.get(group, {}))
                listener.ended(group, self._finish(group))
        except KeyboardInterrupt:
            for group in waiting:
                if not self.has_ended(group):
                    log = self.store.folder(group.specs[0]) / "log.txt"
                    outcome = Outcome("interrupted", "the command was interrupted", log_tail=tail(log))
                    self._record_failure(group, outcome, before, spent.get(group, {}))
            raise
        return [record for spec in plan.specs if (record := self.store.find(spec)) is not None]

    def _check_loggers(self) -> None:
        """Raises UsageError for a logger that is not there, or does not load."""
        with tempfile.TemporaryDirectory() as folder:
            jobs = [
                Job(name, {"task": "state", "offer": vars(find("loggers", name))}, Path(folder) / "log.txt")
                for name in self.loggers
            ]
            for name, outcome in self.pool.perform(jobs):
                how, why = outcome.result if outcome.status == "ok" else (outcome.status, outcome.reason)
                if how != "ok":
                    raise UsageError(f"--log {name}: {why}")

    def describe(self, requests: Sequence[Request], timed: bool = False) -> dict[Request, Outcome]:
        """What each request comes to, as `execution.describe` tells it, looked at in child processes.

        Those on one dataset share a process, which loads it and the plugins once. What does not go well there is looked
        at again, each in a process of its own, so that it is nobody else's fault.
        """
        found = {} if timed else self._describe_together(requests)
        with tempfile.TemporaryDirectory() as folder:
            jobs = [
                Job(request, _description([request], timed), Path(folder) / f"{index}.txt")
                for index, request in enumerate(requests)
                if request not in found
            ]
            for request, outcome in self.pool.perform(jobs):
                found[request] = replace(outcome, result=outcome.result[0]) if outcome.status == "ok" else outcome
        return {request: found[request] for request in requests}

    def _describe_together(self, requests: Sequence[Request]) -> dict[Request, Outcome]:
        alike: dict[str, list[Request]] = defaultdict(list)
        for request in requests:
            alike[request.dataset].append(request)
        with tempfile.TemporaryDirectory() as folder:
            jobs = [
                Job(dataset, _description(group, timed=False), Path(folder) / f"{index}.txt")
                for index, (dataset, group) in enumerate(alike.items())
                if len(group) > 1
            ]
            return {
                request: Outcome("ok", result=result)
                for dataset, outcome in self.pool.perform(jobs)
                if outcome.status == "ok"
                for request, result in zip(alike[dataset], outcome.result, strict=True)
                if result is not None
            }

    def _run(
        self,
        groups: Sequence[Group],
        spent: dict[Group, dict[str, Any]],
        listener: Listener,
        admits: Callable[[Group], bool],
    ) -> Iterator[tuple[Group, Outcome]]:
        """Runs the groups, and yields how each ended; `spent` is kept up to date with the meters of those that run."""
        jobs = []
        for group in groups:
            folder = [self.store.begin(spec) for spec in group.specs][0]  # noqa: RUF015 - every one is to be made
            payload = {
                "task": "run",
                "request": group.request.as_dict(),
                "seeds": group.seeds,
                "ids": [spec.id for spec in group.specs],
                "store": str(self.store.root.absolute()),
                "resume": self.resume,
                "also": group.also,
                "loggers": self.loggers,
            }
            jobs.append(Job(group, payload, folder / "log.txt"))

        def told(group: Group, news: dict[str, Any]) -> None:
            spent[group] = news["meters"]
            listener.progressed(group, news["fraction"], news["values"])

        return self.pool.perform(jobs, told, admits)

    def _finish(self, group: Group) -> list[RunRecord]:
        """Gives each run of the group the log that they share, and reads their records back."""
        folders = [self.store.folder(spec) for spec in group.specs]
        for folder in folders[1:]:
            shutil.copyfile(folders[0] / "log.txt", folder / "log.txt")
        return [record for spec in group.specs if (record := self.store.find(spec)) is not None]

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

    def _record_failure(
        self, group: Group, outcome: Outcome, before: Mapping[RunSpec, int | None], meters: dict[str, Any]
    ) -> None:
        """Records how the runs ended that have left no record since this command began; `before` is what was there."""
        for spec in group.specs:
            if self.store.committed(spec) == before[spec]:
                self.store.commit(_failed(spec, outcome, meters))


def check(request: Request) -> None:
    """Raises UsageError for what can be seen without loading anything: names, budget, form of tricks and settings."""
    if not request.is_control:
        find("variants", request.variant)
    find_dataset(request.dataset)
    for trick in (*request.tricks, *request.without):
        find("tricks", parse_call(trick)[0])
    for setting in request.settings:
        parse_setting(setting)
    if request.budget is not None:
        Budget.parse(request.budget)
    for name, least in _LEAST.items():
        if (found := getattr(request, name)) is not None and found < least:
            raise UsageError(f"{name}: found {found}, wanted at least {least}")
    if not _DEVICE.fullmatch(request.device):
        raise UsageError(f"--device {request.device}: wanted cpu, cuda or cuda:N")


def _description(requests: Sequence[Request], timed: bool) -> dict[str, Any]:
    return {"task": "describe", "requests": [request.as_dict() for request in requests], "timed": timed}


def _with_controls(requests: Sequence[Request]) -> list[Request]:
    """The requests without repetition, and the control rows of each of their datasets."""
    controls = [
        replace(request, variant=control, tricks=(), without=(), settings=(), budget=None)
        for control in CONTROLS
        for request in requests
    ]
    return list(dict.fromkeys([*requests, *controls]))


def _plan(outcomes: Mapping[Request, Outcome], seeds: int | None) -> Plan:
    plan = Plan()
    cells: dict[str, list[Request]] = defaultdict(list)
    for request, outcome in outcomes.items():
        if outcome.status == "ok" and "not_applicable" not in outcome.result:
            cells[_cell_key(request, outcome.result)].append(request)
        else:
            plan.failures += _cannot_begin(request, outcome, outcomes, seeds)
    for names in cells.values():
        simplest, *_ = sorted(names, key=lambda request: len(request.tricks + request.without + request.settings))
        about = outcomes[simplest].result
        cell = RunSpec.from_dict(about["template"]).cell
        others = {RunSpec.from_dict(outcomes[name].result["template"]).cell for name in names} - {cell}
        plan.groups += _groups(simplest, about, range(seeds or about["standard_seeds"]), tuple(sorted(others)))
    about_data = (outcome.result.get("warning") for outcome in outcomes.values() if outcome.status == "ok")
    plan.warnings = list(dict.fromkeys(filter(None, about_data)))
    plan.failures = list({record.id: record for record in plan.failures}.values())
    plan.groups.sort(key=lambda group: group.request.is_control)
    return plan


def _cell_key(request: Request, about: Mapping[str, Any]) -> str:
    """What two requests share that come to the same runs, whatever they are called."""
    names = {"variant": "", "tricks": (), "without": (), "settings": (), "source_hash": None}
    if request.is_control or not about["recipe"]:
        names = {}
    return canonical([about["recipe"], about["template"] | names])


def _groups(request: Request, about: Mapping[str, Any], seeds: Sequence[int], also: tuple[str, ...]) -> Iterable[Group]:
    """The seeds in groups of the size that pays, always cut at the same places.

    So more seeds add groups to full ones, which stay as they are; only a last group that they fill up is run anew.

    Held-out reals have no seed of their own: that control is one run.
    """
    template = RunSpec.from_dict(about["template"])
    if request.variant == CONTROLS[0]:
        seeds = (0,)
    size = about["group_size"]
    for start in range(0, len(seeds), size):
        chunk = tuple(seeds[start : start + size])
        yield Group(
            request,
            tuple(replace(template, seed=seed, group=chunk) for seed in chunk),
            also,
            about["seconds"] and about["seconds"] * len(chunk) / size,
        )


def _cannot_begin(
    request: Request, outcome: Outcome, outcomes: Mapping[Request, Outcome], seeds: int | None
) -> Iterable[RunRecord]:
    """One record a seed, on the board where the run would have stood."""
    control = replace(request, variant=CONTROLS[0], tricks=(), without=(), settings=(), budget=None)
    about = outcomes[control]
    if about.status != "ok":
        raise UsageError(f"dataset '{request.dataset}' cannot be loaded: {about.status}: {about.reason}")
    budget = Budget.parse(request.budget or about.result["standard_budget"])
    tricks = request.tricks
    if outcome.status == "ok":
        tricks = tuple(outcome.result["tricks"])
        outcome = Outcome("not_applicable", outcome.result["not_applicable"])
    spec = replace(
        RunSpec.from_dict(about.result["template"]),
        variant=request.variant.rpartition(":")[2],
        tricks=tricks,
        without=request.without,
        settings=tuple(sorted(map(parse_setting, request.settings))),
        budget=str(budget),
        machine=budget.machine,
        batch_size=about.result["standard_batch_size"],
        points=request.points or about.result["standard_points"],
    )
    for seed in range(seeds or about.result["standard_seeds"]):
        yield _failed(replace(spec, seed=seed, group=(seed,)), outcome, {})


def _failed(spec: RunSpec, outcome: Outcome, meters: dict[str, Any]) -> RunRecord:
    status = "crashed" if outcome.status == "usage" else outcome.status
    return RunRecord(spec=spec, status=status, reason=outcome.reason, meters=meters, log_tail=outcome.log_tail)
