"""Pictures of where theta and psi went."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from records import ok

from ganbench.figures import save
from ganbench.leaderboards.board import boards
from ganbench.leaderboards.row import Row
from ganbench.phase import draw_phase, draw_rows, has_phase, write_phases
from ganbench.publication import publish

PATH = [(0.5, 0.0), (0.0, -2.0), (0.25, 0.0)]
QUANTITIES = {"verdict": {"direction": "lower", "labels": ["converges", "cycles"]}, "theta": {}, "psi": {}}


def run(variant="gan", seed=0, path=PATH):
    """A run that took this path and cycles."""
    curve = [
        {"fraction": (k + 1) / len(path), "meters": {}, "values": {"theta": theta, "psi": psi}}
        for k, (theta, psi) in enumerate(path)
    ]
    values = {"verdict": 1.0, "theta": path[-1][0], "psi": path[-1][1]}
    return replace(ok(variant, seed, values=values), curve=tuple(curve), quantities=QUANTITIES, headline="verdict")


def test_the_path_is_drawn_about_the_equilibrium():
    """theta across and psi upwards, start and end marked, in a square whose middle is (0, 0)."""
    (axes,) = draw_phase(run()).axes
    path = axes.lines[-1].get_xydata()
    assert path.tolist() == [list(point) for point in PATH]
    assert [mark.get_offsets().tolist() for mark in axes.collections] == [[[0.5, 0]], [[0.25, 0]], [[0, 0]]]
    assert axes.get_xlim() == axes.get_ylim() == pytest.approx((-2.16, 2.16))
    assert draw_phase(run()).get_suptitle() == "gan on ring8, seed 0, budget 1280 samples\ncycles"


def test_a_run_that_rests_at_the_equilibrium_has_a_picture(tmp_path):
    """Its frame is that of the unit."""
    figure = draw_phase(run(path=[(0.0, 0.0)]))
    assert figure.axes[0].get_xlim() == (-1, 1)
    save(figure, tmp_path / "phase.png")
    with Image.open(tmp_path / "phase.png") as image:
        assert np.asarray(image.convert("RGB")).shape == (660, 600, 3)


def test_rows_have_a_plane_each_with_all_their_seeds():
    """Named by cell and verdict; rows without a path have none."""
    rows = [Row("gan", (run(), run(seed=1))), Row("vae", (ok("vae", 0, 3),)), Row("wgan", (run("wgan"),))]
    figure = draw_rows(rows, "title")
    assert [axes.get_title() for axes in figure.axes] == ["gan\ncycles", "wgan\ncycles"]
    assert [len(axes.lines) - 2 for axes in figure.axes] == [2, 1]


def test_boards_with_paths_have_a_picture_beside_their_table(tmp_path):
    """Under the name of the board's other files, the same bytes each time; other boards have none."""
    assert not has_phase(ok(modes=3))
    assert write_phases(boards([ok(modes=3)]), tmp_path) == []
    (first,) = write_phases(boards([run()]), tmp_path)
    before = first.read_bytes()
    assert write_phases(boards([run()]), tmp_path) == [first]
    assert first.read_bytes() == before
    assert first.name.startswith("ring8-1280-samples-") and first.suffix == ".png"


def test_a_picture_is_drawn_again_for_other_runs_alone(tmp_path):
    """One whose board is published already is left alone, and drawn where it is missing or its table has changed."""

    def pictures(*runs):
        return [path for path in publish(boards(runs), tmp_path) if path.suffix == ".png"]

    (drawn,) = pictures(run())
    assert pictures(run()) == []
    drawn.unlink()
    assert pictures(run()) == [drawn]
    assert pictures(run(), run(seed=1)) == [drawn]
