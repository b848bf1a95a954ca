"""Quantities that help to read another: its floor, its limit, its n, the ends of its interval. They stand beside it.

A number that is the same in every cell stands in the head of the line, as in "fid ↓ (n 500, floor 1.306)"; one that
differs stands in the cells: "0.508 [0.4643, 0.5516]", "0.21 (floor 0.03)". Points that a quantity is worked out from
are left to drawings. Records of before quantities said what they stand beside give every quantity a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganbench.leaderboards.numbers import estimate_text
from ganbench.leaderboards.row import Estimate

ENDS = ("low", "high")
"""The roles of the ends of an interval."""
POINT = "point"
"""The role of the many that a quantity is worked out from, which no table prints."""


@dataclass(frozen=True)
class Line:
    """What stands beside a quantity that has a line of its own."""

    shared: dict[str, str] = field(default_factory=dict)
    """By role, the texts of what is one number in all cells."""
    own: dict[str, str] = field(default_factory=dict)
    """By role, the names of what each cell has for itself."""


def lines(quantities: Mapping[str, Mapping[str, Any]], cells: Iterable[Mapping[str, float]]) -> dict[str, Line]:
    """The quantities that have a line, in order, where `cells` are the values by name of all that is in the table.

    One that stands beside a quantity that is not there, or in a role that is taken or none, has its own line.
    """
    values = list(cells)
    found = {name: Line() for name, how in quantities.items() if not _follows(how, quantities)}
    for name, how in quantities.items():
        if name in found:
            continue
        line, role = found[how["beside"]], str(how["role"])
        if role == POINT:
            continue
        numbers = {number_text(value) for value in {each[name] for each in values if name in each}}
        if role in line.shared or role in line.own:
            found[name] = Line()
        elif len(numbers) == 1 and role not in ENDS:
            line.shared[role] = numbers.pop()
        else:
            line.own[role] = name
    return found


def beside_text(texts: Mapping[str, str]) -> str:
    """Texts by role as they follow a name or a number: " [0.46, 0.55] (floor 0.03, limit 0.05)"; else nothing."""
    ends = [texts[end] for end in ENDS if texts.get(end)]
    whole = len(ends) == len(ENDS)
    others = [f"{role} {text}" for role, text in texts.items() if text and not (whole and role in ENDS)]
    return (f" [{', '.join(ends)}]" if whole else "") + (f" ({', '.join(others)})" if others else "")


def number_text(value: float) -> str:
    """Four significant digits, and every digit of thousands."""
    return estimate_text(Estimate(value, None, 1))


def _follows(how: Mapping[str, Any], quantities: Mapping[str, Mapping[str, Any]]) -> bool:
    whose = how.get("beside")
    return bool(
        isinstance(whose, str) and whose in quantities and how.get("role") and not quantities[whose].get("beside")
    )
