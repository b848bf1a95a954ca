"""Euclidean distances between feature vectors, a block at a time, so that memory stays bounded whatever n is.

Distances are taken from |a|^2 - 2 a.b + |b|^2, in the features' own precision and about the mean as origin, which keeps
what cancels small. In float32 a distance below about a thousandth of the features' spread is rounding.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganbench.metrics.rows import checked, checked_pair, rows_at_once


def squared_blocks(a: Tensor, b: Tensor) -> Iterator[tuple[int, Tensor]]:
    """(first, squares): squared distances (rows, m) from rows `first` and on of `a` (n, d) to all of `b` (m, d)."""
    origin = b.mean(dim=0)
    a, b = a - origin, b - origin
    lengths = b.square().sum(dim=1)
    rows = rows_at_once(*b.shape)
    for first in range(0, len(a), rows):
        part = a[first : first + rows]
        squares = torch.addmm(lengths, part, b.T, alpha=-2).add_(part.square().sum(dim=1, keepdim=True))
        yield first, squares.clamp_(min=0)


def neighbour_distances(features: Tensor, k: int, of: Tensor | None = None) -> Tensor:
    """Squared distances (n, k) from each of `features` (n, d) to the k others that are nearest, nearest first.

    With `of`, row numbers (r,), from those rows alone: (r, k).

    Raises:
        ValueError: where there are no k others, or a feature is not finite.
    """
    checked(features, least=k + 1)
    numbers = torch.arange(len(features)) if of is None else of
    found = []
    for first, squares in squared_blocks(features[numbers], features):
        squares.scatter_(1, numbers[first : first + len(squares), None], torch.inf)
        found.append(squares.topk(k, dim=1, largest=False).values)
    return torch.cat(found)


def nearest_distances(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance (n,) from each of `a` (n, d) to the nearest of `b` (m, d).

    Raises:
        ValueError: where either is empty, a feature is not finite, or the dimensions differ.
    """
    checked_pair(a, b)
    return torch.cat([squares.amin(dim=1) for _, squares in squared_blocks(a, b)])
