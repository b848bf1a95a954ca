"""`ganbench plugins`: the installed distributions that offer something, and whether it loads."""

from __future__ import annotations

import json
import sys

import click

from ganbench.errors import printable
from ganbench.registry import Offer, offers


@click.command("plugins", short_help="List plugin distributions, and check that they load.")
@click.option(
    "--check", is_flag=True, help="Load each plugin and say what is broken or incomplete; exit code 3 if any is."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(check: bool, as_json: bool) -> None:
    """List the installed plugin distributions and what each offers.

    Without --check only metadata is read, and no plugin is imported.
    """
    found = _checked() if check else [(offer, "not loaded", "") for offer in offers()]
    if as_json:
        click.echo(json.dumps([vars(offer) | {"state": how, "reason": why} for offer, how, why in found], indent=2))
    else:
        _print(found)
    if any(how in ("broken", "incomplete") for _, how, _ in found):
        sys.exit(3)


def _checked() -> list[tuple[Offer, str, str]]:
    """Each offer with its state, found out in a child process: a plugin that hangs or exits is broken, and no more."""
    from ganbench.loading import states
    from ganbench.supervision import Limits, Pool, usable_cores

    with Pool(usable_cores(), 1, Limits()) as pool:
        return [(offer, how, why) for offer, (how, why) in states(offers(), pool).items()]


def _print(found: list[tuple[Offer, str, str]]) -> None:
    for distribution in dict.fromkeys((offer.distribution, offer.version) for offer, _, _ in found):
        click.echo(printable(" ".join(distribution)))
        for offer, how, why in found:
            if (offer.distribution, offer.version) == distribution:
                line = f"  {offer.kind.removesuffix('s'):<10} {offer.name:<24} {offer.module:<36} {how}"
                click.echo(printable(line + (f": {why}" if why else "")))
