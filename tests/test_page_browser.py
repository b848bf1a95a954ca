"""The page in a real browser: what a reader sees, does and links to. Skipped where there is no Chromium to run."""

from __future__ import annotations

import itertools
import math
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from records import METERS, failed, ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import board_texts, slugs, write_page
from ganbench.leaderboards.trajectory import trajectory

playwright = pytest.importorskip(
    "playwright.sync_api", reason="NO BROWSER TEST OF THE PAGE WAS RUN: playwright is not installed"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NO BROWSER TEST OF THE PAGE WAS RUN: no chromium or google-chrome on the PATH"
)

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
R1 = ("r1(weight=10.0)",)


def runs(variant: str, values: list[float], dataset: str = "ring8", **changes: Any) -> list[Any]:
    """An ok run a seed, each with a curve of two points that ends in its value."""
    made = []
    for seed, value in enumerate(values):
        record = ok(variant, seed, value, dataset=dataset, values={"reverse_kl": 9 - value}, **changes)
        points = [
            {"fraction": at, "meters": METERS, "values": {"modes_covered": value * at, "reverse_kl": 9 - value * at}}
            for at in (0.5, 1.0)
        ]
        made.append(replace(record, curve=tuple(points), recipe=f"recipe of {record.spec.cell}"))
    return made


RECORDS = [
    *runs("gan", [1, 2, 3]),
    *runs("gan", [4, 5.1, 6.2], tricks=R1),
    *runs("nsgan", [7, 8, 9]),
    *runs("nsgan", [6.9, 8.1, 9.1], tricks=R1),
    *runs("hinge", [5, 5, 6]),
    failed("not_applicable", "hinge", 0, "hinge refuses it", tricks=R1),
    *runs(HOSTILE, [2.5, 2.5, 2.5]),
    failed("diverged", "lsgan", 0, HOSTILE),
    ok("held_out_real", 0, 8, budget="0 samples", batch_size=0, points=1),
    *runs("gan", [3, 4], dataset="grid25"),
    *runs("雪", [5, 6], dataset="grid25"),
    *runs("gan", [1] * 7, dataset="spiral"),
    *runs("gan", [2] * 7, dataset="spiral", tricks=R1),
    *runs("hinge", [10] * 7, dataset="spiral"),
    *runs("hinge", [12, *[14] * 5, 16], dataset="spiral", tricks=R1),
    ok("held_out_real", 0, 8, dataset="spiral", budget="0 samples", batch_size=0, points=1),
]
GRID25, RING8, SPIRAL = slugs(boards(RECORDS))


def until(tab: Any, expression: str) -> None:
    """Waits until the page says so; Playwright's own waiting evaluates texts in the page, which its policy forbids."""
    for _ in range(200):
        if tab.evaluate(expression):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"not so after ten seconds: {expression}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the page lies."""
    folder = tmp_path_factory.mktemp("boards")
    (folder / "samples").mkdir()
    dot = bytes.fromhex(
        "89504e470d0a1a0a0000000d494844520000000100000001080600000"
        "01f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    (folder / "samples" / f"{RECORDS[0].id}.png").write_bytes(dot)
    return write_page(boards(RECORDS), folder).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    root = [] if os.geteuid() else ["--no-sandbox"]
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=root)
        yield chromium
        chromium.close()


