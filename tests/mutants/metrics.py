"""Metrics that are wrong, each in one way, with the checks that find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from ganbench import Metric, Quantity


@dataclass(frozen=True)
class Spread(Metric):
    """The standard deviation of all numbers, as it should be."""

    name: ClassVar[str] = "spread"
    reads: ClassVar[frozenset[str]] = frozenset({"samples", "density"})

    @property
    def quantities(self):
        return (Quantity("spread", "higher", "", 0, None, "how far samples are from one another"),)

    def __call__(self, evidence):
        return {"spread": float(evidence.samples.std(correction=0))}


class LogSpread(Spread):
    """Infinite where all samples are one."""

    @property
    def quantities(self):
        return (Quantity("spread", "higher", "nats", meaning="the logarithm of the spread"),)

    def __call__(self, evidence):
        return {"spread": float((evidence.samples - evidence.samples[0]).abs().mean().log())}


class Undeclared(Spread):
    """A second number that nobody was told of."""

    def __call__(self, evidence):
        return super().__call__(evidence) | {"range": 1.0}


class Peeking(Spread):
    """Better, for a variant that has scores."""

    def __call__(self, evidence):
        return {"spread": super().__call__(evidence)["spread"] / (1 if evidence.scores is None else 2)}


class Bounded(Spread):
    """A bound that samples far away pass."""

    @property
    def quantities(self):
        return (Quantity("spread", "higher", "", 0, 1, "how far samples are from one another"),)


class Unlabelled(Spread):
    """A number that has no label."""

    @property
    def quantities(self):
        return (Quantity("spread", "higher", "", 0, 1e9, "a word for it", ("narrow", "wide")),)


class Chancy(Spread):
    """A number that depends on torch's global generator."""

    def __call__(self, evidence):
        few = evidence.samples[torch.randperm(len(evidence.samples))[:10]]
        return {"spread": float(few.std(correction=0))}


class Centring(Spread):
    """Samples that are centred where they lie."""

    def __call__(self, evidence):
        return {"spread": float(evidence.samples.sub_(evidence.samples.mean()).square().mean().sqrt())}


class Needy(Spread):
    """Raises where it has less than it wants."""

    def __call__(self, evidence):
        return {"spread": float(evidence.samples[:100].reshape(100, 2).std(correction=0))}


class Twice(Spread):
    """One name for two numbers."""

    @property
    def quantities(self):
        return super().quantities * 2


class Meaningless(Spread):
    """A number that says nothing of itself."""

    @property
    def quantities(self):
        return (Quantity("spread", "higher"),)


class Curious(Spread):
    """Reads what is never shown."""

    reads = frozenset({"samples", "weights"})


class Mute(Spread):
    """Gives nothing."""

    def __call__(self, evidence):
        return {}


class Distance(Spread):
    """The mean distance to the nearest mode, as it should be."""

    @property
    def quantities(self):
        return (Quantity("spread", "lower", "", 0, None, "how far samples are from the nearest mode"),)

    def __call__(self, evidence):
        return {"spread": float(self.distances(evidence).mean())}

    def distances(self, evidence):
        return torch.cdist(evidence.samples, torch.tensor(evidence.density.means)).min(dim=1).values


class Reversed(Distance):
    """The further from every mode, the better."""

    @property
    def quantities(self):
        return Spread.quantities.fget(self)


class Summed(Distance):
    """A sum over the samples."""

    def __call__(self, evidence):
        return {"spread": float(self.distances(evidence).sum())}


class Brightness(Spread):
    """The mean pixel of raw images, which no points have, as it should be."""

    reads = frozenset({"samples"})

    def __call__(self, evidence):
        n, channels, height, width = evidence.samples.shape
        return {"spread": float(evidence.samples.double().sum()) / (255 * n * channels * height * width)}


class Fragile(Brightness):
    """Raises where all images are one."""

    def __call__(self, evidence):
        if len(evidence.samples.unique(dim=0)) == 1:
            raise ValueError("all samples are one")
        return super().__call__(evidence)


@dataclass
class Unfrozen(Metric):
    """A dataclass that can be changed."""

    name: ClassVar[str] = "spread"
    reads: ClassVar[frozenset[str]] = frozenset({"samples", "density"})
    quantities = Spread.quantities
    __call__ = Spread.__call__


METRICS: list[tuple[Metric, set[str]]] = [
    (Spread(), set()),
    (Distance(), set()),
    (Brightness(), set()),
    (Fragile(), {"measures_whatever_it_is_shown"}),
    (Reversed(), {"truth_is_not_the_worst"}),
    (Summed(), {"is_no_sum_over_samples"}),
    (LogSpread(), {"numbers_are_finite"}),
    (Undeclared(), {"gives_what_it_declares"}),
    (Peeking(), {"reads_what_it_declares"}),
    (Bounded(), {"numbers_keep_their_bounds"}),
    (Unlabelled(), {"numbers_keep_their_bounds"}),
    (Chancy(), {"is_a_function_of_its_evidence"}),
    (Centring(), {"is_a_function_of_its_evidence"}),
    (Needy(), {"measures_whatever_it_is_shown"}),
    (Twice(), {"declares_its_numbers"}),
    (Meaningless(), {"declares_its_numbers"}),
    (Curious(), {"declares_its_numbers"}),
    (Mute(), {"gives_what_it_declares"}),
    (Unfrozen(), {"is_frozen", "copies_equal_it"}),
]
