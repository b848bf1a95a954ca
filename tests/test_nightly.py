"""Nights on a real command line: what is missing runs once, what moved or vanished is an error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from distributions import distribution, ganbench, install_misfits

from ganbench.archive import Archive

SUITE = """
[cpu]
seeds = 2
budget = "1280samples"
points = 2
samples = 200
[[cpu.grid]]
plugins = ["drifting"]
datasets = ["ring8"]

[broken]
seeds = 2
budget = "256samples"
samples = 200
[[broken.grid]]
plugins = ["broken"]
datasets = ["ring8"]

[mixed]
seeds = 1
budget = "256samples"
points = 1
samples = 200
[[mixed.grid]]
plugins = ["nsgan"]
datasets = ["folder:none@8"]
[[mixed.grid]]
plugins = ["raises", "drifting"]
datasets = ["ring8"]
"""
DRIFTING = """
from ganbench import Recipe, hookimpl
from ganbench_plugins.nsgan import NonSaturating


class Drifting(NonSaturating):
    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake) * {factor}


@hookimpl
def register_variants(register):
    register("drifting", Recipe(name="drifting", paper="https://example.org", loss=Drifting()))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a variant is installed whose code will change, and the misfits."""
    folder = tmp_path_factory.mktemp("site")
    distribution(folder, "acme-drifting", DRIFTING.format(factor=1.0), {"variants": ["drifting"]})
    install_misfits(folder)
    return folder


def night(folder: Path, site: Path, suite: str = "cpu", *options: str) -> CompletedProcess[str]:
    """One night in a folder."""
    (folder / "boards").mkdir(exist_ok=True)
    (folder / "boards" / "suite.toml").write_text(SUITE)
    return ganbench("nightly", "boards/suite.toml", "--suite", suite, "--jobs", "1", *options, cwd=folder, sites=[site])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the published boards but for the night's summary."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "boards").rglob("*"))
        if path.is_file() and path.name != "summary.md"
    }


def published(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "boards" / "records" / "ring8.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, site: Path) -> tuple[Path, CompletedProcess[str]]:
    """A folder after its first night; nobody writes into it."""
    folder = tmp_path_factory.mktemp("first")
    return folder, night(folder, site)


@pytest.fixture
def copied(first: tuple[Path, CompletedProcess[str]], tmp_path: Path) -> Path:
    """The published files of the first night, without the folder of its runs, as a fresh clone has them."""
    for name, content in contents(first[0]).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_the_first_night_publishes_everything(first: tuple[Path, CompletedProcess[str]]):
    """Two seeds, two untrained, one of reals; with boards, a summary, and pictures of each cell's first seed."""
    folder, done = first
    assert done.returncode == 0, done.stderr
    assert "- runs published tonight: 5 (5 ok); published before: 0\n" in done.stdout
    assert sorted(record["spec"]["variant"] for record in published(folder)) == [
        *["drifting"] * 2, "held_out_real", *["untrained"] * 2
    ]  # fmt: skip
    assert (folder / "boards" / "summary.md").read_text() == done.stdout
    first_seeds = {f"{record['id']}.png" for record in published(folder) if record["spec"]["seed"] == 0}
    assert {path.name for path in (folder / "boards" / "samples").iterdir()} == first_seeds
    assert list((folder / "boards").glob("ring8-*.csv"))


def test_the_second_night_has_nothing_to_do(copied: Path, site: Path):
    """It needs no run folder to know that, and leaves every byte as it was."""
    before = contents(copied)
    done = night(copied, site)
    assert done.returncode == 0, done.stderr
    assert "- runs published tonight: 0 (none); published before: 5\n" in done.stdout
    assert contents(copied) == before
    assert not (copied / "runs" / "ring8").exists()


