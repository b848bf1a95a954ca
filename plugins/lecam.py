"""LeCam regularisation: the scores of either side are held near the mean that the other side has had of late.

Tseng, Jiang, Liu, Yang and Yang, "Regularizing Generative Adversarial Networks under Limited Data", CVPR 2021,
https://arxiv.org/abs/2104.03310, the equation of R_LC: E[|D(real) - alpha_F|^2] + E[|D(fake) - alpha_R|^2], where
alpha_R and alpha_F are running means of the discriminator's scores of real and of generated samples: each side is held
by the OTHER's mean, so the two cannot drift apart. The weight 0.3 is that of the authors' script for CIFAR-10, the
decay 0.99 that of their code for StyleGAN2; their code for BigGAN has 0.9.

Deviations: both codes square only what is above alpha_F on reals and below alpha_R on fakes, the paper squares all, as
here. The running means start at 0, where scores start; the authors' StyleGAN2 corrects them for such a start, their
BigGAN leaves the first 1,000 steps unregularised. They take in the scores after each update, not those within it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from torch import Tensor

from ganbench import Discriminator, Penalty, Recipe, Trick, hookimpl


def check_decay(decay: float) -> None:
    """Raises ValueError where the running means would not follow the scores."""
    if not 0 <= decay < 1:
        raise ValueError(f"lecam: found decay {decay}; wanted 0 <= decay < 1")


@dataclass(frozen=True)
class LeCam(Penalty):
    """lambda * (E[(D(real) - alpha_F)^2] + E[(D(fake) - alpha_R)^2])."""

    remembered = ("real_mean", "fake_mean")

    weight: float = 0.3
    """lambda"""
    decay: float = 0.99
    """gamma, per update of the discriminator"""
    real_mean: float | Tensor = 0.0
    """alpha_R, of the scores of real samples"""
    fake_mean: float | Tensor = 0.0
    """alpha_F, of the scores of generated samples"""

    def __post_init__(self) -> None:
        check_decay(self.decay)

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight * ((d(real) - self.fake_mean).square().mean() + (d(fake) - self.real_mean).square().mean())

    def after(self, d: Discriminator, real: Tensor, fake: Tensor) -> Self:
        """Each alpha becomes gamma * alpha + (1 - gamma) * the mean score of the batch."""
        return replace(
            self, real_mean=self._followed(self.real_mean, d(real)), fake_mean=self._followed(self.fake_mean, d(fake))
        )

    def _followed(self, mean: float | Tensor, score: Tensor) -> Tensor:
        return self.decay * mean + (1 - self.decay) * score.mean()


@dataclass(frozen=True)
class WithLeCam(Trick):
    """Adds the penalty."""

    name = "lecam"
    paper = "https://arxiv.org/abs/2104.03310"

    weight: float = 0.3
    """lambda"""
    decay: float = 0.99
    """gamma, per update of the discriminator"""

    def __post_init__(self) -> None:
        check_decay(self.decay)

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.penalised(LeCam(self.weight, self.decay))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `lecam`."""
    register("lecam", WithLeCam)
