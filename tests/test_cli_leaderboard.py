"""`ganbench leaderboard` over published records: what it prints, writes, checks, and how it ends."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from records import failed, ok

from ganbench.archive import Archive
from ganbench.cli.leaderboard import command
from ganbench.errors import UsageError
from ganbench.leaderboards.overview import BEGIN, END

HOSTILE = "<script>alert('ü')</script>"
RECORDS = [ok("nsgan", 0, 6), ok("nsgan", 1, 7), failed("crashed", HOSTILE, 0, "</script><b>no</b>")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with published records and a README."""
    Archive(tmp_path / "boards" / "records").append(RECORDS)
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--records", "boards/records", *arguments])


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "table"])
def test_every_format_prints_every_cell(folder: Path, form: str):
    """Hostile names are text in each."""
    done = call("--format", form)
    assert done.exit_code == 0, done.output
    if form == "csv":
        assert [row["cell"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["nsgan", HOSTILE]
    elif form == "json":
        assert [row["cell"] for row in json.loads(done.stdout)] == ["nsgan", HOSTILE]
    elif form == "markdown":
        assert "| nsgan" in done.stdout
        assert "<script>" not in done.stdout
        assert "&lt;script&gt;" in done.stdout
    else:
        assert "nsgan" in done.stdout
        assert HOSTILE in "".join(done.stdout.split())
    assert call("--json").stdout == call("--format", "json").stdout


def test_check_passes_right_after_writing_and_names_what_changed(folder: Path):
    """Exit code 5 where a file differs from what the records give; nothing is written by a check."""
    options = ("--out", "boards", "--readme", "README.md")
    assert call(*options).exit_code == 0
    done = call(*options, "--check")
    assert (done.exit_code, done.stdout) == (0, "what the records give: 1 board, up to date\n")
    Archive(folder / "boards" / "records").append([ok("nsgan", 2, 8)])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = call(*options, "--check")
    assert done.exit_code == 5
    assert "README.md differs from what the records give" in done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_damaged_records_are_named_and_the_rest_is_shown(folder: Path):
    """Exit code 3."""
    with (folder / "boards" / "records" / "ring8.jsonl").open("a") as file:
        file.write('{"id": "cut o')
    done = call("--format", "csv")
    assert done.exit_code == 3
    assert "ring8.jsonl, line 4: not strict JSON" in done.stderr
    assert "nsgan" in done.stdout


def test_what_damaged_records_say_reaches_no_terminal_raw(folder: Path):
    """A file's name may hold what a terminal acts on."""
    (folder / "boards" / "records" / "x\x1b[2J\u202e.jsonl").write_text("{}\n")
    errors = call("--format", "csv").stderr
    assert "x?[2J?.jsonl, line 1: " in errors
    assert errors.replace("\n", "").isprintable()


def test_an_older_protocol_is_another_board(folder: Path):
    """Never ranked together."""
    Archive(folder / "boards" / "records").append([ok("nsgan", 0, 6, protocol=0)])
    rows = list(csv.DictReader(io.StringIO(call("--format", "csv").stdout)))
    assert [(row["cell"], row["protocol"], row["seeds"]) for row in rows] == [
        ("nsgan", "0", "1"), ("nsgan", "1", "2"), (HOSTILE, "1", "1")
    ]  # fmt: skip


@pytest.mark.parametrize("further", [[], ["--readme", "README.md"], ["--check"]])
def test_one_dataset_does_not_overwrite_the_page_of_all(folder: Path, further: list[str]):
    """A sentence that says what to do, and every byte is as it was, whether the folder was there or not."""
    Archive(folder / "boards" / "records").append([ok("nsgan", 0, 6, dataset="grid25")])
    assert call("--out", "boards", "--readme", "README.md").exit_code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for out in ("boards", "new"):
        done = call("-d", "ring8", "--out", out, *further)
        assert isinstance(done.exception, UsageError)  # which the command line turns into exit code 2
        assert "--dataset ring8 and --out: found one dataset" in str(done.exception)
        assert "wanted --out without --dataset, or --format or --parquet" in str(done.exception)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert call("-d", "ring8", "--format", "csv").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check"], "--readme and --check: wanted --out FOLDER too"),
        (["--dataset", "grid25"], "no finished run of dataset 'grid25' in 'boards/records'"),
        (["--out", "boards", "--readme", "boards/records/ring8.jsonl"], "wanted one line '<!-- boards: begin -->'"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, arguments: list[str], message: str):
    """With what was wanted."""
    done = call(*arguments)
    assert message in str(done.exception)
