"""Tricks that are wrong, each in one way, with the checks that find it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from ganbench_plugins.hinge import Hinge
from ganbench_plugins.instance_noise import InstanceNoise
from ganbench_plugins.r1 import R1

from ganbench import NotApplicable, Recipe, Trick

CALLS = itertools.count(1)
PAPER = "https://example.org"


@dataclass(frozen=True)
class Ignoring(Trick):
    """A recipe of its own under the name that it is given."""

    name, paper = "ignoring", PAPER

    def __call__(self, recipe):
        own = Recipe(recipe.name, recipe.paper, Hinge(), optimizer=recipe.optimizer, networks=recipe.networks)
        return replace(own, optimizer=None)


@dataclass(frozen=True)
class Renaming(Trick):
    """A name that the recipe has not."""

    name, paper = "renaming", PAPER

    def __call__(self, recipe):
        return replace(recipe, d_steps=7, name=f"{recipe.name}_better")


@dataclass(frozen=True)
class Idle(Trick):
    """Nothing at all."""

    name, paper = "idle", PAPER

    def __call__(self, recipe):
        return recipe


@dataclass(frozen=True)
class Curt(Trick):
    """A refusal that does not say of what."""

    name, paper = "curt", PAPER

    def __call__(self, recipe):
        if recipe.penalties:
            raise NotApplicable("no")
        return replace(recipe, d_steps=7)


@dataclass(frozen=True)
class Unmoved(Trick):
    """A field that goes nowhere."""

    name, paper = "unmoved", PAPER
    weight: float = 2.0

    def __call__(self, recipe):
        return recipe.penalised(R1(2.0))


@dataclass(frozen=True)
class Dropping(Trick):
    """Its own penalty in place of those that are there."""

    name, paper = "dropping", PAPER

    def __call__(self, recipe):
        return replace(recipe, penalties=(R1(2.0),))


@dataclass(frozen=True)
class Blinding(Trick):
    """Its own view in place of those that are there."""

    name, paper = "blinding", PAPER

    def __call__(self, recipe):
        return replace(recipe, views=(InstanceNoise(),))


@dataclass(frozen=True)
class Untrue(Trick):
    """A truth value that goes nowhere."""

    name, paper = "untrue", PAPER
    annealed: bool = True

    def __call__(self, recipe):
        return recipe.penalised(R1(2.0))


@dataclass(frozen=True)
class Overwriting(Trick):
    """The given recipe, changed where it lies."""

    name, paper = "overwriting", PAPER

    def __call__(self, recipe):
        changed = replace(recipe, d_steps=7)
        object.__setattr__(recipe, "ema", 0.5)
        return changed


@dataclass(frozen=True)
class Counting(Trick):
    """Something else each time."""

    name, paper = "counting", PAPER

    def __call__(self, recipe):
        return recipe.penalised(R1(float(next(CALLS))))


@dataclass
class Unfrozen(Trick):
    """A dataclass that can be changed."""

    name, paper = "unfrozen", PAPER

    def __call__(self, recipe):
        return replace(recipe, d_steps=7)


@dataclass(frozen=True)
class Kind(Trick):
    """A kind of thing that no board knows."""

    name, paper = "kind", PAPER

    def __call__(self, recipe):
        return recipe.loss


TRICKS: list[tuple[type[Trick], set[str]]] = [
    (Ignoring, {"builds_on_what_it_is_given", "keeps_what_is_there"}),
    (Renaming, {"gives_another_recipe_or_a_reason"}),
    (Idle, {"gives_another_recipe_or_a_reason"}),
    (Curt, {"gives_another_recipe_or_a_reason"}),
    (Unmoved, {"every_field_counts"}),
    (Untrue, {"every_field_counts"}),
    (Dropping, {"keeps_what_is_there"}),
    (Blinding, {"keeps_what_is_there"}),
    (Overwriting, {"is_a_function_of_recipes"}),
    (Counting, {"is_a_function_of_recipes"}),
    (Unfrozen, {"is_frozen", "copies_equal_it"}),
    (Kind, {"gives_another_recipe_or_a_reason"}),
]
