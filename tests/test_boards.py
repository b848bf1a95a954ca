import csv
import io
import random
from dataclasses import replace

import pandas as pd
import pytest
from records import QUANTITIES, failed, ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.entries import quantity_text
from ganbench.leaderboards.files import board_csv, slugs, write_boards, write_page
from ganbench.leaderboards.frame import runs_frame
from ganbench.leaderboards.markdown import board_markdown, escaped
from ganbench.leaderboards.numbers import count_text, estimate_text, magnitude_text, seconds_text
from ganbench.leaderboards.robust import middle_text
from ganbench.leaderboards.row import Estimate
from ganbench.leaderboards.visible import table_csv

NSGAN = [ok("nsgan", 0, 6), ok("nsgan", 1, 7), ok("nsgan", 2, 8)]
WGAN = [ok("wgan", 0, 3), failed("diverged", "wgan", 1, "weights were not finite")]
GAN = [failed("timeout", "gan", 0, "60 s were over")]
HELD_OUT = ok("held_out_real", 0, 8, budget="0 samples", batch_size=0, points=1)
HASH = "f" * 64


def only(records):
    (board,) = boards(records)
    return board


def cells(board):
    return [row.cell for row in board.all_rows]


def test_csv_holds_every_number_with_its_conditions():
    """A CSV has a line a cell: conditions, ranks, seeds, failures, mean and half width apart, costs, ids.

    What there is not is an empty field; three seeds separate nothing, so that each variant may have any of three ranks.
    6, 7, 8 have the mean 7 and the half width 4.302652730 / sqrt(3) = 2.484137712.
    """
    ids = [" ".join(record.id for record in records) for records in (NSGAN, WGAN, GAN, [HELD_OUT])]
    conditions = f'ring8,{HASH},"MLPPair(width=128, depth=2)",1280 samples,1000,128,2,,,cpu,1,,1'
    cost = "17282,17153,1280,10,10,2500000,0.5,0.025,0.25"
    expected = (
        "dataset,fingerprint,standard,budget,samples,batch_size,points,extractor,extractor_hash,device,threads,machine,protocol,"
        "cell,rank_best,rank_worst,ties,seeds,seeds_ok,failures,"
        "modes_covered.mean,modes_covered.half_width,modes_covered.seeds,modes_covered.interquartile_mean,"
        "parameters.generator,parameters.discriminator,real_samples,d_steps,g_steps,flops,"
        "training_seconds,step_seconds,evaluation_seconds,runs\n"
        f"{conditions},nsgan,1,3,a,3,3,,7,2.484137712,3,,{cost},{ids[0]}\n"
        f"{conditions},wgan,1,3,a,2,1,1 diverged,3,,1,,{cost},{ids[1]}\n"
        f"{conditions},gan,1,3,a,1,0,1 timeout,,,0,,,,,,,,,,,{ids[2]}\n"
        f"{conditions},control: held-out real data,,,,1,1,,8,,1,,{cost},{ids[3]}\n"
    )
    assert board_csv(only([HELD_OUT, *GAN, *WGAN, *NSGAN])) == expected


