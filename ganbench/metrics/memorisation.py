"""Whether samples are copies of training images: they must be no nearer to those than to images held out.

Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to Detect Data-Copying in Generative Models", AISTATS 2020,
https://arxiv.org/abs/2004.05675, compare how near generated samples and held-out ones lie to the training set, cell by
cell, since regions differ in density. Here that comparison is made at each sample: the distance, in feature space, to
its nearest training image is held against the distance to its nearest held-out image. Three numbers follow.

Near-copies: the ratio of the two distances is below that of all but 1 % of held-out images (each compared with the
others), so of images that copy nothing 1 % are near-copies.

Copying: N training and m held-out images are one sample of reals, so for who knows neither set the nearest of them all
is a training image with probability b = N / (N + m). Its share s is given as (s - b) / (1 - b): 0 on average for a
generator that generalises, whatever its quality, and 1 when every sample lies nearest to a training image.

FID gap: FID to the held-out images less FID to as many training images; 0 on average likewise, but its noise grows with
FID itself, so it says little where FID is large.

Both laws of chance need a held-out set drawn like the training set. MNIST's official one is of other writers, and an
extractor trained on the training images knows them better than others; the ratio's threshold, which is taken from the
held-out images, bears both. So the verdict rests on near-copies alone.

Samples that are all alike share one nearest image, so their copying is one throw of a coin: a collapsed generator has 1
as often as chance b has it. Beside a low recall, copying says nothing.

The held-out images themselves, as a control, copy the wrong set: their copying and their gap lie far below 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.distances import nearest_distances, neighbour_distances
from ganbench.metrics.frechet import frechet_distance, moments, moments_of_reals
from ganbench.metrics.metric import Evidence, Features, Kind, Metric, Quantity
from ganbench.metrics.rows import at_most, evenly

QUERIES = 2_500
"""Generated and held-out images that are looked up at most; they are looked for among ALL training images."""
FEWEST = 200
"""Held-out images that a threshold passed by 1 % of them needs: from so few it is a guess, and chance alarms."""


def copy_ratios(samples: Tensor, train: Tensor, held_out: Tensor) -> Tensor:
    """Distance to the nearest of `train` over that to the nearest of `held_out` (n,), of `samples` (n, d).

    Raises:
        ValueError: where one of them is empty, a feature is not finite, or dimensions differ.
    """
    return _ratios(nearest_distances(samples, train), nearest_distances(samples, held_out))


def ratios_of_held_out(train: Tensor, held_out: Tensor, most: int) -> Tensor:
    """`copy_ratios` (r,) of `held_out` (m, d) itself, at most `most` of its rows, each against all others.

    Raises:
        ValueError: where it has fewer than two rows, `train` is empty, a feature is not finite, or dimensions differ.
    """
    chosen = evenly(len(held_out), most)
    return _ratios(nearest_distances(held_out[chosen], train), neighbour_distances(held_out, 1, of=chosen)[:, 0])


def _ratios(to_train: Tensor, to_held_out: Tensor) -> Tensor:
    """The root of the ratio of squares (n,); 1 where both are 0."""
    return (to_train / to_held_out).nan_to_num(nan=1.0, posinf=torch.inf).sqrt()


def copying(nearest_is_train: float, train: int, held_out: int) -> float:
    """(s - b) / (1 - b) for the share s of samples that are nearest to one of `train` images, b = N / (N + m)."""
    chance = train / (train + held_out)
    return (nearest_is_train - chance) / (1 - chance)


@dataclass(frozen=True)
class Memorisation(Metric):
    """Near-copies of training images, copying, the gap of FID, and the verdict, at the last evaluation."""

    strictness: float = 0.01
    """The share of held-out images that pass for near-copies."""
    alarm: float = 0.1
    """The share of samples from which on their near-copies are no chance."""

    name: ClassVar[str] = "memorisation"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features", "held_out"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        rule = f"nearer to a training than to a held-out image by a ratio that {self.strictness:.0%} of those pass"
        nearest = "0 where samples lie nearest to training images as often as chance has it, 1 where always"
        gap = "fid to held-out images less fid to as many training images; 0 on average where nothing is copied"
        verdict = f"yes where at least {self.alarm:.0%} of samples are near-copies"
        return (
            Quantity("memorises", "lower", "", 0, 1, verdict, ("no", "yes")),
            Quantity("near_copies", "lower", "", 0, 1, f"of at most {QUERIES:,} samples, those {rule}"),
            Quantity("copying", "neither", "", None, 1, nearest),
            Quantity("fid_gap", "neither", meaning=gap),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        generated, train, held_out = evidence.features, evidence.reference, evidence.held_out
        if not evidence.final or generated is None or train is None or held_out is None:
            return {}
        return {
            **self._copies(generated.features, train, held_out),
            **_gap(generated.features, train, held_out),
        }

    def _copies(self, generated: Tensor, train: Features, held_out: Features) -> dict[str, float]:
        if len(held_out.features) < FEWEST:
            return {}
        ratios = copy_ratios(at_most(generated, QUERIES), train.features, held_out.features)
        kept = train.keep(
            f"copy-ratios-of-{QUERIES}-held-out",
            lambda: {"ratios": ratios_of_held_out(train.features, held_out.features, QUERIES)},
        )
        threshold = kept["ratios"].quantile(self.strictness, interpolation="lower")
        near = float((ratios < threshold).double().mean())
        nearest = float((ratios < 1).double().mean())
        return {
            "memorises": float(near >= self.alarm),
            "near_copies": near,
            "copying": copying(nearest, len(train.features), len(held_out.features)),
        }


def _gap(generated: Tensor, train: Features, held_out: Features) -> dict[str, float]:
    """The gap of FID, at as many images of either kind as the smaller set has; nothing where that is one."""
    n = min(len(train.features), len(held_out.features))
    if min(n, len(generated)) < 2:
        return {}
    law = moments(generated)
    to_train, to_held_out = (frechet_distance(moments_of_reals(real, n), law) for real in (train, held_out))
    return {"fid_gap": to_held_out - to_train}


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the memorisation check."""
    register("memorisation", Memorisation())
