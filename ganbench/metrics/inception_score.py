"""Inception Score: images should be of one class each, and of all classes together.

Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved Techniques for Training GANs", NIPS 2016,
https://arxiv.org/abs/1606.03498, section 4: exp(E_x KL(p(y|x) || p(y))), with p(y) the mean of p(y|x) over the samples,
averaged over equal splits of the samples. Split boundaries are those of torch-fidelity.

The score depends on the number of splits, since p(y) is estimated in each: with n samples a split it falls below its
limit by the factor exp(-V / 2n), V = sum_y Var p(y|x) / p(y). So it is given as a curve over split counts. Samples are
not shuffled: generated ones are independent, their order says nothing. What is sorted by class must be shuffled first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax, xlogy
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.rows import all_finite

Floats = NDArray[np.float64]

AT_ONCE = 2**17
"""Logits that are turned into probabilities together: a megabyte stays in a processor's cache."""


def inception_scores(logits: Tensor, splits: Sequence[int]) -> dict[int, float]:
    """The score at each number of splits, from class logits (n, classes); numbers of splits beyond n are left out.

    Probabilities are summed once, between the boundaries of all splits together, so one pass serves every number.

    Raises:
        ValueError: where a logit is not finite.
    """
    p, n = probabilities(logits), len(logits)
    boundaries = {k: np.arange(k) * n // k for k in splits if k <= n}
    if not boundaries:
        return {}
    starts = np.unique(np.concatenate(list(boundaries.values())))
    classes = np.add.reduceat(p, starts)
    negentropy = np.add.reduceat(xlogy(p, p).sum(axis=1), starts)
    return {
        k: _score(classes, negentropy, np.searchsorted(starts, first), np.diff(first, append=n))
        for k, first in boundaries.items()
    }


def probabilities(logits: Tensor) -> Floats:
    """The class probabilities (n, classes), in float64, of logits (n, classes).

    Raises:
        ValueError: where a logit is not finite.
    """
    if not all_finite(logits):
        raise ValueError("logits hold NaN or infinity: wanted the finite outputs of a classifier")
    p: Floats = np.empty(logits.shape)
    rows = max(1, AT_ONCE // max(1, logits.shape[1]))
    for first in range(0, len(p), rows):
        p[first : first + rows] = softmax(logits[first : first + rows].double().numpy(), axis=1)
    return p


def _score(classes: Floats, negentropy: Floats, first: NDArray[np.int64], counts: NDArray[np.int64]) -> float:
    """The mean over splits of exp(E KL); a split is the segments from its `first` on, and holds `counts` samples.

    E KL(p || q) = E sum_y p log p - sum_y q log q, as q is the mean of p; an absent class adds 0 to both sums.
    """
    q = np.add.reduceat(classes, first) / counts[:, None]
    divergence = np.add.reduceat(negentropy, first) / counts - xlogy(q, q).sum(axis=1)
    return float(np.exp(divergence.clip(min=0)).mean())


@dataclass(frozen=True)
class InceptionScore(Metric):
    """The Inception Score of the generated samples at each number of splits."""

    splits: tuple[int, ...] = (1, 2, 5, 10, 20, 50)

    name: ClassVar[str] = "inception_score"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return tuple(
            Quantity(
                f"inception_score@{k}",
                direction="higher",
                lowest=1.0,
                meaning=f"exp of the mean divergence of p(y|x) from p(y), mean over {k} split{'s' * (k > 1)}",
            )
            for k in self.splits
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.features is None:
            return {}
        scores = inception_scores(evidence.features.logits, self.splits)
        return {f"inception_score@{k}": score for k, score in scores.items()}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the Inception Score."""
    register("inception_score", InceptionScore())
