"""Precision, recall, density and coverage: how far generated and real images lie among one another's neighbours.

Kynkaanniemi, Karras, Laine, Lehtinen and Aila, "Improved Precision and Recall Metric for Assessing Generative Models",
NeurIPS 2019, https://arxiv.org/abs/1904.06991, equations 1 and 2, k = 3: each image has a ball that reaches to its k-th
nearest neighbour of its own kind. Precision is the share of generated images in a ball of a real one, recall the share
of real images in a ball of a generated one.

Naeem, Oh, Uh, Choi and Yoo, "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020,
https://arxiv.org/abs/2002.09797, section 3, k = 5: density counts the real balls that a generated image is in, so that
one outlier's wide ball counts little; coverage is the share of real balls that hold a generated image.

A ball holds its edge, as in torch-fidelity; the `prdc` package leaves it out, which differs only where distances tie.
All four depend on both sample sizes. As in both papers there are as many real images as generated ones where the
reference has them, and no more than 10,000 of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.distances import neighbour_distances, squared_blocks
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.rows import at_most, checked_pair

MOST = 10_000
"""Images of either kind that are looked at."""


class Neighbourhood(NamedTuple):
    """The four shares; density alone can be above 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhood(real: Tensor, fake: Tensor, *, k: int, wide_k: int, reach: Tensor | None = None) -> Neighbourhood:
    """Precision and recall with balls to the k-th, density and coverage with balls to the `wide_k`-th neighbour.

    `real` (m, d) and `fake` (n, d) are features; `reach` (m, max(k, wide_k)) is `neighbour_distances` of `real`, for
    those who have it already.

    Raises:
        ValueError: where either has not more than k and `wide_k` rows, a feature is not finite, or dimensions differ.
    """
    checked_pair(real, fake, least=max(k, wide_k) + 1)
    if reach is None:
        reach = neighbour_distances(real, max(k, wide_k))
    fake_reach = neighbour_distances(fake, k)[:, k - 1]
    precise = within = 0
    outside, nearest = torch.full((2, len(real)), torch.inf, dtype=real.dtype)
    for first, squares in squared_blocks(fake, real):
        precise += int(((squares - reach[:, k - 1]).amin(dim=1) <= 0).sum())
        within += int((squares <= reach[:, wide_k - 1]).count_nonzero())
        beyond = squares - fake_reach[first : first + len(squares), None]
        outside = torch.minimum(outside, beyond.amin(dim=0))
        nearest = torch.minimum(nearest, squares.amin(dim=0))
    covered = nearest <= reach[:, wide_k - 1]
    return Neighbourhood(
        precise / len(fake),
        float((outside <= 0).double().mean()),
        within / (wide_k * len(fake)),
        float(covered.double().mean()),
    )


def coverage_of_the_truth(real: int, fake: int, k: int) -> float:
    """The mean of coverage where both samples have one law: a real ball is empty if its k nearest are all real."""
    empty = 1.0
    for j in range(1, k + 1):
        empty *= (real - j) / (real + fake - j)
    return 1 - empty


@dataclass(frozen=True)
class Neighbours(Metric):
    """Precision, recall, density and coverage of the generated samples against as many training reals."""

    k: int = 3
    """Neighbours that the balls of precision and recall reach to."""
    wide_k: int = 5
    """Neighbours that the balls of density and coverage reach to."""

    name: ClassVar[str] = "neighbours"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        ball = f"ball to the {self.k}rd nearest" if self.k == 3 else f"ball to nearest neighbour {self.k}"
        wide = f"balls to nearest neighbour {self.wide_k}"
        best = f"{coverage_of_the_truth(10**9, 10**9, self.wide_k):.1%} where both have one law and one n"
        bound = f"as many training images as generated ones, at most {MOST:,} of each"
        return (
            Quantity("precision", "higher", "", 0, 1, f"generated images in the {ball} of a training image; {bound}"),
            Quantity("recall", "higher", "", 0, 1, f"training images in the {ball} of a generated image; {bound}"),
            Quantity("density", "higher", "", 0, None, f"training {wide} that hold a generated image; 1 for one law"),
            Quantity("coverage", "higher", "", 0, 1, f"training {wide} with a generated image in them; {best}"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.features is None or evidence.reference is None:
            return {}
        fake = at_most(evidence.features.features, MOST)
        real = at_most(evidence.reference.features, min(MOST, len(fake)))
        most = max(self.k, self.wide_k)
        if min(len(fake), len(real)) <= most:
            return {}
        kept = evidence.reference.keep(
            f"neighbours-{most}-of-{len(real)}", lambda: {"reach": neighbour_distances(real, most)}
        )
        return neighbourhood(real, fake, k=self.k, wide_k=self.wide_k, reach=kept["reach"])._asdict()


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer precision, recall, density and coverage."""
    register("neighbours", Neighbours())
