"""Quantities that belong in one picture, found by their names: the same measurement under another choice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ganbench.leaderboards.board import Board

_SPLITS = re.compile(r"inception_score@([0-9]+)(?:\[.*\])?")
_ACCURACY = re.compile(r"(?:accuracy_(?:train|held_out|fake|balanced|bayes)|auc)(?:\[.*\])?")
_POINTS = re.compile(r"fid@([0-9]+)(?:\[.*\])?")
_FRECHET = ("fid", "fid_floor", "fid_infinity", "fid_samples")


def families(board: Board) -> dict[str, Any]:
    """Places in `board.quantities` by family; a family of which the board holds too little is absent.

    `splits`: pairs of a number of splits and the Inception Score in as many, ascending, two at least.
    `frechet`: `fid` and `fid_infinity` and, where they are held, `fid_floor` and `fid_samples` (the n of the first and
    the floor); and as `points` pairs of a number k and the FID of n / k samples, the largest k first.
    `discriminator`: accuracies and AUC, all between 0 and 1.
    """
    names = list(board.quantities)
    splits = _numbered(_SPLITS, names)
    plain = {name.partition("[")[0]: k for k, name in enumerate(names)}
    frechet = {name: plain[name] for name in _FRECHET if name in plain} | {"points": _numbered(_POINTS, names)[::-1]}
    discriminator = [k for k, name in enumerate(names) if _ACCURACY.fullmatch(name)]
    held = {
        "splits": splits if len(splits) > 1 else [],
        "frechet": frechet if {"fid", "fid_infinity"} <= frechet.keys() else {},
        "discriminator": discriminator,
    }
    return {family: places for family, places in held.items() if places}


def _numbered(pattern: re.Pattern[str], names: Sequence[str]) -> list[list[int]]:
    """The number in each name that matches, and its place; ascending."""
    return sorted([int(match[1]), k] for k, name in enumerate(names) if (match := pattern.fullmatch(name)))
