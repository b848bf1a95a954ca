"""What became of each seed of a row, as one number: its headline, or the worst there is where it failed.

A run that diverged, crashed, ran out of time or memory, or ended without a finite headline is worse than any that has
one. A run that was interrupted, or that never began because its plugin did not load or the combination makes no sense,
says nothing of the variant: it has no outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from ganbench.leaderboards.row import Row
from ganbench.record import RunRecord

FAILURES = ("diverged", "timeout", "out_of_memory", "crashed")
"""The statuses that count against a variant."""
SIGNS = {"higher": 1.0, "lower": -1.0}
"""By direction: what a headline is multiplied by so that higher is better."""


@lru_cache(maxsize=256)
def outcomes(row: Row, headline: str, direction: str) -> Mapping[int, float]:
    """By seed, in the unit of the headline; failures are left out where the headline has no direction."""
    sign = SIGNS.get(direction)
    worst = None if sign is None else -sign * math.inf
    found = ((record.spec.seed, _outcome(record, headline, worst)) for record in row.records)
    return {seed: value for seed, value in found if value is not None}


@lru_cache(maxsize=1024)
def failed_share(row: Row, headline: str) -> float:
    """How many of the seeds that have an outcome failed, from 0 to 1; 0 where none has one."""
    found = outcomes(row, headline, "higher").values()
    return sum(map(math.isinf, found)) / len(found) if found else 0.0


def merit(row: Row, headline: str, direction: str, mean: float) -> tuple[float, float]:
    """What orders rows, the larger the better, by a `mean` over seeds in which failed ones have no part.

    Fewer failures come first, then the better mean: the order of means in which a failure weighs ever more, and the
    order that the tests of pairs go by. Without a direction all are equal.
    """
    sign = SIGNS.get(direction)
    return (0.0, 0.0) if sign is None else (-failed_share(row, headline), sign * mean)


def _outcome(record: RunRecord, headline: str, worst: float | None) -> float | None:
    if record.status in FAILURES:
        return worst
    if record.status != "ok":
        return None
    not_finite = worst if record.headline == headline else None
    return record.values.get(headline, not_finite)
