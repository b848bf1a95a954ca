"""What moved between two nights, against numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from records import QUANTITIES, failed, ok
from scipy import stats

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.changes import changes

OLD = [ok("nsgan", seed, modes) for seed, modes in enumerate([6, 7, 8, 7, 6])]


def rerun(values, variant="nsgan"):
    """The same seeds with new code."""
    return [ok(variant, seed, modes, source_hash="b" * 64) for seed, modes in enumerate(values)]


def found(before, after):
    return changes(boards(before), boards(after))


def test_the_same_runs_are_no_change():
    """Nothing ran anew."""
    assert found(OLD, OLD) == []


def test_the_same_numbers_from_new_code_have_not_moved():
    """A row whose code changed is listed, and found where it was."""
    (change,) = found(OLD, rerun([6, 7, 8, 7, 6]))
    assert (change.p, change.moved) == (1.0, False)


def test_p_is_that_of_a_paired_test():
    """Of one row nothing is to be corrected."""
    (change,) = found(OLD, rerun([4, 5, 5, 5, 3]))
    assert change.p == pytest.approx(stats.ttest_rel([4, 5, 5, 5, 3], [6, 7, 8, 7, 6]).pvalue)
    assert change.moved


def test_two_rows_are_corrected_for_each_other():
    """Holm doubles the smaller of two; the larger stays."""
    before = [*OLD, *[ok("wgan", seed, modes) for seed, modes in enumerate([1, 2, 3, 2, 1])]]
    after = [*rerun([4, 5, 5, 5, 3]), *rerun([1, 2, 2, 3, 1], "wgan")]
    nsgan, wgan = found(before, after)
    assert nsgan.p == pytest.approx(2 * stats.ttest_rel([4, 5, 5, 5, 3], [6, 7, 8, 7, 6]).pvalue)
    assert wgan.p == pytest.approx(stats.ttest_rel([1, 2, 2, 3, 1], [1, 2, 3, 2, 1]).pvalue)
    assert not wgan.moved


@pytest.mark.parametrize(("seeds", "p", "moved"), [(3, 1 / 4, False), (5, 1 / 16, False), (6, 1 / 32, True)])
@pytest.mark.parametrize("drop", [1, 0.1])
def test_every_seed_moved_by_the_same(seeds, p, moved, drop):
    """Without any spread the signs alone tell: 2 / 2^n. Differences that are equal but for rounding are equal."""
    before = [6, 0.7, 8, 0.3, 6, 90][:seeds]
    old = [ok("nsgan", seed, modes) for seed, modes in enumerate(before)]
    (change,) = found(old, rerun([modes - drop for modes in before]))
    assert (change.p, change.moved) == (p, moved)


def test_equal_differences_are_corrected_too():
    """Of six seeds in two rows p is doubled, where 0 would stay 0."""
    six = [6, 7, 8, 7, 6, 9]
    before = [ok(name, seed, modes) for name in ("nsgan", "wgan") for seed, modes in enumerate(six)]
    after = [run for name in ("nsgan", "wgan") for run in rerun([modes - 1 for modes in six], name)]
    assert [change.p for change in found(before, after)] == [1 / 16, 1 / 16]


def test_seeds_that_the_same_code_added_are_no_change():
    """Nor do they take from what is corrected for the rows that new code ran."""
    others = [ok("wgan", seed, modes) for seed, modes in enumerate([1, 2, 3, 2, 1, 3])]
    assert found(others[:5], others) == []
    (change,) = found([*OLD, *others[:5]], [*rerun([4, 5, 5, 5, 3]), *others])
    assert change.after.cell == "nsgan"
    assert change.p == pytest.approx(stats.ttest_rel([4, 5, 5, 5, 3], [6, 7, 8, 7, 6]).pvalue)


def test_a_seed_that_fails_now_has_moved():
    """Whatever the others say."""
    after = [*rerun([6, 7, 8, 7]), failed("diverged", "nsgan", 4, "not finite", source_hash="b" * 64)]
    (change,) = found(OLD, after)
    assert (change.p, change.moved) == (1.0, True)


def test_seeds_that_have_not_run_yet_have_not_failed():
    """A night that reruns the first two of five tells nothing of the rest."""
    (change,) = found(OLD, rerun([6, 7]))
    assert (change.p, change.moved) == (1.0, False)


@pytest.mark.parametrize("now", [[2], [2, 3], [4, 8]])
def test_below_three_seeds_nothing_is_told(now):
    """Two counts that differ by the same are no sign that there is no noise."""
    (change,) = found(OLD[: len(now)], rerun(now))
    assert (change.p, change.moved) == (1.0, False)


@pytest.mark.parametrize(
    ("direction", "up", "down"),
    [("higher", "better", "worse"), ("lower", "worse", "better"), ("neither", "up", "down")],
)
def test_a_change_says_which_way(direction, up, down):
    """In the direction of the headline; no difference is no way."""
    quantities = {"modes_covered": {**QUANTITIES["modes_covered"], "direction": direction}}

    def way(values):
        (change,) = found(*([replace(run, quantities=quantities) for run in runs] for runs in (OLD, rerun(values))))
        return change.way

    assert [way([7, 8, 9, 8, 7]), way([5, 6, 7, 6, 5]), way([6, 7, 8, 7, 6])] == [up, down, ""]


def test_a_seed_that_fails_is_worse():
    """Also where the others are better."""
    after = [*rerun([8, 8, 8, 8]), failed("diverged", "nsgan", 4, "not finite", source_hash="b" * 64)]
    (change,) = found(OLD, after)
    assert change.way == "worse"


def test_a_row_that_gets_a_second_name_is_the_same_row():
    """Its label differs, and its scores are compared; also when the name has gone again."""
    named = [replace(run, also=("nsgan + ema()",)) for run in rerun([4, 5, 5, 5, 3])]
    for before, after in ((OLD, named), (named, OLD)):
        (change,) = found(before, after)
        assert {change.before.cell, change.after.cell} == {"nsgan", "nsgan (= nsgan + ema())"}
        assert change.moved


def test_a_row_that_stands_beside_another_version_is_found_by_its_cell():
    """Two names of one recipe whose sources differ are two rows, labelled by their source, which is another now."""

    def both(source, values):
        first = [ok("nsgan", seed, modes, source_hash=source * 64) for seed, modes in enumerate(values)]
        second = [ok("twin", seed, modes, source_hash="c" * 64) for seed, modes in enumerate(values)]
        return [replace(run, recipe="the same") for run in first + second]

    (change,) = found(both("a", [6, 7, 8]), both("b", [5, 6, 7]))
    assert (change.before.cell, change.after.cell) == ("nsgan @aaaaaaa (= twin)", "nsgan @bbbbbbb (= twin)")


def test_other_conditions_are_not_compared():
    """A longer budget is another board."""
    assert found(OLD, [ok("nsgan", 0, 8, budget="9999 samples")]) == []
