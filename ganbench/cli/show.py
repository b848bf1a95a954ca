"""`ganbench show`: what stands behind a name."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout

import click

from ganbench.cli.names import complete
from ganbench.description import about
from ganbench.registry import find_everything


@click.command("show", short_help="Show what stands behind a name.")
@click.argument("name", shell_complete=complete)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(name: str, as_json: bool) -> None:
    """Show a variant, trick, dataset or metric: its paper and equation, and every default that can be set."""
    with redirect_stdout(sys.stderr):  # what a plugin prints when it is loaded is no part of the answer
        found = [about(offer) for offer, _ in find_everything(name)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        click.echo(f"{each['kind'].removesuffix('s')} {each['name']}, from {each['distribution']}\n")
        click.echo(each["about"] + "\n")
        if each["paper"]:
            click.echo(f"  paper: {each['paper']}")
        for equation in each["equations"]:
            click.echo(f"  {equation}")
        for line in each["settable"]:
            click.echo(f"  {line}")
