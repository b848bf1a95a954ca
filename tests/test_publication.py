"""Everything made of boards in one folder: written, compared, withdrawn; the overview of a README; Parquet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from records import failed, ok

from ganbench.archive import Archive
from ganbench.errors import StoreError
from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import slugs
from ganbench.leaderboards.overview import BEGIN, END, overview_markdown
from ganbench.notebook import joined
from ganbench.publication import differences, publish, withdraw, write_parquet
from ganbench.reproduction import recorded_run

RECORDS = [
    *[ok("nsgan", seed, 6 + seed) for seed in range(3)],
    *[ok("nsgan", seed, 7 + seed, tricks=("ema(decay=0.9)",)) for seed in range(3)],
    ok("wgan", 0, 3),
    failed("diverged", "wgan", 1, "not finite"),
    ok("held_out_real", 0, 8, budget="0 samples", batch_size=0, points=1),
    ok("nsgan", 0, 20, dataset="grid25"),
]
GRID25, RING8 = slugs(boards(RECORDS))
HEADER = (
    f"|  | [grid25, 1280 samples, 1 seed: modes_covered ↑]({GRID25}.md) "
    f"| [ring8, 1280 samples, 2 to 3 seeds: modes_covered ↑]({RING8}.md) |"
)
BODY = """\
| nsgan | 20 (1 seed) | 7.0 ± 2.5 a |
| wgan | | 3 (1 seed) a (1 diverged) |
| control: held-out real data | | 8 (1 seed) |

Cannot be decided: ring8, 1280 samples, with n = 2 to 3 seeds: even the clearest of 3 pairs would need 7.

All of them, with curves, effects and runs, are on one page: open `index.html` in a browser."""


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    """A README with a place for the overview."""
    path = tmp_path / "README.md"
    path.write_text(f"# Project\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    return path


def test_what_is_published_is_what_the_records_give(tmp_path: Path, readme: Path):
    """Nothing differs right after publishing, and publishing again changes no byte."""
    found, folder = boards(RECORDS), tmp_path / "boards"
    written = publish(found, folder, readme)
    assert differences(found, folder, readme) == []
    before = {path: path.read_bytes() for path in written}
    assert publish(boards(RECORDS[::-1]), folder, readme) == written
    assert {path: path.read_bytes() for path in written} == before


def test_records_are_linked_where_they_lie_in_the_folder(tmp_path: Path):
    """Those that the boards are made of, by the name that the archive gives them; none of a run folder or elsewhere."""
    found, folder = boards(RECORDS), tmp_path / "boards"
    Archive(folder / "records").append(RECORDS)
    Archive(tmp_path / "records").append(RECORDS)

    def linked(records: Path | None) -> dict[str, dict[str, str] | None]:
        publish(found, folder, records=records)
        assert differences(found, folder, records=records) == []
        (data,) = re.findall(r'id="data">(.*?)</script>', (folder / "index.html").read_text(), re.DOTALL)
        return {board["title"].partition(":")[0]: board["records"] for board in json.loads(data)["boards"]}

    expected = {"folder": "records/", "option": "--records records"}
    assert linked(folder / "records") == {
        name: {"file": f"records/{name}.jsonl", **expected} for name in ("grid25", "ring8")
    }
    assert linked(None) == linked(tmp_path / "records") == {"grid25": None, "ring8": None}
    (folder / "records" / "ring8.jsonl").unlink()
    assert linked(folder / "records")["ring8"] is None
    assert recorded_run(RECORDS[-1].id, tmp_path, folder / "records") == RECORDS[-1]


def test_every_difference_is_named(tmp_path: Path, readme: Path):
    """A changed file, a missing one, a stale README and a board that is no more; other files are nobody's business."""
    found, folder = boards(RECORDS), tmp_path / "boards"
    publish(found, folder, readme)
    (table,) = folder.glob("ring8-*[0-9a-f].csv")
    table.write_text("by hand")
    (folder / "index.html").unlink()
    (folder / "suite.toml").write_text("")
    old = folder / "old-9-samples-0123abcd-effects.csv"
    old.write_text("")
    readme.write_text(readme.read_text().replace("7.0", "9.0"))
    assert differences(found, folder, readme) == [
        f"{folder / 'index.html'} is missing",
        f"{table} differs from what the records give",
        f"{readme} differs from what the records give",
        f"{old} is of no board of these records",
    ]
    assert withdraw(found, folder) == [old]
    assert not old.exists()
    assert (folder / "suite.toml").exists()


