"""Extragradient: both sides look a step ahead, and step from where they stood along the gradients found there.

Gidel, Berard, Vignoud, Vincent and Lacoste-Julien, "A Variational Inequality Perspective on Generative Adversarial
Networks", ICLR 2019, https://arxiv.org/abs/1802.10551, algorithm 4, Extra-Adam, with its standard extrapolation: the
moments take in both gradients, that of the look ahead and that of the step, and each of the two draws a batch of its
own. So the trick pays for twice the real samples of a plain update. With SGD it is algorithm 2.

Deviations: the optimiser stays the recipe's; the samples are those of the last weights, not of their average over
training, which the paper keeps besides (the trick `ema` adds a running one). The generator's step sees the second
batch's real samples and latents of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ganbench import Dynamics, Recipe, Trick, hookimpl

from .simultaneous import require_one_for_one


@dataclass(frozen=True)
class Extragradient(Dynamics):
    """w' = w - eta F(w), then w <- w - eta F(w'), F being the gradients of both sides, each by its own weights."""

    extrapolates = True


@dataclass(frozen=True)
class WithExtragradient(Trick):
    """Lets both sides look a step ahead."""

    name = "extragradient"
    paper = "https://arxiv.org/abs/1802.10551"

    def __call__(self, recipe: Recipe) -> Recipe:
        require_one_for_one(recipe)
        return recipe.played(Extragradient())


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `extragradient`."""
    register("extragradient", WithExtragradient)
