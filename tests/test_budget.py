"""Budgets: what they read as, what they write, and when they are spent."""

from __future__ import annotations

import platform

import pytest

from ganbench.budget import UNITS, Budget, Meters
from ganbench.errors import BudgetError


@pytest.mark.parametrize(
    ("text", "limit", "unit"),
    [
        ("200kimg", 200_000, "samples"),
        ("1.5ksamples", 1500, "samples"),
        ("1 sample", 1, "samples"),
        ("5000g_steps", 5000, "g_steps"),
        ("20kd_steps", 20_000, "d_steps"),
        ("1.5Tflops", 1_500_000_000_000, "flops"),
        ("0.1Pflops", 10**14, "flops"),
        ("2e3img", 2000, "samples"),
        ("90s", 90, "seconds"),
        ("10min", 600, "seconds"),
        ("1.5h", 5400, "seconds"),
        (" .5 seconds ", 0.5, "seconds"),
    ],
)
def test_a_budget_is_a_number_and_a_unit(text: str, limit: float, unit: str):
    """Prefixes are powers of a thousand, minutes and hours are seconds, and counts are whole."""
    budget = Budget.parse(text)
    assert (budget.limit, budget.unit) == (limit, unit)
    assert isinstance(budget.limit, int) == (unit != "seconds")


@pytest.mark.parametrize("text", ["400kimg", "7g_steps", "90s", "0.00001s", "1e20flops", "3e17s", "0.1s"])
def test_the_canonical_text_reads_back(text: str):
    """str and parse are inverse, for numbers that Python writes with an exponent too."""
    budget = Budget.parse(text)
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "malformed budget '': wanted a number and a unit"),
        ("400", "malformed budget '400'"),
        ("-5kimg", "malformed budget '-5kimg'"),
        ("nan s", "malformed budget 'nan s'"),
        ("5epochs", "the unit 'epochs' is unknown"),
        ("5k", "the unit 'k' is unknown"),
        ("5mimg", "the unit 'mimg' is unknown"),
        ("0kimg", "is 0 samples: wanted more than nothing"),
        ("0.4img", "is 0.4 samples: wanted at least one"),
        ("1e999s", "is inf seconds: .* a finite number"),
    ],
)
def test_what_is_no_budget_is_refused(text: str, message: str):
    """The error quotes what was found and shows what is wanted."""
    with pytest.raises(BudgetError, match=message):
        Budget.parse(text)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_reads_its_own_meter(unit: str):
    """Half of the limit on that meter, whatever the others show, is the fraction 1/2."""
    meters = Meters(*[10**9] * 5)
    setattr(meters, unit, 5)
    assert Budget(10, unit).spent_fraction(meters) == 0.5
    assert meters.as_dict()[unit] == 5


def test_points_are_exact_for_counts():
    """Point k of 10 of a budget of 7 is reached at the first whole number that is at least 7k / 10."""
    budget = Budget(7, "g_steps")
    first = [next(n for n in range(8) if budget.point_reached(Meters(g_steps=n), k, 10)) for k in range(1, 11)]
    assert first == [-(-7 * k // 10) for k in range(1, 11)]


def test_the_last_point_is_the_whole_budget():
    """It is reached at the limit and not one before, however large the numbers."""
    limit = 10**15 + 1
    budget = Budget(limit, "flops")
    assert budget.point_reached(Meters(flops=limit), 3, 3)
    assert not budget.point_reached(Meters(flops=limit - 1), 3, 3)


def test_seconds_alone_are_bound_to_a_machine():
    """What can be done in a second is a fact of the platform; samples, steps and FLOPs are the same anywhere."""
    assert Budget(2, "seconds").machine == platform.platform()
    assert {Budget(2, unit).machine for unit in ("samples", "d_steps", "g_steps", "flops")} == {""}
