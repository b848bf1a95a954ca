"""`ganbench leaderboard`: stored runs become tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ganbench.leaderboards.board import Board


@click.command("leaderboard", short_help="Make tables of stored runs.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder.")
@click.option("-d", "--dataset", metavar="NAME", help="Only this dataset.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Also write a CSV and a Markdown file a board here, and a web page of all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the boards as one JSON list, an object a row.")
def command(runs: Path, dataset: str | None, out: Path | None, as_json: bool) -> None:
    """Make leaderboards of stored runs: means and 95 % t-intervals over seeds, failures counted, costs beside.

    Runs that differ in dataset, budget, extractor, sample size or protocol never share a board. Damaged records are
    left out, named, and make the exit code 3.
    """
    from ganbench.cli.tables import print_boards
    from ganbench.leaderboards.board import boards
    from ganbench.leaderboards.files import write_boards, write_page
    from ganbench.notebook import joined, stored_records
    from ganbench.store import Store

    if out is not None:
        Store(out).require_writable()
    records, damaged = stored_records(runs, dataset)
    found = boards(records)
    if as_json:
        table = joined(found).to_json(orient="records", double_precision=15)
        click.echo(json.dumps(json.loads(table), indent=2, ensure_ascii=False))
    else:
        print_boards(found)
    if out is not None:
        for path in [*write_boards(found, out), *_pictures(found, out), write_page(found, out)]:
            click.echo(f"wrote {path}", err=as_json)
    for error in damaged:
        click.echo(f"ganbench: left out: {error}", err=True)
    if damaged:
        sys.exit(3)


def _pictures(boards: Sequence[Board], out: Path) -> list[Path]:
    """The phase planes of boards whose runs have any; drawing loads torch, so it is done for no others."""
    with_paths = [board for board in boards if {"theta", "psi"} <= board.quantities.keys()]
    if not with_paths:
        return []
    from ganbench.phase import write_phases

    return write_phases(with_paths, out)
