"""Frechet distance between Gaussians fitted to the features of generated and of real images: FID.

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium", NIPS 2017, https://arxiv.org/abs/1706.08500, equation 6, after Dowson and Landau, "The Frechet
distance between multivariate normal distributions", 1982: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).

The last trace is taken from the eigenvalues of the symmetric A' S2 A, where S1 = A A', all in float64; they are those
of S1 S2, also where a covariance is singular. Other implementations take a square root or the eigenvalues of a matrix
that is not symmetric, which is slower, and complex where rounding makes it so.

FID is biased: for n samples of the reference's own law it is about c / n, and c depends on the law. So it is compared
at one n only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

CHUNK = 4096
"""Rows that are held in float64 at a time."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (d,) and unbiased covariance (d, d), float64, of n feature vectors."""

    mean: Tensor
    covariance: Tensor
    n: int

    @cached_property
    def factor(self) -> Tensor:
        """A (d, d) with covariance = A A'; eigenvalues that rounding made negative count as zero."""
        eigenvalues, vectors = torch.linalg.eigh(self.covariance)
        factor: Tensor = vectors * eigenvalues.clamp(min=0).sqrt()
        return factor


def moments(features: Tensor) -> Moments:
    """The moments of `features` (n, d).

    Raises:
        ValueError: where n < 2, or a feature is not finite (an eigenvalue routine answers zeros to NaN).
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"found features of shape {tuple(features.shape)}, wanted (n, d) with n at least 2")
    if strange := int((~features.isfinite()).sum()):
        raise ValueError(
            f"found {strange} of {features.numel()} features to be NaN or infinite, wanted finite features"
        )
    mean = features.mean(dim=0, dtype=torch.float64)
    scatter = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for chunk in torch.split(features, CHUNK):
        centred = chunk.double() - mean
        scatter.addmm_(centred.T, centred)
    return Moments(mean, scatter / (len(features) - 1), len(features))


def frechet_distance(a: Moments, b: Moments) -> float:
    """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), at least 0; `a` is factored once, however often it is used.

    Raises:
        ValueError: where the dimensions differ, or a moment is not finite.
    """
    _check_pair(a, b)
    eigenvalues = torch.linalg.eigvalsh(a.factor.T @ b.covariance @ a.factor)
    overlap = eigenvalues.clamp(min=0).sqrt().sum()
    distance = (a.mean - b.mean).square().sum() + a.covariance.trace() + b.covariance.trace() - 2 * overlap
    return max(0.0, float(distance))


def _check_pair(a: Moments, b: Moments) -> None:
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"found moments of {len(a.mean)} and of {len(b.mean)} dimensions, wanted as many of each")
    for moment in (a.mean, a.covariance, b.mean, b.covariance):
        if not bool(moment.isfinite().all()):
            raise ValueError("found NaN or infinity among the moments, wanted finite moments")


@lru_cache(maxsize=1)
def _reference_moments(features: Tensor) -> Moments:
    """The moments of the reals, which every evaluation of a run shares; told apart by the tensor object."""
    return moments(features)


@dataclass(frozen=True)
class FrechetDistance(Metric):
    """The distance of the generated samples' features from those of the training reals."""

    name: ClassVar[str] = "fid"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = "Frechet distance between Gaussians fitted to features of generated and training images; falls with n"
        return (Quantity("fid", direction="lower", lowest=0.0, meaning=meaning),)

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        generated, real = evidence.features, evidence.reference
        if generated is None or real is None or min(len(generated.features), len(real.features)) < 2:
            return {}
        return {"fid": frechet_distance(_reference_moments(real.features), moments(generated.features))}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer FID."""
    register("fid", FrechetDistance())
