"""What is let in of the records that guests' own nights leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from records import ok

from ganbench.archive import Archive
from ganbench.leaderboards.board import boards
from ganbench.nightly.arrivals import Arrivals, arrivals
from ganbench.nightly.guests import Guest
from ganbench.record import RunRecord, RunSpec

CALM = Guest("ganbench-calm", "0.1.0", ("calm", "calmer"))

GOOD = RunRecord(
    RunSpec("calm", "ring8", "640000 samples", 0, (0,)), "ok", provenance={"used": {"calm": "ganbench-calm 0.1.0"}}
)


def let_in(folder: Path, *records: RunRecord, published: Sequence[RunRecord] = ()) -> Arrivals:
    """What becomes of records that the guest's night left."""
    Archive(folder / "ganbench-calm").append(records)
    return arrivals(folder, [CALM], published)


def with_spec(**changes: Any) -> RunRecord:
    return replace(GOOD, spec=replace(GOOD.spec, **changes))


def test_what_a_guest_brings_of_its_own_is_let_in(tmp_path: Path) -> None:
    """Runs of its variants, those that failed too; of others there is no word, whatever its file says of them."""
    failed = replace(with_spec(seed=1), status="timeout", provenance={})
    others = [with_spec(variant=name) for name in ("nsgan", "held_out_real", "wild")]
    assert let_in(tmp_path, GOOD, failed, *others) == Arrivals((GOOD, failed), ())


@pytest.mark.parametrize(
    ("record", "objection"),
    [
        (with_spec(dataset="mnist"), "found the dataset 'mnist', wanted ring8 or digits"),
        (with_spec(tricks=("ema(decay=0.9)",)), "found + ema(decay=0.9), wanted the variant as it is"),
        (with_spec(settings=(("d_steps", 9),)), "found [d_steps=9], wanted the variant as it is"),
        (with_spec(protocol=99), "found protocol 99, wanted 1"),
        (replace(GOOD, provenance={}), "found it made by None, wanted 'ganbench-calm 0.1.0'"),
        (
            replace(GOOD, provenance={"used": {"calm": "ganbench-calm 0.2.0"}}),
            "found it made by 'ganbench-calm 0.2.0', wanted 'ganbench-calm 0.1.0'",
        ),
    ],
)
def test_what_the_suite_did_not_ask_for_is_refused(tmp_path: Path, record: RunRecord, objection: str) -> None:
    """With the run and the reason, and nothing else is lost by it."""
    other = with_spec(seed=1)
    found = let_in(tmp_path, record, other)
    assert found.records == (other,)
    assert found.refused == (f"ganbench-calm: run {record.id} of {record.spec.cell}: {objection}",)


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    """With its file and line."""
    (tmp_path / "ganbench-calm").mkdir()
    (tmp_path / "ganbench-calm" / "ring8.jsonl").write_text("__import__('os')\n")
    found = arrivals(tmp_path, [CALM], [])
    assert found.records == ()
    assert len(found.refused) == 1
    assert "ring8.jsonl, line 1: " in found.refused[0]


def made(record: RunRecord, maker: str, **changes: Any) -> RunRecord:
    """The record as that distribution's, with its recipe's text."""
    return replace(record, provenance={"used": {record.spec.variant: maker}}, **changes)


OFFICIAL = [
    made(ok("nsgan", seed, 6 + seed % 2, source_hash="b" * 64), "ganbench 0.1.0", recipe="Recipe(loss=NonSaturating())")
    for seed in range(3)
]
FAILED = replace(ok("wgan", 0, source_hash="c" * 64), status="timeout", values={}, recipe="", headline="")
REALS = ok("held_out_real", 0, 8, budget="", points=0, batch_size=0, source_hash=None)
PUBLISHED = [*OFFICIAL, FAILED, REALS]
HONEST = made(ok("calm", 0, 5), "ganbench-calm 0.1.0", recipe="Recipe(loss=Calm())", also=("calmer",))
LOWER = {**HONEST.quantities["modes_covered"], "direction": "lower"}
WORDS = {**HONEST.quantities["modes_covered"], "labels": ["best"]}
UNBOUNDED = {**HONEST.quantities["auc"], "highest": None}
MODES = {"direction": "higher", "lowest": 0}


def read_by(**quantities: Any) -> RunRecord:
    return replace(HONEST, quantities={**HONEST.quantities, **quantities})


def test_an_honest_record_is_let_in_beside_what_is_published(tmp_path: Path) -> None:
    """Also beside runs of its own of before: the same recipe, the same source, whichever version and status."""
    before = [
        made(ok("calm", 1), "ganbench-calm 0.0.9", recipe=HONEST.recipe),
        replace(ok("calm", 2), status="timeout", provenance={}, recipe=HONEST.recipe),
        made(ok("left_the_list", 0), "ganbench-calm 0.0.9", recipe=HONEST.recipe),
    ]
    assert let_in(tmp_path, HONEST, published=[*PUBLISHED, *before]) == Arrivals((HONEST,), ())


