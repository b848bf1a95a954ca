"""Suites: what the file says is what is asked for, and what it cannot say is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.errors import UsageError
from ganbench.nightly.suite import read_suite
from ganbench.request import Request

GOOD = """
[cpu]
about = "all night"
seeds = 5
threads = 2

[[cpu.grid]]
plugins = ["nsgan", "gan"]
tricks = [["none", "ema"]]
datasets = ["ring8"]
budget = "60kimg"

[[cpu.grid]]
plugins = ["wgan_gp"]
datasets = ["digits"]
settings = ["gradient_penalty.weight=0.1"]
seeds = 2

[empty]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a good suite."""
    made = tmp_path / "suite.toml"
    made.write_text(GOOD)
    return made


def test_a_suite_is_its_grids_in_order(path: Path):
    """What stands for the whole suite holds where a grid says nothing else."""
    first, second = read_suite(path, "cpu", data_root="data").entries
    common = {"data_root": "data", "threads": 2}
    assert first.seeds == 5
    assert first.requests == tuple(
        Request(variant, "ring8", tricks=tricks, budget="60kimg", **common)
        for variant in ("nsgan", "gan")
        for tricks in ((), ("ema",))
    )
    assert second.seeds == 2
    assert second.requests == (Request("wgan_gp", "digits", settings=("gradient_penalty.weight=0.1",), **common),)


def test_a_suite_may_be_empty(path: Path):
    """Then there is nothing to do."""
    assert read_suite(path, "empty").entries == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cpu", "no suite can be read from it"),
        ("[gpu]", "unknown suite 'cpu': did you mean gpu"),
        ("cpu = 3", r"\[cpu\]: found int, wanted a table"),
        ("[cpu]\nseed = 3", "found the key 'seed', wanted some of about, threads, grid, seeds"),
        ("[cpu]\nseeds = '3'", "seeds: found '3', wanted a whole number"),
        ("[cpu]\nseeds = true", "seeds: found True, wanted a whole number"),
        ("[cpu]\ngrid = [3]", r"\[\[cpu.grid\]\] 1: found int, wanted a table"),
        ("[[cpu.grid]]\nplugins = []\ndatasets = ['ring8']", "found no plugins, wanted a list"),
        ("[[cpu.grid]]\nplugins = ['gan']", "found no datasets, wanted a list"),
        ("[[cpu.grid]]\nplugins = 'gan'\ndatasets = ['ring8']", "plugins: found 'gan', wanted a list"),
        ("[[cpu.grid]]\nplugins = [3]\ndatasets = ['ring8']", r"plugins: found \[3\], wanted a list of texts"),
        (
            "[[cpu.grid]]\nplugins = ['gan']\ndatasets = ['ring8']\ntricks = ['ema']",
            "tricks: found 'ema', wanted a list",
        ),
    ],
)
def test_what_no_suite_says_is_refused(tmp_path: Path, text: str, message: str):
    """The message names file, suite and grid."""
    path = tmp_path / "suite.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_suite(path, "cpu")


def test_a_missing_file_is_a_usage_error(tmp_path: Path):
    """Not a traceback."""
    with pytest.raises(UsageError, match="No such file"):
        read_suite(tmp_path / "none.toml", "cpu")


@pytest.mark.parametrize("content", ["seeds = " + "9" * 5000, "seeds = " + "[" * 5000, "[cpu", "\0"])
def test_a_file_that_cannot_be_read_is_named(path: Path, content: str):
    """Too many digits, too many brackets, no TOML at all: one error for all of them."""
    path.write_text(content)
    with pytest.raises(UsageError, match=f"{path}: no suite can be read from it: "):
        read_suite(path, "cpu")
