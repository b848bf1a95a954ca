"""What the data of the page are made of."""

from __future__ import annotations

from typing import Any

Plain = dict[str, Any]
"""What JSON holds."""


def number(value: float | None) -> float | None:
    """`value` to five significant digits, a whole number as one; None stays None."""
    if value is None:
        return None
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded.is_integer() else rounded
