"""What requests come to: groups of runs, each recipe once, and a record for each run that cannot begin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ganbench.budget import Budget
from ganbench.errors import UsageError
from ganbench.ingredients import parse_call, parse_setting
from ganbench.inquiry import found_out
from ganbench.record import CONTROLS, RunRecord, RunSpec
from ganbench.registry import find, find_dataset
from ganbench.request import Request
from ganbench.strict import canonical
from ganbench.supervision import Outcome, Pool

_LEAST = {"points": 1, "batch_size": 2, "samples": 2, "threads": 1}
LOOKING_SECONDS = 900.0
"""How long loading plugins and data, which may have to be downloaded, takes at most where no limit was given."""
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


def fault(requests: Sequence[Request], seeds: int | None) -> UsageError | None:
    """What the user must mend of the requests, as far as `check` can see; None where that is nothing."""
    if not requests:
        return UsageError("nothing to run: name a variant and a dataset, as in `ganbench run -p wgan_gp`")
    if seeds is not None and seeds < 1:
        return UsageError(f"seeds: found {seeds}, wanted at least 1")
    try:
        for request in requests:
            check(request)
    except UsageError as error:
        return error
    return None


def with_controls(requests: Sequence[Request]) -> list[Request]:
    """The requests without repetition, and the control rows of each of their datasets."""
    controls = [
        replace(request, variant=control, tricks=(), without=(), settings=(), budget=None)
        for control in CONTROLS
        for request in requests
    ]
    return list(dict.fromkeys([*requests, *controls]))


def describe(pool: Pool, requests: Sequence[Request], timed: bool = False) -> dict[Request, Outcome]:
    """What each request comes to, as `forecast.describe` tells it, looked at in child processes.

    Those on one dataset share a process, which loads it and the plugins once; each that is timed has one of its own.
    """
    alike: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        alike[request.dataset].append(request)

    def description(group: Sequence[Request]) -> dict[str, Any]:
        return {"task": "describe", "requests": [request.as_dict() for request in group], "timed": timed}

    groups = [[each] for each in requests] if timed else list(alike.values())
    found = found_out(pool, groups, description, LOOKING_SECONDS)
    return {request: found[request] for request in requests}


def planned(outcomes: Mapping[Request, Outcome], seeds: int | None) -> Plan | UsageError:
    """The runs that requests come to, described as `describe` does with the controls of each dataset among them.

    `seeds` is how many seeds to run, from 0; None for the dataset's standard number. Where the user must mend something
    first, it is that.
    """
    if wrong := next((outcome for outcome in outcomes.values() if outcome.status == "usage"), None):
        return UsageError(wrong.reason)
    try:
        return _plan(outcomes, seeds)
    except UsageError as error:
        return error


def _plan(outcomes: Mapping[Request, Outcome], seeds: int | None) -> Plan:
    found = Plan()
    cells: dict[str, list[Request]] = defaultdict(list)
    for request, outcome in outcomes.items():
        if outcome.status == "ok" and "not_applicable" not in outcome.result:
            cells[_cell_key(request, outcome.result)].append(request)
        else:
            found.failures += _cannot_begin(request, outcome, outcomes, seeds)
    for names in cells.values():
        simplest, *_ = sorted(names, key=lambda request: len(request.tricks + request.without + request.settings))
        about = outcomes[simplest].result
        cell = RunSpec.from_dict(about["template"]).cell
        others = {RunSpec.from_dict(outcomes[name].result["template"]).cell for name in names} - {cell}
        found.groups += _groups(simplest, about, range(seeds or about["standard_seeds"]), tuple(sorted(others)))
    about_data = (outcome.result.get("warning") for outcome in outcomes.values() if outcome.status == "ok")
    found.warnings = list(dict.fromkeys(filter(None, about_data)))
    found.failures = list({record.id: record for record in found.failures}.values())
    found.groups.sort(key=lambda group: group.request.is_control)
    return found


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
        yield failed(replace(spec, seed=seed, group=(seed,)), outcome, {})


def failed(spec: RunSpec, outcome: Outcome, meters: dict[str, Any]) -> RunRecord:
    """The record of a run that left none of its own, having ended thus after spending `meters`."""
    status = "crashed" if outcome.status == "usage" else outcome.status
    return RunRecord(spec=spec, status=status, reason=outcome.reason, meters=meters, log_tail=outcome.log_tail)
