"""Puts what the command line says of ingredients into tricks and recipes.

    --trick "label_smoothing(epsilon=0.2)"      a trick with a field of it
    --set gradient_penalty.weight=0.1           a field of an ingredient, or of the recipe itself

An ingredient is addressed by its field in the recipe (`loss`, `optimizer`, `projection`; `loss.loss` inside a loss that
wraps another) or by its class in snake case (`weight_clipping` for a WeightClipping), penalties and views by their
class alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints

from ganbench.errors import SettingError
from ganbench.ingredient import Ingredient
from ganbench.literals import fitted, parse_call, parse_setting
from ganbench.trainer import Variant
from ganbench.variant import Recipe, Trick

__all__ = ["apply_settings", "build_trick", "describe_recipe", "parse_call", "parse_setting", "settable"]

_OWN = ("d_steps", "ema")
"""The recipe's own fields that are no ingredients."""
_LEFT = {
    "dynamics": "the recipe has none",
    "g_optimizer": "the recipe leaves it the same as the discriminator's",
    "networks": "the recipe leaves them to the dataset's standard",
    "optimizer": "the recipe leaves it to the dataset's standard",
    "projection": "the recipe has none",
}

V = TypeVar("V", bound=Recipe | Variant)
Path = tuple[str | int, ...]
"""The way from a recipe to something inside it: field names, and places in tuples."""


def build_trick(cls: type[Trick], name: str, arguments: Mapping[str, object]) -> Trick:
    """The trick `name` with these fields, the others at their defaults.

    Raises:
        SettingError: for a field that it has not, or a value that does not fit the field.
    """
    known = _field_names(cls)
    for field in arguments:
        if field not in known:
            nearest = difflib.get_close_matches(field, known, n=1) or known or ["no fields at all"]
            raise SettingError(f"the trick {name} has no field '{field}'; it has {' and '.join(nearest)}")
    values = {field: fitted(value, _hint(cls, field), f"{name}({field}=...)") for field, value in arguments.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingError(str(error)) from error


def apply_settings(recipe: V, settings: Mapping[str, object]) -> V:
    """The recipe, or another variant that is a dataclass, with each addressed field set; an int is taken for a float.

    Raises:
        SettingError: for an address that leads nowhere or to two places, or a value that does not fit the field.
    """
    for address, value in settings.items():
        path = _path(recipe, address)
        owner = type(value_at(recipe, path[:-1]))
        changed = fitted(value, _hint(owner, str(path[-1])), f"{address} of {recipe.name}")
        try:
            recipe = with_value(recipe, path, changed)
        except ValueError as error:
            raise SettingError(str(error)) from error
    return recipe


def changes(before: V, after: V) -> list[tuple[str, object]]:
    """The fields in which two variants of the same ingredients differ, with what they are in `after`, by address."""
    places = {path: address for address, path in reversed(_addresses(before))}
    return sorted(
        (address, value_at(after, path))
        for path, address in places.items()
        if value_at(before, path) != value_at(after, path)
    )


def settable(recipe: Recipe | Variant) -> list[str]:
    """Every field that can be set, as "address=value"; each once, under the first of its addresses."""
    places = {path: address for address, path in reversed(_addresses(recipe))}
    return sorted(f"{address}={value_at(recipe, path)!r}" for path, address in places.items())


def describe_recipe(recipe: Recipe) -> str:
    """All that two recipes are compared by, on one line: equal recipes give equal lines, whatever they are called.

    Classes stand with their modules, for two packages may each have a GradientPenalty.
    """
    return _canonical(recipe)


def _canonical(value: object) -> str:
    if is_dataclass(value):
        content = ", ".join(f"{f.name}={_canonical(getattr(value, f.name))}" for f in fields(value) if f.compare)
        return f"{type(value).__module__}.{type(value).__qualname__}({content})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_canonical, value))})"
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)


def _addresses(recipe: Recipe | Variant) -> list[tuple[str, Path]]:
    """Every address with the field that it leads to; a field's own address comes before that by class."""
    own = (
        _OWN
        if isinstance(recipe, Recipe)
        else [name for name in _field_names(recipe) if not _holds_parts(recipe, name)]
    )
    found: list[tuple[str, Path]] = [(name, (name,)) for name in own]
    for way, ingredient in ingredients(recipe):
        by_field = [".".join(map(str, way))] if all(isinstance(step, str) for step in way) else []
        for owner in (*by_field, _snake_case(type(ingredient).__name__)):
            remembered = getattr(ingredient, "remembered", ())
            names = (name for name in _field_names(ingredient) if name not in remembered)
            values = (name for name in names if not _holds_parts(ingredient, name))
            found += [(f"{owner}.{name}", (*way, name)) for name in values]
    return found


def _holds_parts(owner: object, name: str) -> bool:
    return is_dataclass(getattr(owner, name))


def ingredients(owner: object, way: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every ingredient inside `owner`, however deep, with the way to it."""
    for name in _field_names(owner):
        value = getattr(owner, name)
        members = [((*way, name, k), each) for k, each in enumerate(value)] if isinstance(value, tuple) else []
        for path, member in members or [((*way, name), value)]:
            if is_dataclass(member):
                yield path, member
                yield from ingredients(member, path)


def require_fit(recipe: Recipe) -> None:
    """Raises NotApplicable where an ingredient makes no sense in the finished `recipe`."""
    for _, part in ingredients(recipe):
        if isinstance(part, Ingredient):
            part.require_fit(recipe)


def _path(recipe: Recipe | Variant, address: str) -> Path:
    """The way to the field that `address` names."""
    known = _addresses(recipe)
    paths = {path for name, path in known if name == address}
    if len(paths) == 1:
        return paths.pop()
    owner = address.partition(".")[0]
    if paths:
        reason = "it means " + " and ".join(sorted(".".join(map(str, path)) for path in paths))
    elif owner in _LEFT and isinstance(recipe, Recipe) and getattr(recipe, owner) is None:
        reason = f"'{owner}' is None, {_LEFT[owner]}"
    else:
        nearest = difflib.get_close_matches(address, [name for name, _ in known], n=1, cutoff=0.8)
        reason = "there is none" + "".join(f", did you mean '{name}'?" for name in nearest)
    raise SettingError(f"cannot set '{address}' of {recipe.name}: {reason}; one can set {', '.join(settable(recipe))}")


def value_at(value: Any, path: Path) -> Any:
    """What lies at `path` inside `value`."""
    for step in path:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    return value


def with_value(value: Any, path: Path, new: object) -> Any:
    """`value` with what lies at `path` replaced."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    changed = with_value(value_at(value, path[:1]), rest, new)
    if isinstance(step, int):
        return (*value[:step], changed, *value[step + 1 :])
    return replace(value, **{step: changed})


def _field_names(owner: Any) -> list[str]:
    return [each.name for each in fields(owner) if each.init]


def _hint(cls: type, field: str) -> Any:
    """The field's annotation."""
    try:
        return get_type_hints(cls)[field]
    except NameError as error:
        raise SettingError(f"{cls.__name__}.{field} cannot be set: its annotation cannot be read ({error})") from error


def _snake_case(name: str) -> str:
    """MLPPair -> mlp_pair."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
