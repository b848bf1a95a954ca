"""Checks of variants, tricks and metrics as values: they compare, hash, travel and print; nothing can change them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ganbench.testing.check import check, require
from ganbench.testing.ground import parts

LASTING = (type(None), bool, int, float, str, tuple)


@check(
    why="Two runs of one recipe must be one cell of the board. What can change on the way is another recipe than the "
    "record says.",
    mend="Declare the class with @dataclass(frozen=True), and sequences as tuples.",
)
def is_frozen(values: Sequence[Any]) -> None:
    """It is a frozen dataclass, all the way down: no field can be assigned, and none holds what can be changed."""
    for value in values:
        require(is_dataclass(value), f"{type(value).__name__} is no dataclass")
        for part in parts(value):
            name = type(part).__name__
            require(type(part).__dataclass_params__.frozen, f"{name} is not frozen")
            for field in fields(part):
                held = getattr(part, field.name)
                wrong = [each for each in _members(held) if not isinstance(each, LASTING) and not is_dataclass(each)]
                kinds = ", ".join(sorted({type(each).__name__ for each in wrong}))
                require(not wrong, f"{name}.{field.name} holds a {kinds}")


def _members(value: object) -> list[object]:
    return [value, *(inner for each in value for inner in _members(each))] if isinstance(value, tuple) else [value]


@check(
    why="Cells are found by what they equal; copies go to other processes.",
    mend="Keep to frozen dataclasses at the top of a module, whose fields are numbers, words, tuples and such classes.",
)
def copies_equal_it(values: Sequence[Any]) -> None:
    """A copy that has been through another process equals it and has its hash."""
    for value in values:
        copy = pickle.loads(pickle.dumps(value))  # noqa: S301 - the bytes were made here
        require(copy == value, f"a copy of {value!r} does not equal it")
        require(hash(copy) == hash(value), f"a copy of {value!r} has another hash")


@check(
    why="Its text stands in records and tells runs apart; an address in memory is another in every process, so that no "
    "run would ever be found again.",
    mend="Leave __repr__ to the dataclass, and functions and plain objects out of the fields.",
)
def prints_the_same_everywhere(values: Sequence[Any]) -> None:
    """Its repr says what it is made of, and has no address in memory."""
    for value in values:
        require(not re.search(r" at 0x[0-9a-f]+", repr(value)), f"found {value!r}")


VALUES = (is_frozen, copies_equal_it, prints_the_same_everywhere)
