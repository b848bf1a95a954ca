"""The two rows that let a newcomer read a board: held-out real data, and the standard generator before training."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ganbench.assembly import build_pair
from ganbench.datasets.dataset import Dataset
from ganbench.randomness import generator, initial_weights
from ganbench.record import CONTROLS
from ganbench.supply import Stream, Supply
from ganbench.trainer import Trainer


class Control(Trainer):
    """A trainer that is never stepped."""

    updates = ()

    def step(self, supply: Supply) -> str:
        raise AssertionError("a control is not trained")

    def score(self, x: Tensor) -> None:
        """None: there is no discriminator."""

    def state_dict(self) -> dict[str, Tensor]:
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Nothing to load."""


class HeldOutReal(Control):
    """Its samples are held-out real ones: the best that any row can honestly reach at this n."""

    def __init__(self, dataset: Dataset, seed: int, device: str) -> None:
        self._dataset, self._device = dataset, device
        self._handles = Stream(lambda k: dataset.shuffled("held_out", generator(seed, "control", k)), axis=0)

    def sample(self, latent: Tensor) -> Tensor:
        """As many held-out samples as there are latents, each once before any twice."""
        return self._dataset.fetch("held_out", self._handles.take(len(latent)).to(self._device))


class Untrained(Control):
    """Its samples are those of the dataset's standard generator with the initial weights of `seed`."""

    def __init__(self, dataset: Dataset, seed: int, device: str) -> None:
        with initial_weights(seed):
            self._generator = build_pair(dataset.standard.networks, dataset)[0].to(device).eval()

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        out: Tensor = self._generator(latent)
        return out


def build_control(name: str, dataset: Dataset, seed: int, device: str) -> Control:
    """The control of that name, one of `record.CONTROLS`."""
    return dict(zip(CONTROLS, (HeldOutReal, Untrained), strict=True))[name](dataset, seed, device)
