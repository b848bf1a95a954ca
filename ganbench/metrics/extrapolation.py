"""FID_infinity: the Frechet distance without the part of its bias that infinitely many samples would not have.

Chong and Forsyth, "Effectively Unbiased FID and Inception Score and Where to Find Them", CVPR 2020,
https://arxiv.org/abs/1911.07023: FID_n is nearly linear in 1 / n, so a line is fitted to it over several n, and what it
says at 1 / n = 0 is FID_infinity.

Two deviations. The paper draws one random subset at each of its sample sizes; here the samples are cut, in one random
order that never changes, into k equal blocks for k = 1 to 4, and the distances of the blocks are averaged, so that
every size rests on all samples. And the sizes are n, n/2, n/3 and n/4, where the paper goes from 5,000 to 50,000.

What is left: the number of real images stays as it is, with its own part of the bias. And the line is a law of first
order. For Gaussians of the law of the reference the result lies below 0 by a quarter to a third of FID_n where n is 4
times the number of features, by a tenth at 8 times, by a fiftieth at 40 times; below 4 times it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.frechet import Factored, frechet_distance, moments, moments_of_reals
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.rows import checked

CUTS = (1, 2, 3, 4)
"""Into how many blocks the samples are cut, one way after the other."""


def frechet_curve(reference: Factored, features: Tensor) -> dict[int, float]:
    """The mean distance from `reference` of blocks of `features` (n, d), by the size of the blocks.

    Raises:
        ValueError: where a block would have fewer than two rows, or a feature is not finite.
    """
    n = len(checked(features, least=2 * max(CUTS)))
    shuffled = features[torch.randperm(n, generator=torch.Generator().manual_seed(0))]
    return {n // cuts: _mean_distance(reference, shuffled, n // cuts, cuts) for cuts in CUTS}


def at_infinity(curve: Mapping[int, float]) -> float:
    """Where the line fitted to `curve`, values by sample size, over 1 / size meets 1 / size = 0."""
    line = np.polynomial.Polynomial.fit([1 / n for n in curve], list(curve.values()), deg=1)
    return float(line(0.0))


def _mean_distance(reference: Factored, features: Tensor, size: int, cuts: int) -> float:
    blocks = torch.split(features[: size * cuts], size)
    return fmean(frechet_distance(reference, moments(block)) for block in blocks)


@dataclass(frozen=True)
class FrechetInfinity(Metric):
    """FID_infinity, at the last evaluation, from at least four times as many samples as there are features.

    With the distances at n/2, n/3 and n/4 that its line goes through; that at n is `fid`.
    """

    name: ClassVar[str] = "fid_infinity"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        meaning = (
            "fid extrapolated to infinitely many generated images by a line in 1/n through n, n/2, n/3 and n/4; "
            "about 0, and a little below, for the training images' own law"
        )
        return Quantity("fid_infinity", "lower", meaning=meaning), *map(_point, CUTS[1:])

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        generated, real = evidence.features, evidence.reference
        if not evidence.final or generated is None or real is None or len(real.features) < 2:
            return {}
        n, d = generated.features.shape
        if n < max(CUTS) * max(2, d):
            return {}
        curve = frechet_curve(moments_of_reals(real), generated.features)
        points = {f"fid@{cuts}": curve[n // cuts] for cuts in CUTS[1:]}
        return {"fid_infinity": at_infinity(curve), **points}


def _point(cuts: int) -> Quantity:
    meaning = f"the mean fid of {cuts} blocks, each of n/{cuts} of the generated images: a point of fid against n"
    return Quantity(f"fid@{cuts}", "neither", lowest=0.0, meaning=meaning, beside="fid_infinity", role="point")


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer FID_infinity."""
    register("fid_infinity", FrechetInfinity())
