"""Wasserstein-2 distance between generated samples and as many true ones, by the best assignment of each to each.

W2^2 is the least mean squared distance over all one-to-one assignments (Peyre and Cuturi, "Computational Optimal
Transport", 2019, https://arxiv.org/abs/1803.00567, section 2.2), found exactly by scipy's `linear_sum_assignment`.
Its cost grows as the cube of n, so the first `most` samples stand for all.

Between two draws of one law it is far from 0, and more so the farther modes lie apart: their counts differ by chance,
and the surplus must travel. So the truth's own distance at the same n stands beside it, from the same true samples.
Where modes are narrow, that floor hides whatever happens within them; other metrics see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from ganbench.cache import cached
from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.truth import require_finite, true_samples

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

TRUTHS = 40
"""Draws of the truth that its floor and limit are taken from."""
LIMIT = 3.09
"""Standard deviations above the mean that 999 of 1,000 draws of a normal law stay below."""


def wasserstein_2(a: Tensor, b: Tensor) -> float:
    """W2 between samples a (n, d) and as many samples b (n, d), in their unit.

    Raises:
        ValueError: where there are not as many of each, or none, or one is not finite.
    """
    return math.sqrt(least_mean_cost(a, b, "sqeuclidean"))


def least_mean_cost(a: Tensor, b: Tensor, cost: Literal["euclidean", "sqeuclidean"]) -> float:
    """The mean cost between samples a (n, d) and b (n, d), assigned to one another so that it is least.

    Raises:
        ValueError: where there are not as many of each, or none, or one is not finite.
    """
    if a.shape != b.shape or len(a) == 0:
        raise ValueError(f"found samples of shapes {tuple(a.shape)} and {tuple(b.shape)}, wanted as many of each")
    require_finite(a)
    require_finite(b)
    costs = cdist(a.double().numpy(), b.double().numpy(), cost)
    return float(costs[linear_sum_assignment(costs)].mean())


@lru_cache(maxsize=8)
def floor_and_limit(density: GaussianMixture, n: int) -> tuple[float, float]:
    """The mean distance of n draws of the truth from `true_samples`, and what 999 of 1,000 such draws stay below.

    The limit takes the logarithm of the distance as normal, with the moments of 40 draws. Kept in the cache.
    """

    def make() -> dict[str, Tensor]:
        reference = true_samples(density, n)
        draws = (true_samples(density, n, index) for index in range(1, TRUTHS + 1))
        return {"truths": torch.tensor([wasserstein_2(x, reference) for x in draws], dtype=torch.float64)}

    truths = cached("w2-floor", {"density": asdict(density), "n": n, "truths": TRUTHS}, make)["truths"]
    logs = truths.log()
    return float(truths.mean()), float((logs.mean() + LIMIT * logs.std()).exp())


@dataclass(frozen=True)
class Assignment(Metric):
    """W2 to the truth at the headline, with the truth's own mean and limit at the same n."""

    most: int = 500
    """Samples that are assigned."""

    name: ClassVar[str] = "w2"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = (
            f"Wasserstein-2 distance of at most {self.most} samples from as many true ones: w2_floor for the truth"
        )
        floor = f"w2 of as many draws of the truth, mean of {TRUTHS}"
        return (
            Quantity("w2", "lower", lowest=0, meaning=meaning),
            Quantity("w2_floor", "neither", lowest=0, meaning=floor, beside="w2", role="floor"),
            Quantity(
                "w2_limit",
                "neither",
                lowest=0,
                meaning="w2 that 999 of 1,000 runs of the truth stay below",
                beside="w2",
                role="limit",
            ),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        n = min(self.most, len(evidence.samples))
        if evidence.density is None or n == 0 or not evidence.final:
            return {}
        distance = wasserstein_2(evidence.samples[:n], true_samples(evidence.density, n))
        floor, limit = floor_and_limit(evidence.density, n)
        return {"w2": distance, "w2_floor": floor, "w2_limit": limit}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer W2 by assignment."""
    register("w2", Assignment())
