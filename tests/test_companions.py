"""What stands beside a quantity in tables: floors, limits, n, the ends of intervals."""

import io

import pytest
from records import ok
from rich.console import Console

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.companions import Line, beside_text, lines, number_text
from ganbench.leaderboards.entries import results
from ganbench.leaderboards.markdown import board_markdown
from ganbench.leaderboards.terminal import board_renderable

W2 = {
    "w2": {"direction": "lower"},
    "w2_floor": {"direction": "neither", "beside": "w2", "role": "floor"},
    "w2_limit": {"direction": "neither", "beside": "w2", "role": "limit"},
}


def runs():
    """Two cells of two seeds, with one limit on the board and a floor of each seed's own."""
    numbers = {"nsgan": [(0.25, 0.02), (0.75, 0.04)], "wgan": [(1.5, 0.08), (2.5, 0.08)]}
    for variant, seeds in numbers.items():
        for seed, (w2, floor) in enumerate(seeds):
            record = ok(variant, seed, 8, values={"w2": w2, "w2_floor": floor, "w2_limit": 0.125})
            yield type(record)(**{**vars(record), "quantities": {**record.quantities, **W2}})


def test_what_is_the_same_in_all_cells_stands_in_the_head_and_the_rest_in_the_cells():
    """Of two cells with one limit and two floors."""
    cells = [{"w2": 1.0, "w2_floor": 0.5, "w2_limit": 2.0}, {"w2": 3.0, "w2_floor": 0.25, "w2_limit": 2.0}, {}]
    assert lines(W2, cells) == {"w2": Line({"limit": "2"}, {"floor": "w2_floor"})}


def test_points_are_in_no_table():
    """However many there are; where what they are of is absent, no number is lost."""
    points = {f"fid@{cuts}": {"beside": "fid_infinity", "role": "point"} for cuts in (2, 3)}
    cells = [{"fid_infinity": 1.0, "fid@2": 3.0, "fid@3": 4.0}]
    assert lines({"fid_infinity": {}, **points}, cells) == {"fid_infinity": Line()}
    assert list(lines(points, cells)) == list(points)


def test_an_interval_stands_in_the_cells():
    """Also where it happens to be the same in all."""
    ends = {end: {"beside": "auc", "role": end} for end in ("low", "high")}
    assert lines({"auc": {}, **ends}, [{"auc": 1.0, "low": 0.9, "high": 1.0}]) == {
        "auc": Line({}, {"low": "low", "high": "high"})
    }


@pytest.mark.parametrize(
    "strange",
    [
        {"beside": "absent", "role": "floor"},
        {"beside": "w2_floor", "role": "floor"},
        {"beside": "w2", "role": "limit"},
        {"beside": "w2", "role": ""},
        {"beside": "w2"},
        {"beside": ["w2"], "role": "floor"},
        {"beside": "x", "role": "floor"},
    ],
)
def test_no_number_is_lost(strange):
    """What stands beside nothing, itself, a companion or in a role that is taken or none, has a line of its own."""
    found = lines({**W2, "x": strange}, [{"x": 1.0, "w2": 1.0, "w2_floor": 1.0, "w2_limit": 1.0}])
    assert list(found) == ["w2", "x"]
    assert found["w2"] == Line({"floor": "1", "limit": "1"}, {})


def test_quantities_that_do_not_say_what_they_stand_beside_have_lines():
    """As those of older records."""
    assert list(lines({name: {} for name in W2}, [])) == list(W2)


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        ({}, ""),
        ({"floor": "1", "limit": ""}, " (floor 1)"),
        ({"high": "0.6", "low": "0.4"}, " [0.4, 0.6]"),
        ({"low": "0.4", "high": "0.6", "floor": "0.1", "limit": "2"}, " [0.4, 0.6] (floor 0.1, limit 2)"),
        ({"low": "0.4"}, " (low 0.4)"),
    ],
)
def test_texts_follow_a_number(texts, written):
    """An interval in brackets, all else in parentheses with its role; half an interval is no interval."""
    assert beside_text(texts) == written


def test_thousands_keep_every_digit():
    """An n of 10,000 is written out."""
    assert [number_text(x) for x in (10_000, 0.0123412, -0.5)] == ["10,000", "0.01234", "-0.5"]


def test_a_board_prints_them_beside_their_quantity():
    """Means over seeds, hand-computed; the table for programs keeps its columns, and the legend its lines."""
    (board,) = boards(runs())
    texts = {row.cell: results(board, row) for row in board.rows}
    assert texts["wgan"]["w2 ↓ (limit 0.125)"] == "2 ± 6 (floor 0.08)"
    assert texts["nsgan"]["w2 ↓ (limit 0.125)"] == "0.5 ± 3.2 (floor 0.03)"
    assert not any(name.startswith("w2_") for name in texts["nsgan"])
    assert {"w2_floor.mean", "w2_limit.mean"} <= set(board.table.columns)
    assert "| w2_limit " in board_markdown(board)
    console = Console(width=100, file=io.StringIO(), color_system=None)
    console.print(board_renderable(board))
    (line,) = [line.split() for line in console.file.getvalue().splitlines() if "w2" in line]
    assert " ".join(line) == "w2 ↓ (limit 0.125) 0.5 ± 3.2 (floor 0.03) 2 ± 6 (floor 0.08)"
