"""What each change does to each variant, paired by seed: the table of losses x tricks.

The effect of a change on a variant is the mean over seeds of the headline with it minus the headline without, with
Student's interval of those differences. Seeds share initial weights, data order and latents, so the difference of one
seed is that of the change and of chance in training alone. A variant with settings of its own is a variant too: what a
trick does to it is measured against the same settings. The permutation test of an effect counts failed seeds too, as
worst; a mean cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import direction
from ganbench.leaderboards.contrasts import NOTHING, Contrast, Terms, contrasted, corrected, mean_of
from ganbench.leaderboards.once import once
from ganbench.leaderboards.outcomes import SIGNS
from ganbench.leaderboards.row import Estimate, Row
from ganbench.ranks import LEVEL
from ganbench.record import RunSpec
from ganbench.statistics import seeds_needed


@dataclass(frozen=True)
class Effect:
    """What one change does to one variant."""

    variant: str
    """With its settings where these are not the change: "wgan_gp", "wgan_gp [gradient_penalty.weight=0.5]"."""
    change: str
    """As in the name of the cell: "+ r1(weight=10.0)", "- r2"."""
    row: Row | None
    """The variant with the change; None where no run of it stands on the board."""
    contrast: Contrast
    """Headline with the change minus headline without; its p is corrected for all effects on the board."""

    @property
    def estimate(self) -> Estimate:
        """Over the seeds that have both."""
        return self.contrast.estimate


@dataclass(frozen=True)
class Effects:
    """The variants of a board that stand on it plainly and changed, and what each change does."""

    board: Board
    variants: tuple[str, ...]
    """In the board's order."""
    changes: tuple[str, ...]
    """In the order of their names."""
    cells: Mapping[tuple[str, str], Effect]
    """By variant and change; each pair has one."""
    plain: Mapping[str, Row]
    """Each variant without a change."""
    not_run: tuple[tuple[str, str], ...]
    """Cells of the grid that are missing: a change is part of a grid where two variants have it."""

    def __hash__(self) -> int:
        """As its board."""
        return hash(self.board)

    def is_asked(self, variant: str, change: str) -> bool:
        """Whether the cell stands on the board, or is missing from the grid."""
        return self.cells[variant, change].row is not None or (variant, change) in self.not_run

    def over_variants(self, change: str) -> tuple[Contrast, int]:
        """The effect of a change averaged over the variants that have it, seed by seed; and how many variants.

        Only seeds that every one of those variants has enter, or a failed seed would weigh on the comparison.
        """
        found = [self.terms(name, change) for name in self.variants if self.cells[name, change].estimate.seeds]
        return contrasted(self.board, mean_of(found)), len(found)

    def terms(self, variant: str, change: str) -> Terms:
        """The rows of an effect with their weights: with the change, and without; none where it was not run."""
        row = self.cells[variant, change].row
        return [(1.0, row), (-1.0, self.plain[variant])] if row else []

    @property
    def sentence(self) -> str:
        """How many effects stand after correction, which way; and where none could, how many seeds that takes."""
        found = [effect.contrast for effect in self.cells.values() if effect.contrast.p is not None]
        if not found:
            return ""
        leanings = [leaning(each, self.board) for each in found if each.stands]
        stand = len(leanings)
        effects = f"{len(found)} effects, {stand} stand" if len(found) > 1 else f"1 effect, {stand} stands"
        text = f"Of {effects} at {100 * LEVEL:g} % in permutation tests, Holm-corrected, a failed seed being worst."
        if any(leanings):
            text += f" Of those that stand, {leanings.count(1)} better and {leanings.count(-1)} worse."
        needed = seeds_needed(len(found), LEVEL)
        if max(each.tested for each in found) < needed:
            text += f" None could with so few seeds: it takes {needed}."
        return text

    @property
    def table(self) -> pd.DataFrame:
        """One row a variant and change; a change that one variant alone has gives the others no row.

        Columns: conditions; variant and change; headline and plain, its mean without the change; effect, half_width and
        seeds; p and p_holm, corrected for all effects, and p_sign, which way the test points; failures and runs with
        the change.
        """
        return pd.DataFrame([self._line(self.cells[cell]) for cell in self.cells if self.is_asked(*cell)])

    def _line(self, effect: Effect) -> dict[str, Any]:
        plain = self.plain[effect.variant].estimate(self.board.headline)
        return {
            **self.board.conditions.columns,
            "variant": effect.variant,
            "change": effect.change,
            "headline": self.board.headline,
            "plain": plain.mean,
            "effect": effect.estimate.mean,
            "half_width": effect.estimate.half_width,
            "seeds": effect.estimate.seeds,
            "p": effect.contrast.p,
            "p_holm": effect.contrast.adjusted,
            "p_sign": effect.contrast.sign,
            "failures": effect.row.failures if effect.row else "",
            "runs": effect.row.ids if effect.row else "",
        }


