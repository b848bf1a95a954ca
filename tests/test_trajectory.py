"""Score and rank against budget, of hand-made curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from records import failed, ok

from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.files import write_boards
from ganbench.leaderboards.markdown import board_markdown
from ganbench.leaderboards.trajectory import Trajectory, trajectory
from ganbench.record import RunRecord

STEPS = "Earlier points are measured on n = 250 samples, the last on 1000; quantities that depend on n step there."


def run(variant: str, seed: int, *values: float | None, **changes: object) -> RunRecord:
    """A run with points at equal distances; None is a point without the headline."""
    curve = tuple(
        {
            "fraction": k / len(values),
            "meters": {"samples": k},
            "values": {} if value is None else {"modes_covered": value},
        }
        for k, value in enumerate(values, 1)
    )
    return replace(ok(variant, seed, values[-1], **changes), curve=curve)


def only(*records: RunRecord) -> Board:
    (board,) = boards(records)
    return board


def course(*records: RunRecord) -> Trajectory:
    found = trajectory(only(*records))
    assert found is not None
    return found


def test_a_point_is_the_mean_over_the_seeds_that_ended_ok() -> None:
    """Seeds 1, 3 and then 4, 8: 2 ± 12.7 and 6 ± 25.4, by Student's 12.706 with one degree of freedom."""
    broken = replace(failed("diverged", "gan", 2), curve=run("gan", 2, 100.0).curve)
    found = course(run("gan", 0, 1, 4), run("gan", 1, 3, 8), broken)
    assert found.fractions == (0.5, 1.0)
    assert [point.estimate.mean for point in found.points] == [2, 6]
    assert [point.estimate.half_width for point in found.points] == pytest.approx([12.7062, 25.4124], rel=1e-5)
    assert [point.estimate.seeds for point in found.points] == [2, 2]


def test_ranks_follow_the_means_at_each_fraction() -> None:
    """1 is the best; equal means share the better rank; what has no mean has no rank."""
    found = course(run("a", 0, 1, 5), run("b", 0, 3, 4), run("c", 0, 3, 3), run("d", 0, None, 2))
    ranks = {(point.row.cell, point.fraction): point.rank for point in found.points}
    assert [ranks[name, 0.5] for name in "abcd"] == [3, 1, 1, None]
    assert [ranks[name, 1.0] for name in "abcd"] == [1, 2, 3, 4]


def test_a_row_of_which_fewer_seeds_failed_has_the_better_rank() -> None:
    """At every point, whenever the seed failed: a has the better mean throughout, and 1 failure in 3 to b's none."""
    late = replace(failed("crashed", "a", 2), curve=run("a", 2, 9.0).curve)
    found = course(run("a", 0, 5, 9), run("a", 1, 6, 9), late, run("b", 0, 1, 2), run("c", 0, 2, 1))
    ranks = {(point.row.cell, point.fraction): point.rank for point in found.points}
    assert [ranks[name, 0.5] for name in "abc"] == [3, 2, 1]
    assert [ranks[name, 1.0] for name in "abc"] == [3, 1, 2]


def test_reversals_are_pairs_that_stand_the_other_way_than_at_the_end() -> None:
    """a passes both others after the first half; b and c were level there, which is no reversal."""
    found = course(run("a", 0, 1, 5), run("b", 0, 3, 4), run("c", 0, 3, 3))
    assert [(one.cell, other.cell) for one, other in found.reversals(0.5)] == [("a", "b"), ("a", "c")]
    assert found.reversals(1.0) == ()
    changed = "Order of rows changed: 2 of 3 pairs stand the other way at 50 % of the budget than at the end."
    assert found.sentences == (changed, STEPS)


def test_the_point_of_most_reversals_is_told_and_of_equals_the_latest() -> None:
    """One pair of three is turned at a quarter, two at a half, two at three quarters."""
    found = course(run("a", 0, 6, 1, 1, 5), run("b", 0, 3, 3, 3, 4), run("c", 0, 5, 2, 2, 3))
    assert [len(found.reversals(fraction)) for fraction in found.fractions] == [1, 2, 2, 0]
    assert "2 of 3 pairs stand the other way at 75 %" in found.sentences[0]


