"""What stands behind a name, in words: what its module says, its paper, its equations, and every default."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

from ganbench.ingredients import ingredients, settable
from ganbench.registry import Offer, load
from ganbench.trainer import Variant
from ganbench.variant import Recipe, Trick


def about(offer: Offer) -> dict[str, Any]:
    """The offer as `ganbench show` tells of it.

    Raises:
        PluginError: where it cannot be loaded.
    """
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
    if isinstance(thing, Recipe):
        named = [(repr(part), type(part)) for _, part in ingredients(thing)]
    elif isinstance(thing, type) and issubclass(thing, Trick):
        named = [(thing.name, thing)]
    else:
        named = []
    return [f"{text}: {(inspect.getdoc(cls) or '').splitlines()[0]}" for text, cls in named if inspect.getdoc(cls)]


def _settable(thing: Any) -> list[str]:
    if isinstance(thing, Recipe | Variant) and is_dataclass(thing):
        return [f"--set {line}" for line in settable(thing)]
    if isinstance(thing, type) and issubclass(thing, Trick) and is_dataclass(thing):
        defaults = ", ".join(f"{each.name}={getattr(thing(), each.name)!r}" for each in fields(thing))
        return [f"--trick '{thing.name}({defaults})'"]
    return [f"{quantity.name}: {quantity.meaning}" for quantity in getattr(thing, "quantities", ())]
