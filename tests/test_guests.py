"""Packages of others on the board: what is listed, what is run of them, and where it ends."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from distributions import distribution, ganbench

from ganbench.errors import UnknownNameError, UsageError
from ganbench.nightly.guests import Guest, find_guest, read_guests, suite_of
from ganbench.nightly.suite import Entry, read_suite
from ganbench.request import Request

ROOT = Path(__file__).parent.parent
CALM = Guest("ganbench-calm", "0.1.0", ("calm", "calmer"))
LISTED = """
[[package]]
distribution = "ganbench-calm"
version = "0.1.0"
variants = ["calm", "calmer"]

[[package]]
distribution = "ganbench-two-words"
version = "2.0.post1"
variants = ["wild"]
datasets = ["grid25"]
"""


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """A good list."""
    path = tmp_path / "plugins.toml"
    path.write_text(LISTED)
    return path


def test_packages_are_read_in_order(listing: Path) -> None:
    """Datasets that are left out are those of `ganbench run`."""
    assert read_guests(listing) == [CALM, Guest("ganbench-two-words", "2.0.post1", ("wild",), ("grid25",))]
    assert CALM.datasets == ("ring8", "digits")


def test_the_list_of_this_repository_can_be_read() -> None:
    """Every package on it keeps to the format, and so does the example in its comments."""
    path = ROOT / "leaderboards" / "plugins.toml"
    guests = read_guests(path)
    assert len({guest.distribution for guest in guests}) == len(guests)


@pytest.mark.parametrize("where", ["leaderboards/plugins.toml", "docs/plugins.md", "ganbench/nightly/guests.py"])
def test_the_examples_can_be_read(where: str, tmp_path: Path) -> None:
    """What an author is shown, comment signs taken off, is one package."""
    text = re.sub(r"^# ?", "", (ROOT / where).read_text(encoding="utf-8"), flags=re.MULTILINE)
    (example,) = re.findall(r"^\[\[package\]\]\n(?:\w+ = .*\n)+", text, flags=re.MULTILINE)
    (tmp_path / "plugins.toml").write_text(example)
    (guest,) = read_guests(tmp_path / "plugins.toml")
    assert (guest.distribution, guest.version, guest.variants) == ("ganbench-calm", "0.1.0", ("calm",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"ganbench-calm"', '"calm"', r"1: distribution: found 'calm', wanted what matches ganbench"),
        ('"ganbench-calm"', '"-r evil"', r"1: distribution: found '-r evil', wanted"),
        ('"0.1.0"', '"0.1.0; rm -rf /"', r"1: version: found '0.1.0; rm -rf /', wanted"),
        ('"0.1.0"', '">=0"', r"1: version: found '>=0', wanted"),
        ('["calm", "calmer"]', "[]", r"1: found no variants"),
        ('["calm", "calmer"]', "[1]", r"1: variants: found \[1\], wanted a list of texts"),
        ('["calm", "calmer"]', '["nsgan"]', r"ganbench-calm: the variant 'nsgan' is ganbench's; wanted another"),
        ('["wild"]', '["calm"]', r"ganbench-two-words: the variant 'calm' is ganbench-calm's; wanted another"),
        ('["grid25"]', '["folder:/etc"]', r"2: datasets: found \['folder:/etc'\], wanted what matches"),
        ("datasets", "dataset", r"2: found the key 'dataset', wanted some of distribution, version"),
        ('version = "0.1.0"\n', "", r"1: found no version"),
        ("[[package]]", "[[package]", r"no packages can be read from it"),
    ],
)
def test_what_is_no_package_is_refused(listing: Path, old: str, new: str, message: str) -> None:
    """The names are given to pip and to a shell by a workflow, and a variant has one owner."""
    listing.write_text(LISTED.replace(old, new, 1))
    with pytest.raises(UsageError, match=message):
        read_guests(listing)


def test_an_unknown_package_is_an_error_with_the_nearest() -> None:
    """As everywhere."""
    with pytest.raises(UnknownNameError, match=r"unknown package 'ganbench-clam': did you mean ganbench-calm\?"):
        find_guest([CALM], "ganbench-clam")


def test_a_guest_runs_under_the_conditions_of_the_suite(tmp_path: Path) -> None:
    """Its variants stand in the place of the suite's, each once, with the same budget and seeds, on its datasets."""
    path = tmp_path / "suite.toml"
    path.write_text("""
[cpu]
threads = 2
[[cpu.grid]]
plugins = ["nsgan", "gan"]
tricks = [["none", "ema"]]
datasets = ["ring8", "grid25"]
budget = "60kimg"
seeds = 12
[[cpu.grid]]
plugins = ["vae"]
datasets = ["mnist"]
""")
    found = suite_of(CALM, read_suite(path, "cpu", data_root="data"))
    wanted = [
        Request(f"ganbench-calm:{name}", "ring8", budget="60kimg", data_root="data", threads=2)
        for name in ("calm", "calmer")
    ]
    assert found.entries == (Entry(tuple(wanted), 12),)
    assert found.threads == 2


CALM_SOURCE = """
from ganbench import Recipe, hookimpl
from ganbench_plugins.nsgan import NonSaturating


@hookimpl
def register_variants(register):
    register("calm", Recipe(name="calm", paper="https://example.org", loss=NonSaturating()))
"""


def test_a_guests_night_ends_on_the_board_of_all(tmp_path: Path) -> None:
    """It runs where it is installed; a night elsewhere, which never loads it, publishes what it left."""
    site, boards = tmp_path / "site", tmp_path / "boards"
    distribution(site, "ganbench-calm", CALM_SOURCE, {"variants": ["calm"]})
    boards.mkdir()
    (boards / "suite.toml").write_text("""
[cpu]
seeds = 1
points = 1
samples = 200
budget = "256samples"
[[cpu.grid]]
plugins = ["nsgan"]
datasets = ["ring8"]
[none]
""")
    (boards / "plugins.toml").write_text(
        '[[package]]\ndistribution = "ganbench-calm"\nversion = "1.0"\nvariants = ["calm"]\n'
    )
    night = ("nightly", "boards/suite.toml", "--jobs", "1")
    first = ganbench(*night, "--package", "ganbench-calm", "--out", "guest", cwd=tmp_path, sites=[site])
    assert first.returncode == 0, first.stdout + first.stderr
    (tmp_path / "arrivals").mkdir()
    (tmp_path / "guest" / "records").rename(tmp_path / "arrivals" / "ganbench-calm")
    second = ganbench(*night, "--suite", "none", "--arrivals", "arrivals", cwd=tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "- runs published tonight: 1 (1 ok); published before: 0\n" in second.stdout
    (line,) = (boards / "records" / "ring8.jsonl").read_text().splitlines()
    assert json.loads(line)["spec"]["variant"] == "calm"
    board = min(boards.glob("ring8-*.csv"), key=lambda path: len(path.name))
    with board.open(newline="") as file:
        assert [row["cell"] for row in csv.DictReader(file)] == ["calm"]
