from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace

import pytest
from records import METERS, failed, ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.effects import effects
from ganbench.leaderboards.entries import effect_lines, incidents, interaction_lines, quantity_text
from ganbench.leaderboards.files import slugs, write_boards, write_page
from ganbench.leaderboards.interactions import interactions
from ganbench.leaderboards.page.curves import curve, drawn, fractions
from ganbench.leaderboards.page.detail import DETAILS
from ganbench.leaderboards.page.document import LIMIT, embedded, page
from ganbench.leaderboards.page.plain import number
from ganbench.leaderboards.trajectory import trajectory
from ganbench.leaderboards.visible import visible

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "<!--",
    "a\u2028b",
    "{{script}}",
    "雪 ñ",
]
NSGAN = [ok("nsgan", seed, value) for seed, value in enumerate((6, 7, 8))]
GAN = [ok("gan", 0, 3), failed("diverged", "gan", 1, "weights were not finite")]
R1 = [ok("nsgan", seed, value, tricks=("r1(weight=10.0)",)) for seed, value in enumerate((7, 8, 9.5))]
HELD_OUT = ok("held_out_real", 0, 8, budget="0 samples", batch_size=0, points=1)


def curved(record, *values, name="modes_covered"):
    """`record` with `values` at evenly spaced fractions of the budget."""
    points = [
        {"fraction": (k + 1) / len(values), "meters": METERS, "values": {} if value is None else {name: value}}
        for k, value in enumerate(values)
    ]
    return replace(record, curve=tuple(points))


def written(records, **options):
    found = boards(records)
    return page(dict(zip(slugs(found), found, strict=True)), **options)


