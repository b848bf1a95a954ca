"""Strict JSON: what stands in a file says one thing to everybody who reads it, or is refused.

No NaN or Infinity, no number that a float cannot hold, no key twice in one object, no text that UTF-8 cannot write, and
nothing nested so deep that reading, comparing or printing it could exhaust the stack.
"""

from __future__ import annotations

import json
import math
from typing import Any

from ganbench.errors import RecordError

DEEPEST = 32
"""Levels of lists and objects within one another."""


def canonical(value: Any) -> str:
    """The one JSON text of `value`: keys sorted, no spaces.

    Raises:
        RecordError: when `value` holds a number that is not finite, or a type that JSON lacks, or is nested too deep.
    """
    return strict_json(value, sort_keys=True)


def strict_json(value: Any, sort_keys: bool = False) -> str:
    """`value` as JSON without spaces.

    Raises:
        RecordError: as `canonical`.
    """
    require_shallow(value)
    try:
        text = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is a str, but no UTF-8
    except (TypeError, ValueError) as error:
        raise RecordError(f"not expressible as strict JSON: {error}") from error
    return text


def parse_json(text: str) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        RecordError: saying what was found, where it is no strict JSON, or no object.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_no_repeats, parse_constant=_refused, parse_float=_finite, parse_int=_held
        )
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not strict JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"found JSON of type {type(value).__name__}: wanted an object")
    strict_json(value)  # half of a surrogate pair can be read, but no file can be written from it
    return value


def require_shallow(value: Any) -> None:
    """Raises RecordError where lists and mappings stand in one another more than `DEEPEST` levels deep."""
    if _is_deeper(value, DEEPEST):
        raise RecordError(f"found values nested deeper than {DEEPEST} levels: wanted fewer")


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list | tuple):
        return False
    inner = value.values() if isinstance(value, dict) else value
    if levels and _FLAT.issuperset(map(type, inner)):
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


_FLAT = {str, int, float, bool, type(None)}


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("found a key twice in one object")
    return found


def _refused(name: str) -> Any:
    raise ValueError(f"found {name}, which strict JSON does not have")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"found {text[:40]}, which no float can hold")
    return value


def _held(text: str) -> int:
    _finite(text)
    return int(text)
