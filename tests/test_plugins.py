"""What holds of every variant and trick on offer, whoever offers it; a later plugin is covered without new code."""

from __future__ import annotations

import pytest
from toys import ring_dataset

from ganbench import NotApplicable, Recipe, Trick
from ganbench.experiment import with_standard
from ganbench.registry import Offer, load, offers
from ganbench.testing.check import results, story
from ganbench.testing.ground import parts
from ganbench.testing.suites import of_offer

DATA = ("mnist", "fashion_mnist", "cifar10", "stl10", "celeba", "stacked_mnist", "folder", "zip")
"""Datasets whose files do not come with ganbench; their own tests have them."""
OFFERS = [offer for offer in offers() if offer.name not in DATA]
VARIANTS = {offer.name: load(offer) for offer in offers("variants")}
TRICKS: dict[str, Trick] = {offer.name: load(offer)() for offer in offers("tricks")}
STANDARD = ring_dataset().standard
COMPLETE = {name: with_standard(recipe, STANDARD) for name, recipe in VARIANTS.items() if isinstance(recipe, Recipe)}
PAIRS = [(name, trick) for name in COMPLETE for trick in TRICKS]


@pytest.mark.parametrize("offer", OFFERS, ids=str)
def test_every_plugin_conforms(offer: Offer) -> None:
    """Built-ins pass the checks that a stranger's plugin must pass, and those that do not apply say why."""
    made = list(results(of_offer(offer)))
    failed = [story(result) for result in made if result.status == "failed"]
    assert not failed, "\n".join(failed)
    assert all(result.found for result in made if result.status == "not_applicable")


@pytest.mark.parametrize("value", [*COMPLETE.values(), *TRICKS.values()], ids=[*COMPLETE, *TRICKS])
def test_repr_is_the_expression_that_makes_the_value(value: object) -> None:
    """A value's repr, evaluated where its classes are known, is an equal value."""
    classes = {type(part).__name__: type(part) for part in parts(value)}
    assert eval(repr(value), classes) == value


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
