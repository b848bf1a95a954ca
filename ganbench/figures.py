"""Pictures of a run: what its generator draws, and how its numbers moved as the budget was spent.

Figures are built without pyplot, so that nothing global is touched and no display is asked for.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray
from torch import Tensor

from ganbench.atomic import replacing
from ganbench.datasets.images import to_uint8
from ganbench.metrics.discriminator import wilson_interval
from ganbench.metrics.modes import Modes, nearest_modes
from ganbench.record import RunRecord

if TYPE_CHECKING:
    from ganbench.datasets.mixtures import GaussianMixture

DPI = 100
TITLE_HEIGHT = 48
"""Pixels above a grid of images."""
GAP = 2
"""Pixels of `GREY` around each image of a grid."""
GREY = 160
COVERED, MISSED, SAMPLES = "#0072b2", "#d55e00", "#333333"
_AXES = {
    "samples": "real samples drawn",
    "d_steps": "discriminator updates",
    "g_steps": "generator updates",
    "flops": "floating point operations",
    "seconds": "training seconds",
}
_ARROWS = {"higher": " ↑", "lower": " ↓"}


def draw_samples(samples: Tensor, density: GaussianMixture | None, title: str) -> Figure:
    """Images (n, channels, height, width) in [-1, 1] as a grid, or points (n, 2) over the modes of their `density`.

    Raises:
        ValueError: when an image is not finite, or the samples are neither.
    """
    if samples.ndim == 4:
        return _image_figure(samples, title)
    if samples.ndim == 2 and samples.shape[1] == 2:
        return _point_figure(samples, density, title)
    raise ValueError(f"found samples of shape {tuple(samples.shape)}: wanted images (n, c, h, w) or points (n, 2)")


def draw_curves(record: RunRecord) -> Figure:
    """A panel for every quantity of the record over what was spent: the headline first, the accuracies together."""
    panels = _panels(record)
    columns = min(3, max(1, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = Figure(figsize=(max(6, 4 * columns), 1 + 3 * rows), dpi=DPI, layout="constrained")
    spec = record.spec
    shown = f"n = {spec.curve_samples:,} samples a point, {spec.samples:,} at the last, which is the larger marker"
    _title(figure, f"{spec.cell} on {spec.dataset}, seed {spec.seed}, budget {spec.budget}\n{shown}", 40 * columns)
    for place, (family, names) in enumerate(panels.items()):
        _draw_panel(figure.add_subplot(rows, columns, place + 1), record, family, names)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes `figure` as PNG, whole or not at all; the same figure gives the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi="figure", metadata={"Software": None})


def image_grid(images: NDArray[np.uint8], columns: int, scale: int) -> NDArray[np.uint8]:
    """RGB bytes (height, width, 3) of `images` (n, channels, h, w), each pixel `scale` wide, row by row.

    One channel is grey; of more than three the first three are shown, of two the first.
    """
    colours = images[:, :3] if images.shape[1] >= 3 else images[:, :1].repeat(3, axis=1)
    tiles = colours.repeat(scale, axis=2).repeat(scale, axis=3).transpose(0, 2, 3, 1)
    high, wide = tiles.shape[1] + GAP, tiles.shape[2] + GAP
    grid = np.full((math.ceil(len(tiles) / columns) * high + GAP, columns * wide + GAP, 3), GREY, dtype=np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * high + GAP, place % columns * wide + GAP
        grid[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return grid


def _image_figure(samples: Tensor, title: str) -> Figure:
    """At most a hundred images, about 700 pixels wide."""
    shown = to_uint8(samples[:100]).numpy()
    columns = min(10, math.ceil(math.sqrt(len(shown))))
    scale = max(1, 700 // (columns * max(shown.shape[2:])))
    grid = image_grid(shown, columns, scale)
    height, width = grid.shape[:2]
    figure = Figure(figsize=(width / DPI, (height + TITLE_HEIGHT) / DPI), dpi=DPI)
    figure.figimage(grid, xo=0, yo=0, origin="upper")
    text = textwrap.fill(f"{title}; the first {len(shown)} of {len(samples):,} samples", width // 7)
    figure.text(4 / width, 1 - 4 / (height + TITLE_HEIGHT), text, va="top", fontsize=9, parse_math=False)
    return figure


def _point_figure(samples: Tensor, density: GaussianMixture | None, title: str) -> Figure:
    """At most 2,500 points in a frame that the true modes fix, so that pictures of all variants can be laid together."""
    figure = Figure(figsize=(6, 6.8), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    points = samples[:2500].double().numpy()
    low, high = _frame(points if density is None else density.centres.double().numpy(), density)
    outside = int((~((points >= low) & (points <= high)).all(axis=1)).sum())
    axes.scatter(points[:, 0], points[:, 1], s=3, color=SAMPLES, alpha=0.4, linewidths=0, label="samples")
    if density is not None:
        _draw_modes(axes, density, covered_modes(samples, density))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    _title(figure, f"{title}\n{outside} of {len(points)} drawn samples lie outside the frame", 80)
    return figure


def covered_modes(samples: Tensor, density: GaussianMixture) -> NDArray[np.bool_]:
    """Whether each mode (modes,) is covered by `samples` (n, d), by the rule of the metric `modes_covered`."""
    rule = Modes()
    mode, distance = nearest_modes(samples, density.centres)
    held = mode[distance <= rule.sigmas * density.sigma].bincount(minlength=len(density.means))
    wanted = max(1, math.ceil(rule.share * len(samples) / len(density.means)))
    return (held >= wanted).numpy()


def _frame(points: NDArray[np.float64], density: GaussianMixture | None) -> tuple[Any, Any]:
    """The lower left and upper right corner of a square about `points`, with room for six sigma and a third more."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low).max() / 2 * 4 / 3 + (6 * density.sigma if density else 1e-3)
    return (low + high) / 2 - half, (low + high) / 2 + half


