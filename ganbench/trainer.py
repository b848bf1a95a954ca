"""What the harness drives: a trainer, and the variants that build one of their own because no recipe can state them.

This module imports no torch, so that naming things stays cheap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench.datasets.dataset import Dataset
    from ganbench.loss import Optimum
    from ganbench.supply import Supply


class Variant(ABC):
    """A named entry on the board that is not a recipe: it builds its own trainer."""

    name: str
    paper: str

    @abstractmethod
    def trainer(self, dataset: Dataset, seed: int, device: str) -> Trainer:
        """A trainer for one seed, whose initial weights come from `seed` alone."""


class Trainer(ABC):
    """What the harness drives, and all that it knows of a training method.

    For a group of one seed, tensors are as for one seed; for a group of several, they have a leading seed axis.
    """

    updates: tuple[str, ...] = ("discriminator", "generator")
    """Every kind of update that `step` can return; FLOPs are counted once for each."""

    @abstractmethod
    def step(self, supply: Supply) -> str:
        """Performs ONE update with what it draws from `supply`, and returns its kind, one of `updates`."""

    @abstractmethod
    def sample(self, latent: Tensor) -> Tensor:
        """Samples (n, *sample shape) for latents (n, latent dim), in evaluation mode and without gradient."""

    @abstractmethod
    def score(self, x: Tensor) -> Tensor | None:
        """Discriminator scores (n,) of `x`, in evaluation mode and without gradient; None without a discriminator."""

    @abstractmethod
    def state_dict(self) -> Mapping[str, Tensor]:
        """Everything that the next step depends on, as named tensors."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""

    def checkpoints(self) -> list[dict[str, Tensor]]:
        """For each seed of the group, the tensors worth keeping of a finished run."""
        return [dict(self.state_dict())]

    def load_checkpoint(self, tensors: Mapping[str, Tensor]) -> None:
        """Lets a fresh trainer of one seed sample as the one did that left `tensors` of its `checkpoints`.

        To be overridden where those are neither all of the state nor a part of it.

        Raises:
            ValueError: where they are neither.
        """
        state = dict(self.state_dict())
        if not (tensors.keys() <= state.keys() or tensors.keys() >= state.keys()):
            raise ValueError(
                f"{type(self).__name__} keeps {', '.join(sorted(tensors))}, which is not of its state, and has no "
                "load_checkpoint of its own"
            )
        self.load_state_dict(state | dict(tensors))

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Parameters of each network, for one seed."""
        return {}

    @property
    def threshold(self) -> float | None:
        """The score above which a sample is called real, if there is one."""
        return None

    @property
    def optimum(self) -> Optimum | None:
        """What scores are for the best discriminator, as `Loss.optimum` says, if they are of single samples."""
        return None
