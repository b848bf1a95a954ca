"""Exponential moving average: sample from the running mean of the generator's weights, not from the last of them.

Yazici, Foo, Winkler, Yap, Piliouras and Chandrasekhar, "The Unusual Effectiveness of Averaging in GAN Training",
ICLR 2019, https://arxiv.org/abs/1806.04498, its equation of EMA: mean <- beta mean + (1 - beta) weights,
after every update of the generator, which itself trains on as if there were no mean.

Deviation: the authors' code takes beta = 0.9999 for 500,000 generator steps. Such a mean remembers about 10,000 steps,
longer than most runs here last, so the default is the 0.999 of Karras, Aila, Laine and Lehtinen, "Progressive Growing
of GANs", ICLR 2018, https://arxiv.org/abs/1710.10196, appendix A.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganbench import NotApplicable, Recipe, Trick, hookimpl


@dataclass(frozen=True)
class EMA(Trick):
    """Samples come from the running mean; training is untouched."""

    name = "ema"
    paper = "https://arxiv.org/abs/1806.04498"

    decay: float = 0.999
    """beta, per update of the generator"""

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise ValueError(f"ema: found decay {self.decay}; wanted 0 <= decay < 1")

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.ema is not None:
            raise NotApplicable(f"{recipe.name} averages its generator already, with decay {recipe.ema}")
        return replace(recipe, ema=self.decay)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `ema`."""
    register("ema", EMA)