def _draw_modes(axes: Axes, density: GaussianMixture, covered: NDArray[np.bool_]) -> None:
    """The 3-sigma circle of each mode, and around it a ring that can be seen however small sigma is."""
    centres = density.centres.numpy()
    for state, colour, name in ((covered, COVERED, "covered"), (~covered, MISSED, "missed")):
        label = f"{int(state.sum())} modes {name}"
        axes.scatter(*centres[state].T, s=260, facecolors="none", edgecolors=colour, linewidths=1.6, label=label)
        for x, y in centres[state]:
            axes.add_patch(Circle((x, y), 3 * density.sigma, fill=False, color=colour, linewidth=0.8))


def _panels(record: RunRecord) -> dict[str, list[str]]:
    """Names of quantities by the panel that they share; split counts of one score share one, and so do accuracies."""
    names = sorted({name for point in record.curve for name in point["values"]}, key=_by_numbers)
    panels: dict[str, list[str]] = defaultdict(list)
    for name in names:
        panels["accuracy" if name.startswith("accuracy") else re.sub("@[0-9]+", "", name)].append(name)
    last = len(panels)
    order = {
        family: -1 if record.headline in members else last * (family == "accuracy")
        for family, members in panels.items()
    }
    return {family: panels[family] for family in sorted(panels, key=lambda family: order[family])}


def _draw_panel(axes: Axes, record: RunRecord, family: str, names: list[str]) -> None:
    unit = record.spec.budget.rpartition(" ")[2]
    for name in names:
        points = [point for point in record.curve if name in point["values"]]
        spent = [point["meters"].get(unit, 0) for point in points]
        values = [point["values"][name] for point in points]
        (line,) = axes.plot(spent, values, marker="o", markersize=3, linewidth=1.2, label=name)
        if points[-1]["fraction"] >= 1:
            axes.plot(spent[-1:], values[-1:], marker="o", markersize=6, color=line.get_color())
        if family == "accuracy":
            _draw_band(axes, record, points, name, spent, line.get_color())
    how = record.quantities.get(names[0], {})
    _label(axes, family + _ARROWS.get(how.get("direction", ""), ""), _AXES.get(unit, unit), how)
    if len(names) > 1:
        legend = axes.legend(fontsize=7, framealpha=0.6)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _draw_band(
    axes: Axes, record: RunRecord, points: list[dict[str, Any]], name: str, spent: list[float], colour: Any
) -> None:
    """Wilson's 95 % interval, taking each accuracy to be of as many calls as samples were judged at the point."""
    calls = [record.spec.samples if point["fraction"] >= 1 else record.spec.curve_samples for point in points]
    bounds = [wilson_interval(point["values"][name], n) for point, n in zip(points, calls, strict=True)]
    axes.fill_between(spent, *np.transpose(bounds), color=colour, alpha=0.2, linewidth=0)


def _label(axes: Axes, title: str, x: str, how: dict[str, Any]) -> None:
    """Axes that begin and end at the bounds of the quantity, with a little room for what lies on them."""
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(how.get("unit", ""), fontsize=8, parse_math=False)
    axes.tick_params(labelsize=8)
    axes.set_xlim(left=0)
    bottom, top = axes.get_ylim()
    lowest, highest = how.get("lowest"), how.get("highest")
    low, high = bottom if lowest is None else lowest, top if highest is None else highest
    room = 0.04 * (high - low)
    axes.set_ylim(low if lowest is None else low - room, high if highest is None else high + room)
    axes.grid(alpha=0.3)


def _title(figure: Figure, text: str, width: int) -> None:
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, width)]
    figure.suptitle("\n".join(lines), fontsize=10, parse_math=False)


def _by_numbers(name: str) -> list[str | int]:
    return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"([0-9]+)", name))]
