"""From scores by row and seed to what is separated: paired tests, rank intervals, tie groups. Arrays in, arrays out."""

from __future__ import annotations

import itertools
import string
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganbench.statistics import contrast, holm, paired_permutation_test, sign_of_sum

LEVEL = 0.05
"""Of one false separation among all pairs of a board."""


class Comparison(NamedTuple):
    """Two rows that share seeds."""

    one: int
    other: int
    """Rows, by index; one < other."""
    seeds: int
    """How many they share."""
    lead: int
    """1 where the first row's scores are higher in sum, -1 where the second's are, 0 where neither."""
    p: float
    """Of the paired permutation test, alone."""
    adjusted: float
    """Corrected by Holm for all comparisons."""


def compared(scores: ArrayLike) -> list[Comparison]:
    """Every pair of rows of `scores` (rows, seeds) that shares a seed, tested.

    Higher is better; a failed run is -inf; NaN is no run.
    """
    table = np.asarray(scores, dtype=np.float64)
    found = []
    for one, other in itertools.combinations(range(len(table)), 2):
        both = ~np.isnan(table[one]) & ~np.isnan(table[other])
        if both.any():
            differences = contrast([1.0, -1.0], table[[one, other]][:, both])
            found.append((one, other, int(both.sum()), sign_of_sum(differences), paired_permutation_test(differences)))
    adjusted = holm([p for *_, p in found])
    return [Comparison(*pair, adjusted=float(value)) for pair, value in zip(found, adjusted, strict=True)]


def separated(comparisons: Sequence[Comparison], rows: int, level: float = LEVEL) -> NDArray[np.bool_]:
    """Whether row i is separated as better than row j at `level`: (rows, rows)."""
    better = np.zeros((rows, rows), dtype=bool)
    for pair in comparisons:
        if pair.adjusted <= level and pair.lead:
            winner, loser = (pair.one, pair.other) if pair.lead > 0 else (pair.other, pair.one)
            better[winner, loser] = True
    return better


def rank_intervals(better: ArrayLike) -> list[tuple[int, int]]:
    """The best and the worst rank that each row may have, 1 being the best.

    Of K rows, one has as best rank 1 + the number separated as better than it, and as worst K - the number separated as
    worse. `better` (K, K) says whether row i is separated as better than row j.

    Raises:
        ValueError: when it is no such matrix, or two rows are each better than the other.
    """
    matrix = _square(better)
    return [
        (1 + int(above), len(matrix) - int(below))
        for above, below in zip(matrix.sum(axis=0), matrix.sum(axis=1), strict=True)
    ]


def tie_letters(better: ArrayLike) -> list[str]:
    """The letters of each row, in the rows' order: two rows share one exactly where they are not separated.

    A compact letter display by insertion, absorption and sweeping (Piepho, "An algorithm for a letter-based
    representation of all-pairwise comparisons", Journal of Computational and Graphical Statistics 13, 2004). After z
    come the capitals, then the other letters of Unicode.

    Raises:
        ValueError: as `rank_intervals`.
    """
    matrix = _square(better)
    groups = [frozenset(range(len(matrix)))]
    for one, other in itertools.combinations(range(len(matrix)), 2):
        if matrix[one, other] or matrix[other, one]:
            groups = _split(groups, one, other)
    named = list(zip(_alphabet(), _swept(sorted(groups, key=sorted)), strict=False))
    return ["".join(letter for letter, group in named if row in group) for row in range(len(matrix))]


def _split(groups: list[frozenset[int]], one: int, other: int) -> list[frozenset[int]]:
    """Parts the two rows: each group of both becomes one without the first and one without the second.

    What another group holds entirely is absorbed by it.
    """
    kept = [group for group in groups if not {one, other} <= group]
    for group in groups:
        if {one, other} <= group:
            kept += [part for part in (group - {one}, group - {other}) if not any(part <= whole for whole in kept)]
    return kept


def _swept(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    """The groups without those, the last first, whose every pair another one holds too."""
    pairs = {group: list(itertools.combinations_with_replacement(sorted(group), 2)) for group in groups}
    holders = Counter(pair for held in pairs.values() for pair in held)
    kept = []
    for group in reversed(groups):
        if all(holders[pair] > 1 for pair in pairs[group]):
            holders.subtract(pairs[group])
        else:
            kept.append(group)
    return kept[::-1]


def _alphabet() -> Iterator[str]:
    yield from string.ascii_letters
    yield from (letter for letter in map(chr, range(0xE0, sys.maxunicode)) if letter.isalpha())


def _square(better: ArrayLike) -> NDArray[np.bool_]:
    matrix = np.asarray(better, dtype=bool)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[1] or (matrix & matrix.T).any():
        raise ValueError(
            f"found a matrix of shape {matrix.shape}: wanted (rows, rows), of which no two are better than each other"
        )
    return matrix
