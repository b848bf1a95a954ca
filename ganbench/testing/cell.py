"""A variant at work on small data, which the checks of training look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.adversarial import build_trainer
from ganbench.assembly import group_size
from ganbench.datasets.dataset import Dataset
from ganbench.errors import NotApplicable, one_line
from ganbench.experiment import with_standard
from ganbench.ingredients import require_fit
from ganbench.supply import Supply
from ganbench.testing.ground import colour_dataset, picture_dataset, ring_dataset
from ganbench.trainer import Trainer, Variant
from ganbench.variant import Recipe, Trick

STEPS = 9
"""Updates after which trainers are compared."""
LOOKED_AT = 7
"""Samples that are looked at."""


@dataclass(frozen=True)
class Cell:
    """A variant, with a trick where one is checked."""

    variant: Recipe | Variant
    trick: Trick | None = None

    def on(self, dataset: Dataset) -> Recipe | Variant:
        """As it trains there.

        Raises:
            NotApplicable: where variant and trick, or their networks and the samples, do not go together.
        """
        variant = self.variant
        if isinstance(variant, Recipe):
            variant = with_standard(variant, dataset.standard)
            variant = self.trick(variant) if self.trick else variant
            require_fit(variant)
        group_size(variant, dataset)
        return variant

    def at_work(self, seeds: tuple[int, ...] = (0,), dataset: Dataset | None = None) -> tuple[Trainer, Supply]:
        """A trainer with its supply, both fresh, on the ring; on grey or colour pictures where it is not for points."""
        if dataset is not None:
            trainer = build_trainer(self.on(dataset), dataset, seeds, "cpu")
            return trainer, Supply(dataset, seeds, dataset.standard.batch_size, "cpu")
        reasons = []
        for make in (ring_dataset, picture_dataset, colour_dataset):
            try:
                return self.at_work(seeds, make())
            except NotApplicable as reason:
                reasons.append(one_line(reason))
        raise NotApplicable("; ".join(dict.fromkeys(reasons)))

    def trained(self, seeds: tuple[int, ...] = (0,), steps: int = STEPS) -> tuple[Trainer, Supply]:
        """The same after so many updates, torch's generator seeded before the first."""
        trainer, supply = self.at_work(seeds)
        torch.manual_seed(5)
        advance(trainer, supply, steps)
        return trainer, supply


def advance(trainer: Trainer, supply: Supply, steps: int) -> list[str]:
    """Performs so many updates, a hundred to a budget, and returns their kinds."""
    kinds = []
    for k in range(steps):
        supply.spent_fraction = k / 100
        kinds.append(trainer.step(supply))
    return kinds


def differing(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> list[str]:
    """The names under which two states do not hold the same bits; all that only one of them has."""
    return [name for name in sorted({*one, *other}) if not _same(one.get(name), other.get(name))]


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and one.dtype == other.dtype and torch.equal(one, other)


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    """A copy of its state."""
    return {name: tensor.detach().clone() for name, tensor in trainer.state_dict().items()}


def named(names: list[str]) -> str:
    """The first few of many names."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
