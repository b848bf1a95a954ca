"""Effects of changes on variants: hand-made records, numbers computed by hand."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from records import failed, ok

from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.effects import Effects, effects
from ganbench.leaderboards.entries import effect_lines, interaction_lines
from ganbench.leaderboards.files import write_boards
from ganbench.leaderboards.interactions import Interactions, interactions
from ganbench.leaderboards.markdown import board_markdown
from ganbench.leaderboards.page.heat import verdict
from ganbench.record import RunRecord

R1 = ("r1(weight=10.0)",)
QUANTILE_OF_TWO = 4.302652729911275
"""Of Student's distribution with two degrees of freedom, at 0.975."""


def runs(variant: str, values: list[float], tricks: tuple[str, ...] = (), **record: object) -> list[RunRecord]:
    made = [ok(variant, seed, value, tricks=tricks) for seed, value in enumerate(values)]
    return [replace(each, **record) for each in made]  # type: ignore[arg-type]


def board(*groups: list[RunRecord]) -> Board:
    (found,) = boards([record for group in groups for record in group])
    return found


def shown(*groups: list[RunRecord]) -> Effects:
    found = effects(board(*groups))
    assert found is not None
    return found


def test_an_effect_is_the_mean_of_the_differences_seed_by_seed() -> None:
    """Differences 1, 2 and 3 have mean 2 and standard deviation 1: 2 ± 4.30 / sqrt(3), however the levels scatter."""
    found = shown(runs("gan", [0.0, 50.0, 100.0]), runs("gan", [1.0, 52.0, 103.0], R1))
    estimate = found.cells["gan", "+ r1(weight=10.0)"].estimate
    assert estimate.mean == pytest.approx(2.0)
    assert estimate.half_width == pytest.approx(QUANTILE_OF_TWO / math.sqrt(3))
    assert estimate.seeds == 3


def test_only_seeds_that_have_both_enter() -> None:
    """A seed that failed with the change is left out on both sides, and the line says how many are left."""
    changed = runs("gan", [1.0, 2.0, 30.0], R1)
    changed[2] = replace(changed[2], status="diverged", values={}, curve=())
    found = shown(runs("gan", [0.0, 1.0, 2.0]), changed)
    assert found.cells["gan", "+ r1(weight=10.0)"].estimate == (1.0, 0.0, 2)
    assert effect_lines(found)[1] == {"change": "+ r1(weight=10.0)", "gan": "+1 ± 0 (2 seeds), worse by failures"}


def test_a_change_over_variants_is_averaged_seed_by_seed() -> None:
    """Effects (1, 2, 3) on gan and (3, 4, 5) on hinge: (2, 3, 4) by seed, so 3 ± 4.30 / sqrt(3) over two variants."""
    found = shown(
        runs("gan", [0.0, 0.0, 0.0]),
        runs("gan", [1.0, 2.0, 3.0], R1),
        runs("hinge", [5.0, 5.0, 5.0]),
        runs("hinge", [8.0, 9.0, 10.0], R1),
    )
    mean, variants = found.over_variants("+ r1(weight=10.0)")
    estimate = mean.estimate
    assert (estimate.mean, variants) == (pytest.approx(3.0), 2)
    assert estimate.half_width == pytest.approx(QUANTILE_OF_TWO / math.sqrt(3))


def test_ablations_and_settings_are_changes_too() -> None:
    """What was taken out of a variant, and what was set by hand, stand in the table as they do in the cell's name."""
    taken = [replace(run, spec=replace(run.spec, without=("r2",))) for run in runs("r3gan", [1.0, 1.0])]
    slower = [replace(run, spec=replace(run.spec, settings=(("d_steps", 2),))) for run in runs("r3gan", [2.0, 2.0])]
    found = shown(runs("r3gan", [3.0, 3.0]), taken, slower)
    assert found.changes == ("- r2", "[d_steps=2]")
    assert [found.cells["r3gan", change].estimate.mean for change in found.changes] == [-2.0, -1.0]


HALF = (("gradient_penalty.weight", 0.5),)


def with_settings(found: list[RunRecord], settings: tuple[tuple[str, object], ...]) -> list[RunRecord]:
    return [replace(run, spec=replace(run.spec, settings=settings)) for run in found]


