"""MMD GAN: the discriminator learns features in which a kernel tells real from generated samples best.

Binkowski, Sutherland, Arbel and Gretton, "Demystifying MMD GANs", ICLR 2018, https://arxiv.org/abs/1801.01401. The
loss is the unbiased estimate of the squared maximum mean discrepancy of the features, which the generator minimises and
the discriminator maximises; the kernel is the rq* of section 5, a sum of rational quadratics (equation 6) and a linear
one. The penalty holds the slope of the witness function, which is what tells the two apart, at one, as in WGAN-GP but
with weight 1. Five discriminator updates for each of the generator and Adam at 0.0001 are of that section too; Adam's
betas are those of the authors' code.

Deviations: the features are the last hidden layer of the dataset's standard discriminator, where the paper's critic has
16 linear outputs of its own. The learning rate does not fall with KID, gradients are not clipped, and activations are
not penalised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import grad

from ganbench import Adam, Discriminator, Ingredient, Loss, Penalty, Recipe, hookimpl

PAPER = "https://arxiv.org/abs/1801.01401"


@dataclass(frozen=True)
class RationalQuadratic(Ingredient):
    """k(x, y) = sum over alpha of (1 + |x - y|^2 / (2 alpha))^-alpha, + linear * x.y."""

    shapes: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0)
    """alpha"""
    linear: float = 1.0

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The kernel (n, m) of features `x` (n, width) and `y` (m, width)."""
        products = x @ y.T
        squares = (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * products).clamp(min=0)
        quadratics = [(1 + squares / (2 * shape)) ** -shape for shape in self.shapes]
        return torch.stack([*quadratics, self.linear * products]).sum(0)


@dataclass(frozen=True)
class MaximumMeanDiscrepancy(Loss):
    """MMD^2_u of the features of real and generated samples; the scores themselves stay untrained."""

    scored = False

    kernel: RationalQuadratic = RationalQuadratic()

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """-MMD^2_u."""
        return -self.generator(d, real, fake)

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """MMD^2_u."""
        x, y = d.features(real), d.features(fake)
        within = mean_of_others(self.kernel(x, x)) + mean_of_others(self.kernel(y, y))
        return within - 2 * self.kernel(x, y).mean()


def mean_of_others(kernel: Tensor) -> Tensor:
    """The mean of `kernel` (n, n) over pairs of two different samples: a scalar."""
    n = len(kernel)
    return (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1))


@dataclass(frozen=True)
class WitnessPenalty(Penalty):
    """lambda * E[(|grad f(x)|_2 - 1)^2], x uniform on the segment from a real to a generated sample.

    f(x) = E[k(x, real)] - E[k(x, fake)], on features, is the witness function.
    """

    by_sample = True
    on_scores = False
    raises_slope = True

    weight: float = 1.0
    """lambda"""
    kernel: RationalQuadratic = RationalQuadratic()

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        on_real, on_fake = d.features(real), d.features(fake)

        def witness(x: Tensor) -> Tensor:
            features = d.features(x)
            return (self.kernel(features, on_real).mean(1) - self.kernel(features, on_fake).mean(1)).sum()

        mix = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)
        slope: Tensor = grad(witness)(torch.lerp(fake, real, mix)).flatten(1).norm(dim=1)
        return self.weight * (slope - 1).square().mean()


MMD_GAN = Recipe(
    name="mmd_gan",
    paper=PAPER,
    loss=MaximumMeanDiscrepancy(),
    penalties=(WitnessPenalty(),),
    d_steps=5,
    optimizer=Adam(1e-4, betas=(0.5, 0.9)),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `mmd_gan`."""
    register("mmd_gan", MMD_GAN)
