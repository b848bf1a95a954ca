"""`ganbench show`: what stands behind a name."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import click

from ganbench.cli.names import complete
from ganbench.description import about
from ganbench.errors import PluginError
from ganbench.registry import Offer, find_everything

LOADING_SECONDS = 30.0
"""How long what others offer under that name may take to load."""


@click.command("show", short_help="Show what stands behind a name.")
@click.argument("name", shell_complete=complete)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(name: str, as_json: bool) -> None:
    """Show a variant, trick, dataset or metric: its paper and equation, and every default that can be set."""
    offers = [offer for offer, _ in find_everything(name)]
    _require_loadable([offer for offer in offers if offer.distribution != "ganbench"])
    with redirect_stdout(sys.stderr):  # what a plugin prints when it is loaded is no part of the answer
        found = [about(offer) for offer in offers]
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


def _require_loadable(strangers: Sequence[Offer]) -> None:
    """Raises PluginError where one does not load, found out in a child process: to be described it is loaded in this.

    A module that crashes, hangs or exits would take the command along.
    """
    if not strangers:
        return
    from ganbench.loading import states
    from ganbench.supervision import Limits, Pool

    with Pool(1, 1, Limits(LOADING_SECONDS)) as pool:
        for how, why in states(strangers, pool).values():
            if how == "broken":
                raise PluginError(why)
