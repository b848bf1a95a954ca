"""Plans: what requests come to, each recipe once, in groups of seeds, with what cannot begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaigns import carried_out, small
from distributions import install_misfits

from ganbench.campaign import Campaign
from ganbench.errors import UsageError
from ganbench.forecast import describe
from ganbench.planning import Plan, planned
from ganbench.record import CONTROLS
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Limits, Outcome, Pool


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """A worker that knows the misfits."""
    site = tmp_path_factory.mktemp("site")
    install_misfits(site)
    with pytest.MonkeyPatch.context() as patch, Pool(1, 1, Limits()) as one:
        patch.syspath_prepend(str(site))
        yield one


def groups_of(pool: Pool, root: Path, seeds: int) -> list[tuple[int, ...]]:
    plan = Campaign(Store(root), pool).plan([small()], seeds)
    return [group.seeds for group in plan.groups if not group.request.is_control]


def test_more_seeds_add_groups(pool: Pool, tmp_path: Path) -> None:
    """Groups of five are always cut at the same seeds: going from 5 to 10 keeps the first five, from 2 to 3 none."""
    assert groups_of(pool, tmp_path, 10) == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9)]
    assert groups_of(pool, tmp_path, 7) == [(0, 1, 2, 3, 4), (5, 6)]
    assert groups_of(pool, tmp_path, 2) == [(0, 1)]
    five, _ = carried_out(pool, tmp_path, small(), seeds=5)
    ten, heard = carried_out(pool, tmp_path, small(), seeds=10)
    assert [group.seeds for group in heard.planned_groups] == [(5, 6, 7, 8, 9)]
    assert ten[:5] == five[:5]
    assert [record.spec.seed for record in ten] == list(range(10))


def test_controls_come_with_every_dataset_and_once(pool: Pool, tmp_path: Path) -> None:
    """Held-out reals are one run and the untrained generator one a seed, for any number of variants; they come last."""
    plan = Campaign(Store(tmp_path), pool).plan([small(), small(variant="wgan")], 2)
    named = [(group.request.variant, group.seeds) for group in plan.groups]
    assert named[:2] == [("nsgan", (0, 1)), ("wgan", (0, 1))]
    assert named[2:] == [("held_out_real", (0,)), ("untrained", (0,)), ("untrained", (1,))]


def test_two_texts_for_the_same_run_are_one_run(pool: Pool, tmp_path: Path) -> None:
    """A variant named with and without its distribution, or a trick with its default written out, is run once."""
    asked = [small(), small(variant="ganbench:nsgan"), small(tricks=("ema",)), small(tricks=("ema(decay=0.999)",))]
    plan = Campaign(Store(tmp_path), pool).plan(asked, 1)
    assert [group.specs[0].cell for group in plan.groups][:2] == ["nsgan", "nsgan + ema(decay=0.999)"]
    assert len(plan.groups) == 4


def test_two_names_of_one_recipe_are_one_cell(pool: Pool, tmp_path: Path) -> None:
    """wgan with the gradient penalty is wgan_gp: it is trained once, under the simpler name, and the record says so."""
    second = small(variant="wgan", tricks=("gradient_penalty",))
    found, heard = carried_out(pool, tmp_path, second, small(variant="wgan_gp"), small(variant="wgan"), seeds=1)
    also = {record.spec.cell: record.also for record in found if not record.spec.is_control}
    assert also == {"wgan_gp": ("wgan + gradient_penalty(weight=10.0)",), "wgan": ()}
    assert sum(not group.request.is_control for group in heard.planned_groups) == 2


def test_a_plan_can_tell_how_long_it_takes(pool: Pool, tmp_path: Path) -> None:
    """Asked to, it trains a moment of each cell: a hundredfold budget is forecast to take several times as long."""
    asked = [small(), small(budget="200kimg"), small(budget="10s")]
    plan = Campaign(Store(tmp_path), pool).plan(asked, 5, timed=True)
    short, long, fixed, *_ = [group.seconds or 0.0 for group in plan.groups]
    assert 3 * short < long
    assert fixed > 50
    assert all(group.seconds is None for group in Campaign(Store(tmp_path), pool).plan(asked, 5).groups)


def test_an_ablation_is_a_cell_of_its_own(pool: Pool, tmp_path: Path) -> None:
    """What is taken out stands in the cell's name and in the recipe; what is not there is not applicable."""
    asked = [small(variant="r3gan", without=("r2",)), small(variant="nsgan", without=("r2",))]
    found, _ = carried_out(pool, tmp_path, *asked, seeds=1)
    by_cell = {record.spec.cell: record for record in found if not record.spec.is_control}
    assert by_cell["r3gan - r2"].status == "ok"
    assert "R2(" not in by_cell["r3gan - r2"].recipe
    assert "R1(" in by_cell["r3gan - r2"].recipe
    assert by_cell["nsgan - r2"].reason == "nsgan has nothing of r2 that could be left out"


def test_what_cannot_begin_is_recorded_for_every_seed(pool: Pool, tmp_path: Path) -> None:
    """A trick that does not apply, and a plugin that does not load, leave a record a seed where the run would stand."""
    asked = [small(tricks=("hopeless",)), small(variant="broken")]
    found, heard = carried_out(pool, tmp_path, *asked, seeds=2)
    assert [(record.spec.cell, record.spec.seed, record.status) for record in found] == [
        ("nsgan + hopeless()", 0, "not_applicable"),
        ("nsgan + hopeless()", 1, "not_applicable"),
        ("broken", 0, "load_error"),
        ("broken", 1, "load_error"),
    ]
    assert {record.reason for record in found[:2]} == {"nothing helps nsgan"}
    assert all(record.log_tail.startswith("so far\n") for record in found[2:])
    assert {(record.spec.budget, record.spec.samples, record.spec.points) for record in found} == {
        ("1000 samples", 100, 1)
    }
    assert heard.planned_groups == []


def test_planning_writes_nothing(pool: Pool, tmp_path: Path) -> None:
    """A plan holds the runs, and no folder has been made."""
    plan = Campaign(Store(tmp_path / "runs"), pool).plan([small()], 1)
    assert [spec.variant for spec in plan.specs] == ["nsgan", *CONTROLS]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": 0}, "points: found 0, wanted at least 1"),
        ({"batch_size": 1}, "batch_size: found 1, wanted at least 2"),
        ({"samples": 1}, "samples: found 1, wanted at least 2"),
        ({"threads": 0}, "threads: found 0, wanted at least 1"),
        ({"device": "tpu"}, "--device tpu: wanted cpu, cuda or cuda:N"),
        ({"device": "cuda:"}, "--device cuda:: wanted cpu, cuda or cuda:N"),
    ],
)
def test_numbers_out_of_range_are_usage_errors(
    pool: Pool, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """What no run can mean is said before any process looks at it."""
    with pytest.raises(UsageError) as caught:
        Campaign(Store(tmp_path / "runs"), pool).plan([small(**changes)], 1)
    assert str(caught.value) == message


def test_a_plan_warns_once_of_an_extractor_that_knows_other_images() -> None:
    """Whatever is said of the data of several cells is said once, and a plan of nothing strange says nothing."""
    asked = [Request("nsgan", "ring8"), *(Request(control, "ring8") for control in CONTROLS)]
    plain = {request: describe(request) for request in asked}
    for warning, expected in (None, []), ("w", ["w"]):
        outcomes = {request: Outcome("ok", result=about | {"warning": warning}) for request, about in plain.items()}
        found = planned(outcomes, 1)
        assert isinstance(found, Plan)
        assert found.warnings == expected
