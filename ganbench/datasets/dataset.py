"""What a dataset is: real splits, the standard conditions under which every variant trains on it, how it is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganbench.datasets.density import GaussianMixture
    from ganbench.ingredient import Optimizer
    from ganbench.pair import Networks

Split = Literal["train", "held_out"]


@dataclass(frozen=True)
class Standard:
    """The conditions that are the same for every variant on a dataset, unless its recipe says otherwise."""

    networks: Networks
    optimizer: Optimizer
    latent_dim: int
    batch_size: int
    budget: str
    seeds: int
    binding_optimizer: bool = False
    """Whether the optimiser is part of the dataset's question: it then takes the place of every recipe's own."""


@dataclass(frozen=True)
class Evaluation:
    """How samples of a dataset are judged."""

    metrics: tuple[str, ...]
    """Names of the metrics."""
    headline: str
    """The value that the board is sorted by, extractor suffix left out: "fid", "modes_covered"."""
    extractor: str | None
    """What turns images into features and class probabilities; None where no metric needs it."""
    samples: int
    """n of the headline evaluation, the last."""
    curve_samples: int
    """n of the evaluations on the way, which draw the curves."""
    points: int = 10
    """How many evaluations, evenly spaced over the budget, the headline's included."""
    domain: str | None = None
    """What the images are of, in an extractor's words: "digits", "mnist", "photographs"; None where nobody knows."""


class Dataset(ABC):
    """A source of real samples. Image samples are (channels, height, width) in [-1, 1]; points are (dimensions,)."""

    name: str
    sample_shape: tuple[int, ...]
    standard: Standard
    evaluation: Evaluation
    density: GaussianMixture | None = None
    """The true density where it is known."""
    probe: Tensor | None = None
    """Points (k, *sample shape) at which the discriminator's scores are recorded at every evaluation."""

    @abstractmethod
    def shuffled(self, split: Split, generator: torch.Generator) -> Tensor:
        """One pass over `split` in random order, as handles (n, ...) for `fetch`; on the CPU."""

    @abstractmethod
    def fetch(self, split: Split, handles: Tensor) -> Tensor:
        """The samples (..., *sample_shape) behind `handles` (...), as float32, on the device of `handles`."""

    @abstractmethod
    def size(self, split: Split) -> int | None:
        """How many distinct samples the split holds; None where they are drawn afresh without end."""

    @cached_property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of all that the samples depend on."""

    @property
    def is_image(self) -> bool:
        """Whether samples are (channels, height, width)."""
        return len(self.sample_shape) == 3
