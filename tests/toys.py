"""Small datasets, recipes and trainers for tests of the chain that trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from ganbench_plugins.nsgan import NonSaturating
from torch import Tensor
from torch.func import grad

from ganbench import Discriminator, Penalty, Recipe, Supply, Trainer
from ganbench.adversarial import Adversarial
from ganbench.testing.ground import ADAM, BATCH, LATENT, WIDTH, picture_dataset, ring_dataset

__all__ = ["ADAM", "BATCH", "LATENT", "WIDTH", "picture_dataset", "ring_dataset"]


@dataclass(frozen=True)
class RealSlope(Penalty):
    """weight * E[|grad D(real)|_2^2]: a penalty that draws nothing, so that groups of any size agree."""

    weight: float = 0.5

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight * grad(lambda x: d(x).sum())(real).square().sum(dim=1).mean()


def recipe(**changes: Any) -> Recipe:
    """The non-saturating loss, with these fields."""
    return Recipe(name="toy", paper="", **{"loss": NonSaturating(), **changes})


def trained(trainer: Trainer, supply: Supply, steps: int) -> list[str]:
    """Performs that many updates and returns their kinds."""
    return [trainer.step(supply) for _ in range(steps)]


def adversarial(seeds: tuple[int, ...], toy: Recipe, **standard: Any) -> tuple[Adversarial, Supply]:
    """A trainer on the ring with its supply, both fresh."""
    dataset = ring_dataset(**standard)
    return Adversarial(toy, dataset, seeds), Supply(dataset, seeds, dataset.standard.batch_size, "cpu")


def assert_group_trains_as_its_seeds(
    toy: Recipe, steps: int, *, seeds: tuple[int, ...] = (3, 1, 4), rtol: float = 0.0, atol: float
) -> None:
    """The seeds stacked have, after so many updates, the checkpoints of each trained alone."""
    group, supply = adversarial(seeds, toy)
    trained(group, supply, steps)
    for seed, found in zip(seeds, group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, steps)
        (wanted,) = alone.checkpoints()
        assert found.keys() == wanted.keys()
        for name, tensor in wanted.items():
            torch.testing.assert_close(found[name], tensor, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}")


def assert_same_bits(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    """The same names, and under each the same bits."""
    assert one.keys() == other.keys()
    different = [name for name in one if not torch.equal(one[name], other[name])]
    assert different == []


class Scripted(Trainer):
    """Repeats `script`, drawing a batch and multiplying it with a matrix for every update of the discriminator."""

    updates: ClassVar[tuple[str, ...]] = ("discriminator", "generator")

    def __init__(self, script: str = "dg") -> None:
        self.script, self.steps = script, 0
        self.seen: list[float] = []
        self.matrix = torch.ones(2, 3)

    def step(self, supply: Supply) -> str:
        self.seen.append(supply.spent_fraction)
        letter = self.script[self.steps % len(self.script)]
        self.steps += 1
        if letter == "d":
            supply.real() @ self.matrix
            return "discriminator"
        return {"g": "generator", "e": "encoder"}[letter]

    def sample(self, latent: Tensor) -> Tensor:
        return latent[..., :2]

    def score(self, x: Tensor) -> Tensor | None:
        return None

    def state_dict(self) -> dict[str, Tensor]:
        return {"steps": torch.tensor(self.steps)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.steps = int(state["steps"])
