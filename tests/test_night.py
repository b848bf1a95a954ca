"""A night in this process: what begins, in which order, and what happens when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from campaigns import small
from records import METERS, failed, ok, spec

from ganbench.archive import Archive
from ganbench.campaign import Campaign, Listener, Silence
from ganbench.nightly import night as night_module
from ganbench.nightly.night import Night, nightly
from ganbench.nightly.suite import Entry, Suite
from ganbench.nightly.summary import summary
from ganbench.planning import Group, Plan
from ganbench.record import RunRecord
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Limits, Pool


@dataclass(frozen=True)
class Pretended(Campaign):
    """A campaign with one worker, whose groups take no time and tell that they took `seconds` a seed."""

    groups: Sequence[Group] = ()
    failures: Sequence[RunRecord] = ()
    seconds: float = 1.0
    begun: list[str] = field(default_factory=list)

    def plans(self, grids: Any, timed: bool = False) -> Any:
        return [Plan(list(self.groups), list(self.failures))]

    def carry_out(
        self, plan: Plan, listener: Listener | None = None, admits: Callable[[Group], bool] = lambda group: True
    ) -> list[RunRecord]:
        assert listener is not None
        for group in filter(admits, plan.groups):
            self.begun.append(group.specs[0].variant)
            listener.ended(group, [finished(group, self.seconds)])
        return []


def group(variant: str) -> Group:
    """One seed by the newest source."""
    return Group(Request(variant, "ring8"), (spec(variant, source_hash="b" * 64),))


def finished(group: Group, seconds: float) -> RunRecord:
    return replace(ok(modes=6), spec=group.specs[0], meters={**METERS, "seconds": seconds}, seconds={})


def pretended(
    folder: Path,
    published: Sequence[RunRecord],
    variants: Sequence[str],
    took: float,
    lasts: float,
    failures: Sequence[RunRecord] = (),
) -> tuple[Pretended, Night]:
    """A night of `lasts` seconds, after which it is seen what was begun."""
    archive = Archive(folder / "records")
    archive.append(published)
    pool = Pool(1, 1, Limits())
    campaign = Pretended(Store(folder / "runs"), pool, groups=[*map(group, variants)], failures=failures, seconds=took)
    return campaign, nightly(Suite("cpu", (), 1), archive, folder, campaign, lasts, Silence())


def test_what_was_never_published_goes_before_what_is_stale(tmp_path: Path):
    """Each of the two in the order of the suite; what is published by this source does not run."""
    published = [ok("nsgan"), ok("gan"), finished(group("lsgan"), 1)]
    campaign, _ = pretended(tmp_path, published, ["nsgan", "wgan", "lsgan", "gan", "hinge"], took=1, lasts=1000)
    assert campaign.begun == ["wgan", "hinge", "nsgan", "gan"]


def test_where_nothing_is_known_one_group_begins_and_tells_what_the_rest_will_take(tmp_path: Path):
    """A night is no place for all groups only because none has ever run."""
    campaign, night = pretended(tmp_path, [], ["nsgan", "wgan", "gan"], took=2000, lasts=1000)
    assert campaign.begun == ["nsgan"]
    assert [left.specs[0].variant for left in night.left] == ["wgan", "gan"]


def test_an_unknown_group_begins_only_where_the_slowest_board_would_fit(tmp_path: Path):
    """Its own board is unknown here."""
    slow = replace(ok("nsgan", dataset="mnist"), meters={**METERS, "seconds": 2000.0})
    campaign, night = pretended(tmp_path, [slow], ["nsgan", "wgan"], took=1, lasts=1000)
    assert campaign.begun == []
    assert len(night.left) == 2


def test_a_group_that_outlasts_the_night_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is no failure, nothing of it is published, and it goes on another night."""
    now = [0.0]

    class Late(Silence):
        """It is a little more than a tenth past the end when the first news comes."""

        def progressed(self, *_: Any) -> None:
            now[0] = 1101.0

    monkeypatch.setattr(night_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    archive, store = Archive(tmp_path / "records"), Store(tmp_path / "runs")
    suite = Suite("cpu", (Entry((small(budget="10000kimg"),), 1),), 1)
    with Pool(1, 1, Limits()) as pool:
        night = nightly(suite, archive, tmp_path, Campaign(store, pool, resume=True), 1000.0, Late())
    assert [group.specs[0].variant for group in night.left] == ["nsgan", "held_out_real", "untrained"]
    (run,) = night.left[0].specs
    record = store.find(run)
    assert record is not None
    assert record.status == "interrupted"
    assert (night.published, list(archive.records())) == ([], [])
    assert night.exit_code == 4


@pytest.mark.parametrize("status", ["load_error", "crashed"])
def test_a_broken_plugin_is_told_every_night(tmp_path: Path, status: str):
    """Its records are published once, and the next night is no better for that; what makes no sense is no failure."""
    broken = [failed(status, "broken", seed, "no module named 'x'", source_hash=None) for seed in range(2)]
    senseless = failed("not_applicable", "vae", 0, "it has no loss", source_hash=None)
    line = f"## Runs that failed\n\n- ring8: broken, seeds 0, 1: {status}: no module named 'x'\n"
    for published, exit_code in ((4, 3), (0, 4)):  # in the second there is nothing to do but what cannot begin
        _, night = pretended(tmp_path, [], ["nsgan"], took=1, lasts=1000, failures=[*broken, senseless])
        assert (len(night.published), night.exit_code) == (published, exit_code)
        assert line in summary(night, "cpu")


def test_a_table_that_cannot_be_read_costs_itself_alone(tmp_path: Path):
    """The night goes on, says which it is, and ends in 3."""
    (tmp_path / "ring8-01234567.csv").write_text("cell,runs\n" + "x" * 200_000)
    campaign, night = pretended(tmp_path, [], ["nsgan"], took=1, lasts=1000)
    assert (campaign.begun, night.exit_code) == (["nsgan"], 3)
    named = (
        "## Files of last night's boards that could not be read\n\n- ring8-01234567.csv: field larger than field limit"
    )
    assert named in summary(night, "cpu")
