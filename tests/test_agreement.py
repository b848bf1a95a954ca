"""What two records of one run agree in, and what is said to differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from records import METERS, failed, ok

from ganbench.agreement import ALIKE, ELSEWHERE, Agreement
from ganbench.record import RunRecord

MADE = {"versions": {"torch": "2.13.0"}, "torch": {"build": "CPU"}, "platform": "Linux", "used": {"nsgan": "acme 1.0"}}


def recorded(**values: float) -> RunRecord:
    """An ok record of these values, with a curve that ends in them."""
    point = {"fraction": 1.0, "meters": METERS, "values": values}
    return replace(ok(values=values), curve=(point,), provenance=MADE)


def test_the_same_record_is_equal_to_the_last_bit():
    """But for seconds, which no clock repeats."""
    one = recorded(modes_covered=7, reverse_kl=0.1)
    slower = {**METERS, "seconds": 99.0}
    other = replace(one, meters=slower, curve=({**one.curve[0], "meters": slower},), seconds={"evaluation": 3.0})
    agreement = Agreement(one, other)
    assert (agreement.bit_equal, agreement.holds, agreement.tolerance) == (True, True, ALIKE)
    assert (agreement.changed, agreement.surroundings) == ({}, {})
    assert [row.name for row in agreement.rows] == ["modes_covered", "reverse_kl", *list(METERS)[:4]]


def test_what_was_measured_since_leaves_a_record_equal_to_the_last_bit():
    """An older record lacks it; the other way about a number is missing."""
    older, newer = recorded(reverse_kl=0.5), recorded(reverse_kl=0.5, auc=0.75)
    assert (Agreement(older, newer).bit_equal, Agreement(newer, older).bit_equal) == (True, False)


def test_a_curve_that_differs_is_not_equal_to_the_last_bit():
    """Though its last point, which is what is compared within the tolerance, may be."""
    one = recorded(reverse_kl=0.5)
    other = replace(one, curve=({**one.curve[0], "fraction": 0.5}, *one.curve))
    assert (Agreement(one, other).bit_equal, Agreement(one, other).holds) == (False, True)


@pytest.mark.parametrize(
    ("name", "before", "now", "difference"),
    [
        ("reverse_kl", 0.5, 0.4, 0.2),  # bounded on one side: a share of the recorded number
        ("auc", 0.001, 0.002, 0.001),  # bounded by 0 and 1: a share of that width
        ("auc", 0.0, 0.25, 0.25),
        ("reverse_kl", 0.0, 3.0, 1.0),
        ("reverse_kl", -2.0, -2.0, 0.0),
        ("unknown", 4, 5, 0.25),
    ],
)
def test_a_difference_is_a_share(name: str, before: float, now: float, difference: float):
    """Of the recorded number or, where that is larger, of the width of the quantity's bounds."""
    (row, *_) = Agreement(recorded(**{name: before}), recorded(**{name: now})).rows
    assert row.difference == pytest.approx(difference, rel=1e-12)
    assert Agreement(recorded(**{name: before}), recorded(**{name: now}), difference * 1.01).holds
    assert Agreement(recorded(**{name: before}), recorded(**{name: now}), difference * 0.99).holds == (difference == 0)


def test_a_missing_number_is_not_reproduced_and_a_new_one_asks_for_nothing():
    """A record claims what it holds, and no more."""
    few, many = recorded(reverse_kl=0.5), recorded(reverse_kl=0.5, auc=0.5)
    assert Agreement(few, many).holds
    assert not Agreement(many, few, 1e9).holds


def test_counts_belong_to_what_is_compared():
    """A run that took another step is another."""
    one = recorded(auc=0.5)
    assert not Agreement(one, replace(one, meters={**METERS, "d_steps": 11})).holds


@pytest.mark.parametrize(
    "made",
    [
        {"versions": {"torch": "2.14.0"}},
        {"torch": {"build": "CUDA 12.8"}},
        {"platform": "Linux 2"},
        {"used": {"nsgan": "acme 1.1"}},
    ],
)
def test_other_surroundings_are_named_and_allow_more(made: dict[str, object]):
    """Versions, build, platform and plugins' versions; what one record does not say is no difference."""
    one = recorded(reverse_kl=1.0)
    agreement = Agreement(one, replace(recorded(reverse_kl=1.05), provenance={**MADE, **made, "python": "3.11"}))
    assert len(agreement.surroundings) == 1
    assert (agreement.tolerance, agreement.holds) == (ELSEWHERE, True)
    assert not replace(agreement, stated_tolerance=0.04).holds


@pytest.mark.parametrize(
    ("changes", "excuse"),
    [
        ({"budget": "90.0 seconds"}, "the budget is of seconds, which no two runs spend alike"),
        ({"device": "cuda:1"}, "a GPU sums in no fixed order"),
    ],
)
def test_some_runs_are_never_the_same_twice(changes: dict[str, str], excuse: str):
    """Those of a GPU, or of seconds, are held to no more than another machine's numbers."""
    one = ok(values={"auc": 0.5}, **changes)
    assert (Agreement(one, one).excuses, Agreement(one, one).tolerance) == ([excuse], ELSEWHERE)


def test_what_changed_of_the_spec_is_named():
    """With the part whose source did, where both records tell."""
    one = replace(
        ok(source_hash="a", fingerprint="f"), provenance={"sources": {"variant nsgan": "1", "trick ema": "2"}}
    )
    other = replace(
        ok(source_hash="b", fingerprint="f"), provenance={"sources": {"variant nsgan": "3", "trick ema": "2"}}
    )
    agreement = Agreement(one, other)
    assert agreement.changed == {"source_hash": ("a", "b")}
    assert agreement.changed_sources == ["variant nsgan"]
    assert agreement.as_dict()["id"] == [one.id, other.id]


def test_a_failure_is_reproduced_by_ending_alike():
    """How far it got before it was stopped is chance; a run that ends otherwise is not the same."""
    late = replace(failed("timeout"), meters={"samples": 1}, values={})
    assert Agreement(failed("timeout"), late).holds
    assert not Agreement(failed("timeout"), ok()).holds
    assert not Agreement(ok(), failed("crashed"), 1e9).holds


@pytest.mark.parametrize("made", [{"versions": 3, "used": None, "sources": [1]}, {"torch": "\x1b[31m"}])
def test_a_record_from_anywhere_may_say_anything(made: dict[str, object]):
    """Its provenance is not ours: what has another form is passed over."""
    assert Agreement(replace(ok(), provenance=made), replace(ok(), provenance=MADE)).surroundings == {}
