"""Feature vectors as the rows of a matrix: what a metric may count on, and how it takes fewer of them."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 4096
"""Rows that are looked at together: what that takes is small beside the features."""

BLOCK = 2**24
"""Numbers of a block of a product of feature matrices, at most: 64 MiB in float32."""


def checked(features: Tensor, least: int) -> Tensor:
    """`features` (n, d) themselves.

    Raises:
        ValueError: where n < `least`, or a feature is not finite.
    """
    if features.ndim != 2 or len(features) < least:
        raise ValueError(f"found features of shape {tuple(features.shape)}, wanted (n, d) with n at least {least}")
    if not all_finite(features):
        strange = sum(int((~part.isfinite()).sum()) for part in torch.split(features, CHUNK))
        raise ValueError(
            f"found {strange} of {features.numel()} features to be NaN or infinite, wanted finite features"
        )
    return features


def all_finite(x: Tensor) -> bool:
    """Whether no number of `x` is NaN or infinite. Least and greatest show both, many times faster than `isfinite`."""
    return x.numel() == 0 or all(bool(end.isfinite()) for end in x.aminmax())


def checked_pair(a: Tensor, b: Tensor, least: int = 1) -> None:
    """Both must pass `checked`, and have as many dimensions as one another.

    Raises:
        ValueError: where they do not.
    """
    if checked(a, least).shape[1] != checked(b, least).shape[1]:
        raise ValueError(f"found features of {a.shape[1]} and of {b.shape[1]} dimensions, wanted as many of each")


def at_most(features: Tensor, most: int) -> Tensor:
    """`features` (n, d), or `most` of them, evenly spaced: a fair choice also where their order says something."""
    return features if len(features) <= most else features[evenly(len(features), most)]


def rows_at_once(m: int, d: int) -> int:
    """How many rows are multiplied with m others of d features at once.

    With few features a block should fit a processor's cache; with many, products of few rows are slow.
    """
    return max(1, min(BLOCK, 2**14 * d) // m)


def evenly(n: int, most: int) -> Tensor:
    """The numbers of at most `most` rows out of n, evenly spaced."""
    chosen = min(n, most)
    return torch.arange(chosen) * n // max(1, chosen)
