"""Samples as pictures: a grid of images, or points over the modes that they should cover."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray
from torch import Tensor

from ganbench.datasets.images import to_uint8
from ganbench.metrics.modes import Modes

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

DPI = 100
TITLE_HEIGHT = 48
"""Pixels above a grid of images."""
GAP = 2
"""Pixels of `GREY` around each image of a grid."""
GREY = 160
COVERED, MISSED, SAMPLES = "#0072b2", "#d55e00", "#333333"
Floats = NDArray[np.float64]


def image_picture(samples: Tensor, title: str) -> Figure:
    """At most a hundred images, about 700 pixels wide."""
    shown = to_uint8(samples[:100]).numpy()
    columns = min(10, math.ceil(math.sqrt(len(shown))))
    scale = max(1, 700 // (columns * max(shown.shape[2:])))
    grid = image_grid(shown, columns, scale)
    height, width = grid.shape[:2]
    figure = Figure(figsize=(width / DPI, (height + TITLE_HEIGHT) / DPI), dpi=DPI)
    figure.figimage(grid, xo=0, yo=0, origin="upper")
    text = textwrap.fill(f"{title}; the first {len(shown)} of {len(samples):,} samples", width // 7)
    middle = (height + TITLE_HEIGHT / 2) / (height + TITLE_HEIGHT)
    figure.text(4 / width, middle, text, va="center", fontsize=9, parse_math=False)
    return figure


def point_picture(samples: Tensor, density: GaussianMixture | None, title: str) -> Figure:
    """At most 2,500 points in a frame that the true modes fix, the same for every variant."""
    figure = Figure(figsize=(6, 6.8), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    points = _in_plane(samples[:2500])
    low, high = _frame(points if density is None else _in_plane(density.centres), density)
    outside = int((~((points >= low) & (points <= high)).all(axis=1)).sum())
    axes.scatter(points[:, 0], points[:, 1], s=3, color=SAMPLES, alpha=0.4, linewidths=0, label="samples")
    if density is not None:
        _draw_modes(axes, density, covered_modes(samples, density))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", xlabel="first coordinate", ylabel="second")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    set_title(figure, f"{title}\n{outside} of {len(points)} drawn samples lie outside the frame", 80)
    return figure


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


def covered_modes(samples: Tensor, density: GaussianMixture) -> NDArray[np.bool_]:
    """Whether each mode (modes,) is covered by `samples` (n, d), by the rule of the metric `modes_covered`."""
    rule = Modes()
    _, on_mode = rule.found(samples, density)
    return rule.covered(on_mode, len(samples)).numpy()


def set_title(figure: Figure, text: str, width: int) -> None:
    """Puts `text` above `figure`, its lines broken at `width` characters."""
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, width)]
    figure.suptitle("\n".join(lines), fontsize=10, parse_math=False)


def _in_plane(x: Tensor) -> Floats:
    """The first two coordinates (n, 2) of `x` (n, ...); a missing second is zero."""
    flat = x.double().flatten(1)[:, :2].numpy()
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _frame(points: Floats, density: GaussianMixture | None) -> tuple[Floats, Floats]:
    """The lower left and upper right corner of a square about `points`, with room for six sigma and a third more.

    Points that are all the same, which tell no scale, stand in the middle of a square of side 2.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low).max() / 2 * 4 / 3 + (6 * density.sigma if density else 1e-3)
    if density is None and (low == high).all():
        half = 1.0
    return (low + high) / 2 - half, (low + high) / 2 + half


def _draw_modes(axes: Axes, density: GaussianMixture, covered: NDArray[np.bool_]) -> None:
    """The 3-sigma circle of each mode, and around it a ring that can be seen however small sigma is."""
    centres = _in_plane(density.centres)
    for state, colour, name in ((covered, COVERED, "covered"), (~covered, MISSED, "missed")):
        label = f"modes {name}: {int(state.sum())}"
        x, y = centres[state].T
        axes.scatter(x, y, s=260, facecolors="none", edgecolors=colour, linewidths=1.6, label=label)
        for x, y in centres[state]:
            axes.add_patch(Circle((x, y), 3 * density.sigma, fill=False, color=colour, linewidth=0.8))
