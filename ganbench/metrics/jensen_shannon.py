"""Jensen-Shannon divergence of generated samples from a mixture of known density, in nats.

Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1), 1991, with
equal weights. It is what the discriminator of Goodfellow et al., "Generative Adversarial Nets", NIPS 2014,
https://arxiv.org/abs/1406.2661, section 4.1, measures at its optimum: from 0 to log 2.

The estimate is that of the histogram over the cells of `cells.py` against their exact probabilities. It has two biases,
both of known sign. Within a cell nothing is seen, so it is that of a divergence that can only be smaller than the
true one (data processing); rings close to the means and far from them keep the loss small where modes collapse to
points or samples lie off them. And a histogram of n samples is rough, which adds about (cells - 1) / 8n; that is what
the truth has, its floor, and it is not subtracted. The floor is exact: the count in a cell is binomial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import binom
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.cells import Cells
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

Floats = NDArray[np.float64]

CELLS = Cells((0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1 - 1e-6))
LIMIT = 3.09
"""Standard deviations above the mean that 999 of 1,000 draws of a normal law stay below."""


def terms(p: Floats, q: Floats) -> Floats:
    """What each cell adds to the Jensen-Shannon divergence, in nats, of the probabilities p from q (cells,)."""
    middle = (p + q) / 2
    found: Floats = (xlogy(p, p) - xlogy(p, middle) + xlogy(q, q) - xlogy(q, middle)) / 2
    return found


def jensen_shannon(samples: Tensor, density: GaussianMixture, cells: Cells = CELLS) -> float:
    """The divergence, in nats, of the histogram of `samples` (n, d) from `density`.

    Raises:
        ValueError: where a sample is not finite.
    """
    counts = cells.counts(samples, density)
    return float(terms(counts / len(samples), cells.probabilities(density)).sum())


@lru_cache(maxsize=8)
def floor_and_limit(density: GaussianMixture, n: int, cells: Cells = CELLS) -> tuple[float, float]:
    """The mean of `jensen_shannon` over n draws of the truth, exact, and what 999 of 1,000 such runs stay below.

    The limit takes the cells as independent, which counts of a fixed sum are but nearly, and their sum as normal.
    """
    probabilities, cells_of_each = np.unique(cells.probabilities(density), return_counts=True)
    counts = np.arange(n + 1)[:, None]
    chance = binom.pmf(counts, n, probabilities)
    found = terms(counts / n, probabilities[None])
    means = (chance * found).sum(axis=0)
    variances = (chance * (found - means) ** 2).sum(axis=0)
    floor = float(means @ cells_of_each)
    return floor, floor + LIMIT * math.sqrt(variances @ cells_of_each)


@dataclass(frozen=True)
class JensenShannon(Metric):
    """The Jensen-Shannon divergence to the truth, with the truth's own mean and limit at the same n."""

    name: ClassVar[str] = "js"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = "Jensen-Shannon divergence from the density, of a histogram: js_floor for the truth, log 2 at most"
        floor = "js of as many draws of the truth, on average: about (cells - 1) / 8n"
        limit = "js that 999 of 1,000 runs of the truth stay below"
        return (
            Quantity("js", "lower", "nats", 0, math.log(2), meaning),
            Quantity("js_floor", "neither", "nats", 0, math.log(2), floor, beside="js", role="floor"),
            Quantity("js_limit", "neither", "nats", 0, meaning=limit, beside="js", role="limit"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.density is None or len(evidence.samples) == 0:
            return {}
        floor, limit = floor_and_limit(evidence.density, len(evidence.samples))
        return {"js": jensen_shannon(evidence.samples, evidence.density), "js_floor": floor, "js_limit": limit}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the Jensen-Shannon divergence."""
    register("js", JensenShannon())
