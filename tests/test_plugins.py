"""What holds of every variant and trick on offer, whoever offers it; a later plugin is covered without new code."""

from __future__ import annotations

import importlib
import itertools
import pickle
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import leaky_relu
from toys import ring_dataset

from ganbench import Halves, NotApplicable, Recipe, Trick
from ganbench.experiment import with_standard
from ganbench.registry import load, offers

OFFERS = [*offers("variants"), *offers("tricks")]
VARIANTS = {offer.name: load(offer) for offer in offers("variants")}
TRICKS: dict[str, Trick] = {offer.name: load(offer)() for offer in offers("tricks")}
STANDARD = ring_dataset().standard
COMPLETE = {name: with_standard(recipe, STANDARD) for name, recipe in VARIANTS.items() if isinstance(recipe, Recipe)}
PAIRS = [(name, trick) for name in COMPLETE for trick in TRICKS]
TRIED = ("nsgan", "lsgan", "wgan_gp", "rsgan")
"""Variants with which every trick that applies is put through all the mathematics: one of each form of loss."""


def cells() -> dict[str, Recipe]:
    """Every variant that is a recipe, and of the tried ones each with every trick that applies to it."""
    found = dict(COMPLETE)
    for name, trick in itertools.product(TRIED, TRICKS):
        with suppress(NotApplicable):
            found[f"{name} + {trick}"] = TRICKS[trick](COMPLETE[name])
    return found


CELLS = cells()
each_value = pytest.mark.parametrize("value", [*CELLS.values(), *TRICKS.values()], ids=[*CELLS, *TRICKS])
each_recipe = pytest.mark.parametrize("recipe", CELLS.values(), ids=CELLS)


def parts(value: object) -> Iterator[Any]:
    """`value` and every ingredient inside it."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for member in value:
            yield from parts(member)


@dataclass
class Perceptron:
    """One seed's discriminator: weights (dimensions, width), bias (width,) and output (width,)."""

    weights: Tensor
    bias: Tensor
    output: Tensor

    def features(self, x: Tensor) -> Tensor:
        return leaky_relu(x.flatten(1) @ self.weights + self.bias, 0.2)

    def __call__(self, x: Tensor) -> Tensor:
        return self.features(x) @ self.output


def three_seeds() -> tuple[tuple[Tensor, Tensor, Tensor], Tensor, Tensor]:
    """Stacked weights, reals (3, 16, 2) and fakes (3, 16, 2), in double precision."""
    source = torch.Generator().manual_seed(7)
    shapes = (3, 2, 8), (3, 8), (3, 8), (3, 16, 2), (3, 16, 2)
    *weights, real, fake = (torch.randn(*s, generator=source, dtype=torch.float64) for s in shapes)
    return (weights[0], weights[1], weights[2]), real, fake


def objectives(recipe: Recipe) -> list[Any]:
    """Each scalar that training takes the gradient of, as a function of (discriminator, real, fake)."""
    return [recipe.loss.discriminator, recipe.loss.generator, *recipe.penalties]


@each_value
def test_repr_is_the_expression_that_makes_the_value(value: object) -> None:
    """A value's repr, evaluated where its classes are known, is an equal value."""
    classes = {type(part).__name__: type(part) for part in parts(value)}
    assert eval(repr(value), classes) == value


@each_value
def test_values_are_frozen_all_the_way_down(value: object) -> None:
    """No field of a recipe, of a trick or of any ingredient can be assigned."""
    for part in parts(value):
        for field in fields(part):
            with pytest.raises(FrozenInstanceError):
                setattr(part, field.name, getattr(part, field.name))


@each_value
def test_values_hash_and_pickle_as_what_they_equal(value: object) -> None:
    """A pickled and restored value equals the original and has its hash."""
    restored = pickle.loads(pickle.dumps(value))
    assert restored == value
    assert hash(restored) == hash(value)


@each_recipe
def test_mathematics_for_three_seeds_at_once_is_that_of_each(recipe: Recipe) -> None:
    """Losses and penalties under vmap over three seeds give what they give seed by seed, same random draws granted."""
    weights, real, fake = three_seeds()

    for objective in objectives(recipe):

        def of_one_seed(weights: Any, real: Tensor, fake: Tensor, objective: Any = objective) -> Tensor:
            return objective(Perceptron(*weights), real, fake)

        torch.manual_seed(3)
        batched = vmap(of_one_seed, randomness="same")(weights, real, fake)
        looped = []
        for k in range(3):
            torch.manual_seed(3)
            looped.append(of_one_seed([w[k] for w in weights], real[k], fake[k]))
        torch.testing.assert_close(batched, torch.stack(looped), rtol=1e-12, atol=1e-12)
        assert batched.shape == (3,)


@each_recipe
def test_discriminator_learns_without_a_gradient_to_the_fakes(recipe: Recipe) -> None:
    """Loss and penalties reach every weight that they read, and leave `fake` without a gradient."""
    weights, real, fake = three_seeds()
    leaves = [w[0].clone().requires_grad_() for w in weights]
    for objective in (recipe.loss.discriminator, *recipe.penalties):
        objective(Perceptron(*leaves), real[0], fake[0]).backward()
    assert fake.grad is None
    assert not fake.requires_grad
    reached = leaves if recipe.loss.scored else leaves[:2]
    assert all(leaf.grad is not None and leaf.grad.isfinite().all() and leaf.grad.any() for leaf in reached)


@each_recipe
def test_generator_learns_through_the_fakes(recipe: Recipe) -> None:
    """The generator's loss has a finite gradient with respect to every generated sample, and not all of it zero."""
    weights, real, fake = three_seeds()
    samples = fake[0].clone().requires_grad_()
    recipe.loss.generator(Perceptron(*(w[0] for w in weights)), real[0], samples).backward()
    assert samples.grad is not None
    assert samples.grad.isfinite().all()
    assert samples.grad.any()


@each_recipe
def test_threshold_is_where_real_and_fake_cost_the_same(recipe: Recipe) -> None:
    """Where a loss of two halves names a threshold, a score there costs as much for a real sample as for a fake one."""
    if isinstance(recipe.loss, Halves) and recipe.loss.threshold is not None:
        score = torch.tensor([recipe.loss.threshold])
        torch.testing.assert_close(recipe.loss.on_real(score), recipe.loss.on_fake(score))


@pytest.mark.parametrize(("name", "trick"), PAIRS)
def test_trick_gives_another_recipe_or_a_reason(name: str, trick: str) -> None:
    """A trick applied to a recipe gives a recipe that trains otherwise, under the same name, or says why it cannot."""
    try:
        changed = TRICKS[trick](COMPLETE[name])
    except NotApplicable as reason:
        assert name in str(reason)
    else:
        assert changed != COMPLETE[name]
        assert changed.name == name


@pytest.mark.parametrize("offer", OFFERS, ids=str)
def test_module_says_where_it_is_from(offer: Any) -> None:
    """A plugin's module docstring links the paper and says which equation, section or algorithm it is."""
    text = importlib.import_module(offer.module).__doc__ or ""
    assert re.search(r"https://\S+", text)
    assert re.search(r"\b(equation|section|algorithm)s?\b", text, re.IGNORECASE)


@pytest.mark.parametrize("thing", [*VARIANTS.values(), *TRICKS.values()], ids=[*VARIANTS, *TRICKS])
def test_paper_is_a_link(thing: Any) -> None:
    """Every variant and trick names its paper by a link."""
    assert thing.paper.startswith("https://")