class Reader:
    """A tab, and what went wrong in it or was asked for."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.tab = browser.new_page(**options)
        self.address = address
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.wrong.append(message.text))
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def open(self, fragment: str = "") -> Reader:
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}#{fragment}")
        return self

    def cells(self) -> list[str]:
        return [str(text) for text in self.tab.locator("#variants th").all_inner_texts()]

    def column(self, name: str) -> list[str]:
        """The texts of the column whose heading starts with `name`."""
        headings = self.tab.locator("#table thead th").all_inner_texts()
        (place,) = [k for k, text in enumerate(headings) if text.startswith(name)]
        return [str(row.locator("th, td").nth(place).inner_text()) for row in self.tab.locator("#variants tr").all()]


@pytest.fixture
def reader(browser: Any, address: str) -> Iterator[Reader]:
    """A reader of the board of ring8, on a desk; nothing may go wrong whatever is done."""
    found = Reader(browser, address, viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield found.open(f"board={RING8}")
    found.tab.close()
    assert found.wrong == []


def test_nothing_is_asked_of_anybody(reader: Reader) -> None:
    """Opening the page and a row's details loads the page, its empty icon and the row's picture, all of them local."""
    reader.tab.locator("#variants").get_by_role("button", name="gan", exact=True).click()
    reader.tab.locator("dialog img").wait_for()
    assert {url.partition(":")[0] for url in reader.asked} <= {"file", "data", "about"}
    folder = reader.address.rpartition("/")[0]
    local = {url.partition("#")[0] for url in reader.asked if url.startswith("file:")}
    assert local == {reader.address, f"{folder}/samples/{RECORDS[0].id}.png"}
    assert reader.tab.locator("dialog img").evaluate("image => image.complete && image.naturalWidth") == 1


def test_hostile_names_are_text(reader: Reader) -> None:
    """A name that is markup stands there as it was written; it makes no element and runs nothing."""
    assert HOSTILE in reader.cells()
    assert reader.tab.locator("#incidents").get_by_text(HOSTILE).count() == 1
    assert reader.tab.locator("img").count() == 0
    reader.tab.locator("#variants").get_by_role("button", name=HOSTILE).click()
    assert reader.tab.locator("#details-title").inner_text() == HOSTILE
    assert reader.tab.title() == "ganbench leaderboard"


def test_the_policy_stops_a_script_that_got_in(browser: Any, address: str) -> None:
    """Were markup to reach the page after all, neither a handler nor a script of it would run."""
    found = Reader(browser, address).open()
    found.tab.evaluate(
        """html => { document.body.insertAdjacentHTML('beforeend', html);
                     const script = document.createElement('script');
                     script.textContent = "document.title='broken'"; document.body.append(script); }""",
        HOSTILE,
    )
    found.tab.wait_for_timeout(200)
    assert found.tab.title() == "ganbench leaderboard"
    assert any("Content Security Policy" in message for message in found.wrong)
    found.tab.close()


def test_rows_sort_by_any_column_and_back(reader: Reader) -> None:
    """A heading sorts its way first, then the other, then not at all; rows without a value stay last; it says which."""
    asked = reader.tab.locator("#table th", has_text="modes_covered ↑")
    best_first = ["nsgan + r1(weight=10.0)", "nsgan", "hinge", "gan + r1(weight=10.0)", HOSTILE, "gan"]
    without = ["hinge + r1(weight=10.0)", "lsgan"]
    for state, rows in (("none", best_first), ("descending", best_first), ("ascending", best_first[::-1])):
        assert (asked.get_attribute("aria-sort"), reader.cells()) == (state, rows + without)
        asked.get_by_role("button").click()
    assert (asked.get_attribute("aria-sort"), reader.cells()) == ("none", best_first + without)
    reader.tab.locator("#table th", has_text="variant").get_by_role("button").click()
    assert [name for name in reader.cells() if name != HOSTILE] == sorted({*best_first, *without} - {HOSTILE})


def test_the_filter_keeps_rows_that_hold_every_word(reader: Reader) -> None:
    """Whatever the case and order of the words; the page says how many are left, and controls stay."""
    reader.tab.get_by_label("Filter").fill("R1 gan")
    assert sorted(reader.cells()) == ["gan + r1(weight=10.0)", "nsgan + r1(weight=10.0)"]
    assert reader.tab.locator("#counted").inner_text() == "2 of 8 variants match the filter."
    assert "held-out real" in reader.tab.locator("tbody.controls").inner_text()


def test_board_and_metric_are_chosen(reader: Reader) -> None:
    """The other board has its own rows; another quantity its own numbers, meaning, arrow and unit."""
    reader.tab.get_by_label("Metric").select_option("reverse_kl")
    assert reader.column("reverse_kl ↓")[reader.cells().index("hinge")] == "3.7 ± 1.4"
    assert "unevenness. Lower is better; unit: nats; bounds: at least 0." in reader.tab.locator("#meaning").inner_text()
    reader.tab.get_by_label("Board").select_option(GRID25)
    assert sorted(reader.cells()) == ["gan", "雪"]
    assert reader.tab.locator("#results-title").inner_text() == "grid25: 1280 samples"


def test_the_address_holds_the_whole_view(reader: Reader, browser: Any) -> None:
    """Another reader who opens the same address sees the same; the way back undoes what was done."""
    tab = reader.tab
    tab.get_by_label("Metric").select_option("reverse_kl")
    tab.get_by_label("Filter").fill("gan")
    tab.get_by_role("button", name="seeds ok").click()
    tab.get_by_role("button", name="against budget", exact=True).click()
    tab.get_by_label("draw gan + r1(weight=10.0)", exact=True).check()
    tab.get_by_role("button", name="Theme").click()
    tab.locator("#variants").get_by_role("button", name="gan + r1(weight=10.0)", exact=True).click()
    other = Reader(browser, reader.address, viewport={"width": 1280, "height": 800}, color_scheme="light")
    other.open(tab.evaluate("location.hash.slice(1)"))
    for look in ("#main", "#details"):
        assert other.tab.locator(look).inner_text() == tab.locator(look).inner_text()
    assert other.tab.locator("html").get_attribute("data-theme") == "light"
    assert other.tab.get_by_label("Filter").input_value() == "gan"
    assert other.tab.locator("dialog[open]").count() == 1
    assert other.wrong == []
    other.tab.close()
    tab.go_back()
    until(tab, "!document.querySelector('dialog[open]')")
    tab.go_forward()
    tab.locator("dialog[open]").wait_for()
    assert tab.locator("#details-title").inner_text() == "gan + r1(weight=10.0)"


def test_an_address_that_names_nothing_shows_the_first_board(reader: Reader) -> None:
    """What the address asks for and the page lacks is passed over, and of a board it is said."""
    reader.open("board=none&metric=__proto__&sort=constructor&row=nobody&chart=toString&draw=x&theme=blue")
    assert reader.tab.locator("#results-title").inner_text() == "grid25: 1280 samples"
    assert reader.tab.locator("dialog[open]").count() == 0
    said = "The address names a board that is not on this page; shown is grid25: 1280 samples."
    assert reader.tab.locator("#unknown").inner_text() == said
    reader.tab.get_by_label("Board").select_option(RING8)
    assert not reader.tab.locator("#unknown").is_visible()


def test_an_address_names_its_board_once_it_holds_anything(reader: Reader) -> None:
    """Or it would show another when boards are added; of nothing there is nothing to name."""
    reader.open()
    assert reader.tab.evaluate("location.hash") == ""
    reader.tab.get_by_label("Metric").select_option("reverse_kl")
    assert reader.tab.evaluate("location.hash") == f"#board={GRID25}&metric=reverse_kl"
    reader.open("theme=dark")
    assert reader.tab.evaluate("location.hash") == f"#board={GRID25}&theme=dark"
    reader.open("board=none&theme=dark")
    reader.tab.get_by_role("button", name="Theme").click()
    assert reader.tab.evaluate("location.hash") == f"#board={GRID25}"


def test_the_keyboard_reaches_sorts_opens_and_closes(reader: Reader) -> None:
    """Tab comes to the headings, Enter sorts and keeps the focus; a name opens its details, Escape closes them."""
    tab = reader.tab
    focused = "document.activeElement.dataset.key"
    reached = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(focused))
        if reached[-1] == "sort metric":
            break
    assert reached[-1] == "sort metric"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    assert tab.locator("#table th[aria-sort=descending]").count() == 1
    assert tab.evaluate(focused) == "sort metric"
    name = tab.locator("#variants").get_by_role("button", name="hinge", exact=True)
    name.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("dialog[open]").count() == 1
    tab.keyboard.press("Escape")
    until(tab, "!document.querySelector('dialog[open]') && !location.hash.includes('row=')")
    until(tab, f"{focused} === 'row hinge'")


def test_details_show_each_run(reader: Reader) -> None:
    """Seeds, status, what was spent, ids, the values of each seed and the recipe."""
    reader.tab.locator("#variants").get_by_role("button", name="gan + r1(weight=10.0)", exact=True).click()
    said = reader.tab.locator("dialog").inner_text()
    for record in runs("gan", [4, 5.1, 6.2], tricks=R1):
        assert record.id in said
    assert "1280 samples, 10 d_steps" in said
    assert "recipe of gan + r1(weight=10.0)" in said
    values = reader.tab.locator("dialog").get_by_role("row", name="modes_covered ↑").locator("td")
    assert values.all_inner_texts()[1:] == ["4", "5.1", "6.2"]
    assert "+ r1(weight=10.0), to gan: +3.10 ± 0.25, perhaps better" in said


def test_a_row_opens_wherever_it_is_clicked(reader: Reader) -> None:
    """But for its box, which chooses what is drawn."""
    row = reader.tab.locator("#variants tr", has_text="lsgan")
    row.get_by_label("draw lsgan").check()
    assert reader.tab.locator("dialog[open]").count() == 0
    row.locator("td").last.click()
    assert reader.tab.locator("#details-title").inner_text() == "lsgan"


def test_the_heat_map_prints_number_and_verdict(reader: Reader) -> None:
    """3, 3.1, 3.2 in three seeds suggest; -0.1, 0.1, 0.1 do not; a change that was refused has its reason.

    Only what stands is filled.
    """
    row = reader.tab.locator("#heat tbody tr", has_text="+ r1")
    variants = reader.tab.locator("#heat thead th").all_inner_texts()[1:]
    found = {name: row.locator("td").nth(k) for k, name in enumerate(variants)}
    assert found["gan"].inner_text().split("\n") == ["+3.10 ± 0.25", "perhaps better"]
    assert found["nsgan"].inner_text().split("\n") == ["+0.03 ± 0.29", "undecided"]
    assert found["hinge"].inner_text().split("\n") == ["not applicable", "hinge refuses it"]
    colour = "node => getComputedStyle(node).backgroundColor"
    clear = "rgba(0, 0, 0, 0)"
    assert [found[name].evaluate(colour) == clear for name in ("gan", "nsgan", "hinge")] == [True, True, True]
    outline = "node => getComputedStyle(node).boxShadow"
    assert [found[name].evaluate(outline) == "none" for name in ("gan", "nsgan", "hinge")] == [False, True, True]
    assert reader.tab.locator("#key .key").all_inner_texts() == [
        "better",
        "worse",
        "perhaps better",
        "perhaps worse",
        "undecided",
    ]
    reader.open(f"board={SPIRAL}")
    stands = reader.tab.locator("#heat tbody tr").nth(1).locator("td").first
    assert stands.evaluate(colour) != clear


def test_what_stands_after_correction_is_marked_in_words(reader: Reader) -> None:
    """r1 adds 4 to hinge and 1 to gan in seven seeds, which suffice; an effect of three seeds has its p and no mark."""
    reader.open(f"board={SPIRAL}")
    assert reader.tab.locator("#interactions-title").inner_text() == "Main effects and interactions on modes_covered ↑"
    assert reader.tab.locator("#crossed thead th").all_inner_texts() == ["change", "hinge", "gan", "all variants"]
    assert [row.locator("th, td").all_inner_texts() for row in reader.tab.locator("#crossed tbody tr").all()] == [
        [
            "+ r1(weight=10.0)",
            "+1.5 ± 0.5\np = 0.031\nstands",
            "-1.5 ± 0.5\np = 0.031\nstands",
            "+2.5 ± 0.5\np = 0.047\nstands",
        ],
        ["all changes", "+5.25 ± 0.27\np = 0.047\nstands", "-5.25 ± 0.27\np = 0.047\nstands", ""],
    ]
    changed = reader.tab.locator("#heat tbody tr").nth(1)
    assert changed.locator("td").all_inner_texts()[:2] == ["+4.0 ± 1.1\nbetter\nstands", "+1 ± 0\nbetter\nstands"]
    assert "Of 2 effects, 2 stand at 5 %" in reader.tab.locator("#effects-reading").inner_text()
    reader.open(f"board={RING8}")
    assert reader.tab.locator("#crossed tbody td", has_text="p = ").count() > 0
    assert reader.tab.locator(":is(#crossed, #heat) td", has_text="stands").count() == 0
    reader.open(f"board={GRID25}")
    assert not reader.tab.locator("#crossed").is_visible()


def heights(reader: Reader, chart: str = "#chart") -> dict[str, float]:
    """Where the marks of the vertical axis stand, in pixels from the top, by what they say."""
    lines = reader.tab.locator(f"{chart} .grid").evaluate_all(
        "lines => lines.map((line) => Number(line.getAttribute('y1')))"
    )
    texts = reader.tab.locator(f"{chart} .grid + text").evaluate_all("texts => texts.map((text) => text.textContent)")
    return dict(zip(texts, lines, strict=True))


def test_a_logarithmic_axis_has_equal_decades(reader: Reader) -> None:
    """Its marks, the control at 8 and the band of seeds from 12 to 16, at half the budget half of that."""
    reader.open(f"board={SPIRAL}")
    reader.tab.locator("#variants tr", has_text="hinge + r1").hover()
    found = heights(reader)
    assert list(found) == ["0.5", "1", "2", "5", "10"]
    decade = found["1"] - found["10"]

    def height(value: float) -> float:
        return found["1"] - decade * math.log10(value)

    assert [found[text] for text in found] == pytest.approx([height(float(text)) for text in found])
    control = reader.tab.locator("#chart .control .dot").first.get_attribute("cy")
    assert float(control) == pytest.approx(height(8), abs=0.06)
    band = str(reader.tab.locator("#chart .strong .band").get_attribute("d"))
    at = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", band)]
    assert at == pytest.approx([height(value) for value in (8, 16, 12, 6)], abs=0.06)


@pytest.mark.parametrize(
    ("values", "control", "fragment", "logarithmic"),
    [
        ((1, 20), 3, "", True),
        ((1, 19.9), 3, "", False),
        ((0, 20), 3, "", False),
        ((1, 20), 0, "", False),
        ((1, 20), 3, "chart=rank", False),
        ((1, 20), 3, "metric=auc", False),
        ((1, 20), 3, "row=gan", True),
        ((1, 19.9), 3, "row=gan", False),
        ((5e-324, 1e300), 3, "", True),
    ],
)
def test_what_spans_decades_has_a_logarithmic_axis_and_says_so(
    browser: Any, tmp_path: Path, values: tuple[float, float], control: float, fragment: str, logarithmic: bool
) -> None:
    """Twenty times the smallest, all above 0; ranks, and shares as auc, never; of the details of a row, the row."""
    records = [ok("held_out_real", 0, control, budget="0 samples", batch_size=0, points=1)]
    for variant, first in (("gan", values[0]), ("nsgan", values[1])):
        points = [{"modes_covered": value, "auc": value / 20} for value in (first, values[1])]
        curve = [{"fraction": (k + 1) / 2, "meters": METERS, "values": point} for k, point in enumerate(points)]
        records.append(replace(ok(variant, 0, values=points[-1]), curve=tuple(curve)))
    found = Reader(browser, write_page(boards(records), tmp_path).as_uri()).open(fragment)
    caption = found.tab.locator("#details figcaption" if fragment.startswith("row") else "#caption").first
    assert ("The vertical axis is logarithmic." in caption.inner_text()) == logarithmic
    assert 2 <= found.tab.locator("#chart .grid").count() <= 10
    assert found.wrong == []
    found.tab.close()


def test_the_course_of_the_headline_is_told_once(reader: Reader) -> None:
    """Under scores and ranks; where the order of the headline changed is not told of another quantity."""
    order, sizes = trajectory(boards(RECORDS)[1]).sentences
    for chart in ("budget", "rank"):
        for quantity, told in (("modes_covered", True), ("reverse_kl", False)):
            reader.open(f"board={RING8}&chart={chart}&metric={quantity}")
            said = reader.tab.locator("#caption").inner_text()
            assert (said.count(order), said.count(sizes), said.count("250")) == (told, 1, 1)


def test_records_are_linked_and_the_command_that_reproduces_a_run_is_shown(browser: Any, tmp_path: Path) -> None:
    """By the file that they are in and its folder; a run that was interrupted has nothing to be compared with."""
    records = [*runs("gan", [8, 9]), failed("interrupted", "gan", 2)]
    path = write_page(boards(records), tmp_path, {"ring8": "my records/ring8.jsonl"})
    found = Reader(browser, path.as_uri()).open("row=gan")
    links = found.tab.locator("#footer a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert links[-2:] == ["my%20records/ring8.jsonl", "my%20records/"]
    said = found.tab.locator("dialog pre").first.inner_text().splitlines()
    assert [line.partition("  # ") for line in said] == [
        (f"ganbench reproduce {run.id} --records 'my records'", "  # ", f"seed {run.spec.seed}") for run in records[:2]
    ]
    found.tab.close()
    here = Reader(browser, write_page(boards(records), tmp_path / "runs").as_uri()).open("row=gan")
    assert "records" not in here.tab.locator("#footer").inner_text().replace(
        "stored records alone; the same records", ""
    )
    assert here.tab.locator("dialog pre").first.inner_text().startswith(f"ganbench reproduce {records[0].id}  # seed 0")
    here.tab.close()


def test_colours_of_rows_do_not_change_when_the_table_is_sorted(reader: Reader) -> None:
    """Nor do the lines that are drawn."""
    found = """() => Object.fromEntries([...document.querySelectorAll('#variants tr')].map((row) =>
        [row.dataset.cell, row.querySelector('.swatch')?.className ?? '']))"""
    before = reader.tab.evaluate(found)
    assert len({colour for colour in before.values() if colour}) == 6
    for column in ("variant", "modes_covered", "seeds ok"):
        reader.tab.locator("#table th", has_text=column).get_by_role("button").click()
        assert reader.tab.evaluate(found) == before


def test_a_performance_profile_steps_at_each_seed(browser: Any, tmp_path: Path) -> None:
    """Of 2, 6, 6 and a crash: level at 3/4 until 2, at 2/4 until 6, then 0; where lower is better up from 0 to 3/4."""
    records = [*runs("gan", [2, 6, 6]), failed("crashed", "gan", 3)]
    expected = {
        "higher": ([0.75, 0.75, 0.5, 0.5, 0, 0], ["75 % are at least 2", "50 % are at least 6"]),
        "lower": ([0, 0, 0.25, 0.25, 0.75, 0.75], ["25 % are at most 2", "75 % are at most 6"]),
    }
    for way, (levels, said) in expected.items():
        made = boards([replace(record, quantities={"modes_covered": {"direction": way}}) for record in records])
        found = Reader(browser, write_page(made, tmp_path / way).as_uri()).open("chart=profile")
        marks = heights(found)
        drawn = str(found.tab.locator("#chart .curve").get_attribute("d"))
        at = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", drawn)]
        assert at == pytest.approx([marks["0"] - (marks["0"] - marks["1"]) * level for level in levels], abs=0.06)
        assert found.tab.locator("#chart .dot title").all_text_contents() == [f"gan: {each}" for each in said]
        assert "the share of a row's seeds whose modes_covered" in found.tab.locator("#caption").inner_text()
        assert found.wrong == []
        found.tab.close()


def test_a_row_without_seeds_to_compare_has_no_profile(browser: Any, tmp_path: Path) -> None:
    """One seed of each variant has no share; the chart is not offered, nor is an interquartile mean said to be."""
    made = boards([*runs("gan", [2]), *runs("nsgan", [3])])
    found = Reader(browser, write_page(made, tmp_path).as_uri()).open("chart=profile&row=gan")
    assert "performance profile" not in found.tab.locator("#charts").inner_text()
    assert (
        "Interquartile mean of modes_covered: not to be had of 1 seed: it takes 4."
        in found.tab.locator("dialog").inner_text()
    )
    found.tab.close()


def test_a_phone_is_told_that_a_table_goes_on_and_keeps_the_names(browser: Any, address: str) -> None:
    """Its frame fades at the right until the last column is there; names stay at the left, under their heading."""
    found = Reader(browser, address, viewport={"width": 390, "height": 800}).open(f"board={RING8}")
    frame = found.tab.locator("#results .scroll")
    assert frame.evaluate("node => [node.classList.contains('more'), getComputedStyle(node).maskImage !== 'none']") == [
        True,
        True,
    ]
    frame.evaluate("node => { node.scrollLeft = node.scrollWidth; }")
    until(found.tab, "!document.querySelector('#results .scroll').classList.contains('more')")
    left = frame.bounding_box()["x"]
    names = found.tab.locator("#variants th[scope=row]").first
    assert names.bounding_box()["x"] == found.tab.locator("#table thead th").nth(1).bounding_box()["x"] == left
    assert found.wrong == []
    found.tab.close()


def test_a_column_that_says_nothing_is_not_shown(reader: Reader) -> None:
    """Failures have one where a run failed; details have one of reasons where a run has one."""
    assert "failed" in reader.tab.locator("#table thead").inner_text()
    reader.tab.locator("#variants").get_by_role("button", name="lsgan", exact=True).click()
    assert "reason" in reader.tab.locator("dialog .runs thead").inner_text()
    reader.open(f"board={SPIRAL}&row=gan")
    assert "failed" not in reader.tab.locator("#table thead").inner_text()
    assert "reason" not in reader.tab.locator("dialog .runs thead").inner_text()


def test_fid_against_n_draws_every_point_that_was_measured(browser: Any, tmp_path: Path) -> None:
    """At equal steps of 1/n, so that 10 + 1200 / n is straight down to 10; an older record has its two ends."""
    how = {name: {"direction": "lower"} for name in ("fid", "fid_infinity", "fid_samples", "fid@2", "fid@3", "fid@4")}
    ends = {"fid": 11.0, "fid_infinity": 10.0, "fid_samples": 1200.0}
    new = ok("new", 0, 1, values={**ends, "fid@2": 12.0, "fid@3": 13.0, "fid@4": 14.0})
    records = [replace(each, quantities=how) for each in (new, ok("old", 0, 1, values=ends))]
    found = Reader(browser, write_page(boards(records), tmp_path).as_uri()).open("chart=frechet")
    drawn = {}
    for name in ("new", "old"):
        line = found.tab.locator("#chart svg > g", has=found.tab.get_by_text(name, exact=True).first).first
        dots = line.locator(".dot").all()
        drawn[name] = [(float(dot.get_attribute("cx")), float(dot.get_attribute("cy"))) for dot in dots]
    steps = [(after[0] - before[0], after[1] - before[1]) for before, after in itertools.pairwise(drawn["new"])]
    assert len(steps) == 4
    assert all(step == pytest.approx(steps[0], abs=0.11) for step in steps)
    assert drawn["old"] == drawn["new"][-2:]
    said = found.tab.locator("#chart").text_content()
    for each in ("new: 14 (1 seed, no interval), n = 300", "n = 400", "n = 600", "n = 1,200", "extrapolated"):
        assert each in said
    assert found.wrong == []
    found.tab.close()


@pytest.mark.parametrize("place", range(3))
def test_every_file_of_the_board_is_linked(reader: Reader, place: int) -> None:
    """By its name beside the page: what the board has, and nothing that it has not."""
    made = boards(RECORDS)[place : place + 1]
    reader.open(f"board={slugs(made)[0]}")
    links = reader.tab.locator("#footer a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert sorted(links) == sorted(board_texts(made))


def test_a_row_under_the_pointer_shows_its_curve_and_band(reader: Reader) -> None:
    """Also a row that has the focus; the line is the strong one."""
    reader.tab.locator("#variants tr", has_text="hinge").first.hover()
    strong = reader.tab.locator("#chart .strong")
    assert strong.locator(":scope > title").text_content() == "hinge"
    values = strong.locator(".dot title").all_text_contents()
    assert values == ["hinge: 2.667, n = 3 seeds", "hinge: 5.333, n = 3 seeds"]
    assert (strong.locator(".band").count(), strong.locator(".dot").count()) == (1, 2)
    reader.tab.locator("#variants").get_by_role("button", name="nsgan", exact=True).focus()
    assert strong.locator(":scope > title").text_content() == "nsgan"


def test_what_is_the_same_for_every_variant_is_told_once(browser: Any, address: str, tmp_path: Path) -> None:
    """And is a column where one variant lacks it, as lsgan does, whose every run failed."""
    here = Reader(browser, address, viewport={"width": 1280, "height": 800})
    for slug, shared in ((RING8, False), (SPIRAL, True)):
        here.open(f"board={slug}")
        told = here.tab.locator("#same").inner_text()
        headings = here.tab.locator("#table thead").inner_text()
        assert ("parameters of generator 17,282" in told) == shared
        assert ("parameters of generator" in headings) != shared
    assert here.wrong == []
    here.tab.close()


def test_ranks_along_the_budget_count_failures(browser: Any, tmp_path: Path) -> None:
    """gan has the better mean and a seed that crashed: second throughout; the caption says why."""
    records = [*runs("gan", [8, 9]), failed("crashed", "gan", 2), *runs("nsgan", [1, 2, 3])]
    found = Reader(browser, write_page(boards(records), tmp_path).as_uri()).open("chart=rank")
    titles = found.tab.locator("#chart .dot title").all_text_contents()
    assert sorted(titles) == ["gan: rank 2, n = 2 seeds"] * 2 + ["nsgan: rank 1, n = 3 seeds"] * 2
    assert "of which fewer seeds failed" in found.tab.locator("#caption").inner_text()
    assert found.cells() == ["nsgan", "gan"]
    found.tab.close()


def test_a_headline_that_is_a_word_has_no_key(browser: Any, tmp_path: Path) -> None:
    """Its cells are neither better nor worse, and no interval is told of."""
    how = {"modes_covered": {"direction": "lower", "labels": ["converges", "cycles"]}}
    records = [*runs("gan", [1, 1, 1]), *runs("gan", [0, 0, 0], tricks=R1)]
    made = boards([replace(record, quantities=how) for record in records])
    found = Reader(browser, write_page(made, tmp_path).as_uri()).open()
    assert found.tab.locator("#heat").is_visible()
    assert not found.tab.locator("#key").is_visible()
    assert "t-interval" not in found.tab.locator("#effects-reading").inner_text()
    found.tab.close()


def test_an_axis_of_words_has_the_words(browser: Any, tmp_path: Path) -> None:
    """At the height of each; no number stands there, and dots say the word, or the mean where seeds differ."""
    how = {"modes_covered": {"direction": "lower", "labels": ["converges", "stalls", "cycles"]}}
    records = [*runs("gan", [0, 2, 2]), *runs("nsgan", [2, 2, 2])]
    made = boards([replace(record, quantities=how) for record in records])
    found = Reader(browser, write_page(made, tmp_path).as_uri()).open("chart=budget&row=nsgan")
    for chart in ("#chart", "#details .detail-chart"):
        marks = heights(found, chart)
        assert list(marks) == ["converges", "stalls", "cycles"]
        assert marks["converges"] - marks["stalls"] == pytest.approx(marks["stalls"] - marks["cycles"], abs=0.1)
    said = found.tab.locator("#chart .dot title").all_text_contents()
    assert {"nsgan: stalls, n = 3 seeds", "nsgan: cycles, n = 3 seeds", "gan: 1.333, n = 3 seeds"} <= set(said)
    assert "Between two words seeds differ." in found.tab.locator("#caption").inner_text()
    assert found.wrong == []
    found.tab.close()


OUTSIDE = """
() => [...document.querySelectorAll("#chart svg")].flatMap((chart) =>
  [...chart.querySelectorAll("text")].map((text) => [text.textContent, text.getBBox(), chart.viewBox.baseVal.width]))
  .filter(([, box, width]) => box.x < 0 || box.x + box.width > width).map(([text]) => text)
