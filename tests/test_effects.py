"""Effects of changes on variants: hand-made records, numbers computed by hand."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from records import ok

from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.effects import Effects, effects
from ganbench.leaderboards.entries import effect_lines
from ganbench.leaderboards.files import write_boards
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
    assert effect_lines(found)[1] == {"change": "+ r1(weight=10.0)", "gan": "+1 ± 0 (2 seeds)"}


def test_a_change_over_variants_is_averaged_seed_by_seed() -> None:
    """Effects (1, 2, 3) on gan and (3, 4, 5) on hinge: (2, 3, 4) by seed, so 3 ± 4.30 / sqrt(3) over two variants."""
    found = shown(
        runs("gan", [0.0, 0.0, 0.0]),
        runs("gan", [1.0, 2.0, 3.0], R1),
        runs("hinge", [5.0, 5.0, 5.0]),
        runs("hinge", [8.0, 9.0, 10.0], R1),
    )
    estimate, variants = found.over_variants("+ r1(weight=10.0)")
    assert (estimate.mean, variants) == (pytest.approx(3.0), 2)
    assert estimate.half_width == pytest.approx(QUANTILE_OF_TWO / math.sqrt(3))


def test_ablations_and_settings_are_changes_too() -> None:
    """What was taken out of a variant, and what was set by hand, stand in the table as they do in the cell's name."""
    taken = [replace(run, spec=replace(run.spec, without=("r2",))) for run in runs("r3gan", [1.0, 1.0])]
    slower = [replace(run, spec=replace(run.spec, settings=(("d_steps", 2),))) for run in runs("r3gan", [2.0, 2.0])]
    found = shown(runs("r3gan", [3.0, 3.0]), taken, slower)
    assert found.changes == ("- r2", "[d_steps=2]")
    assert [found.cells["r3gan", change].estimate.mean for change in found.changes] == [-2.0, -1.0]


def test_a_board_without_a_change_has_no_effects() -> None:
    """Two plain variants, or a changed one without its plain run, give no table."""
    assert effects(board(runs("gan", [1.0]), runs("hinge", [2.0]))) is None
    assert effects(board(runs("gan", [1.0], R1))) is None


def test_what_was_not_run_or_makes_no_sense_is_said() -> None:
    """A blank would look like nothing; the table says why there is no number."""
    refused = [replace(run, status="not_applicable", values={}, curve=()) for run in runs("hinge", [0.0, 0.0], R1)]
    ema = runs("gan", [1.0, 1.0], ("ema(decay=0.9)",))
    lines = effect_lines(shown(runs("gan", [0.0, 0.0]), runs("hinge", [0.0, 0.0]), refused, ema))
    assert lines[1]["hinge"] == "not run"
    assert lines[2]["hinge"] == "not applicable"
    assert lines[2]["gan"] == "not run"


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
    assert (line["variant"], line["change"], line["effect"], line["seeds"]) == ("gan", "+ r1(weight=10.0)", "1", "2")
    assert line["budget"] == "1280 samples"
    assert "## Effects on" in paths[1].read_text()


def test_a_headline_that_is_a_word_has_no_difference() -> None:
    """Where the headline stands for words, the table says what becomes of a variant with the change."""
    said = {"modes_covered": {"direction": "lower", "labels": ["converges", "cycles"]}}
    plain, changed = runs("gan", [1.0, 1.0], quantities=said), runs("gan", [0.0, 0.0], R1, quantities=said)
    other = runs("hinge", [1.0, 1.0], quantities=said)
    assert effect_lines(shown(plain, changed, other)) == [
        {"change": "none: the headline itself", "gan": "cycles"},
        {"change": "+ r1(weight=10.0)", "gan": "converges"},
    ]
