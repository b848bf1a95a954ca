"""Every variant on offer in the harness, for a moment: what holds of them when they train."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from toys import BATCH, ring_dataset, trained

from ganbench import Recipe, Supply
from ganbench.adversarial import build_trainer
from ganbench.registry import load, offers

VARIANTS = {offer.name: load(offer) for offer in offers("variants")}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_two_hundred_updates_leave_every_number_finite(variant: Any) -> None:
    """After 200 updates on the ring, weights, averages and optimiser moments are finite, and so are the samples."""
    dataset, seeds = ring_dataset(), (0, 1) if isinstance(variant, Recipe) else (0,)
    trainer, supply = build_trainer(variant, dataset, seeds, "cpu"), Supply(dataset, seeds, BATCH, "cpu")
    before = {name: tensor.clone() for name, tensor in trainer.state_dict().items()}
    trained(trainer, supply, 200)
    state = trainer.state_dict()
    assert [name for name, tensor in state.items() if not tensor.isfinite().all()] == []
    assert trainer.sample(supply.latent()).isfinite().all()
    assert any(not torch.equal(tensor, state[name]) for name, tensor in before.items())
