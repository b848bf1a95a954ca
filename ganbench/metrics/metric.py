"""What a metric is, and the evidence it may read. A metric never sees a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench.datasets.density import GaussianMixture

Direction = Literal["higher", "lower", "neither"]
Kind = Literal["samples", "features", "held_out", "second_opinions", "scores", "density"]


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
    beside: str = ""
    """The quantity of the same metric that this one helps to read: tables print it there, and give it no line."""
    role: str = ""
    """What it is to that one: "floor", "limit", "n"; "low" and "high" are the ends of an interval.

    "point" is one of those that it is worked out from, of which there may be many: tables leave them to drawings.
    """


Make = Callable[[], "dict[str, Tensor]"]


def make_afresh(_name: str, make: Make) -> dict[str, Tensor]:
    """What `make()` gives."""
    return make()


@dataclass(frozen=True)
class Features:
    """What an extractor saw in n images: features (n, d) and class logits (n, classes), both float32 on the CPU.

    Those of real images are in a shuffled order that never changes.
    """

    features: Tensor
    logits: Tensor
    keep: Callable[[str, Make], dict[str, Tensor]] = make_afresh
    """keep(name, make): what `make()` gives, or gave in this or an earlier run under the same name.

    For what is slow to compute of real images. The name says all that it depends on besides these features.
    """


@dataclass(frozen=True)
class Scores:
    """The discriminator's raw outputs, each (n,), with the decision threshold of its loss if it has one."""

    train: Tensor
    held_out: Tensor
    fake: Tensor
    threshold: float | None
    probe: Tensor | None = None
    """Of the dataset's probe points (k,), where it has any."""
    optimum: Literal["log_ratio", "potential"] | None = None
    """What scores are for the best discriminator, as `Loss.optimum` says."""
    reals: Tensor | None = None
    """The held-out reals (n, d) themselves, where their density is known."""

    @property
    def log_odds(self) -> tuple[Tensor, Tensor] | None:
        """The log odds of real, of held-out reals and of fakes, each (n,); None where scores are none."""
        if self.optimum != "log_ratio":
            return None
        zero = self.threshold or 0.0
        return self.held_out - zero, self.fake - zero


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
    second_opinions: tuple[Tensor, ...] = ()
    """Logits (n, classes) of the generated samples by classifiers that differ from the extractor in their seed alone;
    at the last evaluation, and empty where there are none."""
    held_out: Features | None = None
    """Features of the held-out reals, at the last evaluation, where a metric reads "held_out"."""


class Metric(ABC):
    """A measurement: tensors in, numbers out. Subclass it as a frozen dataclass."""

    name: ClassVar[str]
    reads: ClassVar[frozenset[Kind]]
    """What it needs; the harness leaves the metric out where the evidence has none."""
    reads_if_there: ClassVar[frozenset[Kind]] = frozenset()
    """What it reads besides, where the evidence has any."""

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """Every number that it can give."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        """The numbers by name. A number that this evidence cannot give (more splits than samples) is left out."""