"""


def test_no_label_of_an_axis_is_cut_off(browser: Any, tmp_path: Path) -> None:
    """Nor at the right end of a profile, where a mark may stand, nor where FID has no more than two points.

    The axis of a profile goes on by 4 % of its values: here to 1454.4 + 0.04 * 1154.4 = 1500.6, just beyond a mark.
    """
    how = {"fid": {"direction": "lower"}, "fid_infinity": {"direction": "lower"}}
    records = [
        replace(ok("gan", seed, None, values={"fid": value, "fid_infinity": value - 1}), quantities=how, headline="fid")
        for seed, value in enumerate((300.0, 900.0, 1454.4))
    ]
    found = Reader(browser, write_page(boards(records), tmp_path).as_uri(), viewport={"width": 1280, "height": 800})
    for chart, last in (("profile", "1,500"), ("frechet", "n → ∞, extrapolated")):
        found.open(f"chart={chart}")
        assert last in found.tab.locator("#chart svg text").all_text_contents()
        assert found.tab.evaluate(OUTSIDE) == []
    found.tab.close()


def test_a_dot_under_the_pointer_tells_its_value(reader: Reader) -> None:
    """It lies above the line that opens the row, so that its own title is shown; a click opens the row all the same."""
    dot = reader.tab.locator("#chart svg > g:not(.control) .dot").last
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    under = f"document.elementFromPoint({x}, {y})"
    said = reader.tab.evaluate(f"{under}.querySelector('title').textContent")
    assert re.fullmatch(r".+: \S+, n = 3 seeds", said)
    reader.tab.mouse.click(x, y)
    reader.tab.locator("dialog[open]").wait_for()
    assert reader.tab.locator("#details-title").inner_text() == said.partition(": ")[0]


def test_bands_join_the_rows_of_a_tie_group(reader: Reader) -> None:
    """Each letter of a row is drawn in its lane, the same for all rows, and said in the row."""
    for row in reader.tab.locator("#variants tr").all():
        lanes = row.locator(".lane").all()
        assert row.locator(".ties").inner_text().split() == [lane.inner_text() for lane in lanes]
    lefts: dict[str, set[float]] = {}
    for lane in reader.tab.locator(".lane").all():
        lefts.setdefault(lane.inner_text(), set()).add(round(lane.bounding_box()["x"]))
    assert lefts
    assert all(len(places) == 1 for places in lefts.values())
    assert len(set.union(*lefts.values())) == len(lefts)


@pytest.mark.parametrize("fragment", ["", "row=gan", f"board={GRID25}", f"board={SPIRAL}"])
def test_a_phone_shows_it_without_scrolling_sideways(browser: Any, address: str, fragment: str) -> None:
    """At 360 pixels nothing but a table, in its own frame, is wider than the screen."""
    found = Reader(browser, address, viewport={"width": 360, "height": 740}).open(fragment or f"board={RING8}")
    assert found.tab.evaluate("document.documentElement.scrollWidth") == 360
    assert found.tab.evaluate("document.getElementById('details').scrollWidth") <= 360
    assert found.wrong == []
    found.tab.close()


COLOURS = """() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const behind = (node) => {
    for (let up = node; up; up = up.parentElement) {
      const found = rgba(getComputedStyle(up).backgroundColor);
      if (found[3] === 255) return found;
    }
    return null;
  };
  const own = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return [...document.querySelectorAll('body *')]
    .filter((node) => own(node) && node.checkVisibility() && node.namespaceURI.endsWith('xhtml'))
    .filter((node) => !['SCRIPT', 'OPTION', 'NOSCRIPT'].includes(node.tagName))
    .map((node) => [node.textContent.slice(0, 40), rgba(getComputedStyle(node).color), behind(node)]);
}"""


def luminance(colour: list[int]) -> float:
    """Relative luminance of WCAG 2.2, of sRGB bytes."""
    parts = [byte / 255 for byte in colour[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("system", "asked"), [("light", ""), ("dark", ""), ("light", "dark"), ("dark", "light")])
def test_text_can_be_read_in_both_themes(browser: Any, address: str, system: str, asked: str) -> None:
    """Every text has the contrast 4.5 that WCAG 2.2 wants; the page is dark where the system or the address says so."""
    found = Reader(browser, address, viewport={"width": 1280, "height": 800}, color_scheme=system)
    seen = []
    for slug in (RING8, SPIRAL):
        seen += found.open(f"board={slug}&theme={asked}").tab.evaluate(COLOURS)
    assert len(seen) > 100
    for text, front, back in seen:
        high, low = sorted((luminance(front), luminance(back)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, text
    page = found.tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    dark = luminance([int(part) for part in page.removeprefix("rgb(").rstrip(")").split(",")]) < 0.05
    assert dark == ((asked or system) == "dark")
    found.tab.close()


def test_little_draws_no_error(browser: Any, tmp_path: Path) -> None:
    """No board, one seed of one variant, and nothing but failures each make a page that works."""
    for k, records in enumerate(
        ([], [ok("gan", 0, 1)], [failed("timeout", "gan", 0, "60 s were over")], [ok("gan", 0)])
    ):
        path = write_page(boards(records), tmp_path / str(k))
        found = Reader(browser, path.as_uri()).open("row=gan")
        assert found.wrong == []
        assert found.tab.locator("#empty").is_visible() == (not records)
        assert found.tab.locator("dialog[open]").count() == bool(records)
        found.tab.close()
