"""1-nearest-neighbour accuracy: can a sample's nearest neighbour tell whether it was generated or true?

Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, https://arxiv.org/abs/1610.06545; with the
classifier left to find its neighbours among all samples but the one it judges, as in Xu et al., "An empirical study on
evaluation metrics of generative adversarial networks", 2018, https://arxiv.org/abs/1806.07755. As many true samples as
generated ones are drawn. The truth has 1/2: above, generated samples lie apart from true ones; below, on top of them.

The interval is Wilson's for a binomial share, but not of 2n calls: two samples that are each other's nearest neighbour
are right or wrong together. If a share m of the samples stands in such pairs (0.62 in the plane), the accuracy of the
truth varies as that of 2n / (1 + m) independent calls, for all other pairs of calls are uncorrelated under random
labels. So much the interval counts; the plain one would exclude 1/2 too often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.discriminator import wilson_interval
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.truth import require_finite, true_samples


def nearest_neighbours(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number (n,) of the nearest other point of each of `points` (n, d), n at least 2."""
    _, found = cKDTree(points).query(points, k=2)
    itself = found[:, 0] == np.arange(len(points))  # not so where points coincide
    neighbours: NDArray[np.int64] = np.where(itself, found[:, 1], found[:, 0])
    return neighbours


def accuracy(generated: Tensor, true: Tensor) -> tuple[float, int]:
    """The share of correct calls over `generated` (n, d) and `true` (n, d), and how many independent calls it is worth.

    Raises:
        ValueError: where a sample is not finite.
    """
    require_finite(generated)
    require_finite(true)
    points = np.concatenate([generated.double().numpy(), true.double().numpy()])
    is_true = np.arange(len(points)) >= len(generated)
    neighbour = nearest_neighbours(points)
    mutual = (neighbour[neighbour] == np.arange(len(points))).mean()
    return float((is_true == is_true[neighbour]).mean()), int(len(points) / (1 + mutual))


@dataclass(frozen=True)
class NearestNeighbour(Metric):
    """The leave-one-out accuracy of the nearest neighbour, with its interval."""

    confidence: float = 0.999

    name: ClassVar[str] = "nearest_neighbour"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = (
            "how often a sample's nearest neighbour tells whether it is generated or true: 1/2 for the truth, "
            "above where they lie apart"
        )
        interval = f"end of nn_accuracy's {self.confidence:.1%} interval: 1/2 lies outside for few truths"
        return (
            Quantity("nn_accuracy", "neither", "", 0, 1, meaning),
            Quantity("nn_accuracy_low", "neither", "", 0, 1, f"lower {interval}", beside="nn_accuracy", role="low"),
            Quantity("nn_accuracy_high", "neither", "", 0, 1, f"upper {interval}", beside="nn_accuracy", role="high"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        n = len(evidence.samples)
        if evidence.density is None or n == 0:
            return {}
        share, calls = accuracy(evidence.samples, true_samples(evidence.density, n))
        low, high = wilson_interval(share, calls, self.confidence)
        return {"nn_accuracy": share, "nn_accuracy_low": low, "nn_accuracy_high": high}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the nearest neighbour's accuracy."""
    register("nearest_neighbour", NearestNeighbour())