def test_a_trick_is_measured_against_the_same_settings() -> None:
    """Half the weight gives 5, consensus 1 more: the trick is not credited with the 5."""
    plain, tricked = runs("wgan_gp", [0.0, 0.0]), runs("wgan_gp", [6.0, 6.0], ("consensus()",))
    without = [replace(run, spec=replace(run.spec, without=("r2",))) for run in runs("wgan_gp", [3.0, 3.0])]
    half = [with_settings(each, HALF) for each in (runs("wgan_gp", [5.0, 5.0]), tricked, without)]
    found = shown(plain, *half)
    setting = "[gradient_penalty.weight=0.5]"
    assert found.variants == (f"wgan_gp {setting}", "wgan_gp")
    means = {cell: each.estimate.mean for cell, each in found.cells.items() if each.row}
    assert means == {
        (f"wgan_gp {setting}", "+ consensus()"): 1.0,
        (f"wgan_gp {setting}", "- r2"): -2.0,
        ("wgan_gp", setting): 5.0,
    }
    assert effect_lines(found)[0][f"wgan_gp {setting}"] == "5 ± 0"


def test_settings_without_a_run_of_their_own_are_part_of_the_change() -> None:
    """Nothing stands on the board that has the settings alone: the change names both."""
    tricked = with_settings(runs("wgan_gp", [6.0], ("consensus()",)), HALF)
    found = shown(runs("wgan_gp", [0.0]), tricked)
    assert found.changes == ("+ consensus() [gradient_penalty.weight=0.5]",)
    assert found.variants == ("wgan_gp",)


def test_a_second_name_with_settings_is_measured_against_them_too() -> None:
    """wgan_gp, known to be wgan + gradient_penalty with settings, against wgan with these settings."""
    second = "wgan + gradient_penalty(weight=10.0) [d_steps=2]"
    slower = with_settings(runs("wgan", [1.0], recipe="clipping"), (("d_steps", 2),))
    found = shown(slower, runs("wgan_gp", [4.0], recipe="penalty", also=(second,)))
    assert found.cells["wgan [d_steps=2]", "+ gradient_penalty(weight=10.0)"].estimate.mean == 3.0


def test_settings_are_variants_in_interactions() -> None:
    """consensus gives 3 to gan and 1 to gan of two steps, so 1 more than on average; set again is no missing cell."""
    two = (("d_steps", 2),)
    slow, slow_hinge = with_settings(runs("gan", [5.0, 5.0]), two), with_settings(runs("hinge", [1.0, 1.0]), two)
    tricked = runs("gan", [3.0, 3.0], ("consensus()",))
    both = with_settings(runs("gan", [6.0, 6.0], ("consensus()",)), two)
    found = crossed(runs("gan", [0.0, 0.0]), tricked, slow, both, runs("hinge", [0.0, 0.0]), slow_hinge)
    assert found.cells["gan", "+ consensus()"].estimate.mean == 1.0
    assert found.cells["gan [d_steps=2]", "+ consensus()"].estimate.mean == -1.0
    assert found.effects.not_run == (("hinge", "+ consensus()"),)


def test_a_board_without_a_change_has_no_effects() -> None:
    """Two plain variants, or a changed one without its plain run, give no table."""
    assert effects(board(runs("gan", [1.0]), runs("hinge", [2.0]))) is None
    assert effects(board(runs("gan", [1.0], R1))) is None


def test_what_was_not_run_or_makes_no_sense_is_said() -> None:
    """Two variants have r1, so that a blank would look like nothing; ema is of gan alone, and hinge lacks nothing."""
    refused = [replace(run, status="not_applicable", values={}, curve=()) for run in runs("hinge", [0.0, 0.0], R1)]
    ema = runs("gan", [1.0, 1.0], ("ema(decay=0.9)",))
    both = [*runs("nsgan", [0.0, 0.0]), *runs("nsgan", [1.0, 1.0], R1)]
    found = shown(runs("gan", [0.0, 0.0]), runs("hinge", [0.0, 0.0]), both, refused, ema)
    lines = effect_lines(found)
    assert [lines[1][name] for name in ("gan", "hinge", "nsgan")] == ["+1 ± 0", "", ""]
    assert [lines[2][name] for name in ("gan", "hinge", "nsgan")] == ["not run", "not applicable", "+1 ± 0"]
    assert found.not_run == (("gan", CHANGE),)
    assert sorted(zip(found.table["variant"], found.table["change"], strict=True)) == [
        ("gan", "+ ema(decay=0.9)"),
        ("gan", CHANGE),
        ("hinge", CHANGE),
        ("nsgan", CHANGE),
    ]