def payload(text):
    """The data of a page, as its script reads them."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(data)


def only(records):
    (board,) = payload(written(records))["boards"]
    return board


def test_the_same_records_give_the_same_bytes_in_any_order():
    """The page is a pure function of the set of records; nothing in it tells when or where it was made."""
    records = [*NSGAN, *R1, *GAN, HELD_OUT]
    assert written(records) == written(records[::-1]) == written(records)


def test_a_row_has_the_texts_of_the_markdown_and_numbers_beside_them():
    """6, 7, 8 have the mean 7 and the half width 4.302652730 / sqrt(3) = 2.4841, to five significant digits."""
    board = only([*NSGAN, *GAN, HELD_OUT])
    nsgan, gan, control = board["rows"]
    place = [each["quantity"] for each in board["quantities"]].index("modes_covered")
    (made,) = boards([*NSGAN, *GAN, HELD_OUT])
    assert nsgan["texts"][place] == quantity_text(made.rows[0], "modes_covered") == "7.0 ± 2.5"
    assert (nsgan["means"][place], nsgan["halves"][place]) == (7, 2.4841)
    assert (gan["cell"], gan["seeds"], gan["failed"]) == ("gan", [1, 2], "1 diverged")
    assert (control["cell"], control["control"], control["rank"]) == ("control: held-out real data", True, None)
    assert [run["values"][place] for run in nsgan["runs"]] == [6, 7, 8]
    assert [run["id"] for run in nsgan["runs"]] == [record.id for record in NSGAN]


def test_a_failed_run_has_its_reason_and_none_of_its_values():
    """What a run measured before it failed enters nothing: the 1000 modes of the failed run stand nowhere."""
    data = payload(written(GAN))
    (row,) = data["boards"][0]["rows"]
    lost = row["runs"][1]
    assert (lost["status"], data["texts"][lost["reason"]]) == ("diverged", "weights were not finite")
    assert lost["values"] == [None]
    assert data["boards"][0]["incidents"] == incidents(boards(GAN)[0])


def test_curves_are_mean_lowest_and_highest_of_the_ok_seeds():
    """Two seeds 1, 4 and 3, 8 give 2, 6 between 1, 4 and 3, 8; a seed without a value is not counted."""
    seeds = [curved(ok("gan", 0, 4), 1.0, 4.0), curved(ok("gan", 1, 8), 3.0, 8.0), curved(ok("gan", 2, 8), None, 6.0)]
    (board,) = boards(seeds)
    assert fractions(board) == [0.5, 1.0]
    assert curve(board.rows[0], "modes_covered", [0.5, 1.0]) == [[2.0, 6.0], [1.0, 4.0], [3.0, 8.0]]
    assert curve(board.rows[0], "fid", [0.5, 1.0]) == []


def test_a_profile_is_the_share_of_seeds_that_reach_each_number():
    """Of 3, 8, 8 and a crash 3/4 reach 3 and 2/4 reach 8; where lower is better 1/4 is as low as 3, and 3/4 as 8."""
    runs = [ok("gan", 0, 3), ok("gan", 1, 8), ok("gan", 2, 8), failed("crashed", "gan", 3)]
    for way, expected in (("higher", [[3, 0.75], [8, 0.5]]), ("lower", [[3, 0.25], [8, 0.75]]), ("neither", [])):
        how = {"modes_covered": {"direction": way}}
        (row,) = only([replace(run, quantities=how) for run in runs])["rows"]
        assert row["profile"] == expected
    assert only([failed("crashed")])["rows"][0]["profile"] == []


def test_one_seed_has_a_curve_and_no_band():
    """A band of one seed would be of no width, and look like certainty."""
    (board,) = boards([curved(ok("gan", 0, 4), 1.0, None, 4.0)])
    assert curve(board.rows[0], "modes_covered", fractions(board)) == [[1.0, None, 4.0]]


def test_the_curve_of_a_failed_run_is_not_drawn():
    """It would pull on the mean at the points that it reached."""
    records = [curved(ok("gan", 0, 4), 2.0, 4.0), curved(failed("diverged", "gan", 1), 90.0)]
    (board,) = boards(records)
    assert curve(board.rows[0], "modes_covered", fractions(board)) == [[2.0, 4.0]]


@pytest.mark.parametrize(
    ("plain", "changed", "direction", "verdict"),
    [
        ((1, 1, 1), (2.0, 2.1, 2.2), "higher", "perhaps better"),
        ((1, 1, 1), (2.0, 2.1, 2.2), "lower", "perhaps worse"),
        ((1, 1, 1), (2.0, 2.1, 2.2), "neither", "perhaps differs"),
        ((1, 1, 1), (0.0, 0.1, 0.2), "higher", "perhaps worse"),
        ((1,) * 6, (2.0, 2.1, 2.2, 2.3, 2.4, 2.5), "higher", "better"),
        ((1,) * 6, (2.0, 2.1, 2.2, 2.3, 2.4, 2.5), "lower", "worse"),
        ((1,) * 6, (2.0, 2.1, 2.2, 2.3, 2.4, 2.5), "neither", "differs"),
        ((1, 1, 1), (0.0, 1.0, 2.2), "higher", "undecided"),
        ((1, 1, 1), (1, 1, 1), "higher", "undecided"),
        ((1,), (9,), "higher", "undecided"),
    ],
)
def test_an_effect_is_decided_where_its_test_stands(plain, changed, direction, verdict):
    """Six differences of one sign have p = 2 / 2**6; three have 1/4, and suggest what their interval alone says.

    Differences 1, 1.1, 1.2 have the half width 0.248, and -1, 0, 1.2 have 2.74; one seed has no interval.
    """
    how = {"modes_covered": {"direction": direction}}
    records = [ok("gan", seed, value) for seed, value in enumerate(plain)]
    records += [ok("gan", seed, value, tricks=("r1",)) for seed, value in enumerate(changed)]
    (cell,) = only([replace(record, quantities=how) for record in records])["effects"]["changes"][0]["cells"]
    assert cell["verdict"] == verdict


def test_cells_of_the_grid_without_a_number_say_why():
    """Not run, not applicable with its reason, and failed; the texts are those of the Markdown."""
    refused = failed("not_applicable", "gan", 0, "gan has no gradient", tricks=("r1(weight=10.0)",))
    hinge = [ok("hinge", 0, 5), ok("hinge", 0, 5, tricks=("ema(decay=0.9)",))]
    records = [*NSGAN, *R1, ok("gan", 0, 3), refused, *hinge]
    shown = only(records)["effects"]
    ema, r1 = shown["changes"]
    cells = dict(zip(shown["variants"], r1["cells"], strict=True))
    assert (cells["gan"]["text"], cells["gan"]["why"]) == ("not applicable", "gan has no gradient")
    assert (cells["hinge"]["text"], cells["hinge"]["row"]) == ("not run", None)
    assert sorted(shown["not_run"]) == ["hinge + r1(weight=10.0)"]
    lines = effect_lines(effects(boards(records)[0]))
    assert [line["nsgan"] for line in lines[1:]] == [line["cells"][0]["text"] for line in (ema, r1)]


def crossed(seeds, **changes):
    """r1 adds 1 to gan and 5 to hinge, whose level is 10 higher, in every one of `seeds` seeds."""
    values = {("gan", ()): 0, ("gan", ("r1",)): 1, ("hinge", ()): 10, ("hinge", ("r1",)): 15}
    return [
        replace(ok(variant, seed, value, tricks=tricks), **changes)
        for (variant, tricks), value in values.items()
        for seed in range(seeds)
    ]


def test_interactions_and_main_effects_have_the_texts_of_the_markdown():
    """5 and 1 lie 2 about their mean 3; hinge less the mean of both is 5 and 7, so 6.

    p is 2 / 2**7, by Holm times 2 of the interactions, and times 3 of the main effects: 0.031 and 0.047 stand at 5 %.
    """
    shown = only(crossed(7))["effects"]
    found = shown["interactions"]
    assert found["columns"] == ["hinge", "gan", "all variants"]
    assert [[line["change"], *(cell["text"] for cell in line["cells"])] for line in found["lines"]] == [
        ["+ r1", "+2 ± 0, p = 0.031", "-2 ± 0, p = 0.031", "+3 ± 0, p = 0.047"],
        ["all changes", "+6 ± 0, p = 0.047", "-6 ± 0, p = 0.047", ""],
    ]
    assert [[cell["stands"] for cell in line["cells"]] for line in found["lines"]] == [[True] * 3, [True, True, False]]
    lines = interaction_lines(interactions(effects(boards(crossed(7))[0])))
    assert [[cell["text"] for cell in line["cells"]] for line in found["lines"]] == [
        [line[name] for name in found["columns"]] for line in lines
    ]
    assert [cell["stands"] for cell in shown["changes"][0]["cells"]] == [True, True]
    assert shown["reading"][-1].startswith("Of 2 effects, 2 stand at 5 %")


def test_what_six_seeds_show_does_not_stand():
    """2 / 2**6 is 0.031, and twice that is above 5 %."""
    shown = only(crossed(6))["effects"]
    cells = [
        *shown["changes"][0]["cells"],
        *(cell for line in shown["interactions"]["lines"] for cell in line["cells"]),
    ]
    assert not any(cell["stands"] for cell in cells)
    assert shown["interactions"]["lines"][0]["cells"][0]["text"] == "+2 ± 0, p = 0.062"
    few = "Cannot be decided with n = 6 seeds: even the clearest of 3 main effects would need 7."
    assert few in shown["interactions"]["reading"]


def test_words_are_neither_better_nor_worse():
    """So that the page shows no key to colours that no cell has."""
    named = {"modes_covered": {"direction": "lower", "labels": ["converges", "cycles"] + ["diverges"] * 14}}
    words, numbers = (only(crossed(7, **changes))["effects"] for changes in ({"quantities": named}, {}))
    assert (words["decides"], numbers["decides"]) == (False, True)
    assert {cell["verdict"] for cell in words["changes"][0]["cells"]} == {"none"}


def test_words_and_single_variants_have_no_interactions():
    """Of a headline that is a word nothing can be subtracted, and one variant has nothing to differ from."""
    named = {"modes_covered": {"direction": "higher", "labels": [str(k) for k in range(16)]}}
    assert only(crossed(7, quantities=named))["effects"]["interactions"] is None
    assert only([*NSGAN, *R1])["effects"]["interactions"] is None


def test_the_course_along_the_budget_is_told_as_in_the_markdown():
    """gan leads at the half, nsgan at the end, on 250 and 1000 samples; of a single point there is nothing to tell."""
    records = [curved(ok("gan", 0, 4), 3.0, 4.0), curved(ok("nsgan", 0, 5), 2.0, 5.0)]
    board = only(records)
    assert tuple(board["order"] + board["sizes"]) == trajectory(boards(records)[0]).sentences
    assert board["order"][0].startswith("Order of rows changed: the one pair stands the other way at 50 %")
    assert board["sizes"][0].startswith("Earlier points are measured on n = 250 samples, the last on 1000;")
    lone = only([curved(ok("gan", 0, 4), 4.0), curved(ok("nsgan", 0, 5), 5.0)])
    assert (lone["order"], lone["sizes"]) == ([], [])


def test_ranks_are_those_of_the_trajectory_whatever_the_quantity():
    """gan has the better modes and the worse kl at the half and the end; lsgan has both best, and a seed that failed.

    Where a seed lacks a quantity at a point, the row says how many have it there.
    """

    def run(variant, seed, modes, kl):
        values = [{"modes_covered": modes}, {"modes_covered": modes, "reverse_kl": kl}]
        points = [{"fraction": at, "meters": METERS, "values": each} for at, each in zip((0.5, 1), values, strict=True)]
        return replace(ok(variant, seed, modes, values={"reverse_kl": kl}), curve=tuple(points))

    records = [run("gan", 0, 4, 2.0), run("nsgan", 0, 3, 1.0), run("lsgan", 0, 9, 0.5), failed("crashed", "lsgan", 1)]
    board = only(records)
    places = [each["quantity"] for each in board["quantities"]]
    modes, kl = (str(places.index(name)) for name in ("modes_covered", "reverse_kl"))
    rows = {row["cell"]: row for row in board["rows"]}
    assert {name: row["ranks"][modes] for name, row in rows.items()} == {
        "gan": [1, 1],
        "nsgan": [2, 2],
        "lsgan": [3, 3],
    }
    assert {name: row["ranks"][kl] for name, row in rows.items()} == {
        "gan": [None, 2],
        "nsgan": [None, 1],
        "lsgan": [None, 3],
    }
    assert rows["gan"]["along"] == {kl: [0, 1]}
    course = trajectory(boards(records)[0])
    assert [point.rank for point in course.points] == [rank for row in board["rows"] for rank in row["ranks"][modes]]


def test_sizes_are_told_where_other_quantities_alone_have_earlier_points():
    """The headline is measured at the end alone, so that it has no order before; kl is at the half on 250 samples."""
    early = {"fraction": 0.5, "meters": METERS, "values": {"reverse_kl": 1.0}}
    last = {"fraction": 1.0, "meters": METERS, "values": {"reverse_kl": 1.0, "modes_covered": 4.0}}
    board = only([replace(ok("gan", 0, 4, values={"reverse_kl": 1.0}), curve=(early, last))])
    assert board["order"] == []
    assert board["sizes"][0].startswith("Earlier points are measured on n = 250 samples")


@pytest.mark.parametrize("records", [[failed("timeout")], [*NSGAN, *GAN], [*NSGAN, *R1], crossed(2)])
def test_the_files_of_a_board_are_named(records, tmp_path):
    """Those that are written beside the page, and no other."""
    paths = write_boards(boards(records), tmp_path)
    assert sorted(only(records)["files"]) == sorted(path.name for path in paths)


def test_shares_are_told_from_other_quantities():
    """What lies between 0 and 1 is read against both; a count or a divergence is not."""
    board = only([ok("gan", 0, 4, values={"reverse_kl": 1.0, "auc": 0.5})])
    assert {each["quantity"]: each["share"] for each in board["quantities"]} == {
        "modes_covered": False,
        "reverse_kl": False,
        "auc": True,
    }


def test_families_are_found_by_name_and_ordered():
    """Inception Scores by their splits, FID with its floor and limit, the discriminator's accuracies; no counts."""
    names = ["fid[cnn]", "inception_score@10[cnn]", "inception_score@2[cnn]", "fid_infinity[cnn]", "fid_floor[cnn]"]
    names += ["fid@2[cnn]", "fid@10[cnn]", "fid@x[cnn]"]
    names += ["accuracy_train", "accuracy_calls", "auc", "fid_gap[cnn]", "inception_score@x[cnn]"]
    board = only([ok("gan", 0, values=dict.fromkeys(names, 1.0))])
    order = [each["quantity"] for each in board["quantities"]]
    assert [[splits, order[k]] for splits, k in board["families"]["splits"]] == [
        [2, "inception_score@2[cnn]"],
        [10, "inception_score@10[cnn]"],
    ]
    points = board["families"]["frechet"].pop("points")
    assert [[cuts, order[k]] for cuts, k in points] == [[10, "fid@10[cnn]"], [2, "fid@2[cnn]"]]
    assert {name: order[k] for name, k in board["families"]["frechet"].items()} == {
        "fid": "fid[cnn]",
        "fid_floor": "fid_floor[cnn]",
        "fid_infinity": "fid_infinity[cnn]",
    }
    assert [order[k] for k in board["families"]["discriminator"]] == ["accuracy_train", "auc"]
    assert only(NSGAN)["families"] == {}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_record_breaks_out_of_the_data(text):
    """Names, reasons and recipes arrive as they were, but for what cannot be printed, which is an escape.

    The page has the two script elements that it always has.
    """
    said = visible(text)
    records = [replace(ok(text, 0, 1, dataset=text), recipe=text), failed("crashed", "gan", 0, text, dataset=text)]
    found = written([replace(record, quantities={"modes_covered": {"meaning": text}}) for record in records])
    data = payload(found)
    (board,) = data["boards"]
    assert [board["rows"][0]["cell"], board["incidents"][0]["reason"], board["quantities"][0]["meaning"]] == [said] * 3
    assert board["title"] == f"{said}: 1280 samples"
    assert said in data["texts"]
    assert len(re.findall(r"<script", found)) == len(re.findall(r"</script", found)) == 2
    assert len(re.findall(r"<!", found)) == 1
    assert "\u2028" not in found


