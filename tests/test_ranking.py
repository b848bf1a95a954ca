"""Ranks of hand-made records, with p-values counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from records import QUANTITIES, failed, ok

from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.files import board_csv, write_boards
from ganbench.leaderboards.markdown import board_markdown
from ganbench.leaderboards.outcomes import outcomes
from ganbench.leaderboards.pairs import pairs_table
from ganbench.leaderboards.ranking import Ranking, ranked_table, ranking
from ganbench.leaderboards.row import Row
from ganbench.record import RunRecord

HELD_OUT = ok("held_out_real", 0, 8, budget="0 samples", batch_size=0, points=1)
TESTS = "Ranks come from exact paired permutation tests over shared seeds, Holm-corrected over 3 pairs at 5 %."
READ = "Rows that share a letter are not separated. A failed seed counts as worse than any number."


def runs(variant: str, *values: float, first: int = 0) -> list[RunRecord]:
    return [ok(variant, seed, value) for seed, value in enumerate(values, first)]


def only(*groups: list[RunRecord]) -> Board:
    (board,) = boards([record for group in groups for record in group])
    return board


def ranked(*groups: list[RunRecord]) -> Ranking:
    found = ranking(only(*groups))
    assert found is not None
    return found


def standing(found: Ranking) -> dict[str, tuple[str, str]]:
    return {place.row.cell: (place.rank, place.ties) for place in found.places}


LEVELS = [5.0, 1.0, 7.0, 3.0, 8.0, 2.0, 6.0]
"""Of seven seeds: far from one another, the same for all."""


def shifted(variant: str, shift: float) -> list[RunRecord]:
    return runs(variant, *(level + shift for level in LEVELS))


def test_rows_that_keep_their_order_in_seven_seeds_are_separated() -> None:
    """Each of three pairs has p = 2 / 2^7, and three times that is 0.047, though the seeds scatter far more."""
    found = ranked(shifted("b", 0.1), shifted("c", 0.0), shifted("a", 0.2))
    assert standing(found) == {"a": ("1", "a"), "b": ("2", "b"), "c": ("3", "c")}
    assert (found.seeds, found.comparisons, found.sentences) == (7, 3, (TESTS, READ))
    assert found.too_few == ""


def test_six_seeds_cannot_decide_three_pairs() -> None:
    """2 / 2^6 times 3 is 0.094: the board says so, and all rows are tied."""
    found = ranked(*(shifted(name, k)[:6] for k, name in enumerate("abc")))
    assert standing(found) == dict.fromkeys("cba", ("1-3", "a"))
    cannot = "Cannot be decided with n = 6 seeds: even the clearest of 3 pairs would need 7."
    assert found.sentences == (TESTS, READ, cannot)
    assert found.too_few == "n = 6 seeds: even the clearest of 3 pairs would need 7"


def test_five_seeds_of_eight_rows_would_need_eleven() -> None:
    """28 pairs at 2 / 2^5 are far from 5 %; 28 / 2^10 is the first below."""
    found = ranked(*(shifted(f"v{k}", k)[:5] for k in range(8)))
    assert (found.seeds, found.comparisons) == (5, 28)
    assert found.sentences[-1] == "Cannot be decided with n = 5 seeds: even the clearest of 28 pairs would need 11."


def test_rank_intervals_and_letters_overlap() -> None:
    """The row between, which scatters about both, shares a letter with each of two that are separated."""
    wild = [level + (9 if seed % 2 else -9) for seed, level in enumerate(LEVELS)]
    found = ranked(shifted("high", 1), shifted("low", 0), runs("wild", *wild))
    assert standing(found) == {"high": ("1-2", "a"), "low": ("2-3", "b"), "wild": ("1-3", "ab")}


def test_a_failed_seed_is_worse_than_any_number() -> None:
    """Whose every seed failed is separated from one that ended well, however bad its number; two such are tied."""
    gone = [failed("diverged", "gone", seed) for seed in range(7)]
    lost = [failed("timeout", "lost", seed) for seed in range(7)]
    found = ranked(runs("bad", *[-1e9] * 7), gone, lost)
    assert standing(found) == {"bad": ("1", "a"), "gone": ("2-3", "b"), "lost": ("2-3", "b")}


def test_choosing_seeds_by_failing_gains_nothing() -> None:
    """A row that is ahead wherever it ends well, and fails in three of seven seeds, is not ahead."""
    risky = shifted("risky", 5)[:4] + [failed("crashed", "risky", seed) for seed in (4, 5, 6)]
    assert standing(ranked(risky, shifted("sure", 0))) == {"risky": ("1-2", "a"), "sure": ("1-2", "a")}
    riskier = [failed("out_of_memory", "risky", seed) for seed in range(7)]
    assert standing(ranked(riskier, shifted("sure", 0))) == {"sure": ("1", "a"), "risky": ("2", "b")}


def test_an_ok_seed_without_its_headline_counts_as_failed() -> None:
    """A headline that was left out because it was not finite is no way around a bad number."""
    blank = [ok("blank", seed, None) for seed in range(6)]
    assert standing(ranked(blank, runs("plain", *LEVELS[:6]))) == {"plain": ("1", "a"), "blank": ("2", "b")}
    elsewhere = tuple(replace(record, headline="reverse_kl") for record in blank)
    assert outcomes(Row("elsewhere", elsewhere), "modes_covered", "higher") == {}


def test_what_never_began_is_not_compared() -> None:
    """A plugin that does not load, a combination that makes no sense and an interruption say nothing of a variant."""
    alone = [failed(status, status, seed) for status in ("load_error", "not_applicable") for seed in range(6)]
    stopped = [failed("interrupted", "b", 6), failed("interrupted", "b", 7)]
    found = ranked(shifted("a", 1)[:6], shifted("b", 0)[:6] + stopped, alone)
    assert standing(found) == {"a": ("1", "a"), "b": ("2", "b"), "load_error": ("", ""), "not_applicable": ("", "")}
    assert [(place.best, place.worst) for place in found.places[2:]] == [(1, 4), (1, 4)]
    assert (found.seeds, found.comparisons) == (6, 1)
    assert found.sentences == (
        "Ranks come from exact paired permutation tests over shared seeds, for one pair at 5 %.",
        READ,
        "2 rows without a rank: no run began, or no seed is shared with another row.",
    )


def test_rows_without_a_shared_seed_are_not_compared() -> None:
    """Seeds pair by number alone; without a pair there is no rank, and the board says so."""
    found = ranked(runs("a", 1, 2), runs("b", 3, 4, first=2))
    assert standing(found) == {"a": ("", ""), "b": ("", "")}
    assert (found.seeds, found.comparisons) == (0, 0)
    assert found.sentences == ("2 rows without a rank: no run began, or no seed is shared with another row.",)


def test_pairs_may_share_more_and_fewer_seeds() -> None:
    """The fewest is the ranking's; with enough seeds somewhere the board says how many each pair has."""
    found = ranked(shifted("a", 2), shifted("b", 1), shifted("c", 0)[:3])
    assert standing(found) == {"a": ("1-2", "a"), "b": ("2-3", "b"), "c": ("1-3", "ab")}
    assert found.seeds == 3
    assert found.sentences[2:] == ("Pairs share n = 3 to 7 seeds; the first to be separated needs 7.",)


