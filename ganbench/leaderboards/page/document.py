"""The page itself: template, style, script and data in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.page.detail import DETAILS
from ganbench.leaderboards.page.payload import ALONE, Beside, Payload
from ganbench.leaderboards.page.plain import Plain
from ganbench.leaderboards.titles import apart
from ganbench.strict import strict_json

LIMIT = 2_000_000
"""Bytes of the page."""
_BREAKS_OUT = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
HOPELESS = 1.25
"""A detail in which all boards would take so many times the room, were they like the first, is not tried."""


def page(boards: Mapping[str, Board], beside: Beside = ALONE, limit: int = LIMIT) -> str:
    """The boards, by the slugs that name them, as one HTML page of at most `limit` bytes.

    The same boards give the same bytes. What does not fit is left out, from the least important on, and at last whole
    boards; the page says so.
    What lies beside it is linked, and not embedded.
    """
    for detail in DETAILS:
        payload = Payload(detail, beside)
        shown = _shown(payload, boards, limit)
        if len(shown) == len(boards):
            text = _filled(payload, shown, [])
            if len(text.encode()) <= limit:
                return text
    return _page_of_some(boards, beside, limit)


def _shown(payload: Payload, boards: Mapping[str, Board], limit: int) -> list[Plain]:
    """The boards as plain data, as many of the first as alone take no more than `limit` bytes.

    Where the first board tells that all will not fit, and less detail can be had, it is none: building many for nothing
    takes seconds.
    """
    found, size = [], 0
    runs = sum(len(board.records) for board in boards.values())
    for (slug, board), differs in zip(boards.items(), apart(list(boards.values())), strict=True):
        found.append(payload.board(board, slug, differs))
        size += len(embedded(found[-1]).encode())
        hopeless = payload.detail != DETAILS[-1] and size * runs > HOPELESS * limit * max(1, len(board.records))
        if size > limit or (len(found) == 1 and hopeless):
            return found[:-1]
    return found


def _page_of_some(boards: Mapping[str, Board], beside: Beside, limit: int) -> str:
    """As many of the first boards as fit in the least detail."""
    payload = Payload(DETAILS[-1], beside)
    shown = _shown(payload, boards, limit)
    while True:
        missing = f"{len(boards) - len(shown)} of {len(boards)} boards; their files stand beside it"
        text = _filled(payload, shown, [f"Left out to keep the page small: {missing}."])
        if len(text.encode()) <= limit or not shown:
            return text
        shown.pop()


def _filled(payload: Payload, shown: Sequence[Plain], left_out: Sequence[str]) -> str:
    data = {
        "boards": shown,
        "texts": list(payload.texts.places),
        "left_out": [*payload.detail.left_out, *left_out],
    }
    style, script = _read("page.css"), _read("page.js")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script, "data": embedded(data)}
    # in one pass: what is filled in is not looked at again, whatever it holds
    return re.sub(r"\{\{(policy|style|script|data)\}\}", lambda found: parts[found[1]], _read("page.html"))


def embedded(data: object) -> str:
    """`data` as JSON that ends no script element and opens no comment, whatever its texts hold."""
    text = strict_json(data)
    for character, written in _BREAKS_OUT.items():
        text = text.replace(character, written)
    return text


def _source(text: str) -> str:
    """The source expression of Content Security Policy Level 3, section 2.3.1, that admits `text` inline."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")
