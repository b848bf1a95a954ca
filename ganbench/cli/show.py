"""`ganbench show`: what stands behind a name."""

from __future__ import annotations

import inspect
import json
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import click

from ganbench.errors import UnknownNameError
from ganbench.registry import KINDS, Offer, find, load, offers


@click.command("show", short_help="Show what stands behind a name.")
@click.argument(
    "name", shell_complete=lambda ctx, param, text: sorted({o.name for o in offers() if o.name.startswith(text)})
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(name: str, as_json: bool) -> None:
    """Show a variant, trick, dataset or metric: its paper and equation, and every default that can be set."""
    with redirect_stdout(sys.stderr):  # what a plugin prints when it is loaded is no part of the answer
        found = [_about(offer) for offer in _offers(name)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for about in found:
        click.echo(f"{about['kind'].removesuffix('s')} {about['name']}, from {about['distribution']}\n")
        click.echo(about["about"] + "\n")
        if about["paper"]:
            click.echo(f"  paper: {about['paper']}")
        for equation in about["equations"]:
            click.echo(f"  {equation}")
        for line in about["settable"]:
            click.echo(f"  {line}")


def _offers(name: str) -> list[Offer]:
    """Everything of that name, of whatever kind."""
    found = []
    for kind in KINDS:
        with suppress(UnknownNameError):
            found.append(find(kind, name))
    if not found:
        raise UnknownNameError.among("name", name, [offer.name for offer in offers()])
    return found


def _about(offer: Offer) -> dict[str, Any]:
    thing = load(offer)
    return {
        "kind": offer.kind,
        "name": offer.name,
        "distribution": f"{offer.distribution} {offer.version}",
        "paper": getattr(thing, "paper", None),
        "about": inspect.getdoc(import_module(offer.module)) or "",
        "equations": _equations(thing),
        "settable": _settable(thing),
    }


def _equations(thing: Any) -> list[str]:
    """Each ingredient of a recipe, or a trick, with the first line of what it says of itself."""
    from ganbench.ingredients import ingredients
    from ganbench.variant import Recipe, Trick

    if isinstance(thing, Recipe):
        named = [(repr(part), type(part)) for _, part in ingredients(thing)]
    elif isinstance(thing, type) and issubclass(thing, Trick):
        named = [(thing.name, thing)]
    else:
        named = []
    return [f"{text}: {(inspect.getdoc(cls) or '').splitlines()[0]}" for text, cls in named if inspect.getdoc(cls)]


def _settable(thing: Any) -> list[str]:
    from ganbench.ingredients import settable
    from ganbench.trainer import Variant
    from ganbench.variant import Recipe, Trick

    if isinstance(thing, Recipe | Variant) and is_dataclass(thing):
        return [f"--set {line}" for line in settable(thing)]
    if isinstance(thing, type) and issubclass(thing, Trick) and is_dataclass(thing):
        defaults = ", ".join(f"{each.name}={getattr(thing(), each.name)!r}" for each in fields(thing))
        return [f"--trick '{thing.name}({defaults})'"]
    return [f"{quantity.name}: {quantity.meaning}" for quantity in getattr(thing, "quantities", ())]