def test_lower_is_better_where_the_headline_says_so() -> None:
    """The direction turns the ranks round, and a failure is still the worst."""
    lower = {**QUANTITIES, "modes_covered": {"direction": "lower"}}
    records = [*shifted("a", 1)[:6], *shifted("b", 0)[:6], *(failed("diverged", "c", seed) for seed in range(6))]
    records += [ok(name, 6, 4.0 - (name == "b")) for name in "ab"] + [failed("diverged", "c", 6)]
    turned = [replace(record, quantities=lower) for record in records]
    assert standing(ranked(turned)) == {"b": ("1", "a"), "a": ("2", "b"), "c": ("3", "c")}


def test_equal_values_are_tied() -> None:
    """Eight equal seeds in every row separate nothing."""
    found = ranked(*(runs(name, *[8.0] * 8) for name in "abc"))
    assert standing(found) == dict.fromkeys("abc", ("1-3", "a"))


def test_a_board_of_failures_alone_has_no_ranking() -> None:
    """Nothing was measured, so that nothing is known of a headline's direction."""
    assert ranking(only(*([failed("diverged", name, seed) for seed in range(8)] for name in "ab"))) is None


def test_what_cannot_be_ranked_has_no_ranking() -> None:
    """One variant, controls apart; and a headline of which neither direction is better."""
    alone = only(runs("a", 1, 2), [HELD_OUT])
    neither = {"modes_covered": {"direction": "neither"}}
    undirected = only([replace(record, quantities=neither) for record in runs("a", 1) + runs("b", 2)])
    for board in (alone, undirected):
        assert ranking(board) is None
        assert ranked_table(board)["ties"].eq("").all()
        assert ranked_table(board)["rank_best"].isna().all()
        assert pairs_table(board).empty
        assert "| rank " not in board_markdown(board)