def test_code_that_moves_a_score_is_told(copied: Path, tmp_path: Path):
    """It diverges now: every seed is run anew, old records stay, the board shows the new, and the night ends in 5."""
    changed = tmp_path / "site"
    distribution(changed, "acme-drifting", DRIFTING.format(factor="float('nan')"), {"variants": ["drifting"]})
    before = published(copied)
    done = night(copied, changed)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "- rows that new code ran anew: 1, of which 1 moved beyond their noise and 0 did not\n" in done.stdout
    assert re.search(r"\| 2 diverged +\| worse +\| 1 +\|", done.stdout)
    assert published(copied)[:5] == before
    assert [record["spec"]["variant"] for record in published(copied)[5:]] == ["drifting"] * 2
    (board,) = (copied / "boards").glob("ring8-*[0-9a-f].csv")
    assert all(record["id"] in board.read_text() for record in published(copied)[5:])
    assert not any(record["id"] in board.read_text() for record in before if record["spec"]["variant"] == "drifting")


def test_code_that_changes_nothing_moves_nothing(copied: Path, tmp_path: Path):
    """Another source with the same mathematics gives the same numbers."""
    changed = tmp_path / "site"
    distribution(changed, "acme-drifting", DRIFTING.format(factor="1.00"), {"variants": ["drifting"]})
    done = night(copied, changed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "- rows that new code ran anew: 1, of which 0 moved beyond their noise and 1 did not\n" in done.stdout


def test_a_published_run_that_vanished_is_an_error(copied: Path, site: Path):
    """It stood on last night's boards, and no record is there any more."""
    path = copied / "boards" / "records" / "ring8.jsonl"
    lines = path.read_text().splitlines(True)
    (gone,) = [line for line in lines if '"variant":"drifting"' in line and json.loads(line)["spec"]["seed"] == 1]
    path.write_text("".join(line for line in lines if line != gone))
    done = night(copied, site, "broken")
    assert done.returncode == 5, done.stdout
    assert f"- ring8: drifting, 1 of 2 seeds, on last night's boards: {json.loads(gone)['id']}\n" in done.stdout


def test_a_night_without_time_runs_nothing_and_says_so(copied: Path, tmp_path: Path):
    """What its like took before does not fit into a hundredth of a second: exit 4, with the names of what is left."""
    changed = tmp_path / "site"
    distribution(changed, "acme-drifting", DRIFTING.format(factor=0.5), {"variants": ["drifting"]})
    done = night(copied, changed, "cpu", "--hours", "0.000003")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "## Left for another night\n\n- ring8: drifting, 2 seeds\n" in done.stdout


def test_a_night_on_which_nothing_loads_is_no_success(tmp_path: Path, site: Path):
    """The plugin is named with its reason."""
    done = night(tmp_path, site, "broken")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "ring8: broken, seeds 0, 1: load_error: " in done.stdout


def test_one_bad_grid_and_one_bad_plugin_cost_themselves_alone(tmp_path: Path, site: Path):
    """Missing data and a plugin that raises are told; the rest is published."""
    done = night(tmp_path, site, "mixed")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "## Grids that could not be planned\n\n- " in done.stdout
    statuses = {record["spec"]["variant"]: record["status"] for record in published(tmp_path)}
    assert statuses == {"raises": "crashed", "drifting": "ok", "held_out_real": "ok", "untrained": "ok"}


def test_an_unfinished_line_is_set_aside_and_its_run_done_again(copied: Path, site: Path):
    """The night says so, and publishes the run once more."""
    path = copied / "boards" / "records" / "ring8.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    done = night(copied, site)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "## Unfinished lines, set aside beside their file\n\n- ring8.jsonl\n" in done.stdout
    assert sorted(record["id"] for record in published(copied)) == sorted(
        json.loads(line)["id"] for line in whole.splitlines()
    )


def test_of_two_nights_on_one_archive_the_second_does_nothing(tmp_path: Path, site: Path):
    """It ends at once with a usage error, and has neither run nor written anything."""
    with Archive(tmp_path / "boards" / "records").claimed():
        done = night(tmp_path, site)
    assert done.returncode == 2
    assert done.stderr.startswith("ganbench: error: another command is publishing into boards/records; wait")
    assert [path.name for path in sorted((tmp_path / "boards").rglob("*"))] == ["records", "suite.toml"]
    assert not (tmp_path / "runs").exists()
