"""Datasets that are wrong, each in one way, with the checks that find it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ganbench import Dataset, MLPPair
from ganbench.datasets.dataset import Evaluation
from ganbench.datasets.density import GaussianMixture
from ganbench.datasets.mixtures import Mixture
from ganbench.testing.ground import ring_dataset

CALLS = itertools.count()


class Points(Dataset):
    """300 points to train on and 100 held out, as it should be."""

    def __init__(self) -> None:
        self.name, self.sample_shape = "points", (2,)
        self.standard = ring_dataset().standard
        self.evaluation = Evaluation(("discriminator_accuracy",), "accuracy_balanced", None, 50, 50)
        self.x = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))

    @property
    def splits(self) -> dict[str, Tensor]:
        return {"train": self.x[:300], "held_out": self.x[300:]}

    def shuffled(self, split, generator):
        return torch.randperm(len(self.splits[split]), generator=generator)

    def fetch(self, split, handles):
        return self.splits[split][handles]

    def size(self, split):
        return len(self.splits[split])

    @property
    def fingerprint(self) -> str:
        return "points of seed 1"


class Overlapping(Points):
    """Ten of the held-out points are training points."""

    @property
    def splits(self):
        return {"train": self.x[:310], "held_out": self.x[300:]}


class Bytes(Points):
    """Pixels from 0 to 255."""

    def __init__(self):
        super().__init__()
        self.sample_shape = (1, 2, 1)

    def fetch(self, split, handles):
        return 255 * super().fetch(split, handles).sigmoid()[..., None, :, None]


class Fog(Points):
    """Pixels from 0 to 1."""

    def __init__(self):
        super().__init__()
        self.sample_shape = (1, 1, 2)
        self.standard = replace(self.standard, networks=MLPPair(width=8))

    def fetch(self, split, handles):
        return super().fetch(split, handles).sigmoid()[..., None, None, :]


class Double(Points):
    """Double precision."""

    def fetch(self, split, handles):
        return super().fetch(split, handles).double()


class Flat(Points):
    """Loses the leading axes of its handles."""

    def fetch(self, split, handles):
        return super().fetch(split, handles.flatten())


class Unseeded(Points):
    """An order from torch's global generator."""

    def shuffled(self, split, generator):
        return torch.randperm(len(self.splits[split]))


class InOrder(Points):
    """No order but one."""

    def shuffled(self, split, generator):
        return torch.arange(len(self.splits[split]))


class WithReplacement(Points):
    """Some samples twice in a pass, and some not at all."""

    def shuffled(self, split, generator):
        return torch.randint(len(self.splits[split]), (len(self.splits[split]),), generator=generator)


class Renamed(Points):
    """Another fingerprint each time."""

    @property
    def fingerprint(self):
        return str(next(CALLS))


class Redrawn(Points):
    """Other samples under one fingerprint each time."""

    def __init__(self):
        super().__init__()
        self.x = self.x + next(CALLS)


class Headless(Points):
    """A headline that none of its metrics gives."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, headline="fid")


class Featureless(Points):
    """A headline of features, with nothing to make features."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, metrics=("fid",), headline="fid")


class Modeless(Points):
    """A headline about a density that it does not declare."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, metrics=("modes",), headline="modes_covered")


class Unextracted(Points):
    """An extractor that nobody has."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, extractor="vgg")


class Unmeasured(Points):
    """A metric that nobody offers."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, metrics=("discriminator_accuracy", "w3"))


class Demanding(Points):
    """More samples at the end than are held out."""

    def __init__(self):
        super().__init__()
        self.evaluation = replace(self.evaluation, samples=101)


class Unaffordable(Points):
    """A budget that cannot be read."""

    def __init__(self):
        super().__init__()
        self.standard = replace(self.standard, budget="plenty")


def wider() -> Dataset:
    """A ring whose density is said to be twice as wide as its samples are."""
    dataset = ring_dataset()
    true, dataset.density = dataset.density, GaussianMixture(dataset.density.means, 2 * dataset.density.sigma)
    dataset.shuffled = lambda split, generator: true.sample(16_384, generator)  # type: ignore[method-assign]
    return dataset


def wider_held_out() -> Dataset:
    """The same of held-out samples alone."""
    dataset = ring_dataset()
    true = dataset.density
    dataset.fetch = lambda split, handles: handles  # type: ignore[method-assign]
    dataset.shuffled = lambda split, generator: (  # type: ignore[method-assign]
        true.sample(16_384, generator) * (1.2 if split == "held_out" else 1)
    )
    return dataset


def many_modes() -> Dataset:
    """So many modes that the chi-square test needs more samples than for few, as it should be."""
    means = tuple((float(x), float(y)) for x in range(12) for y in range(12))
    return Mixture("grid144", GaussianMixture(means, 0.05), ring_dataset().standard)


DATASETS: list[tuple[Callable[[], Dataset], set[str]]] = [
    (Points, set()),
    (ring_dataset, set()),
    (many_modes, set()),
    (Overlapping, {"splits_are_apart"}),
    (Bytes, {"samples_are_as_declared"}),
    (Fog, {"pixels_use_both_halves"}),
    (Double, {"samples_are_as_declared"}),
    (Flat, {"a_pass_brings_each_sample_once"}),
    (Unseeded, {"order_comes_from_the_generator", "fingerprint_lasts"}),
    (InOrder, {"order_comes_from_the_generator"}),
    (WithReplacement, {"a_pass_brings_each_sample_once"}),
    (Renamed, {"fingerprint_lasts"}),
    (Redrawn, {"fingerprint_lasts"}),
    (Headless, {"conditions_can_be_met"}),
    (Featureless, {"conditions_can_be_met"}),
    (Modeless, {"conditions_can_be_met"}),
    (Unextracted, {"conditions_can_be_met"}),
    (Unmeasured, {"conditions_can_be_met"}),
    (Demanding, {"conditions_can_be_met"}),
    (Unaffordable, {"conditions_can_be_met"}),
    (wider, {"samples_follow_the_density"}),
    (wider_held_out, {"samples_follow_the_density"}),
]