def test_two_names_of_one_recipe_are_one_row() -> None:
    """Runs whose recipes are the same value stand in one row, under the simpler name, and neither seed counts twice."""
    clipped = ("gradient_penalty(weight=10.0)",)
    found = board(
        runs("wgan_gp", [1.0, 2.0], recipe="the recipe"), runs("wgan", [1.0, 2.0], clipped, recipe="the recipe")
    )
    (row,) = found.rows
    assert row.names == ("wgan_gp", "wgan + gradient_penalty(weight=10.0)")
    assert row.cell == "wgan_gp (= wgan + gradient_penalty(weight=10.0))"
    assert len(row.records) == 2


def test_a_second_name_gives_the_effect_on_the_variant_that_it_names() -> None:
    """wgan_gp, known to be wgan + gradient_penalty, is what the penalty makes of wgan."""
    name = "wgan + gradient_penalty(weight=10.0)"
    found = shown(
        runs("wgan", [1.0, 1.0], recipe="clipping"), runs("wgan_gp", [4.0, 4.0], recipe="penalty", also=(name,))
    )
    assert found.cells["wgan", "+ gradient_penalty(weight=10.0)"].estimate.mean == 3.0


def test_the_effects_are_written_beside_the_board(tmp_path: Path) -> None:
    """A CSV with a row a variant and change, conditions included, and a section of the Markdown page."""
    table = board(runs("gan", [0.0, 0.0]), runs("gan", [1.0, 1.0], R1))
    paths = write_boards([table], tmp_path)
    (path,) = [path for path in paths if path.name.endswith("-effects.csv")]
    (line,) = csv.DictReader(path.read_text().splitlines())
    assert (line["variant"], line["change"], line["effect"], line["seeds"]) == ("gan", "'+ r1(weight=10.0)", "1", "2")
    assert line["budget"] == "1280 samples"
    assert "## Effects on" in paths[1].read_text()


def test_a_headline_that_is_a_word_has_no_difference() -> None:
    """Where the headline stands for words, the table says what becomes of a variant with the change."""
    said = {"modes_covered": {"direction": "lower", "labels": ["converges", "cycles"]}}
    plain, changed = runs("gan", [1.0, 1.0], quantities=said), runs("gan", [0.0, 0.0], R1, quantities=said)
    other = runs("hinge", [1.0, 1.0], quantities=said)
    found = shown(plain, changed, other)
    assert effect_lines(found) == [
        {"change": "none: the headline itself", "gan": "cycles"},
        {"change": "+ r1(weight=10.0)", "gan": "converges"},
    ]
    assert verdict(found.cells["gan", "+ r1(weight=10.0)"], found.board) == "none"
    assert "t-interval of the differences" not in board_markdown(found.board)
    assert "A cell says modes_covered with the change: a word" in board_markdown(found.board)


CHANGE = "+ r1(weight=10.0)"


def test_an_effect_is_tested_by_sign_flips() -> None:
    """Three differences of one sign have p = 2 / 2^3; of two effects the other, (1, 2, -3), has 1, and Holm doubles."""
    ema = runs("gan", [1.0, 2.0, -3.0], ("ema(decay=0.9)",))
    found = shown(runs("gan", [0.0, 0.0, 0.0]), runs("gan", [1.0, 2.0, 3.0], R1), ema)
    first, second = (found.cells["gan", change].contrast for change in (CHANGE, "+ ema(decay=0.9)"))
    assert (first.p, first.adjusted, second.p, second.adjusted) == (0.25, 0.5, 1, 1)
    assert found.sentence == (
        "Of 2 effects, 0 stand at 5 % in permutation tests, Holm-corrected, a failed seed being worst. "
        "None could with so few seeds: it takes 7."
    )


