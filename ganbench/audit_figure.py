"""The audit of an Inception Score as one picture: what it owes to n, to the classifier, and to copies."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from torch import Tensor

from ganbench.metrics.audit import Audit, Range
from ganbench.pictures import DPI, set_title

GENERATED, REAL, IN_ORDER, ALARM = "#0072b2", "#7f7f7f", "#333333", "#d55e00"
LINE_LENGTH = 195
"""Characters of a line of the verdict."""
LABEL_LENGTH = 14
"""Characters of a line of a classifier's name."""
LINE_HEIGHT = 0.21
"""Inches."""


def draw_audit(audit: Audit, verdict: tuple[str, str, str], ratios: Tensor, real_ratios: Tensor, title: str) -> Figure:
    """Three panels, and the verdict below them.

    `ratios` (n,) and `real_ratios` (m,) are distances to the nearest training over those to the nearest held-out image,
    of the samples and of the held-out images themselves.
    """
    lines = [piece for line in verdict for piece in textwrap.wrap(line, LINE_LENGTH, subsequent_indent="    ")]
    words = LINE_HEIGHT * len(lines)
    height = 6.1 + words
    figure = Figure(figsize=(14, height), dpi=DPI)
    place = {"left": 0.045, "right": 0.985, "bottom": (1.35 + words) / height, "top": 1 - 0.9 / height, "wspace": 0.14}
    panels = figure.subplots(1, 3, width_ratios=(1.5, 1, 1), gridspec_kw=place)
    _draw_curves(panels[0], audit)
    _draw_classifiers(panels[1], audit)
    _draw_copies(panels[2], ratios, real_ratios)
    for k, line in enumerate(reversed(lines)):
        figure.text(0.045, (0.15 + LINE_HEIGHT * k) / height, line, fontsize=9.5, va="bottom", parse_math=False)
    facts = f"n = {audit.n:,} images, {audit.extractor} {audit.sha256[:12]}, V = {audit.variance:.3g}"
    set_title(figure, f"Inception Score audit: {title}\n{facts}", 140)
    return figure


def _draw_curves(axes: Axes, audit: Audit) -> None:
    """The score over images per split: in order, shuffled, of fewer images, of real ones, and by the law."""
    by_split = {audit.n / k: scores for k, scores in audit.shuffled.items()}
    n = np.geomspace(min(*by_split, *audit.by_n), audit.n, 200)
    limit = f"IS∞ = {audit.at_infinity:.2f}; {audit.extrapolated:.2f} by a line through the points"
    axes.axhline(audit.at_infinity, color=GENERATED, linestyle=":", linewidth=1.2, label=limit)
    axes.plot(n, [audit.expected(x) for x in n], color=GENERATED, linewidth=1.2, label="first-order law IS∞ exp(-V/2n)")
    _draw_range(axes, audit.ceiling_by_n, REAL, "real images, held out")
    _draw_points(axes, by_split, "o", GENERATED, "splits, shuffled")
    _draw_points(axes, audit.by_n, "D", "white", "fewer images, one split")
    colour = ALARM if audit.order_matters else IN_ORDER
    in_order = [audit.n / k for k in audit.in_order]
    axes.plot(in_order, list(audit.in_order.values()), "x", color=colour, markersize=7, label="splits, as given")
    for k, scores in audit.shuffled.items():
        below = scores.lowest > 1 + 0.06 * (audit.ceiling - 1)
        where, shift = (audit.n / k, scores.lowest if below else scores.highest), -15 if below else 8
        axes.annotate(f"{k}", where, (0, shift), textcoords="offset points", ha="center", fontsize=8, color=GENERATED)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _frame(
        axes, "One score at many sample sizes, from its floor 1 on", "images per split (the small figures count splits)"
    )


def _draw_points(
    axes: Axes, curve: Mapping[float, Range] | Mapping[int, Range], shape: str, fill: str, label: str
) -> None:
    """Means over random orders, with the range that they come from."""
    places = list(curve)
    low, high, mean = ([getattr(curve[x], part) for x in places] for part in ("lowest", "highest", "mean"))  # type: ignore[index]
    axes.vlines(places, low, high, color=GENERATED, linewidth=1, alpha=0.6)
    axes.plot(places, mean, shape, color=GENERATED, markersize=6, markerfacecolor=fill, label=label)


def _draw_range(axes: Axes, curve: Mapping[int, Range], colour: str, label: str) -> None:
    low, high, mean = ([getattr(scores, part) for scores in curve.values()] for part in ("lowest", "highest", "mean"))
    axes.fill_between(list(curve), low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(list(curve), mean, color=colour, linewidth=1.2, label=label)


def _draw_classifiers(axes: Axes, audit: Audit) -> None:
    """The score by each classifier, beside that of real images."""
    names = [audit.extractor, *(each.name for each in audit.statements)]
    scores = [audit.score, *(each.opinion.score for each in audit.statements)]
    real = [audit.ceiling, *(each.ceiling for each in audit.statements)]
    strange = [each.opinion.collapsed or each.opinion.exceeds for each in audit.statements]
    colours = [GENERATED, *(ALARM if far else GENERATED for far in strange)]
    places = np.arange(len(names))
    axes.bar(places, np.array(scores) - 1, 0.5, bottom=1, color=colours, label="the samples")
    axes.hlines(real, places - 0.35, places + 0.35, color=REAL, linewidth=2.5, label="real images, held out")
    for place, score in zip(places, scores, strict=True):
        inside = score > 1 + 0.06 * (max(*scores, *real) - 1)
        where, colour = ((place, 1), "white") if inside else ((place, score), GENERATED)
        axes.annotate(f"{score:.2f}", where, (0, 5), textcoords="offset points", ha="center", color=colour)
    axes.set_xticks(places, [textwrap.fill(name, LABEL_LENGTH) for name in names])
    axes.set_xlim(-0.6, max(1.6, len(names) - 0.4))
    verdict = "none to ask" if not audit.statements else _said(audit)
    _frame(axes, f"The same images, other classifiers: {verdict}", "classifiers that differ in their seed alone")


def _said(audit: Audit) -> str:
    return "collapsed" if audit.collapsed else "in dispute" if audit.disputed else "confirmed"


def _draw_copies(axes: Axes, ratios: Tensor, real_ratios: Tensor) -> None:
    """The shares of samples and of held-out images below each ratio of distances."""
    threshold = float(real_ratios.quantile(0.01, interpolation="lower"))
    for values, colour, label in ((real_ratios, REAL, "real images, held out"), (ratios, GENERATED, "the samples")):
        axes.ecdf(values.clamp(0, 9).numpy(), color=colour, linewidth=1.8, label=label)
    axes.axvline(threshold, color=ALARM, linestyle="--", linewidth=1.2, label="left of it: near-copies")
    _frame(
        axes,
        "Copies: share of images with a lower ratio",
        "distance to training / to held-out images, the nearest",
        bottom=0,
    )
    axes.set_xlim(-0.06, 2.2)


def _frame(axes: Axes, title: str, x: str, bottom: float = 1.0) -> None:
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylim(bottom, bottom + 1.05 * (axes.dataLim.y1 - bottom))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False)
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=8)
