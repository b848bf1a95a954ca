"""What too few seeds cannot decide, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.ranks import LEVEL
from ganbench.statistics import seeds_needed


def too_few(seeds: Sequence[int], tests: str) -> str:
    """Of Holm-corrected `tests` ("pairs"), each over so many `seeds` (tests,): how many seeds it takes that one stands.

    As "n = 5 seeds: even the clearest of 36 pairs would need 11"; empty where one could, or there is no test.
    """
    if not seeds or max(seeds) >= (needed := seeds_needed(len(seeds), LEVEL)):
        return ""
    clearest = f"even the clearest of {len(seeds)} {tests}" if len(seeds) > 1 else "even a clear difference"
    return f"{counted(seeds)}: {clearest} would need {needed}"


def counted(seeds: Sequence[int]) -> str:
    """How many seeds tests are over: "n = 5 seeds", "n = 3 to 5 seeds"."""
    fewest, most = min(seeds), max(seeds)
    n = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    return f"n = {n} {'seed' if most == 1 else 'seeds'}"
