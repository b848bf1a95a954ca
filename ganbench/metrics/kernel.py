"""Kernel distance between the features of generated and of real images: KID, which has no bias in n.

Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR 2018, https://arxiv.org/abs/1801.01401,
section 4: the squared maximum mean discrepancy with the kernel (x.y / d + 1)^3, by its unbiased estimator.

The paper, and libraries after it, average that estimator over random subsets of 1,000. Here both samples are cut into
as many equal groups, of at most 2,000 generated images, and the estimates of the pairs of groups are averaged: every
image is used once, nothing is drawn, and at 10,000 images it costs a tenth of 100 subsets. On the very same images both
are one number. Inner products keep the features' precision, sums are float64. No more than 10,000 images of either kind
are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.rows import at_most, checked_pair, rows_at_once

MOST = 10_000
"""Images of either kind that are used."""
GROUP = 2_000
"""Generated images of a group, at most."""


def kernel_distance(x: Tensor, y: Tensor) -> float:
    """The unbiased estimate of MMD^2 between the laws of `x` (n, d) and `y` (m, d); it can be below 0.

    Raises:
        ValueError: where either has fewer than two rows, a feature is not finite, or the dimensions differ.
    """
    checked_pair(x, y, least=2)
    return within(x) + within(y) - 2 * between(x, y)


def within(x: Tensor) -> float:
    """The mean of the kernel over all pairs of different rows of `x` (n, d), n at least 2."""
    rows, total = rows_at_once(*x.shape), 0.0
    for first in range(0, len(x), rows):
        kernel = _kernel(x[first : first + rows], x[first:])
        square = kernel[:, : len(kernel)]
        total += 2 * _sum(kernel) - _sum(square) - float(square.diagonal().sum(dtype=torch.float64))
    return total / (len(x) * (len(x) - 1))


def between(x: Tensor, y: Tensor) -> float:
    """The mean of the kernel over all pairs of a row of `x` (n, d) and a row of `y` (m, d)."""
    parts = torch.split(x, rows_at_once(*y.shape))
    return sum(_sum(_kernel(part, y)) for part in parts) / (len(x) * len(y))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T).div_(x.shape[1]).add_(1).pow_(3)


def _sum(kernel: Tensor) -> float:
    return float(kernel.sum(dtype=torch.float64))


@dataclass(frozen=True)
class KernelDistance(Metric):
    """KID of the generated samples from the training reals."""

    name: ClassVar[str] = "kid"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = (
            "squared kernel distance of features of generated from training images, "
            f"at most {MOST:,} of each; 0 on average, and as often below, for the training images' own law at any n"
        )
        return (Quantity("kid", direction="lower", meaning=meaning),)

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.features is None or evidence.reference is None:
            return {}
        fake, real = (at_most(each.features, MOST) for each in (evidence.features, evidence.reference))
        groups = -(-len(fake) // GROUP)
        if len(fake) < 2 or len(real) < 2 * groups:
            return {}
        checked_pair(fake, real)
        reals = real.tensor_split(groups)
        kept = evidence.reference.keep(f"kernel-in-{groups}-of-{len(real)}", lambda: _within_each(reals))
        return {
            "kid": fmean(
                within(x) + own - 2 * between(x, y)
                for x, y, own in zip(fake.tensor_split(groups), reals, kept["within"].tolist(), strict=True)
            )
        }


def _within_each(groups: Sequence[Tensor]) -> dict[str, Tensor]:
    return {"within": torch.tensor([within(group) for group in groups], dtype=torch.float64)}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer KID."""
    register("kid", KernelDistance())