def test_no_text_turns_the_direction_or_hides():
    """Characters that turn the direction, escape sequences and a NUL stand as escapes wherever they come from.

    What is printed in any script and the lines of a text stay.
    """
    name, reason = "gan\u202enag 雪", "one\ntwo\x1b[31m\x00"
    how = {"modes_covered": {"meaning": name, "unit": name, "labels": [name, name]}}
    records = [
        replace(ok(name, 0, 1, dataset=name), recipe=name, quantities=how, provenance={"versions": {name: name}}),
        failed("crashed", name, 1, reason, dataset=name),
        ok(name, 0, 1, dataset=name, tricks=(name,)),
    ]
    text = written(records)
    assert not {"\u202e", "\x1b", "\x00"} & set(text)
    assert not re.search(r"(?<!\\)\\u(202e|001b|0000)", text)
    data = payload(text)
    assert data["boards"][0]["incidents"][0]["cell"] == r"gan\u202enag 雪"
    assert "one\ntwo\\x1b[31m\\x00" in data["texts"]


def test_embedded_json_holds_no_character_that_html_acts_on():
    """And reads as what it was."""
    data = {"a": "".join(HOSTILE), "b": [1.5, None, "&amp;"]}
    assert not set("<>&\u2028\u2029") & set(embedded(data))
    assert json.loads(embedded(data)) == data


