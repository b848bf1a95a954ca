"""Frechet distance between Gaussians fitted to the features of generated and of real images: FID.

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local
Nash Equilibrium", NIPS 2017, https://arxiv.org/abs/1706.08500, equation 6, after Dowson and Landau, "The Frechet
distance between multivariate normal distributions", 1982: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).

The last trace is taken from the eigenvalues of the symmetric A' S2 A, where S1 = A A', all in float64; they are those
of S1 S2, also where a covariance is singular. Other implementations take a square root or the eigenvalues of a matrix
that is not symmetric, which is slower, and complex where rounding makes it so. Fewer samples than dimensions, n < d,
come with a factor of their covariance, their centred rows B; the eigenvalues are then those of the n x n matrix B' S B.

FID is biased: for n samples of the reference's own law it is about c / n, and c depends on the law. So it is compared
at one n only, and beside it stands the floor: what as many held-out real images get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Features, Kind, Metric, Quantity
from ganbench.metrics.rows import at_most, checked

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

    def variance(self) -> Tensor:
        """The trace of the covariance, ()."""
        return self.covariance.trace()

    def seen_by(self, other: Factored) -> Tensor:
        """A matrix whose eigenvalues, but for zeros, are those of the product of both covariances."""
        return other.factor.T @ self.covariance @ other.factor


@dataclass(frozen=True, eq=False)
class Factored:
    """Mean (d,) of n feature vectors and a factor A (d, k) of their unbiased covariance A A', float64."""

    mean: Tensor
    factor: Tensor
    n: int

    def variance(self) -> Tensor:
        """The trace of the covariance, ()."""
        return self.factor.square().sum()

    def seen_by(self, other: Factored) -> Tensor:
        """A matrix whose eigenvalues, but for zeros, are those of the product of both covariances."""
        product = other.factor.T @ self.factor
        return product.T @ product if product.shape[1] < product.shape[0] else product @ product.T


def moments(features: Tensor) -> Moments | Factored:
    """The moments of `features` (n, d): factored where n < d, by the centred rows.

    Raises:
        ValueError: where n < 2, or a feature is not finite (an eigenvalue routine answers zeros to NaN).
    """
    n, d = checked(features, least=2).shape
    mean = (
        sum(
            (part.sum(dim=0, dtype=torch.float64) for part in torch.split(features, CHUNK)),
            torch.zeros(d, dtype=torch.float64),
        )
        / n
    )
    if n < d:
        return Factored(mean, (features.double() - mean).T / (n - 1) ** 0.5, n)
    scatter = torch.zeros(d, d, dtype=torch.float64)
    for chunk in torch.split(features, CHUNK):
        centred = chunk.to(torch.float64, copy=True).sub_(mean)
        scatter.addmm_(centred.T, centred)
    return Moments(mean, scatter.div_(n - 1), n)


def factored(law: Moments | Factored) -> Factored:
    """`law` with its factor, which a reference that is compared with often computes once."""
    return law if isinstance(law, Factored) else Factored(law.mean, law.factor, law.n)


def frechet_distance(a: Moments | Factored, b: Moments | Factored) -> float:
    """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), at least 0.

    Where neither is `Factored`, `a` is factored, once however often it is used.

    Raises:
        ValueError: where the dimensions differ, or a moment is not finite.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"found moments of {len(a.mean)} and of {len(b.mean)} dimensions, wanted as many of each")
    if isinstance(a, Moments) and isinstance(b, Factored):
        a, b = b, a
    for law in (a, b):
        spread = law.factor if isinstance(law, Factored) else law.covariance
        if not bool(law.mean.isfinite().all() and spread.isfinite().all()):
            raise ValueError("found NaN or infinity among the moments, wanted finite moments")
    eigenvalues = torch.linalg.eigvalsh(b.seen_by(factored(a)))
    distance = (
        (a.mean - b.mean).square().sum() + a.variance() + b.variance() - 2 * eigenvalues.clamp(min=0).sqrt().sum()
    )
    return max(0.0, float(distance))


def moments_of_reals(real: Features, most: int | None = None) -> Factored:
    """The moments of real images, or of `most` of them, factored: kept for later points and runs."""
    rows = real.features if most is None else at_most(real.features, most)

    def make() -> dict[str, Tensor]:
        law = factored(moments(rows))
        return {"mean": law.mean, "factor": law.factor}

    return Factored(**real.keep(f"moments-of-{len(rows)}-in-float64", make), n=len(rows))


@dataclass(frozen=True)
class FrechetDistance(Metric):
    """The distance of the generated samples' features from those of the training reals, its n and its floor."""

    name: ClassVar[str] = "fid"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features", "held_out"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = "Frechet distance between Gaussians fitted to features of generated and training images; falls with n"
        floor = "the same distance for as many held-out real images: what a perfect generator has at this n"
        return (
            Quantity("fid", direction="lower", lowest=0.0, meaning=meaning),
            Quantity(
                "fid_samples",
                "neither",
                "samples",
                lowest=2,
                meaning="n, the generated images that fid rests on",
                beside="fid",
                role="n",
            ),
            Quantity("fid_floor", "neither", lowest=0.0, meaning=floor, beside="fid", role="floor"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        generated, real, held_out = evidence.features, evidence.reference, evidence.held_out
        if generated is None or real is None or min(len(generated.features), len(real.features)) < 2:
            return {}
        n, law = len(generated.features), moments_of_reals(real)
        values = {"fid": frechet_distance(law, moments(generated.features)), "fid_samples": float(n)}
        if held_out is not None and len(held_out.features) >= n:
            values["fid_floor"] = frechet_distance(law, moments(at_most(held_out.features, n)))
        return values


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer FID."""
    register("fid", FrechetDistance())
