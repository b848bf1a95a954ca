"""Every variant and every trick on offer in the harness, for a moment: what holds of them when they train."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from toys import BATCH, picture_dataset, ring_dataset, trained

from ganbench import Dataset, NotApplicable, Recipe, Supply, Trainer, Trick
from ganbench.adversarial import build_trainer
from ganbench.assembly import group_size
from ganbench.datasets import digits
from ganbench.experiment import with_standard
from ganbench.ingredients import require_fit
from ganbench.registry import load, offers

VARIANTS = {offer.name: load(offer) for offer in offers("variants")}
TRICKS: dict[str, Trick] = {offer.name: load(offer)() for offer in offers("tricks")}
CELLS: dict[str, tuple[Any, Trick | None]] = {name: (variant, None) for name, variant in VARIANTS.items()}
CELLS |= {f"nsgan + {name}": (VARIANTS["nsgan"], trick) for name, trick in TRICKS.items()}
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


@cache
def dataset_named(name: str) -> Dataset:
    makers = {"ring8": ring_dataset, "digits": lambda: digits.load(None, None), "mnist-sized": picture_dataset}
    return makers[name]()


def at_work(cell: tuple[Any, Trick | None], dataset: Dataset, seeds: int) -> tuple[Trainer, Supply]:
    """A trainer of a cell with its supply, both fresh; skips, with the reason, where the cell is not applicable."""
    variant, trick = cell
    try:
        if isinstance(variant, Recipe):
            variant = with_standard(variant, dataset.standard)
            variant = trick(variant) if trick else variant
            require_fit(variant)
        group = tuple(range(min(seeds, group_size(variant, dataset))))
        trainer = build_trainer(variant, dataset, group, "cpu")
    except NotApplicable as reason:
        pytest.skip(str(reason))
    return trainer, Supply(dataset, group, min(BATCH, dataset.standard.batch_size), "cpu")


def assert_all_finite(trainer: Trainer) -> None:
    assert [name for name, tensor in trainer.state_dict().items() if not tensor.isfinite().all()] == []


@each_cell
def test_two_hundred_updates_leave_every_number_finite(cell: Any) -> None:
    """After 200 updates on the ring, weights, averages and optimiser moments are finite, and so are the samples."""
    trainer, supply = at_work(cell, dataset_named("ring8"), seeds=2)
    before = {name: tensor.clone() for name, tensor in trainer.state_dict().items()}
    trained(trainer, supply, 200)
    assert_all_finite(trainer)
    assert trainer.sample(supply.latent()).isfinite().all()
    state = trainer.state_dict()
    assert any(not torch.equal(tensor, state[name]) for name, tensor in before.items())


@pytest.mark.parametrize("seeds", [1, 2], ids=["one seed", "a group"])
@pytest.mark.parametrize("name", ["ring8", "digits", "mnist-sized"])
@each_cell
def test_every_cell_trains_samples_and_scores(cell: Any, name: str, seeds: int) -> None:
    """On points, on 8 x 8 and on 28 x 28 images, for one seed and for a group: finite, and of the promised shapes."""
    dataset = dataset_named(name)
    trainer, supply = at_work(cell, dataset, seeds)
    made = trained(trainer, supply, 8)
    assert set(made) <= set(trainer.updates)
    assert_all_finite(trainer)
    latent = supply.latent(7)
    samples = trainer.sample(latent)
    assert samples.shape == (*latent.shape[:-1], *dataset.sample_shape)
    scores = trainer.score(samples)
    assert scores is None or scores.shape == latent.shape[:-1]
    assert samples.isfinite().all()
    assert scores is None or scores.isfinite().all()