def test_markdown_prints_what_the_numbers_depend_on():
    """A page has heading, conditions, how to read it, results, cost with run ids, failures with reasons, and a legend.

    The half width 2.484 is printed to two digits, so the mean has one decimal place.
    """
    nsgan, gan = " ".join(record.id for record in NSGAN), GAN[0].id
    expected = f"""\
# ring8: 1280 samples

- dataset: ring8, fingerprint ffffffffffff
- standard: MLPPair(width=128, depth=2)
- budget of one seed: 1280 samples, batch size 128
- evaluation: n = 1000 samples at the last of 2 points
- extractor: none
- seeds: 0, 1, 2
- device: cpu, threads 1
- platform: not recorded
- protocol: 1
- versions: torch 2.13.0

A number is the mean ± half the 95 % t-interval over the seeds that ended ok; one seed has no interval.
The interval holds the truth as often as it says for normal scores, and less often for skewed ones and counts: with \
5 seeds 82 % and 90 % of times, as benchmarks/calibration.py simulates them.
"± 0" means that all seeds are equal.
Failed runs enter no mean: they are counted in their row and listed with their reasons.
Seconds are wall-clock, and depend on what else the machine did and on how many seeds were trained together: FLOPs \
compare rows. Where none stand, training computes outside torch and is not metered.
Rows stand in the order of how few of their seeds failed, then of modes_covered ↑; that one stands above another does \
not separate the two.
Ranks come from exact paired permutation tests over shared seeds, for one pair at 5 %.
Rows that share a letter are not separated. A failed seed counts as worse than any number.
Cannot be decided with n = 1 seed: even a clear difference would need 6.

## Results

| cell   | rank   | ties   | seeds ok   | failed    | modes_covered ↑   |
|--------|--------|--------|------------|-----------|-------------------|
| nsgan  | 1-2    | a      | 3 of 3     |           | 7.0 ± 2.5         |
| gan    | 1-2    | a      | 0 of 1     | 1 timeout |                   |

## Cost of one seed and its runs

All files of this board call a cell as here; those of pairs and interactions name no runs: look them up here.

| cell   | parameters of generator   | parameters of discriminator   | real samples   | d_steps   | g_steps   \
| FLOPs   | training seconds   | seconds a step   | evaluation seconds   \
| runs                                               |
|--------|---------------------------|-------------------------------|----------------|-----------|-----------|\
---------|--------------------|------------------|----------------------|----------------------------------------------------|
| nsgan  | 17,282                    | 17,153                        | 1,280          | 10        | 10        \
| 2.5 M   | 0.5                | 0.025            | 0.25                 | {nsgan} |
| gan    |                           |                               |                |           |           \
|         |                    |                  |                      | {gan}                                   |

## Failed and incomplete runs

| cell   | seed   | status   | reason         | spent                                                          \
| run              |
|--------|--------|----------|----------------|----------------------------------------------------------------\
|------------------|
| gan    | 0      | timeout  | 60 s were over | 640 samples, 5 d_steps, 5 g_steps, 1250000 flops, 0.25 seconds \
| {gan} |

## Legend

| quantity      | better   | unit   | bounds     | meaning    |
|---------------|----------|--------|------------|------------|
| modes_covered | higher   | modes  | at least 0 | modes held |
"""
    assert board_markdown(only([*GAN, *NSGAN])) == expected


def test_failed_seeds_are_counted_and_never_averaged():
    """A diverged and a timed-out seed stand in the row's count; their numbers, though in the record, enter no mean."""
    board = only([*NSGAN, failed("diverged", seed=3), failed("diverged", seed=4), failed("timeout", seed=5)])
    (row,) = board.rows
    assert (len(row.records), len(row.ok), row.failures) == (6, 3, "2 diverged, 1 timeout")
    assert row.estimate("modes_covered").mean == 7


def test_one_seed_has_no_interval():
    """A single ok seed is printed as a number that says so."""
    assert "| nsgan  | 1 of 1     |          | 6 (1 seed, no interval) |" in board_markdown(only([ok(modes=6)]))


def test_a_cell_without_an_ok_seed_comes_last_and_blank():
    """A cell whose every seed failed has its place after the worst that ended, and no number."""
    board = only([failed("crashed", "aaa", 0), failed("diverged", "aaa", 1), ok("zzz", 0, 0)])
    assert cells(board) == ["zzz", "aaa"]
    assert pd.isna(board.table["modes_covered.mean"][1])


def test_a_board_of_failures_alone_is_still_a_board():
    """Where nothing ended well, the failures are the result."""
    text = board_markdown(only([failed("crashed", reason="out of luck")]))
    assert "| nsgan  | 0 of 1     | 1 crashed |" in text
    assert "out of luck" in text
    assert "Legend" not in text


