"""What moved between two nights, against numbers by hand."""

from __future__ import annotations

import pytest
from records import failed, ok
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


def test_every_seed_moved_by_the_same():
    """Without any spread no chance explains it."""
    (change,) = found(OLD, rerun([5, 6, 7, 6, 5]))
    assert (change.p, change.moved) == (0.0, True)


def test_a_seed_that_fails_now_has_moved():
    """Whatever the others say."""
    after = [*rerun([6, 7, 8, 7]), failed("diverged", "nsgan", 4, "not finite", source_hash="b" * 64)]
    (change,) = found(OLD, after)
    assert (change.p, change.moved) == (1.0, True)


def test_one_seed_tells_nothing():
    """No noise is known that it could have moved beyond."""
    (change,) = found(OLD[:1], rerun([2]))
    assert (change.p, change.moved) == (1.0, False)


def test_other_conditions_are_not_compared():
    """A longer budget is another board."""
    assert found(OLD, [ok("nsgan", 0, 8, budget="9999 samples")]) == []