@pytest.mark.parametrize(
    ("record", "objection"),
    [
        (
            replace(HONEST, also=("nsgan", "calmer")),
            "found the second name 'nsgan', wanted none but calm or calmer",
        ),
        (
            replace(HONEST, recipe="Recipe(loss=NonSaturating())"),
            f"found the recipe of nsgan, whose run {OFFICIAL[0].id} is published; wanted one of its own",
        ),
        (
            replace(HONEST, recipe="wgan"),
            f"found the recipe of wgan, whose run {FAILED.id} is published; wanted one of its own",
        ),
        (
            replace(HONEST, spec=replace(HONEST.spec, source_hash="b" * 64)),
            f"found the source of nsgan, whose run {OFFICIAL[0].id} is published; wanted its own",
        ),
        (
            replace(HONEST, spec=replace(HONEST.spec, source_hash="c" * 64)),
            f"found the source of wgan, whose run {FAILED.id} is published; wanted its own",
        ),
        (
            replace(HONEST, headline="reverse_kl"),
            "found the headline 'reverse_kl', wanted modes_covered as the runs beside it have",
        ),
        (
            read_by(modes_covered=LOWER),
            f"found modes_covered read by {MODES | {'direction': 'lower'}}, wanted {MODES} as the runs beside it have",
        ),
        (
            read_by(modes_covered=WORDS),
            "found modes_covered read by {'direction': 'higher', 'labels': ['best'], 'lowest': 0}, "
            f"wanted {MODES} as the runs beside it have",
        ),
        (
            read_by(auc=UNBOUNDED),
            "found auc read by {'direction': 'neither', 'lowest': 0}, "
            "wanted {'direction': 'neither', 'lowest': 0, 'highest': 1} as the runs beside it have",
        ),
        (replace(HONEST, values={"modes_covered": -1.1e100}), "found modes_covered = -1.1e+100, wanted at most"),
        (replace(HONEST, meters={**HONEST.meters, "flops": 10**300}), "found flops = 1e+300, wanted at most"),
        (replace(HONEST, seconds={"evaluation": 1e308}), "found evaluation = 1e+308, wanted at most"),
        (replace(HONEST, parameters={"generator": 10**101}), "found generator = 1e+101, wanted at most"),
        (
            replace(HONEST, curve=({"fraction": 0.5, "meters": {}, "values": {"auc": 1e200}},)),
            "found auc = 1e+200, wanted at most 1e+100 in size",
        ),
    ],
)
def test_what_would_take_over_rows_or_boards_of_others_is_refused(
    tmp_path: Path, record: RunRecord, objection: str
) -> None:
    """With what was found and wanted, one line for one fault; what is honest is let in all the same."""
    other = replace(HONEST, spec=replace(HONEST.spec, seed=1, group=(1,)))
    found = let_in(tmp_path, record, other, published=PUBLISHED)
    assert found.records == (other,)
    (line,) = found.refused
    assert line.startswith(f"ganbench-calm: run {record.id} of calm: {objection}")


def test_the_controls_alone_hold_a_headline(tmp_path: Path) -> None:
    """On a board of which no variant is published yet; under other conditions nothing is known to differ from."""
    other = replace(HONEST, headline="reverse_kl")
    elsewhere = replace(other, spec=replace(other.spec, samples=500))
    found = let_in(tmp_path, other, elsewhere, published=[REALS])
    assert found.records == (elsewhere,)
    assert [line.partition(": found ")[2] for line in found.refused] == [
        "the headline 'reverse_kl', wanted modes_covered as the runs beside it have"
    ]


def test_of_two_guests_the_first_keeps_its_recipe(tmp_path: Path) -> None:
    """What is let in tonight is known to the next."""
    wild = Guest("ganbench-wild", "1.0", ("wild",))
    copied = made(ok("wild", 0, 5, source_hash="d" * 64), "ganbench-wild 1.0", recipe=HONEST.recipe)
    for guest, record in ((CALM, HONEST), (wild, copied)):
        Archive(tmp_path / guest.distribution).append([record])
    found = arrivals(tmp_path, [CALM, wild], PUBLISHED)
    assert found.records == (HONEST,)
    assert "ganbench-wild: run " in found.refused[0]
    assert "found the recipe of calm, " in found.refused[0]


def test_a_guest_that_tries_everything_gets_no_row_but_its_own(tmp_path: Path) -> None:
    """A board with what is let in has the rows and the headline that it had."""
    greedy = replace(HONEST, also=("nsgan",), recipe=OFFICIAL[0].recipe, headline="auc")
    (before,), (taken,) = boards(PUBLISHED), boards([*PUBLISHED, greedy])
    assert "nsgan" not in {row.cell for row in taken.rows}
    refused = let_in(tmp_path / "one", greedy, published=PUBLISHED)
    assert boards([*PUBLISHED, *refused.records]) == [before]
    (board,) = boards([*PUBLISHED, *let_in(tmp_path / "other", HONEST, published=PUBLISHED).records])
    assert board.headline == before.headline
    assert {row.cell for row in board.rows} == {row.cell for row in before.rows} | {"calm (= calmer)"}