def test_a_quantity_is_averaged_over_the_seeds_that_have_it():
    """Where an ok seed lacks a quantity, the number says how many seeds it rests on; the run's reason is listed."""
    partial = ok("nsgan", 3, None, values={"reverse_kl": 0.5})
    board = only([*NSGAN, partial])
    assert board.rows[0].estimate("modes_covered") == Estimate(7.0, pytest.approx(2.484138), 3)
    text = board_markdown(board)
    assert "7.0 ± 2.5 (3 seeds)" in text
    assert "0.5 (1 seed, no interval)" in text


def test_an_ok_run_with_a_reason_is_listed():
    """A run that ended well but left a value out is listed with what it says of that."""
    record = ok("nsgan", 0, 6)
    record = type(record)(**{**vars(record), "reason": "left out, because not finite: auc"})
    assert "left out, because not finite: auc" in board_markdown(only([record]))


@pytest.mark.parametrize(
    "changes",
    [
        {"protocol": 99},
        {"dataset": "grid25"},
        {"fingerprint": "0" * 64},
        {"budget": "2560 samples"},
        {"samples": 500},
        {"batch_size": 64},
        {"points": 5},
        {"extractor": "cnn", "extractor_hash": "1" * 64},
        {"device": "cuda"},
    ],
)
def test_different_conditions_never_share_a_board(changes):
    """Two runs that differ in protocol, data, budget, n, batch size, points, extractor or device are on two boards."""
    assert len(boards([ok("nsgan", 0, 6), ok("wgan", 0, 7, **changes)])) == 2


def test_rows_follow_the_direction_of_the_headline():
    """Where lower is better the smallest mean comes first; ties stand by name, two before ten."""
    lower = {**QUANTITIES, "modes_covered": {"direction": "lower"}}
    values = {"b": 2.0, "a10": 1.0, "a2": 1.0}
    records = [ok(name, 0, value) for name, value in values.items()]
    assert cells(only(records)) == ["b", "a2", "a10"]
    reversed_ = [type(record)(**{**vars(record), "quantities": lower}) for record in records]
    assert cells(only(reversed_)) == ["a2", "a10", "b"]


@pytest.mark.parametrize(("direction", "sign"), [("higher", 1), ("lower", -1)])
def test_rows_of_which_fewer_seeds_failed_stand_first(direction, sign):
    """2 of 12 seeds at 8 stand below 11 of 12 at 2, and both below 12 at 1: a mean of 8 over two is no lead.

    So do 1 of 2 at 9, since 10 of 12 failures are more than 1 of 2; what was interrupted or refused is no failure.
    """
    records = [ok("lucky", seed, sign * 8) for seed in range(2)]
    records += [failed("crashed", "lucky", seed) for seed in range(2, 12)]
    records += [ok("careful", seed, sign * 2) for seed in range(11)] + [failed("diverged", "careful", 11)]
    records += [ok("dull", seed, sign * 1) for seed in range(12)]
    records += [ok("short", 0, sign * 9), failed("timeout", "short", 1)]
    records += [ok("stopped", 0, sign * 5), failed("interrupted", "stopped", 1)]
    how = {"modes_covered": {"direction": direction}}
    expected = ["stopped", "dull", "careful", "short", "lucky"]
    assert cells(only([replace(record, quantities=how) for record in records])) == expected


def test_a_headline_without_a_direction_has_no_worst():
    """Rows stand by name, whatever failed."""
    records = [ok("a", 0, 1), failed("crashed", "a", 1), ok("b", 0, 2)]
    board = only([replace(record, quantities={"modes_covered": {"direction": "neither"}}) for record in records])
    assert cells(board) == ["a", "b"]
    assert "Rows stand in the order of modes_covered; that" in board_markdown(board)


def test_controls_stand_apart_on_every_budget():
    """A control is on each board of its data, n, extractor and protocol, after the variants however good it is."""
    untrained = ok("untrained", 0, 0, budget="0 samples", batch_size=0, points=1)
    small, large = boards([untrained, HELD_OUT, ok("gan", 0, 3), ok("gan", 0, 5, budget="2560 samples")])
    for board in (small, large):
        assert cells(board) == ["gan", "control: held-out real data", "control: untrained generator"]


