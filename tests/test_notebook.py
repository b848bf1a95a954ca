"""The two calls of a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from distributions import environment, ganbench

import ganbench as gb
from ganbench.errors import StoreError, UnknownNameError, UsageError

SCRIPT = """
import json
from pathlib import Path

import ganbench

frame = ganbench.run(
    ["nsgan", "wgan_gp"], "ring8", settings={"d_steps": 2}, trick="ema",
    budget="2kimg", seeds=2, points=2, samples=500, jobs=1,
)
Path("frame.json").write_text(json.dumps(frame.to_dict(orient="records")))
ganbench.leaderboard().to_json("board.json", orient="records", double_precision=15)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where a plain script has run two variants."""
    folder = tmp_path_factory.mktemp("script")
    (folder / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=folder, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_plain_script_gets_one_row_a_run(script: Path) -> None:
    """`ganbench.run` works in a script without a main guard, prints nothing, and gives a row for each run."""
    rows = read(script / "frame.json")
    assert [(row["variant"], row["seed"], row["status"]) for row in rows] == [
        ("nsgan", 0, "ok"),
        ("nsgan", 1, "ok"),
        ("wgan_gp", 0, "ok"),
        ("wgan_gp", 1, "ok"),
        ("held_out_real", 0, "ok"),
        ("untrained", 0, "ok"),
        ("untrained", 1, "ok"),
    ]
    for row in rows:
        (path,) = script.glob(f"runs/ring8/*/{row['id']}/record.json")
        assert {f"values.{name}": value for name, value in read(path)["values"].items()}.items() <= row.items()


def test_a_mapping_of_settings_is_applied(script: Path) -> None:
    """`settings` and `trick` are those of the command line: the cell names both, and each pair of steps is paid."""
    row = read(script / "frame.json")[0]
    assert row["cell"] == "nsgan + ema(decay=0.999) [d_steps=2]"
    assert (row["meters.d_steps"], row["meters.g_steps"]) == (16, 7)


def test_the_board_is_the_command_lines(script: Path) -> None:
    """`ganbench.leaderboard` is the table that `ganbench leaderboard --json` prints."""
    printed = ganbench("leaderboard", "--json", cwd=script)
    assert printed.returncode == 0
    assert json.loads(printed.stdout) == read(script / "board.json")


def test_what_cannot_be_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    """A wrong name or number is an exception with the command line's message, and no folder is made."""
    out = tmp_path / "runs"
    with pytest.raises(UnknownNameError, match="unknown variant 'wgan_pg': did you mean wgan_gp"):
        gb.run("wgan_pg", "ring8", out=out)
    with pytest.raises(UsageError, match=r"^seeds: found 0, wanted at least 1$"):
        gb.run("nsgan", "ring8", seeds=0, out=out)
    with pytest.raises(UsageError, match=r"^points: found 0, wanted at least 1$"):
        gb.run("nsgan", "ring8", points=0, out=out)
    with pytest.raises(UsageError, match=r"^nothing to run: name a variant and a dataset"):
        gb.run([], "ring8", out=out)
    assert not out.exists()


def test_no_runs_are_an_error(tmp_path: Path) -> None:
    """A folder without runs is an error that says how to get some."""
    with pytest.raises(StoreError, match=r"^no finished run under '.*': run some first, as in `ganbench run"):
        gb.leaderboard(tmp_path)


def test_where_every_record_is_damaged_each_is_named(tmp_path: Path) -> None:
    """The first few in full, and how many more there are: running anew is not the only remedy."""
    for number in range(7):
        path = tmp_path / "ring8" / "nsgan" / f"{number}" / "record.json"
        path.parent.mkdir(parents=True)
        path.write_text("{")
    with pytest.raises(
        StoreError, match=r"7 damaged left out: \S+/0/record.json: not strict JSON: .*; and 2 more$"
    ) as one:
        gb.leaderboard(tmp_path)
    assert str(one.value).count("record.json") == 5
