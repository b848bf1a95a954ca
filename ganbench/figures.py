"""Pictures of a run: what its generator draws, and how its numbers moved as the budget was spent.

Figures are built without pyplot, so that nothing global is touched and no display is asked for.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator
from torch import Tensor

from ganbench.atomic import replacing
from ganbench.metrics.discriminator import wilson_interval
from ganbench.pictures import DPI, image_picture, point_picture, set_title
from ganbench.record import Point, RunRecord

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

_ACCURACIES = ("accuracy_train", "accuracy_held_out", "accuracy_fake", "accuracy_balanced")
_OPTIMUM = "accuracy_bayes"
"""What the balanced accuracy can reach."""
_CALLS = "accuracy_calls"
_BESIDE = re.compile(r"@[0-9]+|_(bayes|estimate|floor|limit)(?=\[|$)")
"""What a name has more than that of the quantity beside which it is drawn: js_floor beside js."""
_AXES = {
    "samples": "real samples drawn",
    "d_steps": "discriminator updates",
    "g_steps": "generator updates",
    "flops": "floating point operations",
    "seconds": "training seconds",
}
_DOTTED = 50
"""Points up to which each has a marker."""
_ARROWS = {"higher": " ↑", "lower": " ↓"}


def draw_samples(samples: Tensor, density: GaussianMixture | None, title: str) -> Figure:
    """Images (n, channels, height, width) in [-1, 1] as a grid; anything else as points over the modes of `density`.

    Of points in more than two dimensions the first two coordinates are drawn.

    Raises:
        ValueError: when an image is not finite.
    """
    return image_picture(samples, title) if samples.ndim == 4 else point_picture(samples, density, title)


def draw_curves(record: RunRecord) -> Figure:
    """A panel for every quantity of the record over what was spent: the headline first, the accuracies together."""
    panels = _panels(record)
    columns = min(3, max(1, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = Figure(figsize=(max(6, 4 * columns), 1 + 3 * rows), dpi=DPI, layout="constrained")
    spec = record.spec
    shown = f"n = {spec.curve_samples:,} samples a point, {spec.samples:,} at the last, which is the larger marker"
    set_title(figure, f"{spec.cell} on {spec.dataset}, seed {spec.seed}, budget {spec.budget}\n{shown}", 40 * columns)
    for place, (family, names) in enumerate(panels.items()):
        _draw_panel(figure.add_subplot(rows, columns, place + 1), record, family, names)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes `figure` as PNG, whole or not at all; the same figure gives the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi="figure", metadata={"Software": None})


def _panels(record: RunRecord) -> dict[str, list[str]]:
    """Names of quantities by the panel that they share: split counts of one score, what is beside it, accuracies.

    What was measured at the last point alone has no curve, and stands in the tables.
    """
    panels: dict[str, list[str]] = defaultdict(list)
    points = Counter(name for point in record.curve for name in point["values"])
    least = min(2, len(record.curve))
    for name in (name for name, count in points.items() if count >= least and name != _CALLS):
        panels["accuracy" if name in (*_ACCURACIES, _OPTIMUM) else _BESIDE.sub("", name)].append(name)
    return {
        family: panels[family] for family in sorted(panels, key=lambda family: _panel_place(record, panels[family]))
    }


def _panel_place(record: RunRecord, names: list[str]) -> tuple[bool, bool, str]:
    """Sorts panels: the headline's, those of numbers to be made good, diagnoses."""
    direction = record.quantities.get(names[0], {}).get("direction", "neither")
    return record.headline not in names, direction == "neither", names[0]


def _draw_panel(axes: Axes, record: RunRecord, family: str, names: list[str]) -> None:
    unit = record.spec.budget.rpartition(" ")[2]
    how = _reading([record.quantities.get(name, {}) for name in names])
    for name in names:
        points = [point for point in record.curve if name in point["values"]]
        spent = [point["meters"].get(unit, 0) for point in points]
        values = [point["values"][name] for point in points]
        size = 3 if len(points) <= _DOTTED else 0
        (line,) = axes.plot(
            spent,
            values,
            color="black" if name == _OPTIMUM else None,
            linestyle="--" if name == _OPTIMUM else "-",
            marker="o",
            markersize=size,
            linewidth=1.2,
            label=_label(name),
        )
        if points[-1]["fraction"] >= 1:
            axes.plot(spent[-1:], values[-1:], marker="o", markersize=6, color=line.get_color())
        if name in _ACCURACIES:
            _draw_band(axes, points, name, spent, line.get_color())
            how = {**how, "unit": "share called right, with 95 % band"}
    _frame(axes, family + _ARROWS.get(how.get("direction", ""), ""), _AXES.get(unit, unit), how)
    if len(names) > 1 or _OPTIMUM in names:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=6, fontsize=7, handlelength=1, frameon=False)


def _reading(ways: list[dict[str, Any]]) -> dict[str, Any]:
    """How to read a panel: as its first quantity, within bounds only where all of them have some."""
    known = {bound: [way[bound] for way in ways if way.get(bound) is not None] for bound in ("lowest", "highest")}
    return {
        **ways[0],
        "lowest": min(known["lowest"]) if len(known["lowest"]) == len(ways) else None,
        "highest": max(known["highest"]) if len(known["highest"]) == len(ways) else None,
    }


def _label(name: str) -> str:
    """What tells a quantity from the others of its panel: "@10", "held_out"."""
    splits = re.search("@[0-9]+", name)
    return splits[0] if splits else name.removeprefix("accuracy_")


def _draw_band(axes: Axes, points: list[Point], name: str, spent: list[float], colour: Any) -> None:
    """Wilson's 95 % interval, at the least number of calls that any of the point's accuracies rests on."""
    values = [point["values"] for point in points]
    bounds = [wilson_interval(value[name], int(value[_CALLS])) for value in values if value.get(_CALLS)]
    if len(bounds) < len(values):
        return
    axes.fill_between(spent, *np.transpose(bounds), color=colour, alpha=0.2, linewidth=0)


def _frame(axes: Axes, title: str, x: str, how: dict[str, Any]) -> None:
    """Axes that begin and end at the bounds of the quantity, with a little room for what lies on them."""
    axes.set_title(title, fontsize=10, parse_math=False)
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(how.get("unit", ""), fontsize=8, parse_math=False)
    axes.tick_params(labelsize=8)
    spent = float(axes.dataLim.x1) or 1.0
    axes.set_xlim(-0.03 * spent, 1.03 * spent)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    bottom, top = axes.get_ylim()
    lowest, highest = how.get("lowest"), how.get("highest")
    low, high = bottom if lowest is None else lowest, top if highest is None else highest
    if labels := how.get("labels"):
        axes.set_yticks(range(len(labels)), labels)
    room = 0.04 * (high - low)
    axes.set_ylim(low if lowest is None else low - room, high if highest is None else high + room)
    axes.grid(alpha=0.3)
