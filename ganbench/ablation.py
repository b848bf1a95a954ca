"""Takes an ingredient out of a recipe: the opposite of a trick.

Tricks have no inverse of their own. The recipe without a trick is one that lacks a single piece and that the trick
turns into a recipe of the same make: `wgan_gp` without `gradient_penalty` has WGAN's loss and nothing holds the slope.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ganbench.errors import NotApplicable
from ganbench.ingredient import Ingredient
from ganbench.variant import Recipe, Trick


def without(recipe: Recipe, trick: Trick) -> Recipe:
    """The recipe with what the trick adds taken out.

    Raises:
        NotApplicable: where it holds nothing that the trick adds, or nothing that can be told apart from the rest.
    """
    for simpler in _simpler(recipe):
        try:
            again = trick(simpler)
        except NotApplicable:
            continue
        if _make(again) == _make(recipe) != _make(simpler):
            return simpler
    raise NotApplicable(f"{recipe.name} has nothing of {trick.name} that could be left out")


_PLAIN = {"d_steps": 1, "g_optimizer": None, "dynamics": None, "projection": None, "ema": None}
"""Settings of a recipe as they are where nothing is asked for."""


def _simpler(recipe: Recipe) -> Iterator[Recipe]:
    """The recipes that lack one piece: a member of a tuple, a wrapper around another ingredient, a field set."""
    for each in fields(recipe):
        value = getattr(recipe, each.name)
        if isinstance(value, tuple):
            for k in range(len(value)):
                yield _with(recipe, each.name, value[:k] + value[k + 1 :])
        elif isinstance(value, Ingredient):
            yield from (_with(recipe, each.name, inner) for inner in _unwrapped(value))
    yield from (_with(recipe, name, plain) for name, plain in _PLAIN.items())


def _with(value: Any, name: str, content: Any) -> Any:
    return replace(value, **{name: content})


def _unwrapped(value: Any) -> Iterator[Any]:
    """`value` with one of the wrappers in its chain left out."""
    for each in fields(value):
        inner = getattr(value, each.name)
        if isinstance(inner, Ingredient):
            yield inner
            yield from (_with(value, each.name, rest) for rest in _unwrapped(inner))


def _make(value: Any) -> Any:
    """What a recipe is made of, numbers left out: classes in their places, and whether a setting is the default."""
    if isinstance(value, Recipe):
        set_by_hand = (value.d_steps > 1, value.ema is not None)
        return (*(_make(getattr(value, each.name)) for each in fields(value) if each.compare), *set_by_hand)
    if isinstance(value, tuple):
        return tuple(map(_make, value))
    if is_dataclass(value):
        return type(value), *(_make(getattr(value, each.name)) for each in fields(value))
    return None
