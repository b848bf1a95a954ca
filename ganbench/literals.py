"""Reads ingredients' names, fields and values from text. Only literals are read: nothing is looked up or executed."""

from __future__ import annotations

import ast
import re
import sys
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ganbench.errors import SettingError

_CALL = re.compile(r"\s*((?:[\w.-]+:)?[\w-]+)\s*(\(.*\))?\s*", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_CALL_EXAMPLE = "a name with literals by keyword, such as label_smoothing(epsilon=0.2)"
_SETTING_EXAMPLE = "address=literal, such as gradient_penalty.weight=0.1 or optimizer.betas=(0.5, 0.9)"


def parse_call(text: str) -> tuple[str, dict[str, object]]:
    """Name and arguments of a trick: "ema" -> ("ema", {}), "ema(decay=0.9)" -> ("ema", {"decay": 0.9}).

    Raises:
        SettingError: for anything but a name, as the registry knows names, with literals by keyword.
    """
    match = _CALL.fullmatch(text)
    if match is None:
        raise _unreadable(text, "no plain name", _CALL_EXAMPLE)
    call = _expression(text, f"call{match[2] or '()'}", _CALL_EXAMPLE)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise _unreadable(text, "more than a call", _CALL_EXAMPLE)
    names = [keyword.arg or "**" for keyword in call.keywords]
    if call.args or "**" in names:
        raise _unreadable(text, "an argument without a name", _CALL_EXAMPLE)
    if len(set(names)) < len(names):
        raise _unreadable(text, "a name given twice", _CALL_EXAMPLE)
    return match[1], {str(each.arg): _literal(text, each.arg, each.value, _CALL_EXAMPLE) for each in call.keywords}


def parse_setting(text: str) -> tuple[str, object]:
    """Address and value: "optimizer.betas=(0.5, 0.9)" -> ("optimizer.betas", (0.5, 0.9)).

    Raises:
        SettingError: for anything but a dotted address, an equals sign and a literal.
    """
    address, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not _ADDRESS.fullmatch(address):
        raise _unreadable(text, "no address before an equals sign", _SETTING_EXAMPLE)
    return address, _literal(text, address, _expression(text, value, _SETTING_EXAMPLE), _SETTING_EXAMPLE)


def fitted(value: object, hint: Any, where: str) -> Any:
    """`value` as the annotation `hint` wants it: an int becomes a float and a list a tuple, where those are wanted.

    Raises:
        SettingError: where it is of another type, or is not finite.
    """
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for option in options:
        if option is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
        if option in (int, bool, str, NoneType) and type(value) is option:
            return value
        if get_origin(option) is Literal and value in get_args(option):
            return value
        if get_origin(option) is tuple and isinstance(value, tuple | list):
            return _fitted_tuple(value, get_args(option), where, hint)
    raise _misfit(value, hint, where)


def _fitted_tuple(value: tuple[object, ...] | list[object], hints: tuple[Any, ...], where: str, hint: Any) -> Any:
    members = (hints[0],) * len(value) if hints[-1:] == (...,) else hints
    if len(members) != len(value):
        raise _misfit(value, hint, where)
    return tuple(fitted(member, wanted, where) for member, wanted in zip(value, members, strict=True))


def _misfit(value: object, hint: Any, where: str) -> SettingError:
    wanted = hint.__name__ if isinstance(hint, type) and not get_args(hint) else hint
    return SettingError(f"{where}: found {value!r} ({type(value).__name__}); wanted {wanted}")


def _expression(text: str, source: str, wanted: str) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _unreadable(text, f"what Python calls a {type(error).__name__}", wanted) from error


def _literal(text: str, name: str | None, node: ast.expr, wanted: str) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise _unreadable(text, f"a value of {name} that is no literal", wanted) from error


def _unreadable(text: str, found: str, wanted: str) -> SettingError:
    return SettingError(f"cannot read '{text}': found {found}; wanted {wanted}")