def test_controls_have_no_rank() -> None:
    """Held-out real data are no competitor: they neither take a rank nor cost a comparison."""
    board = only(shifted("a", 1), shifted("b", 0), [HELD_OUT])
    assert list(ranked_table(board)["rank_best"].fillna(0)) == [1, 2, 0]
    assert list(ranked_table(board)["ties"]) == ["a", "b", ""]
    assert board_csv(board).splitlines()[3].split("control: held-out real data,")[1].startswith(",,,1,1,,8,,1,")


def test_every_board_ranks_its_own_rows() -> None:
    """Runs of the same cells under another budget neither help nor harm."""
    short, long = boards(
        [
            *shifted("a", 1),
            *shifted("b", 0),
            *(replace(run, spec=replace(run.spec, budget="2560 samples")) for run in runs("a", 1, 2) + runs("b", 2, 1)),
        ]
    )
    found = ranking(short), ranking(long)
    assert [standing(each) for each in found if each] == [
        {"a": ("1", "a"), "b": ("2", "b")},
        {"a": ("1-2", "a"), "b": ("1-2", "a")},
    ]


def test_the_pairs_are_written_as_they_were_tested(tmp_path: Path) -> None:
    """A CSV with a line a pair: differences 1, 1, 1 have p = 2 / 8; a failed seed has no difference.

    In seeds 0, 1, 2 the first has 3, 4, 5 and the second 2, 3, 4: of nine pairs it wins six and ties two, 7 / 9.
    """
    board = only(runs("ä, b", 3, 4, 5), runs("漢", 2, 3, 4), [*runs("z", 1, 1), failed("diverged", "z", 2)])
    paths = write_boards([board], tmp_path)
    (path,) = [path for path in paths if path.name.endswith("-pairs.csv")]
    shared = f'ring8,{"f" * 64},"MLPPair(width=128, depth=2)",1280 samples,1000,128,2,,,cpu,1,,1'
    assert path.read_text(encoding="utf-8") == (
        "dataset,fingerprint,standard,budget,samples,batch_size,points,extractor,extractor_hash,device,threads,machine,protocol,"
        "one,other,headline,seeds,difference,p,p_holm,lead,improvement\n"
        f'{shared},"ä, b",漢,modes_covered,3,1,0.25,0.75,1,0.7777777778\n'
        f'{shared},"ä, b",z,modes_covered,3,2.5,0.25,0.75,1,1\n'
        f"{shared},漢,z,modes_covered,3,1.5,0.25,0.75,1,1\n"
    )


@pytest.mark.parametrize("name", ["<b>|x", "ünï漢字"])
def test_ranks_stand_beside_any_name(name: str) -> None:
    """Rank and letters are columns of the page, whatever the cell is called."""
    text = board_markdown(only(runs(name, 1), runs("gan", 2)))
    (line,) = [line for line in text.splitlines() if line.startswith("| gan ") and "1-2" in line]
    assert [field.strip() for field in line.split("|")[1:5]] == ["gan", "1-2", "a", "1 of 1"]