def test_the_policy_admits_the_one_script_and_the_one_style():
    """By the SHA-256 of what stands between their tags; everything else is refused, images from elsewhere included."""
    found = written(NSGAN)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', found)
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", found, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"
    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "'self' file: data:"


def test_the_page_names_no_address_but_that_of_svg():
    """It asks nobody for anything: the one URL is the name of a namespace."""
    assert set(re.findall(r"https?://[^\"' ]+", written(NSGAN))) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    "records",
    [
        [ok("gan", 0, 1)],
        [failed("timeout", "gan", 0, "60 s were over"), failed("crashed", "gan", 1)],
        [ok("gan", 0), ok("nsgan", 0)],
        [ok("gan", 0, 1), ok("nsgan", 0, values={"reverse_kl": 1.0})],
    ],
    ids=["one seed of one variant", "all failed", "no value", "a value missing in one row"],
)
def test_little_is_shown_as_little(records):
    """A row for each variant whatever it lacks, a text or None for each quantity, a run for each record."""
    board = only(records)
    assert sum(len(row["runs"]) for row in board["rows"]) == len(records)
    for row in board["rows"]:
        assert len(row["texts"]) == len(row["means"]) == len(row["halves"]) == len(board["quantities"])
        assert all((text == "") == (mean is None) for text, mean in zip(row["texts"], row["means"], strict=True))
    assert board["effects"] is None


