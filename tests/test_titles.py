"""What boards of one dataset and budget are told apart by."""

from __future__ import annotations

from typing import Any

from records import ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import slugs
from ganbench.leaderboards.page.document import page
from ganbench.leaderboards.titles import apart, newest


def titles(*changes: dict[str, Any]) -> list[str]:
    """In any order."""
    return sorted(apart(boards([ok("gan", 0, 1, **each) for each in changes])))


def test_boards_of_unlike_dataset_or_budget_need_nothing_more() -> None:
    """Dataset and budget tell them apart, whatever else differs."""
    assert titles({"protocol": 0}, {"dataset": "grid25"}, {"budget": "5 samples"}) == ["", "", ""]


def test_the_first_condition_that_differs_is_said() -> None:
    """Standard comes before protocol among the conditions; both differ, and one suffices."""
    assert titles({"protocol": 0}, {"protocol": 1}) == [" (protocol 0)", " (protocol 1)"]
    assert titles({"standard": "small", "protocol": 0}, {"standard": "large", "protocol": 1}) == [
        " (standard large)",
        " (standard small)",
    ]
    assert titles({"fingerprint": None}, {"fingerprint": "0123456789abcdef"}) == [
        " (fingerprint 0123456789ab)",
        " (no fingerprint)",
    ]


def test_where_one_condition_does_not_suffice_the_next_is_said_too() -> None:
    """Two boards of one standard have two protocols."""
    standards = ("small", 0), ("small", 1), ("large", 1)
    assert titles(*({"standard": standard, "protocol": protocol} for standard, protocol in standards)) == [
        " (standard large)",
        " (standard small, protocol 0)",
        " (standard small, protocol 1)",
    ]


def test_the_newest_protocol_is_that_of_a_dataset_and_budget() -> None:
    """An older protocol stays where nothing newer replaces it, and what differs otherwise stays."""
    changes = [{"protocol": 0}, {"protocol": 1}, {"protocol": 1, "standard": "small"}, {"dataset": "a", "protocol": 0}]
    found = newest(boards([ok("gan", 0, 1, **each) for each in changes]))
    assert sorted((board.conditions.dataset, board.conditions.protocol) for board in found) == [
        ("a", 0),
        ("ring8", 1),
        ("ring8", 1),
    ]


def test_the_page_tells_them_apart_by_their_titles() -> None:
    """As its menu lists them."""
    found = boards([ok("gan", 0, 1, protocol=0), ok("gan", 0, 1, protocol=1)])
    text = page(dict(zip(slugs(found), found, strict=True)))
    assert '"title":"ring8: 1280 samples (protocol 0)"' in text
    assert '"title":"ring8: 1280 samples (protocol 1)"' in text