def test_a_failed_seed_counts_in_the_test_though_not_in_the_mean() -> None:
    """Five seeds gain 1, the sixth diverges with the change: 1 ± 0 over five, and p = 1: the loss outweighs them."""
    changed = [*runs("gan", [1.0] * 5, R1), failed("diverged", "gan", 5, tricks=R1)]
    found = shown(runs("gan", [0.0] * 6), changed).cells["gan", CHANGE]
    assert found.estimate == (1.0, 0.0, 5)
    assert (found.contrast.p, found.contrast.tested) == (1, 6)


def test_a_change_that_always_fails_has_a_p_and_no_mean() -> None:
    """Six failures against six numbers are as clear as six seeds can be; failing with and without is no difference."""
    gone = [failed("crashed", "gan", seed, tricks=R1) for seed in range(6)]
    both = [failed("crashed", "hinge", seed, tricks=R1) for seed in range(6)]
    plain = [failed("timeout", "hinge", seed) for seed in range(6)]
    found = shown(runs("gan", [5.0] * 6), gone, both, plain)
    assert [found.cells[name, CHANGE].contrast.p for name in ("gan", "hinge")] == [2 / 64, 1]
    assert found.cells["gan", CHANGE].estimate == (None, None, 0)
    assert found.sentence.startswith("Of 2 effects, 0 stand at 5 %")


def test_an_effect_in_six_seeds_stands() -> None:
    """One effect with 2 / 2^6 is below 5 %."""
    found = shown(runs("gan", [0.0] * 6), runs("gan", [0.5] * 6, R1))
    assert found.sentence == (
        "Of 1 effect, 1 stands at 5 % in permutation tests, Holm-corrected, a failed seed being worst. "
        "Of those that stand, 1 better and 0 worse."
    )


@pytest.mark.parametrize(("direction", "sign"), [("higher", 1), ("lower", -1)])
def test_an_effect_that_failures_turn_is_worse(direction: str, sign: int) -> None:
    """Three seeds of twelve gain 0.5 with the change and nine crash: the mean is better, the test says worse.

    Only flips that leave all nine failures on one side reach the sum, with the gains turned in any of 2**3 ways, since
    none makes the loss smaller than the gains as they are do: p = 2 * 2**3 / 2**12.
    """
    how = {"quantities": {"modes_covered": {"direction": direction}}}
    plain = runs("gan", [0.0] * 12, **how)
    changed = [*runs("gan", [sign * 0.5] * 3, R1, **how)]
    changed += [replace(failed("crashed", "gan", seed, tricks=R1), **how) for seed in range(3, 12)]
    found = shown(plain, changed)
    effect = found.cells["gan", CHANGE]
    assert effect.estimate == (sign * 0.5, 0.0, 3)
    assert (effect.contrast.p, effect.contrast.sign, effect.contrast.turned) == (2 / 2**9, -sign, True)
    gain = f"{'+' if sign > 0 else '-'}0.5 ± 0 (3 seeds), worse by failures"
    assert effect_lines(found)[1] == {"change": CHANGE, "gan": gain}
    assert found.sentence.endswith("Of those that stand, 0 better and 1 worse.")
    assert verdict(effect, found.board) == "worse"


def test_failures_turn_the_mean_over_variants_too() -> None:
    """r1 gains 1 in two seeds of gan and of hinge, and one seed of either crashes."""
    groups = []
    for name in ("gan", "hinge"):
        groups += [runs(name, [0.0] * 3), [*runs(name, [1.0] * 2, R1), failed("crashed", name, 2, tricks=R1)]]
    assert effect_lines(shown(*groups))[1]["all variants"] == "+1 ± 0 (2 of 2), worse by failures"


def test_what_no_longer_fails_is_better() -> None:
    """A change that loses 1 in one seed and saves eleven that crashed without it."""
    plain = [*runs("gan", [5.0]), *(failed("crashed", "gan", seed) for seed in range(1, 12))]
    found = shown(plain, runs("gan", [4.0] * 12, R1))
    effect = found.cells["gan", CHANGE]
    assert effect.estimate.mean == -1
    assert verdict(effect, found.board) == "better"
    assert effect_lines(found)[1]["gan"] == "-1 (1 seed, no interval), better by failures"


