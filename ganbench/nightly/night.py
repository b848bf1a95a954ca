"""A night's work: run what a suite wants and the archive lacks, publish it, and say what moved.

suite -> plan -> what is missing or stale -> runs -> archive -> boards -> what changed since last night
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ganbench.archive import Archive, current, sorted_out
from ganbench.campaign import Campaign, Listener
from ganbench.errors import StoreError, UsageError
from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.changes import Change, changes
from ganbench.nightly.arrivals import Arrivals
from ganbench.nightly.costs import Costs, key_of
from ganbench.nightly.suite import Suite
from ganbench.nightly.vanished import Vanished, last_boards, vanished
from ganbench.planning import Group, Plan
from ganbench.record import RunRecord

GRACE = 0.1
"""Of its time, that a night may last longer for a group that takes longer than was expected."""


@dataclass
class Night:
    """What a night did and found."""

    finished: int = 0
    """Runs of the suite that were published before."""
    published: list[RunRecord] = field(default_factory=list)
    """Runs that were published tonight."""
    unable: list[RunRecord] = field(default_factory=list)
    """Runs of the suite that could not begin tonight either, their plugin being broken: published before."""
    left: list[Group] = field(default_factory=list)
    """Groups that have not ended: there was no time to begin them, or none to end them."""
    damaged: list[StoreError] = field(default_factory=list)
    """Lines of the archive that are no records."""
    set_aside: list[Path] = field(default_factory=list)
    """Files of the archive whose last line was unfinished."""
    unplanned: list[str] = field(default_factory=list)
    """Why grids of the suite could not be planned, such as data that is missing here."""
    refused: Sequence[str] = ()
    """Records from guests' own nights that were not let in, and why."""
    warnings: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    """Rows that new code ran anew."""
    vanished: list[Vanished] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Files of last night's boards that could not be read, and why."""
    boards: list[Board] = field(default_factory=list)
    """As they are now."""
    seconds: float = 0.0

    @property
    def failed(self) -> list[RunRecord]:
        """Tonight's runs that did not end well, and what cannot begin; combinations that make no sense are neither."""
        return [record for record in [*self.published, *self.unable] if record.status not in ("ok", "not_applicable")]

    @property
    def exit_code(self) -> int:
        """5 when a score moved or a run vanished, 4 when there was work and none ran, 3 when some failed, else 0."""
        if self.vanished or any(change.moved for change in self.changes):
            return 5
        variants = [record for record in self.published if not record.spec.is_control]
        ran = any(record.status not in ("load_error", "not_applicable") for record in variants)
        if not ran and (self.left or self.failed or self.unplanned):
            return 4
        ill = (self.failed, self.unplanned, self.damaged, self.set_aside, self.refused, self.unread)
        return 3 if any(ill) else 0


def nightly(
    suite: Suite,
    archive: Archive,
    folder: Path,
    campaign: Campaign,
    seconds: float,
    listener: Listener,
    arrivals: Arrivals = Arrivals(),  # noqa: B008 - a frozen value
) -> Night:
    """Runs what the suite wants and the archive lacks, within `seconds`, and publishes every run as its group ends.

    The most valuable comes first: what has no published run of any version before what is stale, and each of these in
    the order of the suite. A group begins only where what its like took before fits into the time that is left; while
    nothing at all is known, where there is time. One that still runs a tenth of the time after the end is interrupted,
    and goes on another night; this is looked at whenever a group tells how far it is, about twice a second in training.
    What guests' own nights left is published before all. `folder` holds last night's boards; the samples of each cell's
    first seed are copied into it.

    Raises:
        KeyboardInterrupt: after every group that had ended has been published.
    """
    started = time.monotonic()
    night = Night(set_aside=archive.set_aside(), refused=arrivals.refused)
    shown, night.unread = last_boards(folder)
    before, night.damaged = sorted_out(archive.records())
    plan = _planned(suite, campaign, night)
    known, costs = {record.id for record in before}, Costs(before)
    ends = started + seconds * (1 + GRACE)
    publisher = _Publisher(archive, campaign, folder, night, known, costs, ends, listener)
    night.finished = sum(spec.id in publisher.known for spec in plan.specs)
    night.unable = [record for record in plan.failures if record.id in publisher.known]
    publisher.publish(arrivals.records)
    plan = _missing(plan, before, publisher)

    def admits(group: Group) -> bool:
        needed = costs.expected(group) or 0.0
        return time.monotonic() - started + needed <= seconds

    with suppress(_NightIsOver):
        campaign.carry_out(plan, publisher, admits)
    night.left = publisher.unpublished(plan.groups)
    night.boards = boards(current([*before, *night.published]))
    night.changes = changes(boards(current(before)), night.boards)
    night.vanished = vanished(shown, publisher.known)
    night.seconds = time.monotonic() - started
    return night


