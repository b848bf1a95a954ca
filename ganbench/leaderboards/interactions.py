"""Main effects of variants and of changes, and where a change does more for one variant than for the others.

All are contrasts of the grid variants x changes, paired by seed. The main effect of a change is the mean of its effects
on the variants, of which two or more have it; that of a variant is its headline minus the mean over all variants,
averaged over "no change" and the changes that every variant has. The interaction of a cell is the effect of its change
on its variant minus the mean of that change's effects over the variants that have it: a difference of differences.

A mean is over the cells of which seeds ended ok, a test over all that were run: a cell whose every seed failed has no
number, and still weighs in the p, as worst.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import in_words
from ganbench.leaderboards.contrasts import Contrast, Terms, contrasted, corrected, mean_of
from ganbench.leaderboards.effects import Effects
from ganbench.leaderboards.once import once
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.undecided import too_few

Cell = tuple[str, str]
"""A variant and a change; "" stands for all of them."""


@dataclass(frozen=True)
class Interactions:
    """What a complete enough grid says beyond its single effects."""

    effects: Effects
    cells: Mapping[Cell, Contrast]
    """Every variant with every change; without p where fewer than two variants have the change, or not this one."""
    mains: Mapping[Cell, Contrast]
    """(variant, "") and ("", change) of `changes`; corrected among themselves, as the cells are."""
    over: Mapping[Cell, int]
    """Of how many single differences each main effect is the mean."""

    @property
    def changes(self) -> tuple[str, ...]:
        """Those that two variants have or more: what one has alone has its effect there, and none beside it."""
        return tuple(change for variant, change in self.mains if not variant)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What cannot be decided with so few seeds, a sentence each for main effects and for interactions."""
        tests = {"main effects": self.mains, "interactions": self.cells}
        found = [too_few(_seeds(contrasts.values()), name) for name, contrasts in tests.items()]
        return tuple(f"Cannot be decided with {few}." for few in found if few)

    @property
    def table(self) -> pd.DataFrame:
        """One row a main effect, then one an interaction that was tested.

        Columns: conditions; kind ("variant", "change" or "interaction"); variant and change; headline; over, for main
        effects; effect, half_width and seeds; p and p_holm, corrected for the main effects or for the interactions, and
        p_sign, which way the test points.
        """
        found = {**self.mains, **{cell: each for cell, each in self.cells.items() if each.p is not None}}
        return pd.DataFrame([self._line(cell, each) for cell, each in found.items()])

    def _line(self, cell: Cell, found: Contrast) -> dict[str, Any]:
        variant, change = cell
        return {
            **self.effects.board.conditions.columns,
            "kind": "interaction" if variant and change else "variant" if variant else "change",
            "variant": variant,
            "change": change,
            "headline": self.effects.board.headline,
            "over": self.over.get(cell, ""),
            "effect": found.estimate.mean,
            "half_width": found.estimate.half_width,
            "seeds": found.estimate.seeds,
            "p": found.p,
            "p_holm": found.adjusted,
            "p_sign": found.sign,
        }


@once
def interactions(effects: Effects) -> Interactions | None:
    """None where fewer than two variants share a change: there is no grid."""
    with_change = {change: _having(effects, change) for change in effects.changes}
    if all(len(names) < 2 for names in with_change.values()):
        return None
    cells = {
        (variant, change): _interaction(effects, variant, change, with_change[change])
        for variant in effects.variants
        for change in effects.changes
    }
    shared = [change for change, names in with_change.items() if len(names) == len(effects.variants)]
    mains, over = {}, {}
    for variant in effects.variants:
        mains[variant, ""], over[variant, ""] = _of_variant(effects, variant, ["", *shared])
    for change, names in with_change.items():
        if len(names) > 1:
            mains["", change], over["", change] = _of_change(effects, change, names)
    return Interactions(effects, corrected(cells), corrected(mains), over)


def readable_interactions(effects: Effects) -> Interactions | None:
    """Those that readers are shown: None too where a headline is a word, which has no differences."""
    return None if in_words(effects.board) else interactions(effects)


def _seeds(contrasts: Iterable[Contrast]) -> list[int]:
    """Over how many each is tested, of those that are."""
    return [found.tested for found in contrasts if found.p is not None]


def _having(effects: Effects, change: str) -> list[str]:
    """The variants of which the change was run."""
    return [name for name in effects.variants if effects.cells[name, change].contrast.p is not None]


def _interaction(effects: Effects, variant: str, change: str, names: Sequence[str]) -> Contrast:
    def terms(among: Sequence[str]) -> Terms:
        if variant not in among or len(among) < 2:
            return []
        mean = mean_of([effects.terms(name, change) for name in among])
        return [*effects.terms(variant, change), *_negative(mean)]

    return _both(effects.board, terms, names, lambda name: bool(effects.cells[name, change].estimate.seeds))[0]


def _of_change(effects: Effects, change: str, names: Sequence[str]) -> tuple[Contrast, int]:
    def terms(among: Sequence[str]) -> Terms:
        return mean_of([effects.terms(name, change) for name in among])

    return _both(effects.board, terms, names, lambda name: bool(effects.cells[name, change].estimate.seeds))


def _of_variant(effects: Effects, variant: str, changes: Sequence[str]) -> tuple[Contrast, int]:
    def row(name: str, change: str) -> Row:
        found = effects.cells[name, change].row if change else effects.plain[name]
        assert found is not None
        return found

    def terms(among: Sequence[str]) -> Terms:
        differences = []
        for change in among:
            mean = mean_of([[(1.0, row(name, change))] for name in effects.variants])
            differences.append([(1.0, row(variant, change)), *_negative(mean)])
        return mean_of(differences)

    def has_numbers(change: str) -> bool:
        return all(row(name, change).estimate(effects.board.headline).seeds for name in effects.variants)

    return _both(effects.board, terms, changes, has_numbers)


def _both(
    board: Board, terms: Callable[[Sequence[str]], Terms], names: Sequence[str], has_numbers: Callable[[str], bool]
) -> tuple[Contrast, int]:
    """The test over all `names`, with the mean over those that have numbers; and how many these are."""
    with_numbers = [name for name in names if has_numbers(name)]
    test, mean = contrasted(board, terms(names)), contrasted(board, terms(with_numbers))
    return replace(test, estimate=mean.estimate), len(with_numbers)


def _negative(terms: Terms) -> Terms:
    return [(-weight, row) for weight, row in terms]