def leaning(found: Contrast, board: Board) -> int:
    """Which way the test of a contrast points, failures included: 1 for better, -1 for worse.

    0 for neither, and where the headline has no direction.
    """
    return found.sign * int(SIGNS.get(direction(board, board.headline), 0))


@once
def effects(board: Board) -> Effects | None:
    """The effects that a board shows; None where no variant stands on it both plainly and changed."""
    rows = {name: row for row in board.rows for name in row.names}
    split = {name: _split(parts, rows) for row in board.rows for name, parts in _parts(row).items()}
    changed = {(base, change): rows[name] for name, (base, change) in split.items() if change and base in rows}
    bases, variants_with = {base for base, _ in changed}, Counter(change for _, change in changed)
    variants = tuple(name for name in rows if name in bases)
    if not variants or not board.headline:
        return None
    changes = tuple(sorted(variants_with))
    pairs = [(variant, change) for variant in variants for change in changes]
    contrasts = {
        cell: contrasted(board, [(1.0, changed[cell]), (-1.0, rows[cell[0]])]) if cell in changed else NOTHING
        for cell in pairs
    }
    cells = {cell: Effect(*cell, changed.get(cell), found) for cell, found in corrected(contrasts).items()}
    missing = [cell for cell in pairs if cell not in changed and variants_with[cell[1]] > 1]
    not_run = tuple((variant, change) for variant, change in missing if not (_sets(variant) and _sets(change)))
    return Effects(board, variants, changes, cells, {name: rows[name] for name in variants}, not_run)


class _Parts(NamedTuple):
    """What a cell's name is made of, each as it stands there; what it lacks is empty."""

    variant: str
    tricks: str
    """Taken out and added: "- r2 + ema(decay=0.99)"."""
    settings: str
    """As "[d_steps=2]"."""


def _parts(row: Row) -> dict[str, _Parts]:
    """Of each of the row's names; those that no run of it bears, which are second names, have no spec to ask."""
    specs = {record.spec.cell: record.spec for record in row.records}
    return {name: _of_spec(specs[name]) if name in specs else _of_name(name) for name in row.names}


def _of_spec(spec: RunSpec) -> _Parts:
    tricks = " ".join(replace(spec, settings=()).changes)
    return _Parts(spec.variant, tricks, " ".join(replace(spec, without=(), tricks=()).changes))


def _of_name(name: str) -> _Parts:
    variant, space, changes = name.partition(" ")
    tricks, bracket, settings = f"{space}{changes}".partition(" [") if name.endswith("]") else (changes, "", "")
    return _Parts(variant, tricks.strip(), f"{bracket}{settings}".strip())


def _split(parts: _Parts, rows: Mapping[str, Row]) -> tuple[str, str]:
    """The variant that a cell changes, and the change: with the same settings where that stands on the board."""
    variant, tricks, settings = parts
    alike = f"{variant} {settings}"
    if tricks and settings and alike in rows:
        return alike, tricks
    return variant, f"{tricks} {settings}".strip()


def _sets(name: str) -> bool:
    """Whether settings are among what the name of a variant or a change says."""
    return name.endswith("]")
