"""`ganbench plugins`: the installed distributions that offer something, and whether it loads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ganbench.registry import Offer, offers

LOADING_SECONDS = 60.0
"""How long a plugin may take to load."""


@click.command("plugins", short_help="List plugin distributions, and check that they load.")
@click.option("--check", is_flag=True, help="Load each plugin and say which are broken; exit code 3 if any is.")
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
    if any(how == "broken" for _, how, _ in found):
        sys.exit(3)


def _checked() -> list[tuple[Offer, str, str]]:
    """Each offer with its state, found out in a child process: a plugin that hangs or exits is broken, and no more."""
    from ganbench.supervision import Job, Limits, Pool, usable_cores

    with TemporaryDirectory() as folder, Pool(usable_cores(), 1, Limits(LOADING_SECONDS)) as pool:
        jobs = [
            Job(offer, {"task": "state", "offer": vars(offer)}, Path(folder) / f"{index}.txt")
            for index, offer in enumerate(offers())
        ]
        outcomes = dict(pool.perform(jobs))
    return [
        (offer, *(outcome.result if outcome.status == "ok" else ("broken", f"{outcome.status}: {outcome.reason}")))
        for offer, outcome in ((offer, outcomes[offer]) for offer in offers())
    ]


def _print(found: list[tuple[Offer, str, str]]) -> None:
    for distribution in dict.fromkeys((offer.distribution, offer.version) for offer, _, _ in found):
        click.echo(" ".join(distribution))
        for offer, how, why in found:
            if (offer.distribution, offer.version) == distribution:
                line = f"  {offer.kind.removesuffix('s'):<10} {offer.name:<24} {offer.module:<36} {how}"
                click.echo(line + (f": {why}" if why else ""))