def test_the_overview_has_a_row_a_variant_and_a_column_a_board():
    """Tricks are left to the page; seeds, ties, failures and lone seeds are said, and what cannot be decided."""
    header, line, *body = (re.sub(" +", " ", line) for line in overview_markdown(boards(RECORDS)).splitlines())
    assert header == re.sub(" +", " ", HEADER)
    assert set(line) == {"|", "-"}
    assert "\n".join(body) == BODY


def test_the_overview_links_the_files_of_the_boards(tmp_path: Path):
    """From where the README lies, whatever the names; a board's own brackets do not end the link."""
    found, folder = boards([ok("gan", 0, 1, dataset="](x)|")]), tmp_path / "the boards"
    (tmp_path / "docs").mkdir()
    readme = tmp_path / "docs" / "README.md"
    readme.write_text(f"{BEGIN}{END}")
    publish(found, folder, readme)
    (text, address) = re.findall(r"\[([^\]]*)\]\(([^)]*)\)", readme.read_text())[0]
    assert "open `../the boards/index.html` in a browser" in readme.read_text()
    assert text == "&#93;&#40;x)&#124;, 1280 samples, 1 seed: modes_covered ↑"
    assert (readme.parent / unquote(address)).resolve() == folder / f"{slugs(found)[0]}.md"
    assert (folder / f"{slugs(found)[0]}.md").exists()


def test_the_overview_shows_the_newest_protocol():
    """The older one is left to the page."""
    found = boards(
        [ok("gan", 0, 1, protocol=0), ok("gan", 0, 2, protocol=1), ok("wgan", 0, 3, dataset="a", protocol=0)]
    )
    text = overview_markdown(found)
    assert "| 2 (1 seed) " in text
    assert "| 3 (1 seed) " in text
    assert "| 1 (1 seed) " not in text
    assert "protocol" not in text


def test_boards_of_one_protocol_have_titles_of_their_own_in_the_overview():
    """Neither takes the other's column; what cannot be decided names which is meant."""
    records = [
        ok(variant, 0, modes, standard=standard)
        for standard, modes in (("small", 1), ("large", 2))
        for variant in ("gan", "wgan")
    ]
    text = overview_markdown(boards(records))
    assert "ring8, 1280 samples (standard small), 1 seed: modes_covered" in text
    assert "ring8, 1280 samples (standard large), 1 seed: modes_covered" in text
    assert "1 (1 seed) a" in text
    assert "2 (1 seed) a" in text
    assert "ring8, 1280 samples (standard small), with n = 1 seed" in text


def test_versions_of_one_variant_stand_in_the_overview():
    """Each under the hash of its code, as on the board; changed ones are left to the page as ever."""
    codes = ("a" * 64, "b" * 64)
    records = [ok("gan", seed, 1, source_hash=code) for code in codes for seed in range(2)]
    records += [ok("gan", 0, 1, tricks=("ema(decay=0.9)",), source_hash=code) for code in codes]
    text = overview_markdown(boards(records))
    assert re.findall(r"^\| (gan[^|]*\S) +\|", text, re.MULTILINE) == ["gan @aaaaaaa", "gan @bbbbbbb"]


def test_the_overview_says_nothing_of_boards_that_can_be_decided():
    """Seven seeds suffice for one pair, whether or not it is separated."""
    records = [ok(variant, seed, seed) for variant in ("gan", "wgan") for seed in range(7)]
    assert "7 seeds: modes_covered" in overview_markdown(boards(records))
    assert "Cannot" not in overview_markdown(boards(records))


def test_the_overview_goes_between_the_marks(tmp_path: Path, readme: Path):
    """What stands around them stays."""
    publish(boards(RECORDS), tmp_path / "boards", readme)
    text = readme.read_text()
    assert text.startswith(f"# Project\n\n{BEGIN}\n\n| ")
    assert text.endswith(f" open `boards/index.html` in a browser.\n\n{END}\n\nMore.\n")
    assert "old" not in text


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{END}"])
def test_without_marks_nothing_is_written(tmp_path: Path, text: str):
    """The error says what was wanted."""
    readme = tmp_path / "README.md"
    readme.write_text(text)
    with pytest.raises(StoreError, match="wanted one line '<!-- boards: begin -->'"):
        publish(boards(RECORDS), tmp_path / "boards", readme)
    assert not (tmp_path / "boards").exists()


def test_parquet_holds_the_same_table(tmp_path: Path):
    """Every column, what is missing included."""
    found = boards(RECORDS)
    write_parquet(found, tmp_path / "boards.parquet")
    read = pd.read_parquet(tmp_path / "boards.parquet")
    assert_frame_equal(read.convert_dtypes(), joined(found).convert_dtypes())
