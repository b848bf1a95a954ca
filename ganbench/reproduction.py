"""A recorded run, run again: its record says what to ask for, and its whole group of seeds is trained anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ganbench.archive import Archive
from ganbench.campaign import Campaign, Listener
from ganbench.errors import RecordError, StoreError, UnknownNameError, UsageError, one_line
from ganbench.ingredients import parse_call
from ganbench.planning import Group, Plan, check, describe
from ganbench.record import RunRecord, RunSpec
from ganbench.registry import find, find_dataset, offers
from ganbench.request import Request

RECORD = "record.json"
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*) ([0-9][A-Za-z0-9.!+_-]*)")
"""A distribution and its version, as a record names them; anything else is not put into a command."""


def recorded_run(run: str, runs: Path, published: Path | None = None) -> RunRecord:
    """The record of `run`: a run's folder, or an id among published records or below the folder `runs`.

    Raises:
        StoreError: when there is no such run, or what there is cannot be read.
        UsageError: when the run has not ended.
    """
    record = _read(Path(run)) if Path(run).is_dir() else _with_id(run, runs, published)
    if record.status == "interrupted":
        raise UsageError(f"run {record.id} was interrupted, and there is nothing to reproduce: end it with --resume")
    return record


def request_of(record: RunRecord, changes: Mapping[str, Any]) -> Request:
    """What asks for the run again; `changes` say where things lie on this machine, and on which device to run.

    Raises:
        UsageError: when something is not installed that the run needs; it names the distribution that the record does.
    """
    request = Request.of(record.spec, **changes)
    if request.dataset == record.spec.dataset and request.dataset.startswith(("folder:", "zip:")):
        raise UsageError(
            f"run {record.id} is of images of one's own, '{one_line(request.dataset)}', and its record does not say "
            "where they lie: say so with --dataset folder:PATH@SIDE"
        )
    for name, look in _needed(request):
        try:
            look()
        except UnknownNameError as error:
            raise UsageError(f"run {record.id}: {one_line(error)}; {_whence(record, name)}") from error
    sources = [offer for offer in offers("variants") if offer.name == request.variant]
    named = _used(record, request.variant).partition(" ")[0]
    if len(sources) > 1 and named in {offer.distribution for offer in sources}:
        request = replace(request, variant=f"{named}:{request.variant}")
    check(request)
    return request


def run_again(record: RunRecord, request: Request, campaign: Campaign, listener: Listener | None = None) -> RunRecord:
    """The record of the same seed when its group is trained again, in the campaign's store.

    Raises:
        UsageError: when something must be mended first, or the store holds that run already.
    """
    outcome = describe(campaign.pool, [request])[request]
    if outcome.status == "usage":
        raise UsageError(f"run {record.id} cannot be run again here: {outcome.reason}")
    if outcome.status != "ok":
        return _not_begun(record, outcome.status, outcome.reason)
    if "not_applicable" in outcome.result:
        return _not_begun(record, "not_applicable", outcome.result["not_applicable"])
    template = RunSpec.from_dict(outcome.result["template"])
    seeds = record.spec.group
    specs = {seed: replace(template, seed=seed, group=seeds) for seed in seeds}
    if any(campaign.store.committed(spec) is not None for spec in specs.values()):
        raise UsageError(f"--out {campaign.store.root}: holds run {record.id} already; choose another folder, or none")
    ended = campaign.carry_out(Plan([Group(request, tuple(specs.values()))]), listener)
    return next(each for each in ended if each.spec == specs[record.spec.seed])


def _not_begun(record: RunRecord, status: str, reason: str) -> RunRecord:
    return RunRecord(spec=record.spec, status=status, reason=reason)


def _read(folder: Path) -> RunRecord:
    path = folder / RECORD
    try:
        return RunRecord.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"{folder}: holds no {RECORD}: wanted the folder of a run that has ended") from error
    except (OSError, UnicodeDecodeError, RecordError) as error:
        raise StoreError(f"{path}: cannot be read as a run's record ({error})") from error


def _with_id(wanted: str, runs: Path, published: Path | None) -> RunRecord:
    if published is not None:
        for record in Archive(published).records():
            if isinstance(record, RunRecord) and record.id == wanted:
                return record
    elif found := [path.parent for path in runs.glob(f"*/*/*/{RECORD}") if path.parent.name == wanted]:
        return _read(found[0])
    where = f"published in '{published}'" if published is not None else f"under '{runs}'"
    raise StoreError(
        f"no run '{wanted}' {where}: wanted a run's folder, or an id of sixteen digits with --runs or --records"
    )


def _needed(request: Request) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every name that must be installed, and what finds it."""
    if not request.is_control:
        yield request.variant, partial(_found, "variants", request.variant)
    yield request.dataset.partition(":")[0], partial(find_dataset, request.dataset)
    for trick in (*request.tricks, *request.without):
        name = parse_call(trick)[0]
        yield name.rpartition(":")[2], partial(find, "tricks", name)


def _found(kind: str, name: str) -> None:
    """Raises UnknownNameError where nobody offers it; that several do is no matter yet."""
    if name not in (names := [offer.name for offer in offers(kind)]):
        raise UnknownNameError.among(kind.removesuffix("s"), name, names)


def _used(record: RunRecord, name: str) -> str:
    """The distribution and version that the run took `name` from, as its record has it; empty where it has not."""
    used = record.provenance.get("used")
    return one_line(used.get(name, "")) if isinstance(used, dict) else ""


def _whence(record: RunRecord, name: str) -> str:
    """Where the record says that `name` came from, and how to get it."""
    source = _used(record, name)
    if pinned := _PINNED.fullmatch(source):
        return f"the run had it from {source}: pip install '{pinned[1]}=={pinned[2]}'"
    return f"the run had it from '{source}'" if source else "the record does not say which distribution it is from"
