"""What the data of the page are made of."""

from __future__ import annotations

import math
from typing import Any

Plain = dict[str, Any]
"""What JSON holds."""


def number(value: float | None) -> float | None:
    """`value` to five significant digits, a whole number as one; None stays None, and what is not finite becomes it."""
    rounded = math.inf if value is None else float(f"{value:.5g}")
    if not math.isfinite(rounded):
        return None
    return int(rounded) if rounded.is_integer() else rounded
