"""`ganbench list`: what can be named on the command line."""

from __future__ import annotations

import json

import click

from ganbench.errors import printable
from ganbench.registry import KINDS, Offer, offers


@click.command("list", short_help="List what can be named on the command line.")
@click.argument("kind", metavar="[KIND]", type=click.Choice(KINDS), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(kind: str | None, as_json: bool) -> None:
    """List variants, tricks, datasets, metrics, extensions and loggers, with the distribution that each comes from.

    Only metadata is read: no plugin is imported.
    """
    found = offers(kind)
    if as_json:
        click.echo(json.dumps([vars(offer) for offer in found], indent=2))
        return
    for name in dict.fromkeys(offer.kind for offer in found):
        click.echo(name)
        for offer in (offer for offer in found if offer.kind == name):
            click.echo(_line(offer))


def _line(offer: Offer) -> str:
    return printable(f"  {offer.name:<24} {offer.distribution} {offer.version}")
