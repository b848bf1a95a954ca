"""What a group is expected to take, in numbers by hand."""

from __future__ import annotations

from dataclasses import replace

from records import METERS, failed, ok, spec

from ganbench.nightly.costs import Costs
from ganbench.planning import Group
from ganbench.record import RunRecord
from ganbench.request import Request


def took(seconds: float, record: RunRecord) -> RunRecord:
    """Three quarters of it in training, the rest in evaluation and saving."""
    spent = {"evaluation": seconds / 8, "saving": seconds / 8}
    return replace(record, meters={**METERS, "seconds": seconds * 3 / 4}, seconds=spent)


def group(variant: str, dataset: str = "ring8", seeds: int = 4) -> Group:
    """Of another version than the records."""
    specs = (spec(variant, seed, dataset=dataset, source_hash="b" * 64) for seed in range(seeds))
    return Group(Request(variant, dataset), tuple(specs))


def test_a_group_costs_what_its_cell_did():
    """The median seed, as often as it has seeds; whatever the version, and in all that a run takes time for."""
    costs = Costs([took(seconds, ok("nsgan", seed)) for seed, seconds in enumerate([8, 16, 80])])
    assert costs.expected(group("nsgan")) == 4 * 16


def test_an_unknown_cell_costs_what_its_board_did():
    """The median over its runs, also where another board is slower."""
    runs = [took(8, ok("nsgan")), took(16, ok("wgan")), took(24, ok("gan")), took(800, ok("nsgan", dataset="mnist"))]
    assert Costs(runs).expected(group("hinge", seeds=2)) == 2 * 16


def test_on_an_unknown_board_it_costs_what_the_slowest_did():
    """Nothing is free because it has never run."""
    runs = [took(8, ok("nsgan")), took(80, ok("nsgan", dataset="mnist")), took(40, ok("gan", dataset="mnist"))]
    assert Costs(runs).expected(group("nsgan", "celeba", seeds=3)) == 3 * 60


def test_where_nothing_is_known_the_first_run_tells():
    """A failed one ended early, and tells nothing."""
    costs = Costs([failed("timeout", "nsgan")])
    assert costs.expected(group("nsgan")) is None
    costs.learn([took(8, ok("wgan"))])
    assert costs.expected(group("nsgan", "mnist", seeds=2)) == 2 * 8