class _NightIsOver(KeyboardInterrupt):
    """Interrupts the runs as the user would, so that they go on another night."""


@dataclass
class _Publisher(Listener):
    """Publishes the records of every group as it ends, passes on what it hears, and says when the night is over."""

    archive: Archive
    campaign: Campaign
    folder: Path
    night: Night
    known: set[str]
    """The ids of all that is published."""
    costs: Costs
    ends: float
    """When the night is over, on the monotonic clock."""
    listener: Listener

    def planned(self, groups: Sequence[Group]) -> None:
        self.listener.planned(groups)

    def progressed(self, group: Group, fraction: float, values: Mapping[str, float]) -> None:
        self.listener.progressed(group, fraction, values)
        if time.monotonic() > self.ends:
            raise _NightIsOver

    def ended(self, group: Group, records: Sequence[RunRecord]) -> None:
        self.publish(records)
        self.listener.ended(group, records)

    def put_back(self, records: Sequence[Path]) -> None:
        self.listener.put_back(records)

    def left_changed(self, records: Sequence[Path]) -> None:
        self.listener.left_changed(records)

    def publish(self, records: Sequence[RunRecord]) -> None:
        """Appends what is not published yet, and is no mere interruption."""
        new = [record for record in records if record.id not in self.known and record.status != "interrupted"]
        self.archive.append(new)
        self.known |= {record.id for record in new}
        self.costs.learn(new)
        self.night.published += new
        for record in new:
            picture = self.campaign.store.folder(record.spec) / "samples.png"
            if record.spec.seed == 0 and picture.exists():
                (self.folder / "samples").mkdir(parents=True, exist_ok=True)
                shutil.copyfile(picture, self.folder / "samples" / f"{record.id}.png")

    def unpublished(self, groups: Sequence[Group]) -> list[Group]:
        """The groups that have not ended; those that have and are not published yet, are published first."""
        left = [group for group in groups if not {spec.id for spec in group.specs} <= self.known]
        for group in left:
            if self.campaign.has_ended(group):
                self.publish([r for spec in group.specs if (r := self.campaign.store.find(spec)) is not None])
        return [group for group in left if not {spec.id for spec in group.specs} <= self.known]


def _planned(suite: Suite, campaign: Campaign, night: Night) -> Plan:
    """The whole suite as one plan, each group once, in the order of the suite."""
    found = campaign.plans([(entry.requests, entry.seeds) for entry in suite.entries])
    plans = [each for each in found if isinstance(each, Plan)]
    night.unplanned += [str(each) for each in found if isinstance(each, UsageError)]
    groups = {group.specs: group for plan in plans for group in plan.groups}
    failures = {record.id: record for plan in plans for record in plan.failures}
    night.warnings = list(dict.fromkeys(warning for plan in plans for warning in plan.warnings))
    return Plan(list(groups.values()), list(failures.values()))


def _missing(plan: Plan, before: Sequence[RunRecord], publisher: _Publisher) -> Plan:
    """What is not published yet, the cells of which nothing is published first; what has ended since is published."""
    seen = {key_of(record.spec) for record in before}
    waiting = publisher.unpublished(plan.groups)
    publisher.publish(plan.failures)
    return Plan(sorted(waiting, key=lambda group: key_of(group.specs[0]) in seen))