def test_no_boards_are_a_page_that_says_so():
    """Controls alone make no board."""
    found = written([HELD_OUT])
    assert payload(found)["boards"] == []
    assert "There is no board" in found


def test_numbers_have_five_significant_digits():
    """Whole ones are whole, so that 20000.0 costs no two characters more; nothing stays nothing."""
    assert [number(value) for value in (1 / 3, 123456.0, 2_500_000, 1e-9 / 3, None)] == [
        0.33333,
        123460,
        2500000,
        3.3333e-10,
        None,
    ]


def test_what_does_not_fit_is_left_out_and_named():
    """Each step down to fewer details is smaller, and says what it leaves out; at last whole boards are."""
    values = {f"quantity {k}": k / 7 for k in range(30)}
    records = [
        curved(ok(f"gan{k}", seed, k, values=values, budget=f"{budget} samples"), *[1.5] * 10, name="quantity 3")
        for k in range(4)
        for seed in range(3)
        for budget in (100, 200, 300)
    ]
    bare, full = len(written([]).encode()), len(written(records).encode())
    assert payload(written(records, limit=full))["left_out"] == []
    limits = [full - 1, *(bare + int(share * (full - bare)) for share in (0.99, 0.5, 0.3, 0.2, 0.1))]
    pages = [written(records, limit=limit) for limit in limits]
    sizes = [len(each.encode()) for each in pages]
    left = [payload(each)["left_out"] for each in pages]
    assert all(size <= limit for size, limit in zip(sizes, limits, strict=True))
    assert sizes == sorted(sizes, reverse=True)
    assert [len(each) for each in left] == sorted(len(each) for each in left)
    profiles = "Left out to keep the page small: performance profiles."
    curves = "Left out to keep the page small: the curves of quantities other than the headline."
    assert left[0] == DETAILS[1].left_out == [profiles]
    assert left[1] == DETAILS[2].left_out == [profiles, curves]
    kept = payload(pages[-1])["boards"]
    assert 0 < len(kept) < 3
    missing = f"{3 - len(kept)} of 3 boards; their files stand beside it"
    assert left[-1][-1] == f"Left out to keep the page small: {missing}."


