"""The page in a real browser: what a reader sees, does and links to. Skipped where there is no Chromium to run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from records import METERS, failed, ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import slugs, write_page

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
]
GRID25, RING8 = slugs(boards(RECORDS))


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
    """What the address asks for and the page lacks is passed over."""
    reader.open("board=none&metric=__proto__&sort=constructor&row=nobody&chart=toString&draw=x&theme=blue")
    assert reader.tab.locator("#results-title").inner_text() == "grid25: 1280 samples"
    assert reader.tab.locator("dialog[open]").count() == 0


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
    assert "+ r1(weight=10.0), to gan: +3.10 ± 0.25, better" in said


def test_a_row_opens_wherever_it_is_clicked(reader: Reader) -> None:
    """But for its box, which chooses what is drawn."""
    row = reader.tab.locator("#variants tr", has_text="lsgan")
    row.get_by_label("draw lsgan").check()
    assert reader.tab.locator("dialog[open]").count() == 0
    row.locator("td").last.click()
    assert reader.tab.locator("#details-title").inner_text() == "lsgan"


def test_the_heat_map_prints_number_and_verdict(reader: Reader) -> None:
    """3, 3.1, 3.2 are better; -0.1, 0.1, 0.1 undecided; a change that was refused has its reason and no colour."""
    row = reader.tab.locator("#heat tbody tr", has_text="+ r1")
    variants = reader.tab.locator("#heat thead th").all_inner_texts()[1:]
    found = {name: row.locator("td").nth(k) for k, name in enumerate(variants)}
    assert found["gan"].inner_text().split("\n") == ["+3.10 ± 0.25", "better"]
    assert found["nsgan"].inner_text().split("\n") == ["+0.03 ± 0.29", "undecided"]
    assert found["hinge"].inner_text().split("\n") == ["not applicable", "hinge refuses it"]
    colour = "node => getComputedStyle(node).backgroundColor"
    clear = "rgba(0, 0, 0, 0)"
    assert [found[name].evaluate(colour) == clear for name in ("gan", "nsgan", "hinge")] == [False, True, True]


def test_a_row_under_the_pointer_shows_its_curve_and_band(reader: Reader) -> None:
    """Also a row that has the focus; the line is the strong one."""
    reader.tab.locator("#variants tr", has_text="hinge").first.hover()
    strong = reader.tab.locator("#chart .strong")
    assert strong.locator("title").text_content() == "hinge"
    assert (strong.locator(".band").count(), strong.locator(".dot").count()) == (1, 2)
    reader.tab.locator("#variants").get_by_role("button", name="nsgan", exact=True).focus()
    assert strong.locator("title").text_content() == "nsgan"


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


@pytest.mark.parametrize("fragment", ["", "row=gan", f"board={GRID25}"])
def test_a_phone_shows_it_without_scrolling_sideways(browser: Any, address: str, fragment: str) -> None:
    """At 360 pixels nothing but a table, in its own frame, is wider than the screen."""
    found = Reader(browser, address, viewport={"width": 360, "height": 740}).open(f"board={RING8}&{fragment}")
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
    found.open(f"board={RING8}&theme={asked}")
    seen = found.tab.evaluate(COLOURS)
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
