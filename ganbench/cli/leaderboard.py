"""`ganbench leaderboard`: stored runs or published records become tables, files and a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.errors import UsageError, printable

if TYPE_CHECKING:
    from ganbench.leaderboards.board import Board

FORMATS = ("table", "markdown", "csv", "json")


@click.command("leaderboard", short_help="Make tables and a page of stored runs.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder.")
@click.option(
    "--records", type=click.Path(path_type=Path), help="Folder of published records (.jsonl), in place of --runs."
)
@click.option("-d", "--dataset", metavar="NAME", help="Only this dataset; not with --out.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", help="What to print. Default: table.")
@click.option("--json", "form", flag_value="json", help="The same as --format json: one list, an object a row.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path),
    help="Also write CSV and Markdown files of each board here, and a web page of all.",
)  # fmt: skip
@click.option("--parquet", type=click.Path(path_type=Path), help="Also write all boards as one Parquet file.")
@click.option(
    "--readme", type=click.Path(path_type=Path), help="Also write an overview between the marks in this file."
)
@click.option("--check", is_flag=True, help="Write nothing; exit code 5 where --out or --readme is not up to date.")
def command(
    runs: Path,
    records: Path | None,
    dataset: str | None,
    form: str,
    out: Path | None,
    parquet: Path | None,
    readme: Path | None,
    check: bool,
) -> None:
    """Make leaderboards of stored runs: means and 95 % t-intervals over seeds, ranks that exact tests support, failures
    counted, costs beside.

    Runs that differ in dataset, budget, extractor, sample size or protocol never share a board. Damaged records are
    left out, named, and make the exit code 3.

    \b
    ganbench leaderboard --out boards
    ganbench leaderboard --records leaderboards/records --out leaderboards --readme README.md --check
    """  # noqa: D301 - click wants the control character that keeps lines apart
    from ganbench.leaderboards.board import boards
    from ganbench.notebook import published_records, stored_records
    from ganbench.store import Store

    if (readme or check) and out is None:
        raise UsageError("--readme and --check: wanted --out FOLDER too, where the boards lie")
    if dataset and out is not None:
        raise UsageError(
            f"--dataset {dataset} and --out: found one dataset for files that show all, its page and overview; wanted "
            "--out without --dataset, or --format or --parquet for one dataset"
        )
    if out is not None and not check:
        Store(out).require_writable()
    found, damaged = published_records(records, dataset) if records else stored_records(runs, dataset)
    tables = boards(found)
    if check and out is not None:
        _check(tables, out, readme, records)
    else:
        _print(tables, form)
        for path in _written(tables, out, parquet, readme, records):
            click.echo(f"wrote {path}", err=form != "table")
    for error in damaged:
        click.echo(printable(f"ganbench: left out: {error}"), err=True)
    if damaged:
        sys.exit(3)


def _print(boards: Sequence[Board], form: str) -> None:
    from ganbench.cli.tables import print_boards
    from ganbench.leaderboards.markdown import board_markdown
    from ganbench.leaderboards.visible import table_csv
    from ganbench.notebook import joined

    if form == "table":
        print_boards(boards)
    elif form == "markdown":
        click.echo("\n".join(map(board_markdown, boards)), nl=False)
    elif form == "csv":
        click.echo(table_csv(joined(boards)), nl=False)
    else:
        table = joined(boards).to_json(orient="records", double_precision=15)
        click.echo(json.dumps(json.loads(table), indent=2, ensure_ascii=False))


def _written(
    boards: Sequence[Board], out: Path | None, parquet: Path | None, readme: Path | None, records: Path | None
) -> list[Path]:
    from ganbench.publication import publish, write_parquet

    written = publish(boards, out, readme, records) if out is not None else []
    if parquet is not None:
        write_parquet(boards, parquet)
        written.append(parquet)
    return written


def _check(boards: Sequence[Board], out: Path, readme: Path | None, records: Path | None) -> None:
    from ganbench.publication import differences

    found = differences(boards, out, readme, records)
    for sentence in found:
        click.echo(f"ganbench: {sentence}", err=True)
    if found:
        click.echo("ganbench: run the same command without --check, and look at what changed", err=True)
        sys.exit(5)
    click.echo(f"what the records give: {len(boards)} board{'s' * (len(boards) != 1)}, up to date")