def test_lower_is_better_where_the_headline_says_so() -> None:
    """Ranks turn round with the direction, and are missing where there is none."""
    records = run("a", 0, 1, 5), run("b", 0, 3, 4)
    for direction, expected in (("lower", [1, 2, 2, 1]), ("neither", [None] * 4)):
        turned = [replace(each, quantities={"modes_covered": {"direction": direction}}) for each in records]
        found = course(*turned)
        ranks = {(point.row.cell, point.fraction): point.rank for point in found.points}
        assert [ranks[key] for key in (("a", 0.5), ("a", 1.0), ("b", 0.5), ("b", 1.0))] == expected


def test_an_order_that_stays_is_said_to_stay() -> None:
    """So that nobody need look for what is not there; of a single row there is no order."""
    stays = "Order of rows: no pair stands the other way at an earlier point than at the end."
    assert course(run("a", 0, 2, 5), run("b", 0, 1, 4)).sentences == (stays, STEPS)
    assert course(run("a", 0, 2, 5)).sentences == (STEPS,)
    assert course(run("a", 0, 5)).sentences == ()


def test_the_one_pair_is_told_in_words() -> None:
    """Of two rows there is one pair."""
    (sentence, _) = course(run("a", 0, 1, 5), run("b", 0, 2, 4)).sentences
    assert sentence == (
        "Order of rows changed: the one pair stands the other way at 50 % of the budget than at the end."
    )


def test_rows_whose_points_have_unequal_n_are_said_to() -> None:
    """And have no rank, nor an order, but at the end; where all have the n of the last there is nothing to say."""
    unequal = course(run("a", 0, 1, 5), run("b", 0, 2, 4, curve_samples=500))
    assert unequal.sentences == (
        "Earlier points are measured on n = 250 or 500 samples, the last on 1000, and rows differ in it, so that none "
        "has a rank there; quantities that depend on n step there.",
    )
    assert [(point.fraction, point.rank) for point in unequal.points] == [(0.5, None), (1, 1), (0.5, None), (1, 2)]
    assert unequal.reversals(0.5) == ()
    assert len(course(run("a", 0, 1, 5, curve_samples=1000), run("b", 0, 2, 6, curve_samples=1000)).sentences) == 1


def test_a_board_without_curves_has_no_trajectory() -> None:
    """Nor has one whose every run failed, or whose points lack the headline."""
    assert trajectory(only(ok("gan", 0, 3))) is None
    assert trajectory(only(failed("diverged"))) is None
    assert trajectory(only(run("gan", 0, None))) is None


def test_the_trajectory_is_written_as_it_is(tmp_path: Path) -> None:
    """A line a row and point, with its n and the row's runs; a point that is missing is there, empty."""
    gan, hinge = [run("gän", 0, 1, 5), run("gän", 1, 1, 5)], run("hinge", 0, None, 4)
    board = only(*gan, hinge)
    both = " ".join(record.id for record in gan)
    paths = write_boards([board], tmp_path)
    (path,) = [path for path in paths if path.name.endswith("-trajectory.csv")]
    shared = f'ring8,{"f" * 64},"MLPPair(width=128, depth=2)",1280 samples,1000,128,2,,,cpu,1,,1'
    assert path.read_text(encoding="utf-8") == (
        "dataset,fingerprint,standard,budget,samples,batch_size,points,extractor,extractor_hash,device,threads,machine,protocol,"
        "cell,fraction,n,headline,mean,half_width,seeds,rank,runs\n"
        f"{shared},gän,0.5,250,modes_covered,1,0,2,1,{both}\n"
        f"{shared},gän,1,1000,modes_covered,5,0,2,1,{both}\n"
        f"{shared},hinge,0.5,250,modes_covered,,,0,,{hinge.id}\n"
        f"{shared},hinge,1,1000,modes_covered,4,,1,2,{hinge.id}\n"
    )
    assert "## Along the budget\n\nOrder of rows: no pair stands" in board_markdown(board)