@pytest.mark.parametrize("changes", [{"samples": 500}, {"protocol": 99}, {"fingerprint": "0" * 64}])
def test_a_control_under_other_conditions_is_not_admitted(changes):
    """A control measured on other data, at another n or under another protocol says nothing of the board."""
    assert cells(only([ok("gan", 0, 3), ok("untrained", 0, 0, **changes)])) == ["gan"]


def test_controls_alone_make_no_board():
    """Without a variant there is nothing to compare."""
    assert boards([HELD_OUT]) == []


def test_two_sources_of_one_cell_are_two_rows():
    """A plugin that changed is another cell, told apart by the first digits of its source where there is need."""
    old, new = ok("gan", 0, 3, source_hash="1234567" + "0" * 57), ok("gan", 0, 5, source_hash="89abcde" + "0" * 57)
    assert cells(only([old, new])) == ["gan @89abcde", "gan @1234567"]
    assert cells(only([old])) == ["gan"]


def test_of_a_seed_run_twice_the_smaller_id_counts():
    """Of two runs of one cell, source and seed the first by id stays, even where it failed; the other is counted."""
    alone, grouped = ok("gan", 0, 3), failed("diverged", "gan", 0, group=(0, 1))
    board = only([alone, grouped])
    assert board.set_aside == 1
    assert board.rows[0].ids == min(alone.id, grouped.id)
    assert "1 run was set aside" in board_markdown(board)


def test_boards_do_not_depend_on_the_order_of_records():
    """The same records in any order give the same bytes."""
    records = [*NSGAN, *WGAN, *GAN, HELD_OUT, ok("gan", 0, 5, budget="2560 samples")]
    expected = [board_csv(board) + board_markdown(board) for board in boards(records)]
    for seed in range(5):
        random.Random(seed).shuffle(records)
        assert [board_csv(board) + board_markdown(board) for board in boards(records)] == expected


HOSTILE = "<script>alert(1)</script> | `x` ![i](javascript:1)\n# h \u202e$a$ **b**"


def test_hostile_text_cannot_break_or_script_a_page():
    """Names, settings and reasons from a stranger reach the page as text: no tag, link, cell, heading or code."""
    record = failed("crashed", HOSTILE, 0, HOSTILE, settings=((HOSTILE, HOSTILE),), dataset=HOSTILE)
    text = board_markdown(only([record, ok("gan", 0, 3, dataset=HOSTILE)]))
    for live in ("<", "`", "](", "$", "*", "\u202e"):
        assert live not in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 4
    for lines in tables:
        assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert sum(line.startswith("#") for line in text.splitlines()) == 5


def test_escaped_text_is_readable():
    """What is harmless stays as it is."""
    plain = "wgan_gp + ema(decay=0.99) [weight='0.1']"
    assert escaped(plain) == plain
    assert escaped("a|b\n<c>") == "a&#124;b &lt;c&gt;"


