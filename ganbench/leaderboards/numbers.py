"""Numbers as text: no more digits than their interval supports."""

from __future__ import annotations

import math

from ganbench.leaderboards.row import Estimate

ARROWS = {"higher": "↑", "lower": "↓"}
"""By direction; a diagnosis has none."""
_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")


def estimate_text(estimate: Estimate) -> str:
    """As "7.2 ± 0.6" or "7.04 ± 0.25": the mean to the decimal places of its half width.

    The half width has two significant digits where they are at most 35, else one: the rule of the Particle Data Group,
    "Review of Particle Physics", Physical Review D 110, 030001 (2024), introduction, section 5.3.
    A mean without an interval is printed to four significant digits; no mean is an empty text.
    """
    if estimate.mean is None:
        return ""
    if not estimate.half_width:
        mean = f"{estimate.mean:,.0f}" if abs(estimate.mean) >= 1000 else f"{estimate.mean:.4g}"
        return mean + (" ± 0" if estimate.half_width == 0 else "")
    if math.isinf(estimate.half_width):
        return f"{estimate.mean:.4g} ± inf"
    places = _places(estimate.half_width)
    return f"{_fixed(estimate.mean, places)} ± {_fixed(estimate.half_width, places)}"


def seeds_text(seeds: int) -> str:
    """So many seeds: "1 seed", "3 seeds"."""
    return f"{seeds} seed" if seeds == 1 else f"{seeds} seeds"


def count_text(count: float | None) -> str:
    """A count of things: "400,000"; empty where there is none."""
    return "" if count is None else f"{count:,.0f}"


def magnitude_text(amount: float | None) -> str:
    """Three significant digits and a decimal prefix: "1.23 T"; empty where there is none."""
    if amount is None:
        return ""
    rounded = float(f"{amount:.2e}")
    power = min(int(math.log10(max(rounded, 1))) // 3, len(_PREFIXES) - 1)
    return f"{rounded / 1000**power:.3g} {_PREFIXES[power]}".rstrip()


def seconds_text(seconds: float | None) -> str:
    """Three significant digits: "72.3"; empty where there are none."""
    if seconds is None:
        return ""
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


def _places(half_width: float) -> int:
    """Decimal places that the interval supports; negative for tens, hundreds and so on."""
    exponent = math.floor(math.log10(half_width))
    digits = 2 if half_width / 10.0**exponent < 3.55 else 1
    return digits - 1 - exponent


def _fixed(value: float, places: int) -> str:
    if places > 6:
        return f"{value:.3g}"
    return f"{round(value, places) + 0.0:.{max(places, 0)}f}"
