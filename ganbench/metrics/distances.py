"""Euclidean distances between feature vectors, a block at a time, so that memory stays bounded whatever n is.

Distances are taken from |a|^2 - 2 a.b + |b|^2, in the features' own precision and about the mean as origin, which keeps
what cancels small. In float32 a distance below about a thousandth of the features' spread is rounding.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganbench.metrics.rows import checked, checked_pair, rows_at_once

PRODUCTS_COST_MOST = 256
"""Features from which on products of vectors cost more than finding the least among them."""


def squared_blocks(a: Tensor, b: Tensor) -> Iterator[tuple[int, Tensor]]:
    """(first, squares): squared distances (rows, m) from rows `first` and on of `a` (n, d) to all of `b` (m, d)."""
    origin = b.mean(dim=0)
    a, b = a - origin, b - origin
    lengths = b.square().sum(dim=1)
    rows = rows_at_once(*b.shape)
    for first in range(0, len(a), rows):
        yield first, _squares(a[first : first + rows], b, lengths)


def neighbour_distances(features: Tensor, k: int, of: Tensor | None = None) -> Tensor:
    """Squared distances (n, k) from each of `features` (n, d) to the k others that are nearest, nearest first.

    With `of`, row numbers (r,), from those rows alone: (r, k).

    Raises:
        ValueError: where there are no k others, or a feature is not finite.
    """
    checked(features, least=k + 1)
    if of is None and features.shape[1] >= PRODUCTS_COST_MOST:
        return _shared_neighbour_distances(features, k)
    of = torch.arange(len(features)) if of is None else of
    found = []
    for first, squares in squared_blocks(features[of], features):
        squares.scatter_(1, of[first : first + len(squares), None], torch.inf)
        found.append(squares.topk(k, dim=1, largest=False).values)
    return torch.cat(found)


def _shared_neighbour_distances(features: Tensor, k: int) -> Tensor:
    """As `neighbour_distances`; the distance of two rows is worked out once and stands for both."""
    centred = features - features.mean(dim=0)
    lengths = centred.square().sum(dim=1)
    nearest = torch.full((len(features), k), torch.inf, dtype=features.dtype)
    rows = rows_at_once(*features.shape)
    for first in range(0, len(features), rows):
        last = min(first + rows, len(features))
        squares = _squares(centred[first:last], centred[first:], lengths[first:]).fill_diagonal_(torch.inf)
        nearest[first:last] = _nearest(nearest[first:last], squares)
        if last < len(features):
            nearest[last:] = _nearest(nearest[last:], squares[:, last - first :].T)
    return nearest


def _nearest(known: Tensor, squares: Tensor) -> Tensor:
    """The k least (n, k), ascending, of those `known` (n, k) and of `squares` (n, m)."""
    k = known.shape[1]
    least = squares.topk(min(k, squares.shape[1]), dim=1, largest=False).values
    return torch.cat([known, least], dim=1).topk(k, dim=1, largest=False).values


def _squares(a: Tensor, b: Tensor, lengths: Tensor) -> Tensor:
    """Squared distances (n, m) from `a` (n, d) to `b` (m, d), whose squared lengths (m,) are given."""
    squares = torch.addmm(lengths, a, b.T, alpha=-2).add_(a.square().sum(dim=1, keepdim=True))
    return squares.clamp_(min=0)


def nearest_distances(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance (n,) from each of `a` (n, d) to the nearest of `b` (m, d).

    Raises:
        ValueError: where either is empty, a feature is not finite, or the dimensions differ.
    """
    checked_pair(a, b)
    return torch.cat([squares.amin(dim=1) for _, squares in squared_blocks(a, b)])
