"""The phase plane of a Dirac-GAN: the path that theta and psi take about the equilibrium, for a run and for a board."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ganbench.figures import save
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.files import slugs
from ganbench.leaderboards.row import Row
from ganbench.pictures import DPI, set_title
from ganbench.record import RunRecord

COLUMNS = 4
"""Cells abreast in the picture of a board."""
PATH, START, END, EQUILIBRIUM = "#0072b2", "#009e73", "#d55e00", "#000000"
Floats = NDArray[np.float64]


def has_phase(record: RunRecord) -> bool:
    """Whether the record holds a path to draw."""
    return any({"theta", "psi"} <= point["values"].keys() for point in record.curve)


def draw_phase(record: RunRecord) -> Figure:
    """The path of one run, from its first evaluation point to its last."""
    figure = Figure(figsize=(6, 6.6), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, [record], legend=True)
    axes.set(xlabel="theta, the generator's point", ylabel="psi, the discriminator's slope")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    spec = record.spec
    outcome = _outcome(Row(spec.cell, (record,)))
    set_title(figure, f"{spec.cell} on {spec.dataset}, seed {spec.seed}, budget {spec.budget}\n{outcome}", 80)
    return figure


def draw_rows(rows: Sequence[Row], title: str) -> Figure:
    """A small phase plane for each of `rows` that has a path, every seed in it, with its verdict."""
    rows = [row for row in rows if any(map(has_phase, row.records))]
    columns = min(COLUMNS, max(1, len(rows)))
    lines = max(1, math.ceil(len(rows) / columns))
    figure = Figure(figsize=(max(5, 3 * columns), 0.9 + 3.5 * lines), dpi=DPI, layout="constrained")
    for place, row in enumerate(rows):
        axes = figure.add_subplot(lines, columns, place + 1)
        _draw(axes, [record for record in row.records if has_phase(record)], legend=place == 0)
        axes.tick_params(labelsize=7)
        cell = textwrap.fill(row.cell, 40)
        axes.set_title(f"{cell}\n{_outcome(row)}", fontsize=8, parse_math=False)
    if rows:
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    set_title(figure, title, 30 * columns)
    return figure


def write_phases(boards: Sequence[Board], folder: Path) -> list[Path]:
    """Writes `<slug>.png` into `folder` for each board with paths to draw, and returns what was written."""
    written = []
    for slug, board in zip(slugs(boards), boards, strict=True):
        if any(map(has_phase, board.records)):
            title = f"{board.conditions.dataset}, {board.conditions.budget}: theta across, psi upwards, a path a seed"
            save(draw_rows(board.rows, title), folder / f"{slug}.png")
            written.append(folder / f"{slug}.png")
    return written


def _draw(axes: Axes, records: Sequence[RunRecord], legend: bool) -> None:
    """The paths of `records` in one square frame, its centre the equilibrium."""
    paths = [_path(record) for record in records]
    labels = ("first point", "last point", "equilibrium") if legend else (None, None, None)
    axes.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    axes.axvline(0, color="#cccccc", linewidth=0.8, zorder=0)
    for theta, psi in paths:
        axes.plot(theta, psi, color=PATH, linewidth=0.9, alpha=0.7 if len(paths) == 1 else 0.45)
    for k, colour, marker, label in ((0, START, "o", labels[0]), (-1, END, "s", labels[1])):
        theta, psi = np.array([path[:, k] for path in paths]).T
        axes.scatter(theta, psi, s=22, color=colour, marker=marker, zorder=3, label=label)
    axes.scatter([0], [0], s=50, color=EQUILIBRIUM, marker="+", zorder=4, label=labels[2])
    reach = 1.08 * max(float(np.abs(path).max()) for path in paths) or 1.0
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _path(record: RunRecord) -> Floats:
    """theta and psi (2, points)."""
    points: list[dict[str, Any]] = [point["values"] for point in record.curve if "theta" in point["values"]]
    return np.array([[point["theta"] for point in points], [point["psi"] for point in points]])


def _outcome(row: Row) -> str:
    """The verdict of a row, and how many of its runs failed."""
    return ", ".join(filter(None, (row.words("verdict"), row.failures)))
