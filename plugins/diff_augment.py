"""DiffAugment: the discriminator sees real and generated images only augmented, by steps the generator learns through.

Zhao, Liu, Lin, Zhu and Han, "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020,
https://arxiv.org/abs/2006.10738, its equations for the losses of both sides with an augmentation T in front of D. The
augmentations and their constants are those of the authors' code (`DiffAugment_pytorch.py`), in its order: colour is
brightness, saturation and contrast; then translation by up to 1/8 of a side, with zeros moving in; then a square
cutout of half a side, set to zero, whose centre lies anywhere in the image.

Deviations: a share of a side is rounded down to whole pixels, as in the revisions of that code that could be read; for
sides that 8 divides it makes no difference. Grey images have no saturation, so that step leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ganbench import NotApplicable, Recipe, Trick, View, hookimpl


def uniform(x: Tensor, low: float, high: float) -> Tensor:
    """One number in [low, high) for each image of `x`, as (batch, 1, 1, 1)."""
    return low + (high - low) * torch.rand(len(x), 1, 1, 1, dtype=x.dtype, device=x.device)


def whole(x: Tensor, low: int, high: int) -> Tensor:
    """One whole number from `low` to `high`, both included, for each image of `x`, as (batch, 1)."""
    return torch.randint(low, high + 1, (len(x), 1), device=x.device)


def stretched(x: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """The distance of `x` from `mean`, multiplied."""
    return mean + factor * (x - mean)


def coloured(x: Tensor) -> Tensor:
    """Brightness moved by up to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    x = x + uniform(x, -0.5, 0.5)
    x = stretched(x, x.mean(dim=1, keepdim=True), uniform(x, 0.0, 2.0))
    return stretched(x, x.mean(dim=(1, 2, 3), keepdim=True), uniform(x, 0.5, 1.5))


def translated(x: Tensor) -> Tensor:
    """Moved by up to an eighth of each side; what moves in is 0."""
    for axis in (2, 3):
        side = x.shape[axis]
        shift = whole(x, -(side // 8), side // 8)
        # one row of zeros on either side is enough: whatever lies further out is clamped to it
        index = (torch.arange(side, device=x.device) + shift + 1).clamp(0, side + 1)
        padded = pad(x, (0, 0, 1, 1) if axis == 2 else (1, 1, 0, 0))
        shape = [len(x), 1, side, 1] if axis == 2 else [len(x), 1, 1, side]
        x = padded.gather(axis, index.reshape(shape).expand(x.shape))
    return x


def cut_out(x: Tensor) -> Tensor:
    """A rectangle of half of each side set to 0; it may hang over the border."""
    inside = []
    for axis in (2, 3):
        side = x.shape[axis]
        hole = side // 2
        first = whole(x, 0, side - hole % 2) - hole // 2
        place = torch.arange(side, device=x.device)
        inside.append((place >= first) & (place < first + hole))
    rows, columns = inside
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


STEPS: dict[str, Callable[[Tensor], Tensor]] = {"color": coloured, "translation": translated, "cutout": cut_out}


@dataclass(frozen=True)
class DiffAugment(View):
    """Augmentations, one after the other, drawn afresh for every image."""

    policy: str = "color,translation,cutout"

    def __post_init__(self) -> None:
        for step in self.policy.split(","):
            if step not in STEPS:
                raise ValueError(f"diff_augment: found policy step '{step}'; wanted steps among {', '.join(STEPS)}")

    def __call__(self, x: Tensor) -> Tensor:
        """The images (batch, channels, height, width), augmented."""
        for step in self.policy.split(","):
            x = STEPS[step](x)
        return x

    def shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """That of the images."""
        if len(sample_shape) != 3:
            raise NotApplicable(f"DiffAugment augments images; samples of shape {sample_shape} are none")
        return sample_shape


@dataclass(frozen=True)
class WithDiffAugment(Trick):
    """Shows the discriminator augmented images."""

    name = "diff_augment"
    paper = "https://arxiv.org/abs/2006.10738"

    policy: str = "color,translation,cutout"

    def __post_init__(self) -> None:
        DiffAugment(self.policy)  # refuses what it would refuse

    def __call__(self, recipe: Recipe) -> Recipe:
        if any(view.samples > 1 for view in recipe.views):
            raise NotApplicable(f"{recipe.name} shows several images as one already; they are to be augmented first")
        return recipe.shown(DiffAugment(self.policy))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `diff_augment`."""
    register("diff_augment", WithDiffAugment)
