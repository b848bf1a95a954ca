"""Packing (PacGAN): the discriminator judges several samples at once, so that it sees when they are too much alike.

Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks", NeurIPS 2018,
https://arxiv.org/abs/1712.04086, section 2: m samples from the same side, real or generated, are concatenated and given
one score; only the discriminator's first layer grows, by the factor m. Two samples are enough in their experiments, and
they go up to four.

Deviation: a batch of n samples gives n // m packs, and a remainder of fewer than m samples is left out. The authors'
code counts a batch in packs instead, so that it draws m times the samples in an update; here the samples that an update
draws stay the same, as the budget counts them, and the discriminator has fewer scores to learn from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ganbench import Recipe, Trick, View, hookimpl


@dataclass(frozen=True)
class Packed(View):
    """Packs of consecutive samples of a batch, concatenated along their first axis."""

    samples: int = 2
    """m"""

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise ValueError(f"packing: found samples {self.samples}; wanted packs of at least 2")

    def __call__(self, x: Tensor) -> Tensor:
        """Packs (batch // m, m * first, ...) of samples (batch, first, ...)."""
        packs = len(x) // self.samples
        return x[: packs * self.samples].reshape(packs, *self.shape(tuple(x.shape[1:])))

    def shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(m * first, ...): points get longer, images get more channels."""
        first, *others = sample_shape
        return (self.samples * first, *others)


@dataclass(frozen=True)
class Packing(Trick):
    """Shows the discriminator packs."""

    name = "packing"
    paper = "https://arxiv.org/abs/1712.04086"

    samples: int = 2
    """m"""

    def __post_init__(self) -> None:
        Packed(self.samples)  # refuses what it would refuse

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.shown(Packed(self.samples))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `packing`."""
    register("packing", Packing)
