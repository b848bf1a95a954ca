"""What `ganbench run --dry-run` says: the cells, what each will take, and those that are no work."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ganbench.campaign import Campaign
    from ganbench.planning import Group, Plan
    from ganbench.record import RunRecord, RunSpec


def print_plan(plan: Plan, campaign: Campaign, jobs: int, as_json: bool) -> None:
    """Prints the plan; `jobs` are the workers that will share it."""
    if as_json:
        click.echo(json.dumps(_listed(plan, campaign), indent=2, ensure_ascii=False))
        return
    cells: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in plan.groups:
        cells[group.specs[0].dataset, group.specs[0].cell].append(group)
    for groups in cells.values():
        click.echo(_line(groups, campaign))
        for name in groups[0].also:
            click.echo(f"  the same recipe: {name}")
    failures = _failures(plan.failures)
    for (dataset, cell, status, reason), count in failures.items():
        click.echo(f"{dataset}: {cell}: {status}: {reason} ({_seeds(count)})")
    click.echo(_sum(plan, list(cells.values()), failures, campaign, jobs))


def _line(groups: Sequence[Group], campaign: Campaign) -> str:
    specs = [spec for group in groups for spec in group.specs]
    spec = specs[0]
    cost = "trains nothing" if spec.is_control else f"{spec.budget} in batches of {spec.batch_size}"
    seeds = f"seed{'s' * (len(specs) > 1)} {', '.join(str(each.seed) for each in specs)}"
    done = sum(campaign.has_ended(group) * len(group.specs) for group in groups)
    known = f" ({done} of {len(specs)} finished already)" if done else ""
    left = _seconds(groups, campaign)
    about = "" if spec.is_control or done == len(specs) else f", about {duration(left)} on one worker"
    return f"{spec.dataset}: {spec.cell}, {cost}, {seeds}{about}{known}"


def _seconds(groups: Sequence[Group], campaign: Campaign) -> float | None:
    """What is left to do, as one worker would take for it; None where a group cannot be told."""
    waiting = [group.seconds for group in groups if not campaign.has_ended(group)]
    return None if None in waiting else sum(seconds for seconds in waiting if seconds is not None)


def _sum(plan: Plan, cells: Sequence[Sequence[Group]], failures: dict[Any, int], campaign: Campaign, jobs: int) -> str:
    variants = [groups for groups in cells if not groups[0].request.is_control]
    finished = sum(all(map(campaign.has_ended, groups)) for groups in variants)
    parts = [f"{len(variants) - finished} to run"]
    parts += [f"{finished} finished"] if finished else []
    parts += [f"{len(failures)} that cannot begin"] if failures else []
    also = sum(len(groups[0].also) for groups in variants)
    parts += [f"{also} that {'is' if also == 1 else 'are'} another under a second name"] if also else []
    seconds = _seconds(plan.groups, campaign)
    together = min(jobs, max(1, sum(not campaign.has_ended(group) for group in plan.groups)))
    time = duration(None if seconds is None else seconds / together)
    total = len(variants) + len(failures) + also
    return f"{total} cell{'' if total == 1 else 's'}: {', '.join(parts)}; about {time} with --jobs {jobs}"


def _failures(records: Sequence[RunRecord]) -> dict[tuple[str, str, str, str], int]:
    """How many seeds each cell has that cannot begin, by dataset, cell, status and reason."""
    found: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for record in records:
        found[record.spec.dataset, record.spec.cell, record.status, record.reason] += 1
    return found


def _listed(plan: Plan, campaign: Campaign) -> list[dict[str, Any]]:
    """One object a run: its spec, and what is to become of it."""
    waiting = [
        _about(spec, "finished" if campaign.has_ended(group) else "to run", "", group.seconds, group.also)
        for group in plan.groups
        for spec in group.specs
    ]
    return waiting + [_about(record.spec, record.status, record.reason, None, ()) for record in plan.failures]


def _about(
    spec: RunSpec, state: str, reason: str, group_seconds: float | None, also: tuple[str, ...]
) -> dict[str, Any]:
    facts = {"state": state, "reason": reason, "also": also, "group_seconds": group_seconds}
    return spec.as_dict() | {"id": spec.id, "cell": spec.cell} | facts


def _seeds(count: int) -> str:
    return f"{count} seed{'s' * (count > 1)}"


def duration(seconds: float | None) -> str:
    """In the two largest units: "40 s", "12 min", "3 h 20 min"; says so where it is not known."""
    if seconds is None:
        return "an unknown time"
    if seconds < 60:
        return f"{max(1, math.ceil(seconds))} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
