"""What a metric is, and the evidence it may read. A metric never sees a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench.datasets.density import GaussianMixture

Direction = Literal["higher", "lower", "neither"]
Kind = Literal["samples", "features", "scores", "density"]


@dataclass(frozen=True)
class Quantity:
    """One number that a metric gives: what it is called and how it is read."""

    name: str
    """As in records and tables: "fid", "inception_score@10", "modes_covered"."""
    direction: Direction
    """Which way is better; "neither" for a diagnosis."""
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    """The bounds that the number cannot leave, where there are any."""
    meaning: str = ""
    """One sentence for the reader of a table."""
    labels: tuple[str, ...] = ()
    """Words for the numbers 0, 1, 2 and so on, where the quantity is a choice among them."""


@dataclass(frozen=True)
class Features:
    """What an extractor saw in n images: features (n, d) and class logits (n, classes), both float32 on the CPU."""

    features: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Scores:
    """The discriminator's raw outputs, each (n,), with the decision threshold of its loss if it has one."""

    train: Tensor
    held_out: Tensor
    fake: Tensor
    threshold: float | None
    probe: Tensor | None = None
    """Of the dataset's probe points (k,), where it has any."""


@dataclass(frozen=True)
class Evidence:
    """What was observed of one seed at one evaluation point. All tensors are finite and on the CPU."""

    samples: Tensor
    """Generated samples (n, *sample shape), images as uint8."""
    features: Features | None = None
    """Of the generated samples."""
    reference: Features | None = None
    """Of the training reals."""
    scores: Scores | None = None
    density: GaussianMixture | None = None
    history: tuple[Mapping[str, float], ...] = ()
    """What was measured at the run's evaluation points before this one, oldest first."""
    final: bool = True
    """Whether this is the last evaluation, the headline's: what takes long is measured there alone."""


class Metric(ABC):
    """A measurement: tensors in, numbers out. Subclass it as a frozen dataclass."""

    name: ClassVar[str]
    reads: ClassVar[frozenset[Kind]]
    """What it needs; the harness leaves the metric out where the evidence has none."""

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """Every number that it can give."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        """The numbers by name. A number that this evidence cannot give (more splits than samples) is left out."""
