"""Checks of a trick as a function from recipe to recipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, cast

from torch import Tensor

from ganbench.errors import NotApplicable
from ganbench.experiment import with_standard
from ganbench.ingredient import View
from ganbench.ingredients import require_fit
from ganbench.loss import Discriminator, Penalty
from ganbench.registry import find, load
from ganbench.testing.check import check, require
from ganbench.testing.ground import parts, ring_dataset
from ganbench.variant import Recipe, Trick

PARTNERS = ("nsgan", "lsgan", "wgan_gp", "rsgan", "wgan", "mmd_gan", "dcgan")
"""Variants with which a trick is tried: losses with labels, without, of pairs and of features; penalties, clipping and
batch normalisation."""
KINDS = (bool, int, float)
"""Of fields for which other values can be made up."""


def partner(name: str) -> Recipe:
    """The variant as it is offered, with what it leaves to the dataset's standard left open."""
    found: Recipe = load(find("variants", f"ganbench:{name}"))
    return found


def partners() -> list[Recipe]:
    """Complete recipes, as tricks are given them."""
    standard = ring_dataset().standard
    return [with_standard(partner(name), standard) for name in PARTNERS]


@dataclass(frozen=True)
class Held(Penalty):
    """0: a penalty that a recipe holds before a trick is applied."""

    on_scores: ClassVar[bool] = False

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return 0 * d(real).mean()


@dataclass(frozen=True)
class Seen(View):
    """The samples: a view that a recipe holds before a trick is applied."""

    def __call__(self, x: Tensor) -> Tensor:
        return x


@dataclass(frozen=True)
class Pairing:
    """A complete recipe, and what the trick makes of it."""

    recipe: Recipe
    changed: Recipe


def applied(trick: Trick, recipe: Recipe) -> Recipe:
    """What the trick makes of the recipe.

    Raises:
        NotApplicable: where it says so itself, or an ingredient in what it makes does.
    """
    changed: Any = trick(recipe)
    if isinstance(changed, Recipe):
        require_fit(changed)
    return cast(Recipe, changed)


def pairings(trick: Trick) -> list[Pairing]:
    """The trick with each partner for which it makes sense.

    Raises:
        NotApplicable: where it makes sense for none of them.
    """
    found, reasons = [], []
    for recipe in partners():
        try:
            found.append(Pairing(recipe, applied(trick, recipe)))
        except NotApplicable as reason:
            reasons.append(str(reason))
    if not found:
        raise NotApplicable("; ".join(reasons))
    return found


@check(
    gate=True,
    why="Every cell of a grid of losses and tricks is a recipe, or a blank with its reason.",
    mend="Return replace(recipe, ...) or what `penalised`, `shown`, `played`, `rebuilt`, `stepped` make of it; raise "
    "NotApplicable with the recipe's name where the trick makes no sense.",
)
def gives_another_recipe_or_a_reason(trick: Trick) -> str:
    """Given a recipe, it gives one that trains otherwise, under the same name and paper, or says why it cannot."""
    reasons = []
    for recipe in partners():
        try:
            changed: Any = applied(trick, recipe)
        except NotApplicable as reason:
            require(recipe.name in str(reason), f"the reason does not name {recipe.name}: {reason}")
            reasons.append(recipe.name)
            continue
        require(isinstance(changed, Recipe), f"with {recipe.name} it gave a {type(changed).__name__}, wanted a Recipe")
        require(changed != recipe, f"it left {recipe.name} as it was")
        require(changed.name == recipe.name, f"it named {recipe.name} {changed.name}")
        require(changed.paper == recipe.paper, f"it gave {recipe.name} another paper")
    if len(reasons) == len(PARTNERS):
        raise NotApplicable(f"it makes sense for none of {', '.join(reasons)}")
    return f"not for {', '.join(reasons)}" if reasons else ""


@check(
    why="A trick that brings a whole recipe along is a variant: beside another loss it shows that recipe's numbers.",
    mend="Build on the recipe that is given: replace(recipe, ...), recipe.loss inside the new loss.",
)
def builds_on_what_it_is_given(trick: Trick) -> None:
    """Of different recipes it makes different ones."""
    found: list[Pairing] = []
    for each in pairings(trick):
        same = [other.recipe.name for other in found if other.changed == each.changed]
        require(not same, f"of {each.recipe.name} it made the same recipe as of {', '.join(same)}")
        found.append(each)


@check(
    why="Beside a variant that has penalties or views of its own, one trick would take others off under its name.",
    mend="Add to them: recipe.penalised(...) and recipe.shown(...), or (*recipe.penalties, ...).",
)
def keeps_what_is_there(trick: Trick) -> None:
    """A penalty and a view that the recipe holds are held, somewhere, by what the trick makes of it."""
    found = 0
    for recipe in partners():
        held = replace(recipe, penalties=(*recipe.penalties, Held()), views=(*recipe.views, Seen()))
        changed = _made(trick, held)
        if changed is None:
            continue
        found += 1
        kinds = {type(part) for part in parts(changed)}
        lost = [f"{what} {kind.__name__}" for what, kind in (("penalty", Held), ("view", Seen)) if kind not in kinds]
        require(not lost, f"of {recipe.name} with one more of each, it drops the {' and the '.join(lost)}")
    if not found:
        raise NotApplicable("it goes together with no penalty and view")


@check(
    gate=True,
    why="Other cells of the grid are made of the same recipe; the record names a trick by its text alone.",
    mend="Change nothing in place and keep nothing outside the recipe: replace(recipe, ...) makes a new one.",
)
def is_a_function_of_recipes(trick: Trick) -> None:
    """It leaves what it is given as it was, and makes the same of it again."""
    for recipe, fresh in zip(partners(), partners(), strict=True):
        with suppress(NotApplicable):
            first = trick(recipe)
            require(repr(recipe) == repr(fresh), f"it changed the {recipe.name} that it was given")
            require(trick(recipe) == first, f"it made something else of {recipe.name} the second time")


@check(
    why="What is typed after --trick stands in the record: a field without effect makes two cells of one recipe.",
    mend="Pass each field on to what the trick puts into the recipe.",
)
def every_field_counts(trick: Trick) -> None:
    """Another value of any number or truth value among its fields makes another recipe."""
    numbers = [field.name for field in fields(trick) if type(getattr(trick, field.name)) in KINDS]  # type: ignore[arg-type]
    if not numbers:
        raise NotApplicable("it has no numbers or truth values among its fields")
    for name in numbers:
        others = list(_with_other_values(trick, name))
        if others and any(_made(trick, recipe) for recipe in partners()):
            counts = any(_made(trick, recipe) != _made(other, recipe) for other in others for recipe in partners())
            require(counts, f"{name}={getattr(trick, name)!r} can be anything: {others[0]!r} makes the same recipes")


def _with_other_values(trick: Trick, name: str) -> Iterator[Trick]:
    value = getattr(trick, name)
    if isinstance(value, bool):
        yield replace(trick, **{name: not value})  # type: ignore[type-var]
        return
    for other in (value * 2, value // 2 if isinstance(value, int) else value / 2, value + 1):
        with suppress(ValueError):
            if other != value:
                yield replace(trick, **{name: other})  # type: ignore[type-var]


def _made(trick: Trick, recipe: Recipe) -> Recipe | None:
    try:
        return applied(trick, recipe)
    except NotApplicable:
        return None


TRICKS = (
    gives_another_recipe_or_a_reason,
    builds_on_what_it_is_given,
    keeps_what_is_there,
    is_a_function_of_recipes,
    every_field_counts,
)
