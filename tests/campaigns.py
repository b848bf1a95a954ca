"""Small campaigns, and a listener that remembers what it heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganbench.campaign import Campaign
from ganbench.planning import Group
from ganbench.record import RunRecord
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Pool


def small(**changes: Any) -> Request:
    """A request that takes a moment."""
    options = {"variant": "nsgan", "dataset": "ring8", "budget": "1kimg", "points": 1, "samples": 100}
    return Request(**{**options, **changes})


class Heard:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.planned_groups: list[Group] = []
        self.fractions: list[float] = []
        self.ended_groups: list[tuple[Group, list[str]]] = []
        self.records_put_back: list[Path] = []
        self.records_left_changed: list[Path] = []

    def planned(self, groups: Any) -> None:
        self.planned_groups = list(groups)

    def progressed(self, group: Group, fraction: float, values: Any) -> None:
        self.fractions.append(fraction)

    def ended(self, group: Group, found: Any) -> None:
        self.ended_groups.append((group, [record.status for record in found]))

    def put_back(self, records: Any) -> None:
        self.records_put_back += records

    def left_changed(self, records: Any) -> None:
        self.records_left_changed += records


def carried_out(
    pool: Pool, root: Path, *requests: Request, seeds: int = 1, **how: bool
) -> tuple[list[RunRecord], Heard]:
    """Records and news of requests, without their control rows."""
    campaign, heard = Campaign(Store(root), pool, **how), Heard()
    plan = campaign.plan(requests, seeds)
    plan.groups = [group for group in plan.groups if not group.request.is_control]
    return campaign.carry_out(plan, heard), heard
