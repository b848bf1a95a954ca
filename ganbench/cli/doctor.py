"""`ganbench doctor`: what is missing on this machine, and the command that mends it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ganbench.diagnosis.finding import Finding


@click.command("doctor", short_help="Say what is missing here and how to get it.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder."
)
@click.option("--data-root", metavar="FOLDER", type=click.Path(path_type=Path), help="Where datasets lie.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def command(ctx: click.Context, out: Path, data_root: Path | None, as_json: bool) -> None:
    """Look at Python, libraries, device, memory, folders, data, weights and plugins, and say how to mend what is amiss.

    Downloads nothing. Exit codes: 0 all that a run needs is there, 3 something is not.
    """
    from ganbench.diagnosis import diagnose

    found = []
    for finding in diagnose(out, data_root):
        found.append(finding)
        if not as_json:
            _print(finding)
    blocking = [finding.subject for finding in found if finding.blocks]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    elif blocking:
        click.echo(f"no run can be made yet: mend {', '.join(blocking)}")
    else:
        click.echo("all that a run needs is here")
    ctx.exit(3 if blocking else 0)


def _print(finding: Finding) -> None:
    click.echo(f"{finding.state:<8} {finding.subject}: {finding.about}")
    if finding.mend:
        click.echo(f"{'':<8} mend: {finding.mend}")
