"""LSGAN: the discriminator regresses labels by least squares, so that a fake on the right side still feels a pull.

Mao, Li, Xie, Lau, Wang and Smolley, "Least Squares Generative Adversarial Networks", ICCV 2017,
https://arxiv.org/abs/1611.04076. The loss is equation 2, halves included; the labels are equation 9's, which
the authors train with: a = 0 and b = c = 1. (Equation 8's a = -1, b = 1, c = 0 is the one that minimises a
Pearson chi-square.)

Deviation: the paper steps by Adam with beta1 = 0.5, at a rate of 0.001 on scenes and 0.0002 on characters; no rate is
the method's own, so the optimiser here is the dataset's standard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ganbench import Halves, Recipe, hookimpl


@dataclass(frozen=True)
class LeastSquares(Halves):
    """1/2 E[(D(real) - b)^2] + 1/2 E[(D(fake) - a)^2] against 1/2 E[(D(fake) - c)^2]."""

    fake_label: float = 0.0
    """a"""
    real_label: float = 1.0
    """b"""
    generator_target: float = 1.0
    """c, the score that the generator wants for its samples."""

    def __post_init__(self) -> None:
        if not self.fake_label < self.real_label:
            raise ValueError(
                f"LeastSquares: found fake_label {self.fake_label} and real_label {self.real_label}; "
                "wanted fake_label < real_label, for a higher score means real"
            )

    @property
    def threshold(self) -> float:
        """Midway between the labels, where the two squares are equal."""
        return (self.fake_label + self.real_label) / 2

    def on_real(self, score: Tensor) -> Tensor:
        """(D - b)^2 / 2."""
        return (score - self.real_label).square() / 2

    def on_fake(self, score: Tensor) -> Tensor:
        """(D - a)^2 / 2."""
        return (score - self.fake_label).square() / 2

    def on_generated(self, score: Tensor) -> Tensor:
        """(D - c)^2 / 2."""
        return (score - self.generator_target).square() / 2


LSGAN = Recipe(name="lsgan", paper="https://arxiv.org/abs/1611.04076", loss=LeastSquares())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `lsgan`."""
    register("lsgan", LSGAN)
