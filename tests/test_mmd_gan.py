"""MMD GAN, Binkowski et al. 2018: kernel, unbiased estimate, and penalty on the witness function."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
import torch
from ganbench_plugins.mmd_gan import MMD_GAN, MaximumMeanDiscrepancy, RationalQuadratic, WitnessPenalty
from torch import Tensor
from toys import adversarial, trained

from ganbench import Adam

LINEAR = RationalQuadratic(shapes=(), linear=1.0)


@dataclass
class Scaled:
    """A discriminator whose features are the sample's numbers, times a factor."""

    factor: float = 1.0

    def features(self, x: Tensor) -> Tensor:
        return self.factor * x.flatten(1)

    def __call__(self, x: Tensor) -> Tensor:
        raise AssertionError("scores are not asked for")


def test_the_kernel_of_equal_points_counts_its_parts() -> None:
    """k(x, x) is 1 for each of the five shapes, and |x|^2 for the linear part: 30 at (3, 4)."""
    point = torch.tensor([[3.0, 4.0]])
    assert RationalQuadratic()(point, point).item() == pytest.approx(30)


@pytest.mark.parametrize(("shape", "value"), [(1.0, 1 / 3), (2.0, 1 / 4), (0.5, 5**-0.5)])
def test_a_rational_quadratic_falls_with_the_distance(shape: float, value: float) -> None:
    """At squared distance 4, (1 + 4 / (2 alpha))^-alpha is 1/3, 1/4 and 5^-1/2 for alpha 1, 2 and 1/2."""
    x, y = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 3.0]])
    assert RationalQuadratic((shape,), linear=0.0)(x, y).item() == pytest.approx(value)


def test_the_estimate_is_that_of_a_plain_loop() -> None:
    """Means over pairs of two different samples within each side, less twice the mean over pairs across."""
    source = torch.Generator().manual_seed(1)
    x, y = (torch.randn(n, 3, generator=source, dtype=torch.float64) for n in (5, 4))
    kernel = RationalQuadratic()

    def k(a: Tensor, b: Tensor) -> float:
        square = float((a - b).square().sum())
        return sum((1 + square / (2 * s)) ** -s for s in (0.2, 0.5, 1.0, 2.0, 5.0)) + float(a @ b)

    within = sum(
        sum(k(a, b) for a, b in itertools.permutations(side, 2)) / (len(side) * (len(side) - 1)) for side in (x, y)
    )
    across = sum(k(a, b) for a in x for b in y) / (len(x) * len(y))
    loss = MaximumMeanDiscrepancy(kernel)
    assert loss.generator(Scaled(), x, y).item() == pytest.approx(within - 2 * across)
    assert loss.discriminator(Scaled(), x, y).item() == pytest.approx(2 * across - within)


def test_the_estimate_is_unbiased() -> None:
    """Averaged over every draw of two and two from one and the same pair of points, it is exactly zero."""
    points = torch.tensor([0.0, 1.0])
    draws = [points[list(pick)][:, None] for pick in itertools.product((0, 1), repeat=2)]
    found = [MaximumMeanDiscrepancy().generator(Scaled(), x, y) for x, y in itertools.product(draws, repeat=2)]
    assert torch.stack(found).mean().item() == pytest.approx(0, abs=1e-6)
    assert min(found) < 0 < max(found)


def test_a_linear_kernel_measures_the_distance_of_the_means() -> None:
    """Where each side is one point repeated, the estimate with k = x.y is the squared distance of the points: 25."""
    real, fake = torch.tensor([[3.0, 4.0]]).repeat(6, 1), torch.zeros(6, 2)
    assert MaximumMeanDiscrepancy(LINEAR).generator(Scaled(), real, fake).item() == pytest.approx(25)


@pytest.mark.parametrize(("factor", "cost"), [(1.0, 16.0), (0.0, 1.0), (5**-0.5, 0.0)])
def test_a_linear_witness_costs_what_its_slope_says(factor: float, cost: float) -> None:
    """Features c x with k = x.y give the witness c^2 x.(mean real - mean fake): slope 5 c^2 for means (3, 4) apart."""
    real, fake = torch.randn(7, 2), torch.randn(7, 2)
    real, fake = real - real.mean(0) + torch.tensor([3.0, 4.0]), fake - fake.mean(0)
    found = WitnessPenalty(kernel=LINEAR)(Scaled(factor), real, fake)
    assert found.item() == pytest.approx(cost, abs=1e-4)


def test_the_slope_is_that_by_each_sample_over_all_pixels() -> None:
    """On images (5, 3, 2, 2) whose means are 1 apart in each of 12 pixels, every slope is sqrt(12)."""
    real, fake = torch.ones(5, 3, 2, 2), torch.zeros(5, 3, 2, 2)
    assert WitnessPenalty(2.0, LINEAR)(Scaled(), real, fake).item() == pytest.approx(2 * (12**0.5 - 1) ** 2, rel=1e-5)


def test_scores_stay_untrained_and_are_not_measured() -> None:
    """Training moves the features alone; the layer that scores keeps its first weights, and no score is given."""
    trainer, supply = adversarial((0, 1), MMD_GAN)
    before = trainer.checkpoints()[0]
    trained(trainer, supply, 6)
    after = trainer.checkpoints()[0]
    assert torch.equal(before["discriminator.out.weight"], after["discriminator.out.weight"])
    assert not torch.equal(before["discriminator.hidden.0.weight"], after["discriminator.hidden.0.weight"])
    assert trainer.score(supply.real()) is None


def test_defaults_are_those_of_section_five() -> None:
    """Shapes 0.2, 0.5, 1, 2, 5 and a linear kernel, penalty of weight 1, five discriminator steps, Adam at 0.0001."""
    kernel = RationalQuadratic((0.2, 0.5, 1.0, 2.0, 5.0), 1.0)
    assert MMD_GAN.loss == MaximumMeanDiscrepancy(kernel)
    assert MMD_GAN.penalties == (WitnessPenalty(1.0, kernel),)
    assert (MMD_GAN.d_steps, MMD_GAN.optimizer) == (5, Adam(1e-4, betas=(0.5, 0.9)))
