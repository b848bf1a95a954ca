"""What the data of the page are made of."""

from __future__ import annotations

import math
from typing import Any

from ganbench.leaderboards.visible import visible

Plain = dict[str, Any]
"""What JSON holds."""


def legible(value: Any) -> Any:
    r"""`value`, its texts with an escape for each character that is not printable, as \u202e; lines stay lines."""
    if isinstance(value, str):
        return value if value.isprintable() else "\n".join(map(visible, value.split("\n")))
    if isinstance(value, dict):
        return {legible(name): legible(each) for name, each in value.items()}
    if not isinstance(value, (list, tuple)) or _NUMBERS.issuperset(map(type, value)):
        return value
    return [legible(each) for each in value]


_NUMBERS = {int, float, type(None)}


def number(value: float | None) -> float | None:
    """`value` to five significant digits, a whole number as one; None stays None, and what is not finite becomes it."""
    rounded = math.inf if value is None else float(f"{value:.5g}")
    if not math.isfinite(rounded):
        return None
    return int(rounded) if rounded.is_integer() else rounded
