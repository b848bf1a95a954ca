"""What the tests of every baseline ask of its trainer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from toys import BATCH, assert_same_bits, ring_dataset, trained

from ganbench import Dataset, Supply, Trainer, Variant
from ganbench.adversarial import build_trainer


class Points(Supply):
    """A supply whose reals are drawn from `x` in order, over and over."""

    def __init__(self, dataset: Dataset, x: Tensor) -> None:
        super().__init__(dataset, (0,), BATCH, "cpu")
        self.x, self.taken = x, 0

    def real(self, n: int | None = None) -> Tensor:
        places = (self.taken + torch.arange(self.batch_size if n is None else n)) % len(self.x)
        self.taken += len(places)
        return self.x[places]


def at_work(variant: Variant, seed: int = 0, **standard: Any) -> tuple[Trainer, Supply]:
    """A trainer on the ring with its supply, both fresh."""
    dataset = ring_dataset(**standard)
    return build_trainer(variant, dataset, (seed,), "cpu"), Supply(dataset, (seed,), BATCH, "cpu")


def spend(trainer: Trainer, supply: Supply, samples: int) -> list[str]:
    """Trains until so many reals are drawn, with the spent fraction that the harness would tell."""
    made = []
    while supply.drawn < samples:
        supply.spent_fraction = supply.drawn / samples
        made += trained(trainer, supply, 1)
    return made


def assert_continues_bit_for_bit(variant: Variant) -> None:
    """A second trainer, loaded at half the budget, ends with the bits of the first, and so do its samples."""
    first, supply = at_work(variant)
    spend(first, supply, 10 * BATCH)
    second, other = at_work(variant)
    second.load_state_dict({name: tensor.clone() for name, tensor in first.state_dict().items()})
    other.load_state(supply.state())
    for trainer, own in ((first, supply), (second, other)):
        torch.manual_seed(3)
        spend(trainer, own, 20 * BATCH)
    assert_same_bits(first.state_dict(), second.state_dict())
    latent = torch.randn(9, 6)
    assert torch.equal(first.sample(latent), second.sample(latent))


def assert_samples_are_functions_of_latents(trainer: Trainer) -> None:
    """Alone or among others, and whatever was drawn before, a latent gives the same sample to rounding."""
    latent = torch.randn(20, 6)
    together = trainer.sample(latent)
    torch.randn(5)
    torch.testing.assert_close(torch.cat([trainer.sample(one) for one in latent.split(1)]), together)
    assert torch.equal(trainer.sample(latent), together)


def assert_every_real_is_counted(variant: Variant, collecting: str) -> None:
    """Only updates of the kind `collecting` draw, a batch each; and the dataset is read through the supply alone."""
    trainer, supply = at_work(variant)
    dataset = supply._dataset
    fetched: list[int] = []
    fetch = dataset.fetch
    dataset.fetch = lambda split, handles: fetched.append(len(handles)) or fetch(split, handles)  # type: ignore[func-returns-value,method-assign]
    for _ in range(30):
        before = supply.drawn
        (kind,) = trained(trainer, supply, 1)
        assert supply.drawn - before == (BATCH if kind == collecting else 0)
    trainer.sample(torch.randn(4, 6))
    assert sum(fetched) == supply.drawn