def test_a_change_that_always_fails_is_worse_without_a_number() -> None:
    """Six crashes against six numbers have p = 2 / 2**6 and stand; five have 2 / 2**5 and do not."""
    for seeds, word in ((6, "worse"), (5, "none")):
        gone = [failed("crashed", "gan", seed, tricks=R1) for seed in range(seeds)]
        found = shown(runs("gan", [5.0] * seeds), gone)
        assert verdict(found.cells["gan", CHANGE], found.board) == word
        assert effect_lines(found)[1]["gan"] == f"{seeds} crashed"


def test_failures_that_decide_nothing_leave_an_effect_undecided() -> None:
    """Three seeds gain exactly 1 and one diverges: the interval holds no 0, and one failure outweighs the three."""
    changed = [*runs("gan", [1.0] * 3, R1), failed("diverged", "gan", 3, tricks=R1)]
    found = shown(runs("gan", [0.0] * 4), changed)
    effect = found.cells["gan", CHANGE]
    assert (effect.estimate, effect.contrast.sign, effect.contrast.stands) == ((1.0, 0.0, 3), -1, False)
    assert verdict(effect, found.board) == "undecided"


def crossed(*groups: list[RunRecord]) -> Interactions:
    found = interactions(shown(*groups))
    assert found is not None
    return found


def grid() -> list[list[RunRecord]]:
    """Effects (1, 2, 3) of r1 on gan and (5, 4, 9) on hinge, whose level is 10 higher in every seed."""
    return [
        runs("gan", [0.0, 1.0, 2.0]),
        runs("gan", [1.0, 3.0, 5.0], R1),
        runs("hinge", [10.0, 11.0, 12.0]),
        runs("hinge", [15.0, 15.0, 21.0], R1),
    ]


def test_an_interaction_is_a_difference_of_differences() -> None:
    """gan's effects minus the mean of both: (1, 2, 3) - (3, 3, 6) = (-2, -1, -3), of mean -2 and deviation 1."""
    found = crossed(*grid())
    gan, hinge = (found.cells[name, CHANGE] for name in ("gan", "hinge"))
    assert gan.estimate.mean == pytest.approx(-2)
    assert gan.estimate.half_width == pytest.approx(QUANTILE_OF_TWO / math.sqrt(3))
    assert hinge.estimate.mean == pytest.approx(2)
    assert (gan.p, gan.adjusted, hinge.p, hinge.adjusted) == (0.25, 0.5, 0.25, 0.5)


def test_main_effects_are_means_over_the_other_side() -> None:
    """r1: (3, 3, 6) by seed, so 4. hinge minus the mean of both, without and with r1: (5, 5, 5) and (7, 6, 8), so 6."""
    found = crossed(*grid())
    assert found.mains["", CHANGE].estimate.mean == pytest.approx(4)
    assert found.mains["hinge", ""].estimate.mean == pytest.approx(6)
    assert found.mains["hinge", ""].estimate.half_width == pytest.approx(QUANTILE_OF_TWO * 0.5 / math.sqrt(3))
    assert found.mains["gan", ""].estimate.mean == pytest.approx(-6)
    assert found.over == {("gan", ""): 2, ("hinge", ""): 2, ("", CHANGE): 2}
    assert {each.p for each in found.mains.values()} == {0.25}
    assert {each.adjusted for each in found.mains.values()} == {0.75}


def test_effects_that_are_the_same_for_all_do_not_interact() -> None:
    """Levels may differ as they like: every interaction is 0 ± 0, with p = 1."""
    found = crossed(
        runs("gan", [0.0, 5.0]), runs("gan", [3.0, 4.0], R1), runs("hinge", [7.0, 1.0]), runs("hinge", [10.0, 0.0], R1)
    )
    assert [(each.estimate, each.p) for each in found.cells.values()] == [((0.0, 0.0, 2), 1.0)] * 2


def test_an_interaction_counts_failures_as_worst() -> None:
    """r1 ruins hinge in every seed and gan in none: nothing to average for hinge, and as clear as six seeds can be."""
    ruined = [failed("diverged", "hinge", seed, tricks=R1) for seed in range(6)]
    found = crossed(runs("gan", [0.0] * 6), runs("gan", [1.0] * 6, R1), runs("hinge", [0.0] * 6), ruined)
    assert [found.cells[name, CHANGE].p for name in ("gan", "hinge")] == [2 / 64, 2 / 64]
    assert found.cells["hinge", CHANGE].estimate.seeds == 0
    assert found.over["", CHANGE] == 1
    assert found.over["gan", ""] == 1
    assert interaction_lines(found)[0] == {
        "change": CHANGE,
        "gan": "no number, p = 0.062 upwards by failures",
        "hinge": "no number, p = 0.062 downwards by failures",
        "all variants": "+1 ± 0, p = 0.094 downwards by failures (1 of 2)",
    }


