"""f-GAN: what the discriminator can gain is an f-divergence, whichever one wants, and the generator lowers it.

Nowozin, Cseke and Tomioka, "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
NIPS 2016, https://arxiv.org/abs/1606.00709. The bound is equation 4: D_f(P|Q) >= E[T(real)] - E[f*(T(fake))], reached
by T = f'(p/q). T = g_f(score), with the activations g_f, conjugates f* and levels f'(1) of tables 2 and 6; above f'(1)
a sample is more likely real than generated, so the threshold is the score where g_f takes that value.

Both sides play for that one objective, as in Algorithm 1: the generator minimises -E[f*(T(fake))]. It does not
maximise E[T(fake)], the substitute which section 3.2 offers for faster training.

Each f*(g_f(score)) is written in closed form, so that no step leaves the domain of f*. Where a divergence is
exponential in the score it stays so: beyond scores of about 88, float32 overflows to infinity (never to NaN here), and
the run diverges and is recorded so. Jensen-Shannon moves both networks exactly as `gan` does.

Deviations: Algorithm 1 steps both networks at once on the same samples, here the discriminator goes first, on its own;
f'(1) is added to what real samples cost and taken from what fakes cost, which leaves the objective as it is and
lets both halves be 0 at the threshold; the optimiser is the dataset's standard.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganbench import Halves, Recipe, hookimpl

PAPER = "https://arxiv.org/abs/1606.00709"


class VariationalBound(Halves):
    """E[T(real)] - E[f*(T(fake))], which the discriminator maximises and the generator minimises."""

    level: ClassVar[float]
    """f'(1), the value of T where both densities are equal."""

    @abstractmethod
    def activation(self, score: Tensor) -> Tensor:
        """T = g_f(score), increasing."""

    @abstractmethod
    def conjugate(self, score: Tensor) -> Tensor:
        """f*(T)."""

    def on_real(self, score: Tensor) -> Tensor:
        """f'(1) - T."""
        return self.level - self.activation(score)

    def on_fake(self, score: Tensor) -> Tensor:
        """f*(T) - f'(1)."""
        return self.conjugate(score) - self.level

    def on_generated(self, score: Tensor) -> Tensor:
        """-f*(T)."""
        return -self.conjugate(score)


@dataclass(frozen=True)
class KullbackLeibler(VariationalBound):
    """KL(P|Q): f(u) = u log u."""

    threshold = 1.0
    optimum = "log_ratio"
    level = 1.0

    def activation(self, score: Tensor) -> Tensor:
        """The score."""
        return score

    def conjugate(self, score: Tensor) -> Tensor:
        """exp(T - 1)."""
        return (score - 1).exp()


@dataclass(frozen=True)
class ReverseKullbackLeibler(VariationalBound):
    """KL(Q|P): f(u) = -log u."""

    threshold = 0.0
    optimum = "log_ratio"
    level = -1.0

    def activation(self, score: Tensor) -> Tensor:
        """-exp(-score)."""
        return -(-score).exp()

    def conjugate(self, score: Tensor) -> Tensor:
        """-1 - log(-T) = score - 1."""
        return score - 1


@dataclass(frozen=True)
class PearsonChiSquare(VariationalBound):
    """The integral of (p - q)^2 / q: f(u) = (u - 1)^2."""

    threshold = 0.0
    level = 0.0

    def activation(self, score: Tensor) -> Tensor:
        """The score."""
        return score

    def conjugate(self, score: Tensor) -> Tensor:
        """T^2 / 4 + T, as in the tables for all T, though f'(p/q) is never below -2."""
        return score.square() / 4 + score


@dataclass(frozen=True)
class SquaredHellinger(VariationalBound):
    """The integral of (sqrt p - sqrt q)^2: f(u) = (sqrt u - 1)^2."""

    threshold = 0.0
    level = 0.0

    def activation(self, score: Tensor) -> Tensor:
        """1 - exp(-score)."""
        return -(-score).expm1()

    def conjugate(self, score: Tensor) -> Tensor:
        """T / (1 - T) = exp(score) - 1."""
        return score.expm1()


@dataclass(frozen=True)
class JensenShannon(VariationalBound):
    """KL(P|M) + KL(Q|M), M midway, so twice the usual: f(u) = u log u - (u + 1) log((u + 1) / 2)."""

    threshold = 0.0
    optimum = "log_ratio"
    level = 0.0

    def activation(self, score: Tensor) -> Tensor:
        """log 2 - log(1 + exp(-score))."""
        return math.log(2) - softplus(-score)

    def conjugate(self, score: Tensor) -> Tensor:
        """-log(2 - exp T) = log(1 + exp(score)) - log 2."""
        return softplus(score) - math.log(2)


VARIANTS = (
    Recipe(name="fgan_kl", paper=PAPER, loss=KullbackLeibler()),
    Recipe(name="fgan_reverse_kl", paper=PAPER, loss=ReverseKullbackLeibler()),
    Recipe(name="fgan_pearson", paper=PAPER, loss=PearsonChiSquare()),
    Recipe(name="fgan_hellinger", paper=PAPER, loss=SquaredHellinger()),
    Recipe(name="fgan_js", paper=PAPER, loss=JensenShannon()),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `fgan_kl`, `fgan_reverse_kl`, `fgan_pearson`, `fgan_hellinger` and `fgan_js`."""
    for variant in VARIANTS:
        register(variant.name, variant)
