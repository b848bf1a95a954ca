"""A fresh classifier, the same for every variant, told to tell generated samples from real ones: the two-sample test.

Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, https://arxiv.org/abs/1610.06545, section 3:
trained on one half of the samples, its accuracy on the other half is 1/2 where both come from one law, and more where a
classifier of its kind sees a difference. The accuracies of the variants' own discriminators do not compare, since each
was trained by another loss for another generator; this one does, and variants without a discriminator have it too.

It is a perceptron, of two hidden layers of 64, with a fixed budget and fixed seeds, so that the number depends on the
samples alone. Of points of a known mixture it is shown where they lie and, as through a microscope, how many standard
deviations off the nearest mean: without that, modes of the wrong width pass. Of images it is shown the extractor's
features, and the reals are those of the training, which share no image with the control of held-out ones. A copy of a
real that it was trained on it calls real: copying takes its accuracy below 1/2, so that of images lower is not better.

The intervals are Wilson's. What the probe misses, it misses in every variant: its accuracy is a lower bound of the
Bayes accuracy, and depends on n; of features with more dimensions than samples it sees less than there is to see.

Deviation: the paper's networks have one hidden layer of 20 units for points, and train for 100 epochs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganbench.hooks import hookimpl
from ganbench.metrics.discriminator import wilson_interval
from ganbench.metrics.metric import Direction, Evidence, Kind, Metric, Quantity
from ganbench.metrics.modes import nearest_modes
from ganbench.metrics.rows import checked_pair
from ganbench.metrics.truth import true_samples

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

WIDTH = 64
STEPS = 300
BATCH = 128
"""Samples of either side in a step."""
RATE = 3e-3
"""Adam's, falling to 0 over the steps."""
LEAST = 8
"""Samples of either side that are needed."""
FIELD = 5.0
"""Standard deviations that the microscope shows around a mean."""
REALS = 5
"""Number of the true draws that the probe is shown."""


def probe_accuracy(real: Tensor, fake: Tensor, seed: int = 0) -> tuple[float, int]:
    """The share of calls that are right, and how many there were, from features (n, d) of reals and (m, d) of fakes.

    As many of each are used, half of them to train on. The global generators are left as they were.

    Raises:
        ValueError: where there are fewer than 8 of either, or one is not finite.
    """
    checked_pair(real, fake, LEAST)
    n = min(len(real), len(fake))
    generator = torch.Generator().manual_seed(seed)
    sides = [side[torch.randperm(len(side), generator=generator)[:n]].float() for side in (real, fake)]
    (real_known, real_new), (fake_known, fake_new) = (side.tensor_split([n // 2]) for side in sides)
    centre, spread = _standard(torch.cat([real_known, fake_known]))
    network = _trained((real_known - centre) / spread, (fake_known - centre) / spread, generator)
    with torch.no_grad():
        on_real, on_fake = (network((side - centre) / spread)[:, 0] for side in (real_new, fake_new))
    right = int((on_real > 0).sum() + (on_fake <= 0).sum())
    return right / (len(on_real) + len(on_fake)), len(on_real) + len(on_fake)


def _standard(known: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (d,) of each feature; what is always the same is left as wide as it is."""
    spread = known.std(dim=0)
    return known.mean(dim=0), torch.where(spread > 0, spread, 1.0)


@torch.enable_grad()
def _trained(real: Tensor, fake: Tensor, generator: torch.Generator) -> nn.Module:
    """The perceptron after its budget, taught by cross entropy that scores of `real` are above 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
        layers = (nn.Linear(real.shape[1], WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1))
    network = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / STEPS, STEPS)
    for _ in range(STEPS):
        batch = [side[torch.randint(len(side), (BATCH,), generator=generator)] for side in (real, fake)]
        on_real, on_fake = network(torch.cat(batch))[:, 0].tensor_split(2)
        optimizer.zero_grad()
        torch.autograd.backward(softplus(torch.cat([-on_real, on_fake])).mean())
        optimizer.step()
        schedule.step()
    return network


def magnified(points: Tensor, density: GaussianMixture) -> Tensor:
    """Points (n, d) -> (n, 2 d), float64: where they are, and how many sigma off the nearest mean, at most 5."""
    x, means = points.double(), density.centres.double()
    nearest, _ = nearest_modes(x, means)
    return torch.cat([x, ((x - means[nearest]) / density.sigma).clamp(-FIELD, FIELD)], dim=1)


class _Probe(Metric):
    """The accuracy of the probe at the headline, with its interval."""

    direction: ClassVar[Direction]

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = (
            "share of reals and fakes that a fresh classifier, the same for every variant, calls right: 1/2 is best"
        )
        return (
            Quantity("probe_accuracy", self.direction, "", 0, 1, meaning),
            Quantity(
                "probe_low",
                "neither",
                "",
                0,
                1,
                "where the 95 % interval of probe_accuracy begins",
                beside="probe_accuracy",
                role="low",
            ),
            Quantity("probe_high", "neither", "", 0, 1, "where it ends", beside="probe_accuracy", role="high"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        shown = self.shown(evidence) if evidence.final else None
        if shown is None or min(map(len, shown)) < LEAST:
            return {}
        accuracy, calls = probe_accuracy(*shown)
        low, high = wilson_interval(accuracy, calls)
        return {"probe_accuracy": accuracy, "probe_low": low, "probe_high": high}

    @abstractmethod
    def shown(self, evidence: Evidence) -> tuple[Tensor, Tensor] | None:
        """What the probe sees of reals (n, d) and of fakes (m, d), where the evidence has both."""


@dataclass(frozen=True)
class PointProbe(_Probe):
    """The probe on points of a known mixture, against fresh draws of it."""

    name: ClassVar[str] = "point_probe"
    direction: ClassVar[Direction] = "lower"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    def shown(self, evidence: Evidence) -> tuple[Tensor, Tensor] | None:
        if evidence.density is None:
            return None
        real = true_samples(evidence.density, len(evidence.samples), REALS)
        return magnified(real, evidence.density), magnified(evidence.samples, evidence.density)


@dataclass(frozen=True)
class FeatureProbe(_Probe):
    """The probe on the extractor's features, against those of training reals."""

    name: ClassVar[str] = "feature_probe"
    direction: ClassVar[Direction] = "neither"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    def shown(self, evidence: Evidence) -> tuple[Tensor, Tensor] | None:
        if evidence.features is None or evidence.reference is None:
            return None
        return evidence.reference.features, evidence.features.features


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the probe on points and on features."""
    register("point_probe", PointProbe())
    register("feature_probe", FeatureProbe())
