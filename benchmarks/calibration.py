"""Whether the ranks of a board can be believed: python benchmarks/calibration.py

Boards of equal methods are simulated and given to the very functions that rank a real board. A board on which any two
rows are separated is a false one, and at most 5 % may be. The second table says how often the intervals of means hold
the true mean, the third how often a method that is truly better is separated from another, so that one can read off how
many seeds a question takes. The program ends with 1 where a claim fails: more than 5 % false boards, or normal scores
whose intervals hold the truth less than 93 % or more than 97 % of times, each by more than chance brings about once in
a thousand times.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ganbench.ranks import LEVEL, compared, separated
from ganbench.statistics import t_interval

Scores = NDArray[np.float64]
"""(boards, rows, seeds)."""
Draw = Callable[[np.random.Generator, tuple[int, int, int]], Scores]


def normal(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Independent, of mean 0 and standard deviation 1."""
    return random.normal(size=shape)


def skewed(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Log-normal, of mean exp(1/2): now and then a seed is far above the others."""
    return random.lognormal(size=shape)


def mode_counts(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Modes held of 8, each with probability 0.9: few values, many ties, mean 7.2."""
    return random.binomial(8, 0.9, size=shape).astype(float)


def shared_seeds(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Normal, with an effect of the seed on all methods that is three times as large."""
    boards, _, seeds = shape
    return random.normal(size=shape) + 3 * random.normal(size=(boards, 1, seeds))


def unequal_seeds(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Normal, with a standard deviation of each seed's own, from 0.1 to 10."""
    boards, _, seeds = shape
    return random.normal(size=shape) * 10 ** random.uniform(-1, 1, size=(boards, 1, seeds))


def with_failures(random: np.random.Generator, shape: tuple[int, int, int]) -> Scores:
    """Normal, with a run in five failed."""
    return np.where(random.random(shape) < 0.2, -np.inf, random.normal(size=shape))


DISTRIBUTIONS: dict[Draw, float] = {
    normal: 0.0,
    skewed: np.exp(0.5),
    mode_counts: 7.2,
    shared_seeds: 0.0,
    unequal_seeds: 0.0,
    with_failures: 0.0,
}
"""And the mean of the scores that are finite."""
DESIGNS = ((2, 6), (2, 10), (4, 10), (8, 12), (8, 20))
"""Rows and seeds, so many that some pair could be separated."""
EFFECTS = (0.5, 1.0, 2.0, 3.0)
SEEDS = (5, 8, 10, 12, 20)
ROWS = (2, 4, 8)


def false_boards(boards: int, random: np.random.Generator) -> tuple[pd.DataFrame, bool]:
    """The share of boards of equal methods with a separated pair, and whether all are compatible with 5 %."""
    lines, holds = [], True
    for draw in DISTRIBUTIONS:
        line: dict[str, str] = {"equal methods": draw.__name__}
        for rows, seeds in DESIGNS:
            tables = draw(random, (boards, rows, seeds))
            wrong = sum(bool(separated(compared(table), rows).any()) for table in tables)
            holds &= _compatible(wrong, boards, "greater", LEVEL)
            line[f"{rows} rows, {seeds} seeds"] = f"{wrong / boards:.2%}"
        lines.append(line)
    return pd.DataFrame(lines), holds


def coverage(boards: int, random: np.random.Generator) -> tuple[pd.DataFrame, bool]:
    """How often the interval over the seeds that ended ok holds the mean, and whether 95 % of normal ones do."""
    lines, holds = [], True
    for draw, mean in DISTRIBUTIONS.items():
        line: dict[str, str] = {"intervals": draw.__name__}
        for seeds in SEEDS:
            rows = draw(random, (boards, 1, seeds))[:, 0]
            held = sum(_holds(row[np.isfinite(row)], mean) for row in rows)
            if draw is normal:
                holds &= _compatible(held, boards, "less", 0.93) and _compatible(held, boards, "greater", 0.97)
            line[f"{seeds} seeds"] = f"{held / boards:.1%}"
        lines.append(line)
    return pd.DataFrame(lines), holds


def _compatible(found: int, of: int, alternative: str, share: float) -> bool:
    """Whether so many are no proof that the true share is less, or greater, than `share`."""
    return bool(stats.binomtest(found, of, share, alternative=alternative).pvalue >= 0.001)


def _holds(values: NDArray[np.float64], truth: float) -> bool:
    if len(values) < 2:
        return False
    mean, half_width = t_interval(values)
    return half_width is not None and abs(mean - truth) <= half_width


def power(boards: int, random: np.random.Generator) -> pd.DataFrame:
    """How often one better row is separated from another, as a share of such pairs; scores are normal."""
    lines = []
    for rows in ROWS:
        for seeds in SEEDS:
            line: dict[str, object] = {"rows": rows, "seeds": seeds}
            for effect in EFFECTS:
                tables = normal(random, (boards, rows, seeds))
                tables[:, 0] += effect
                found = np.mean([separated(compared(table), rows)[0, 1:].mean() for table in tables])
                line[f"{effect:g} sd"] = f"{found:.0%}"
            lines.append(line)
    return pd.DataFrame(lines)


def main(boards: int, seed: int) -> int:
    """Prints the three tables; 1 where a claim fails."""
    random = np.random.default_rng(seed)
    wrong, level_holds = false_boards(boards, random)
    chance = stats.binom.isf(0.001, boards, LEVEL) / boards
    print(f"Boards with a false separation, of {boards}: at most 5 % in the long run, up to {chance:.1%} by chance\n")
    print(wrong.to_markdown(index=False, disable_numparse=True))
    intervals, intervals_hold = coverage(2 * boards, random)
    print(f"\n95 % intervals that hold the true mean, of {2 * boards}\n")
    print(intervals.to_markdown(index=False, disable_numparse=True))
    print(f"\nPairs separated where one row is better by so many standard deviations, {boards // 10} boards each\n")
    print(power(boards // 10, random).to_markdown(index=False, disable_numparse=True))
    print(f"\nranks: {_verdict(level_holds)}; intervals: {_verdict(intervals_hold)}")
    return 0 if level_holds and intervals_hold else 1


def _verdict(holds: bool) -> str:
    return "the claim holds" if holds else "THE CLAIM FAILS"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", type=int, default=1500, help="boards for each figure of the first table")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    options = parser.parse_args()
    sys.exit(main(options.boards, options.seed))
