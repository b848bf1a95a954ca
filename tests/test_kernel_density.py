"""Parzen windows with the bandwidth of maximum held-out likelihood."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from baselines import (
    Points,
    assert_continues_bit_for_bit,
    assert_every_real_is_counted,
    assert_samples_are_functions_of_latents,
    at_work,
    spend,
)
from ganbench_plugins.kernel_density import KernelDensity, better_bandwidth
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.neighbors import KernelDensity as Reference
from toys import picture_dataset, ring_dataset, trained

from ganbench import Supply
from ganbench.adversarial import build_trainer

SMALL = KernelDensity(kept=200, judges=50, iterations=20)


def judges_and_centres() -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(2)
    x = torch.randn(500, 3, generator=source, dtype=torch.float64) * torch.tensor([1.0, 2.0, 0.5])
    return x[:100], x[100:]


def test_iteration_goes_to_the_best_bandwidth() -> None:
    """Its fixed point is the bandwidth at which scikit-learn's held-out likelihood is greatest, found by search."""
    judges, centres = judges_and_centres()
    bandwidth = torch.tensor(1.0, dtype=torch.float64)
    for _ in range(200):
        bandwidth = better_bandwidth(bandwidth, judges, centres, torch.ones(len(centres), dtype=torch.bool))

    def loss(h: float) -> float:
        return -float(Reference(bandwidth=h).fit(centres.numpy()).score(judges.numpy()))

    best = minimize_scalar(loss, bounds=(0.1, 2.0), method="bounded", options={"xatol": 1e-8}).x
    assert bandwidth.item() == pytest.approx(best, rel=1e-5)


def test_every_iteration_raises_the_likelihood() -> None:
    """From far above and from far below, at first and later."""
    judges, centres = judges_and_centres()
    squares = np.square(judges.numpy()[:, None] - centres.numpy()).sum(-1)
    for start in (0.05, 20.0):
        bandwidth, before = torch.tensor(start, dtype=torch.float64), -np.inf
        for _ in range(15):
            h = bandwidth.item()
            likelihood = float((logsumexp(-squares / (2 * h**2), axis=1) - 3 * np.log(h)).mean())
            assert likelihood >= before
            before = likelihood
            bandwidth = better_bandwidth(bandwidth, judges, centres, torch.ones(len(centres), dtype=torch.bool))


def test_centres_that_do_not_count_do_not() -> None:
    """Masked centres leave the bandwidth where leaving them out would."""
    judges, centres = judges_and_centres()
    counts = torch.arange(400) < 150
    h = torch.tensor(0.7, dtype=torch.float64)
    alone = better_bandwidth(h, judges, centres[:150], torch.ones(150, dtype=torch.bool))
    torch.testing.assert_close(better_bandwidth(h, judges, centres, counts), alone)


def test_variance_is_that_of_the_data_and_of_the_kernel() -> None:
    """Samples have the covariance of what is kept plus h^2 in every direction, to sampling error."""
    dataset = ring_dataset()
    source = torch.Generator().manual_seed(0)
    x = torch.randn(300, 2, generator=source) * torch.tensor([3.0, 0.5]) + 1
    trainer, supply = build_trainer(KernelDensity(), dataset, (0,), "cpu"), Points(dataset, x)
    trained(trainer, supply, 40)
    trainer.bandwidth = torch.tensor(0.8, dtype=torch.float64)
    kept = trainer._collection.samples
    assert len(kept) == 300
    drawn = trainer.sample(torch.randn(30_000, 6, generator=source)).double()
    wanted = kept.T.cov(correction=0) + 0.8**2 * torch.eye(2)
    torch.testing.assert_close(drawn.T.cov(), wanted, rtol=0.04, atol=0.05)
    torch.testing.assert_close(drawn.mean(0), kept.mean(0), rtol=0, atol=0.08)


def test_repeated_samples_do_not_shrink_the_bandwidth() -> None:
    """64 images drawn thirty times over: no held-out image is a centre too, so the bandwidth is that of strangers."""
    dataset = picture_dataset()
    trainer, supply = build_trainer(SMALL, dataset, (0,), "cpu"), Supply(dataset, (0,), 32, "cpu")
    spend(trainer, supply, 60 * 32)
    pixels = trainer._collection.samples
    apart = torch.cdist(pixels, pixels).fill_diagonal_(torch.inf).min() / 784**0.5
    assert trainer.bandwidth > 0.9 * apart


def test_samples_of_images_stay_in_range() -> None:
    """Whatever the bandwidth, pixels are cut to [-1, 1]."""
    dataset = picture_dataset()
    trainer, supply = build_trainer(KernelDensity(), dataset, (0,), "cpu"), Supply(dataset, (0,), 32, "cpu")
    trained(trainer, supply, 3)
    assert trainer.sample(torch.randn(20, 16)).abs().max() == 1


def test_bandwidths_are_improved_evenly_over_the_budget() -> None:
    """20 updates in all, half of them in the first half; each batch is drawn by a collection."""
    trainer, supply = at_work(SMALL)
    made = spend(trainer, supply, 64 * 32)
    assert made.count("collection") == 64
    assert made.count("bandwidth") == 20
    assert abs(made[: len(made) // 2].count("bandwidth") - 10) <= 1


def test_budget_samples_and_state_are_honest() -> None:
    """Every real is counted, samples are functions of latents, and training continues bit for bit."""
    assert_every_real_is_counted(SMALL, "collection")
    assert_continues_bit_for_bit(SMALL)
    trainer, supply = at_work(SMALL)
    trained(trainer, supply, 10)
    assert_samples_are_functions_of_latents(trainer)
    assert trainer.score(torch.randn(3, 2)) is None


def test_before_anything_is_drawn_it_is_one_standard_normal() -> None:
    """One kernel of bandwidth one at the origin."""
    trainer, _ = at_work(KernelDensity())
    x = trainer.sample(torch.randn(4_000, 6)).double()
    torch.testing.assert_close(x.T.cov(), torch.eye(2).double(), rtol=0, atol=0.12)
