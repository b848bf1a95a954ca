"""What is worked out of a value that does not change is worked out once, and lives as long as the value."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")


def once(work: Callable[[Value], Result]) -> Callable[[Value], Result]:
    """`work`, which keeps what it has found in the value itself: a frozen dataclass without slots."""

    @wraps(work)
    def found(value: Value) -> Result:
        kept = vars(value).setdefault("_worked_out", {})
        if work not in kept:
            kept[work] = work(value)
        result: Result = kept[work]
        return result

    return found
