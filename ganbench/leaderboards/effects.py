"""What each change does to each variant, paired by seed: the table of losses x tricks.

The effect of a change on a variant is the mean over seeds of the headline with it minus the headline without, with
Student's interval of those differences. Seeds share initial weights, data order and latents, so the difference of one
seed is that of the change and of chance in training alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.row import Estimate, Row
from ganbench.statistics import t_interval

Values = Mapping[int, float]
"""The headline by seed."""


@dataclass(frozen=True)
class Effect:
    """What one change does to one variant."""

    variant: str
    change: str
    """As in the name of the cell: "+ r1(weight=10.0)", "- r2"."""
    row: Row | None
    """The variant with the change; None where no run of it stands on the board."""
    estimate: Estimate
    """Of headline with the change minus headline without, over the seeds that have both."""


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

    def over_variants(self, change: str) -> tuple[Estimate, int]:
        """The effect of a change averaged over the variants that have it, seed by seed; and how many variants.

        Only seeds that every one of those variants has enter, or a failed seed would weigh on the comparison.
        """
        found = [_differences(effect, self.plain, self.board.headline) for effect in self._of(change)]
        present = [differences for differences in found if differences]
        seeds = sorted(set.intersection(*(set(each) for each in present))) if present else []
        return _estimate([sum(each[seed] for each in present) / len(present) for seed in seeds]), len(present)

    def _of(self, change: str) -> list[Effect]:
        return [self.cells[variant, change] for variant in self.variants]

    @property
    def table(self) -> pd.DataFrame:
        """One row a variant and change: conditions, cell, headline, base, effect and half_width, seeds, failures."""
        return pd.DataFrame([self._line(effect) for effect in self.cells.values()])

    def _line(self, effect: Effect) -> dict[str, Any]:
        plain = self.plain[effect.variant].estimate(self.board.headline)
        return {
            **asdict(self.board.conditions),
            "variant": effect.variant,
            "change": effect.change,
            "headline": self.board.headline,
            "plain": plain.mean,
            "effect": effect.estimate.mean,
            "half_width": effect.estimate.half_width,
            "seeds": effect.estimate.seeds,
            "failures": effect.row.failures if effect.row else "",
            "runs": effect.row.ids if effect.row else "",
        }


def effects(board: Board) -> Effects | None:
    """The effects that a board shows; None where no variant stands on it both plainly and changed."""
    rows = {name: row for row in board.rows for name in row.names}
    split = {name: name.partition(" ")[::2] for name in rows}
    changes = sorted({change for _, change in split.values() if change})
    plain = {name: row for name, row in rows.items() if " " not in name}
    changed = {variant for variant, change in split.values() if change}
    variants = tuple(name for name in plain if name in changed)
    if not variants or not board.headline:
        return None
    cells = {}
    for variant in variants:
        for change in changes:
            row = rows.get(f"{variant} {change}")
            pairs = _paired(row, plain[variant], board.headline)
            cells[variant, change] = Effect(variant, change, row, _estimate(list(pairs.values())))
    return Effects(board, variants, tuple(changes), cells, plain)


def _differences(effect: Effect, plain: Mapping[str, Row], headline: str) -> Values:
    return _paired(effect.row, plain[effect.variant], headline)


def _paired(changed: Row | None, plain: Row, headline: str) -> dict[int, float]:
    """Headline of `changed` minus that of `plain` for each seed that has both."""
    if changed is None:
        return {}
    one, other = (_values(row, headline) for row in (changed, plain))
    return {seed: one[seed] - other[seed] for seed in sorted(set(one) & set(other))}


def _values(row: Row, headline: str) -> dict[int, float]:
    return {record.spec.seed: record.values[headline] for record in row.ok if headline in record.values}


def _estimate(differences: Sequence[float]) -> Estimate:
    return Estimate(*t_interval(differences), len(differences)) if len(differences) else Estimate(None, None, 0)