def test_hostile_text_stays_in_its_csv_field():
    """A reader of the CSV gets the cell's name back, each character that is not printable as an escape."""
    (line,) = csv.DictReader(io.StringIO(board_csv(only([ok('a,"b"\n|c', 0, 1)]))))
    assert line["cell"] == r'a,"b"\n|c'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+ r1(weight=10.0)", "'+ r1(weight=10.0)"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", r"'\t=1"),
        ("a=1", "a=1"),
        ("x\x1b[31m", r"x\x1b[31m"),
        ("\u202eevil", r"\u202eevil"),
        ("雪 ñ \x9b", r"雪 ñ \x9b"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_csv_is_safe_to_open(text, shown):
    """Neither a terminal nor a spreadsheet acts on a text or a heading; numbers below 0 stay numbers."""
    frame = pd.DataFrame({text: [-1.5, None], "text": [text, text], "mixed": [-2, text]})
    head, *lines = csv.reader(io.StringIO(table_csv(frame)))
    assert head == [shown, "text", "mixed"]
    assert lines == [["-1.5", shown, "-2"], ["", shown, shown]]


def test_the_interquartile_mean_counts_failures_as_worst():
    """Of 1, 5, 6, 9 it is 5.5; with a failure in the place of 1 too, and of two none; of three seeds there is none."""
    four = [ok("four", seed, value) for seed, value in enumerate((6, 1, 9, 5))]
    one = [ok("one", seed, value) for seed, value in enumerate((6, 9, 5))] + [failed("crashed", "one", 3)]
    two = [ok("two", 0, 6), ok("two", 1, 9), failed("crashed", "two", 2), failed("timeout", "two", 3)]
    column = "modes_covered.interquartile_mean"
    for way, cut in (("higher", 5.5), ("lower", 7.5)):
        records = [
            replace(each, quantities={"modes_covered": {"direction": way}}) for each in [*four, *one, *two, *NSGAN]
        ]
        board = only(records)
        found = dict(zip(board.table["cell"], board.table[column], strict=True))
        assert (found["four"], found["one"]) == (5.5, cut)
        assert pd.isna(found["two"])
        assert pd.isna(found["nsgan"])
        assert [middle_text(row, "modes_covered", {"direction": way}) for row in board.rows] == [
            {
                "four": "5.5, of 4 seeds, a failed one being worst",
                "one": f"{cut}, of 4 seeds, a failed one being worst",
                "two": "worse than any number, of 4 seeds, a failed one being worst",
                "nsgan": "not to be had of 3 seeds: it takes 4",
            }[row.cell]
            for row in board.rows
        ]


@pytest.mark.parametrize("how", [{"direction": "neither"}, {"direction": "lower", "labels": ["converges"]}])
def test_words_and_diagnoses_have_no_interquartile_mean(how):
    """There is no middle of words, nor of what has no worst."""
    board = only([replace(ok("gan", seed, 0), quantities={"modes_covered": how}) for seed in range(4)])
    assert not any("interquartile" in name for name in board.table)
    assert middle_text(board.rows[0], "modes_covered", how) == ""


def test_files_are_whole_named_and_repeatable(tmp_path):
    """Each board leaves one CSV and one page, named by dataset, budget and conditions; twice the same bytes."""
    found = boards([*NSGAN, ok("gan", 0, 5, budget="2560 samples")])
    paths = write_boards(found, tmp_path / "boards")
    digests = [board.conditions.digest for board in found]
    stems = [f"ring8-{budget}-samples-{digest}" for budget, digest in zip((1280, 2560), digests, strict=True)]
    names = [f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md")]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in (tmp_path / "boards").iterdir()) == sorted(names)
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write_boards(found, tmp_path / "boards")] == before


def test_file_names_are_plain_and_never_shared():
    """Boards that differ in more than dataset and budget, or in letters that a file name lacks, differ in name."""
    datasets = ("../A b", "../a/b", "c")
    names = slugs(boards([ok("gan", 0, 1, dataset=name, samples=n) for name in datasets for n in (10, 20)]))
    assert len(set(names)) == 6
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") for name in names)
    assert all(name.startswith(("a-b-1280-samples-", "c-1280-samples-")) for name in names)


@pytest.mark.parametrize(
    ("mean", "half_width", "text"),
    [
        (7.2345, 0.63, "7.2 ± 0.6"),
        (7.2345, 0.25, "7.23 ± 0.25"),
        (7.2345, 0.96, "7.2 ± 1.0"),
        (1234.5, 123.0, "1230 ± 120"),
        (0.98765, 0.0012, "0.9877 ± 0.0012"),
        (-0.001, 0.4, "0.0 ± 0.4"),
        (8.0, 0.0, "8 ± 0"),
        (123.456, None, "123.5"),
        (None, None, ""),
    ],
)
def test_a_number_has_the_digits_that_its_interval_supports(mean, half_width, text):
    """The half width has two digits up to 35, else one, and the mean as many decimal places."""
    assert estimate_text(Estimate(mean, half_width, 5)) == text


def test_costs_are_short():
    """Counts have thousands apart, magnitudes three digits and a prefix, seconds three digits."""
    assert [count_text(n) for n in (None, 0.0, 400_000.0)] == ["", "0", "400,000"]
    texts = [magnitude_text(n) for n in (None, 0, 999, 999_999, 1.234e12, 1e25)]
    assert texts == ["", "0", "999", "1 M", "1.23 T", "1e+04 Z"]
    assert [seconds_text(s) for s in (None, 0.12345, 72.34, 1234.5)] == ["", "0.123", "72.3", "1,234"]


def test_the_frame_has_a_row_a_run():
    """Every run is a row under the names of the record's fields, failed ones too; what it did not leave is missing."""
    frame = runs_frame([ok("gan", 4, 3, tricks=("ema(decay=0.9)",), settings=(("a.b", 1),)), *GAN])
    assert list(frame["cell"]) == ["gan + ema(decay=0.9) [a.b=1]", "gan"]
    assert list(frame["tricks"]) == ["ema(decay=0.9)", ""]
    assert list(frame["settings"]) == ["a.b=1", ""]
    assert list(frame["status"]) == ["ok", "timeout"]
    assert list(frame["reason"]) == ["", "60 s were over"]
    assert list(frame["seed"]) == [4, 0]
    assert list(frame["samples"]) == [1000, 1000]
    assert list(frame["meters.samples"]) == [1280, 640]
    assert frame["values.modes_covered"][0] == 3
    assert frame["parameters.generator"].isna().tolist() == [False, True]
    assert frame["seconds.evaluation"][0] == 0.25


VERDICT = {"verdict": {"direction": "lower", "unit": "", "labels": ["converges", "cycles"], "meaning": "its fate"}}


def judged(variant, *verdicts):
    """Runs of a variant that end so, a seed each."""
    runs = [ok(variant, seed, values={"verdict": float(verdict)}) for seed, verdict in enumerate(verdicts)]
    return [replace(run, quantities=VERDICT, headline="verdict") for run in runs]


def test_numbers_that_stand_for_words_are_printed_as_words():
    """One word where all seeds agree, else how many say which; a number without a word stays one. CSV has numbers."""
    board = only([*judged("r1", 0, 0), *judged("gan", 1, 1), *judged("nsgan", 1, 0, 1), *judged("odd", 7)])
    words = {row.cell: quantity_text(row, "verdict") for row in board.rows}
    assert words == {
        "r1": "converges",
        "gan": "cycles",
        "nsgan": "2 cycles, 1 converges",
        "odd": "7 (1 seed, no interval)",
    }
    assert [row.cell for row in board.rows] == ["r1", "nsgan", "gan", "odd"]
    assert "| 0 converges, 1 cycles |" in board_markdown(board)
    assert board.table["verdict.mean"].tolist() == pytest.approx([0, 2 / 3, 1, 7])


@pytest.mark.parametrize("largest", [1e200, 1.7e308, 10**300])
def test_the_largest_numbers_stop_no_board(largest, tmp_path):
    """Whatever a float can hold, of whichever sign, is written; where intervals cannot be, that is said."""
    others = {"values": {"reverse_kl": -largest}, "points": 1}
    records = [
        replace(ok("gan", seed, value, **others), seconds={"evaluation": largest})
        for seed, value in enumerate((largest, -largest, largest, 3))
    ]
    found = boards([*records, *(ok("nsgan", seed, seed + 0.5, points=1) for seed in range(4))])
    written = write_boards(found, tmp_path)
    assert all(path.stat().st_size for path in [*written, write_page(found, tmp_path)])
    assert "± " in board_markdown(found[0])


def test_what_is_not_metered_has_no_number():
    """A run that drew real samples and no FLOPs computed outside torch: nothing stands where 0 would flatter."""
    unmetered = replace(ok("kde", 0, 5), meters={"samples": 1280, "flops": 0, "seconds": 1.0})
    assert only([unmetered]).rows[0].costs["flops"] is None
    assert only([ok("nsgan", 0, 5)]).rows[0].costs["flops"] == 2_500_000
