"""What boards of one dataset and budget are told apart by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.conditions import Conditions

_SHOWN = 12
"""Characters of a hash."""
_HASHES = ("fingerprint", "extractor_hash")


def apart(boards: Sequence[Board]) -> list[str]:
    """What each title says beside dataset and budget: " (protocol 0)"; empty where these two tell a board from others.

    It is the first condition in which boards of one dataset and budget differ, and where that does not tell all of them
    apart, the next in which those that are left do: no two boards of unlike conditions have one title.
    """
    alike: dict[tuple[str, str], list[Conditions]] = defaultdict(list)
    for board in boards:
        alike[_title(board)].append(board.conditions)
    found = {conditions: text for group in alike.values() for conditions, text in _differing(group).items()}
    return [f" ({text})" if (text := found[board.conditions]) else "" for board in boards]


def newest(boards: Sequence[Board]) -> list[Board]:
    """Those of each dataset and budget that are of the newest protocol among them, in their order."""
    latest: dict[tuple[str, str], int] = {}
    for board in boards:
        latest[_title(board)] = max(latest.get(_title(board), 0), board.conditions.protocol)
    return [board for board in boards if board.conditions.protocol == latest[_title(board)]]


def _title(board: Board) -> tuple[str, str]:
    return board.conditions.dataset, board.conditions.budget


def _differing(group: Sequence[Conditions]) -> Mapping[Conditions, str]:
    """By conditions, those that tell them apart, in words."""
    name = next((name for name in group[0].columns if len({each.columns[name] for each in group}) > 1), "")
    if not name:
        return dict.fromkeys(group, "")
    parts: dict[Any, list[Conditions]] = defaultdict(list)
    for conditions in group:
        parts[conditions.columns[name]].append(conditions)
    return {
        conditions: ", ".join(filter(None, (_said(name, value), rest)))
        for value, part in parts.items()
        for conditions, rest in _differing(part).items()
    }


def _said(name: str, value: Any) -> str:
    """As "protocol 0", "batch size 128", "extractor hash 0123456789ab", "no extractor"."""
    word = name.replace("_", " ")
    if value in (None, ""):
        return f"no {word}"
    return f"{word} {str(value)[:_SHOWN] if name in _HASHES else value}"