def test_what_not_all_variants_have_is_left_out_of_their_main_effects() -> None:
    """ema was run with gan alone: it has no interaction, and hinge and gan are compared plainly and with r1.

    Nor has it a main effect, which would repeat its effect on gan and be a fourth test of which Holm takes account.
    """
    ema = runs("gan", [100.0, 100.0, 100.0], ("ema(decay=0.9)",))
    refused = [
        replace(run, status="not_applicable", values={}) for run in runs("hinge", [0.0] * 3, ("ema(decay=0.9)",))
    ]
    for groups in ([*grid(), ema], [*grid(), ema, refused]):
        found = crossed(*groups)
        assert found.cells["gan", "+ ema(decay=0.9)"].p is None
        assert found.mains["hinge", ""].estimate.mean == pytest.approx(6)
        assert ("", "+ ema(decay=0.9)") not in found.mains
        assert found.changes == (CHANGE,)
        assert [line["change"] for line in interaction_lines(found)] == [CHANGE, "all changes"]
        assert found.mains["", CHANGE].adjusted == 0.75


def test_what_too_few_seeds_cannot_decide_is_said() -> None:
    """Three main effects and two interactions need n = 7 each, and with 7 nothing is said.

    3 * 2 / 2^6 is 0.09, 3 * 2 / 2^7 is 0.047; 2 * 2 / 2^6 is 0.06, 2 * 2 / 2^7 is 0.03.
    """
    found = crossed(*grid())
    assert found.sentences == (
        "Cannot be decided with n = 3 seeds: even the clearest of 3 main effects would need 7.",
        "Cannot be decided with n = 3 seeds: even the clearest of 2 interactions would need 7.",
    )
    assert all(sentence in board_markdown(found.effects.board) for sentence in found.sentences)
    seven = [runs(name, [level] * 7, tricks) for name, level, tricks in (("gan", 0, ()), ("gan", 1, R1))]
    seven += [runs(name, [level] * 7, tricks) for name, level, tricks in (("hinge", 3, ()), ("hinge", 5, R1))]
    assert crossed(*seven).sentences == ()


def test_a_single_variant_has_no_interactions() -> None:
    """There is nothing that its effects could differ from."""
    assert interactions(shown(runs("gan", [0.0]), runs("gan", [1.0], R1))) is None


def test_interactions_are_written_and_shown(tmp_path: Path) -> None:
    """A CSV with main effects, then interactions; and a section of the page."""
    paths = write_boards([board(*grid())], tmp_path)
    (path,) = [path for path in paths if path.name.endswith("-interactions.csv")]
    shared = f'ring8,{"f" * 64},"MLPPair(width=128, depth=2)",1280 samples,1000,128,2,,,cpu,1,,1'
    head, *lines = path.read_text().splitlines()
    assert head.endswith(",protocol,kind,variant,change,headline,over,effect,half_width,seeds,p,p_holm,p_sign")
    assert lines == [
        f"{shared},variant,hinge,,modes_covered,2,6,1.242068856,3,0.25,0.75,1",
        f"{shared},variant,gan,,modes_covered,2,-6,1.242068856,3,0.25,0.75,-1",
        f"{shared},change,,'{CHANGE},modes_covered,2,4,4.30265273,3,0.25,0.75,1",
        f"{shared},interaction,hinge,'{CHANGE},modes_covered,,2,2.484137712,3,0.25,0.5,1",
        f"{shared},interaction,gan,'{CHANGE},modes_covered,,-2,2.484137712,3,0.25,0.5,-1",
    ]
    page = paths[1].read_text()
    assert "nan" not in page
    assert "## Main effects and interactions on modes_covered" in page
    (line,) = [line for line in page.splitlines() if line.startswith("| all changes ")]
    assert [field.strip() for field in line.split("|")[2:5]] == ["+6.0 ± 1.2, p = 0.75", "-6.0 ± 1.2, p = 0.75", ""]
