"""Which checks are made of what: of an offer, and of values that no package offers yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ganbench.datasets.dataset import Dataset
from ganbench.errors import NotApplicable
from ganbench.experiment import with_standard
from ganbench.loss import Loss
from ganbench.metrics.metric import Metric
from ganbench.registry import Offer, load
from ganbench.testing.cell import Cell
from ganbench.testing.check import Trial, aimed
from ganbench.testing.datasets import DATASETS, Source
from ganbench.testing.documentation import OF_METHODS, OF_MODULES
from ganbench.testing.ground import ring_dataset
from ganbench.testing.loading import LOADING
from ganbench.testing.mathematics import MATHEMATICS
from ganbench.testing.metrics import METRICS, Measured
from ganbench.testing.training import TRAINING
from ganbench.testing.tricks import TRICKS, pairings, partner
from ganbench.testing.values import VALUES
from ganbench.trainer import Variant
from ganbench.variant import Recipe, Trick


def of_offer(offer: Offer, argument: str | None = None, data_root: Path | None = None) -> Iterator[Trial]:
    """Every check of what is on offer; a dataset is made with `argument` and `data_root`.

    Raises:
        PluginError: after the checks of its loading, where it cannot be loaded.
        DatasetError: then, where its data are missing.
    """
    yield from aimed(LOADING, offer)
    thing = load(offer)
    if offer.kind in ("variants", "tricks"):
        yield from aimed(OF_METHODS, offer)
    else:
        yield from aimed(OF_MODULES, offer)
    of: dict[str, Callable[[Any], Iterator[Trial]]] = {
        "variants": of_variant,
        "tricks": of_trick,
        "metrics": of_metric,
        "extensions": lambda _: iter(()),
        "loggers": lambda _: iter(()),
    }
    if offer.kind == "datasets":
        thing(argument, data_root)  # the user's data may be missing, which is no fault of the plugin
        yield from aimed(DATASETS, Source(offer, lambda: thing(argument, data_root)))
    else:
        yield from of[offer.kind](thing)


def of_variant(variant: Recipe | Variant) -> Iterator[Trial]:
    """As a value, as mathematics where it is a recipe, and in training."""
    mathematics = aimed(MATHEMATICS, _complete([variant])) if isinstance(variant, Recipe) else iter(())
    return chain(aimed(VALUES, [variant]), mathematics, of_trainer(variant))


def of_trainer(variant: Recipe | Variant) -> Iterator[Trial]:
    """In training alone."""
    return aimed(TRAINING, Cell(variant))


def of_loss(loss: Loss) -> Iterator[Trial]:
    """As a value and as mathematics."""
    recipe = Recipe(name=type(loss).__name__, paper="", loss=loss)
    return chain(aimed(VALUES, [loss]), aimed(MATHEMATICS, _complete([recipe])))


def of_trick(cls: type[Trick]) -> Iterator[Trial]:
    """As a value, as a function of recipes, and what it makes of built-in recipes as any recipe."""
    trick = cls()
    yield from aimed(VALUES, [trick])
    yield from aimed(TRICKS, trick)
    try:
        found = pairings(trick)
    except NotApplicable:
        return
    changed = [each.changed for each in found]
    yield from aimed(VALUES, changed)
    yield from aimed(MATHEMATICS, changed)
    yield from aimed(TRAINING, Cell(partner(found[0].recipe.name), trick))


def of_dataset(make: Callable[[], Dataset]) -> Iterator[Trial]:
    """A dataset that `make` loads afresh."""
    return aimed(DATASETS, Source(Offer("datasets", "", "", "", ""), make))


def of_metric(metric: Metric) -> Iterator[Trial]:
    """As a value, and of every kind of evidence."""
    return chain(aimed(VALUES, [metric]), aimed(METRICS, Measured(metric)))


def _complete(recipes: list[Recipe]) -> list[Recipe]:
    standard = ring_dataset().standard
    return [with_standard(recipe, standard) for recipe in recipes]