def test_many_records_make_a_page_under_two_megabytes():
    """1,000 runs with 40 quantities and ten points each are thinned, and every run keeps its row."""
    values = {f"quantity_{k}[cnn]": 1 / (k + 3) for k in range(40)}
    points = tuple({"fraction": k / 10, "meters": METERS, "values": values} for k in range(1, 11))
    records = [
        replace(ok(f"gan{k}", seed, seed + k / 9, values=values), curve=points) for k in range(200) for seed in range(5)
    ]
    found = written(records)
    assert len(found.encode()) <= LIMIT == 2_000_000
    data = payload(found)
    assert len(data["boards"][0]["rows"]) == 200
    assert data["left_out"]


def test_pictures_beside_the_page_are_referred_to(tmp_path):
    """Those of runs that are shown, by relative path; the page holds none, and no other file is named."""
    (tmp_path / "samples").mkdir()
    for name in (NSGAN[1].id, "0" * 16, "<img>"):
        (tmp_path / "samples" / f"{name}.png").write_bytes(b"")
    path = write_page(boards(NSGAN), tmp_path)
    assert path == tmp_path / "index.html"
    (row,) = payload(path.read_text(encoding="utf-8"))["boards"][0]["rows"]
    assert [run["picture"] for run in row["runs"]] == [None, f"samples/{NSGAN[1].id}.png", None]
    before = path.read_bytes()
    assert write_page(boards(NSGAN), tmp_path).read_bytes() == before


def test_long_curves_are_thinned_evenly_and_it_is_said():
    """Of 250 points 100 are drawn, the last being one, two or three points apart; of ten, all."""
    assert drawn([k / 10 for k in range(1, 11)]) == [k / 10 for k in range(1, 11)]
    board = only([curved(ok("nsgan", 0, 5), *range(250))])
    at = [round(250 * fraction) for fraction in board["fractions"]]
    assert (len(at), at[0], at[-1]) == (100, 2, 250)
    assert {after - before for before, after in itertools.pairwise(at)} == {2, 3}
    assert board["rows"][0]["curves"]["0"] == [[place - 1 for place in at]]
    assert "Of 250 evaluation points 100 are drawn." in board["sizes"]
