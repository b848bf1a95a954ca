"""From an array of somebody's making to samples as a dataset has them: their axes, their range, their finiteness.

Nothing is guessed in silence. Axes may be moved where only one reading fits the dataset's shape. The range of images
must be stated unless the numbers leave one reading: whole numbers with one above 1 are bytes, floats from -1 to 1 with
one below 0 are signed; floats from 0 to 1 could be of two ranges, and are asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from ganbench.errors import SamplesError

if TYPE_CHECKING:
    from torch import Tensor

Range = Literal["bytes", "signed", "unit"]
RANGES: tuple[str, ...] = get_args(Range)
BOUNDS: dict[Range, tuple[float, float]] = {"bytes": (0, 255), "signed": (-1, 1), "unit": (0, 1)}
SLACK = 1e-5
"""By how much a float may leave its range: rounding."""
FEWEST = 2


def require_finite(x: Tensor) -> Tensor:
    """`x` (n, ...) itself.

    Raises:
        SamplesError: where a number is NaN or infinite, before any of them becomes a byte.
    """
    strange = ~x.isfinite().flatten(1).all(dim=1)
    if bool(strange.any()):
        raise SamplesError(
            f"found NaN or infinity in {int(strange.sum())} of {len(x)} samples, first in number "
            f"{int(strange.nonzero()[0])} (from 0); wanted finite numbers: what made them has diverged"
        )
    return x


def arranged(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`x` as (n, *shape): for images, channels may come last, and one channel may have no axis.

    Raises:
        SamplesError: where it cannot be read so, or holds fewer than two samples.
    """
    found, readings = tuple(x.shape), _readings(shape)
    if found[1:] not in readings:
        wanted = " or ".join(f"(n, {', '.join(map(str, reading))})" for reading in readings)
        raise SamplesError(f"found an array of shape {found}, wanted {wanted}: n samples as the reference has them")
    if len(x) < FEWEST:
        raise SamplesError(
            f"found {len(x)} sample(s), wanted at least {FEWEST}, and some hundreds for numbers that mean something: "
            "every metric is of many samples together"
        )
    if found[1:] == shape:
        return x
    return x.unsqueeze(1) if x.ndim == len(shape) else x.movedim(-1, 1)


def _readings(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    if len(shape) != 3:
        return [shape]
    channels, height, width = shape
    return list(dict.fromkeys([shape, (height, width, channels), *([(height, width)] if channels == 1 else [])]))


def in_signed_range(x: Tensor, stated: Range | None) -> tuple[Tensor, Range]:
    """Images `x` of finite numbers as float32 in [-1, 1], and the range that they were read in.

    Raises:
        SamplesError: where they leave the stated range, or none is stated and the numbers leave more than one reading.
    """
    low, high = float(x.min()), float(x.max())
    span = stated or _only_reading(x, low, high)
    lowest, highest = BOUNDS[span]
    slack = 0 if span == "bytes" else SLACK
    if low < lowest - slack or high > highest + slack:
        raise SamplesError(
            f"found pixels from {low:g} to {high:g}, wanted {lowest:g} to {highest:g} for the range '{span}'; state "
            f"another with --range ({', '.join(RANGES)}) or scale them: nothing is clipped"
        )
    middle, half = (lowest + highest) / 2, (highest - lowest) / 2
    return x.float().div(half).sub(middle / half).clamp(-1, 1), span


def _only_reading(x: Tensor, low: float, high: float) -> Range:
    if not x.is_floating_point() and high > 1:
        return "bytes"
    if x.is_floating_point() and -1 - SLACK <= low < 0 and high <= 1 + SLACK:
        return "signed"
    raise SamplesError(
        f"found {str(x.dtype).removeprefix('torch.')} pixels from {low:g} to {high:g}, which do not tell their range; "
        "state it: --range bytes (0 to 255), --range signed (-1 to 1) or --range unit (0 to 1)"
    )


def as_points(x: Tensor, stated: Range | None) -> Tensor:
    """Points as float32.

    Raises:
        SamplesError: where a range is stated, which points have none of, or float32 cannot hold a number.
    """
    if stated:
        raise SamplesError(f"--range {stated}: the reference holds points, not images; leave the option out")
    return require_finite(x.float())
