"""Requests and the grids that they come in."""

from __future__ import annotations

import json

from ganbench.record import CONTROLS
from ganbench.request import Request, grid


def test_a_request_comes_back_from_json():
    """from_dict is the inverse of as_dict, through JSON, where tuples are lists."""
    request = Request("gan", "ring8", tricks=("ema",), settings=("ema=0.5", "d_steps=2"), budget="1kimg", samples=7)
    assert Request.from_dict(json.loads(json.dumps(request.as_dict()))) == request


def test_a_grid_is_every_combination_once():
    """2 datasets x 3 variants x (2 x 2) choices of tricks are 24 requests; "none" leaves the recipe alone."""
    requests = grid(["a", "b", "c"], ["x", "y"], [["none", "t"], ["u", "v(k=1)"]], budget="1s")
    assert len(set(requests)) == len(requests) == 24
    assert {request.tricks for request in requests} == {("u",), ("v(k=1)",), ("t", "u"), ("t", "v(k=1)")}
    assert {request.budget for request in requests} == {"1s"}


def test_a_grid_without_tricks_is_variants_by_datasets():
    """In the order asked for, dataset by dataset."""
    assert [(r.dataset, r.variant, r.tricks) for r in grid(["b", "a"], ["y", "x"])] == [
        ("y", "b", ()),
        ("y", "a", ()),
        ("x", "b", ()),
        ("x", "a", ()),
    ]


def test_controls_are_requests_too():
    """They are told by their names."""
    assert [Request(name, "ring8").is_control for name in (*CONTROLS, "gan")] == [True, True, False]
