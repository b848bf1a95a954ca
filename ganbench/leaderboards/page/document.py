"""The page itself: template, style, script and data in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib import resources

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.page.detail import DETAILS, Detail
from ganbench.leaderboards.page.payload import Payload
from ganbench.record import strict_json

LIMIT = 2_000_000
"""Bytes of the page."""
_BREAKS_OUT = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(boards: Mapping[str, Board], pictures: Mapping[str, str] | None = None, limit: int = LIMIT) -> str:
    """The boards, by the slugs that name them, as one HTML page of at most `limit` bytes.

    The same boards give the same bytes. What does not fit is left out, from the least important on, and at last whole
    boards; the page says so.
    `pictures` gives the path of a run's picture, relative to the page, by run id; the page embeds none.
    """
    pictures = pictures or {}
    for detail in DETAILS:
        text = _page(boards, detail, pictures, [])
        if len(text.encode()) <= limit:
            return text
    return _page_of_some(boards, pictures, limit)


def _page_of_some(boards: Mapping[str, Board], pictures: Mapping[str, str], limit: int) -> str:
    """As many of the first boards as fit in the least detail."""
    slugs = list(boards)
    fewest, most = 0, len(slugs)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fits = len(_some(boards, slugs[:middle], pictures).encode()) <= limit
        fewest, most = (middle, most) if fits else (fewest, middle - 1)
    return _some(boards, slugs[:fewest], pictures)


def _some(boards: Mapping[str, Board], kept: Sequence[str], pictures: Mapping[str, str]) -> str:
    held = {slug: boards[slug] for slug in kept}
    missing = f"{len(boards) - len(kept)} of {len(boards)} boards; their files stand beside it"
    return _page(held, DETAILS[-1], pictures, [f"Left out to keep the page small: {missing}."])


def _page(boards: Mapping[str, Board], detail: Detail, pictures: Mapping[str, str], left_out: list[str]) -> str:
    payload = Payload(detail, pictures)
    shown = [payload.board(board, slug) for slug, board in boards.items()]
    data = {"boards": shown, "texts": list(payload.texts.places), "left_out": [*detail.left_out, *left_out]}
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
    return strict_json(data).translate(_BREAKS_OUT)


def _source(text: str) -> str:
    """The source expression of Content Security Policy Level 3, section 2.3.1, that admits `text` inline."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")
