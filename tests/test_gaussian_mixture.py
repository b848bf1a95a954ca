"""The mixture of Gaussians fitted by EM (Dempster, Laird and Rubin 1977)."""

from __future__ import annotations

import warnings

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
from ganbench_plugins.gaussian_mixture import GaussianMixture
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Reference
from toys import picture_dataset, ring_dataset, trained

from ganbench import Supply
from ganbench.adversarial import build_trainer

SMALL = GaussianMixture(components=4, kept=200, iterations=20)


def two_components(n: int = 2_000) -> torch.Tensor:
    """A quarter at (-3, 0) with deviations 0.5 and 1, the rest at (3, 1) with 1 and 0.2."""
    source = torch.Generator().manual_seed(1)
    x = torch.randn(n, 2, generator=source)
    first = torch.rand(n, 1, generator=source) < 0.25
    return torch.where(
        first,
        x * torch.tensor([0.5, 1.0]) - torch.tensor([3.0, 0.0]),
        x * torch.tensor([1.0, 0.2]) + torch.tensor([3.0, 1.0]),
    )


def fitted(x: torch.Tensor, variant: GaussianMixture) -> dict[str, torch.Tensor]:
    dataset = ring_dataset()
    trainer, supply = build_trainer(variant, dataset, (0,), "cpu"), Points(dataset, x)
    spending = len(x) * 2
    while supply.taken < spending:
        supply.spent_fraction = supply.taken / spending
        trainer.step(supply)
    (checkpoint,) = trainer.checkpoints()
    return checkpoint


def test_a_known_mixture_is_recovered_as_by_scikit_learn() -> None:
    """With two components, weights, means and covariances are those of scikit-learn fitted to the same samples."""
    x = two_components()
    found = fitted(x, GaussianMixture(components=2, kept=5_000, iterations=60))
    reference = Reference(2, tol=1e-12, max_iter=500, random_state=0).fit(x.double().numpy())
    order, other = found["means"][:, 0].argsort(), reference.means_[:, 0].argsort()
    for name in ("weights", "means", "covariances"):
        wanted = torch.from_numpy(getattr(reference, f"{name}_")[other])
        torch.testing.assert_close(found[name][order], wanted, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found["weights"][order][0].item(), 0.25, rtol=0, atol=0.03)


def test_iterations_one_by_one_are_one_fit() -> None:
    """Five "em" updates after an initialisation leave what scikit-learn's fit of six iterations does, bit for bit."""
    dataset = ring_dataset()
    trainer, supply = build_trainer(SMALL, dataset, (0,), "cpu"), Supply(dataset, (0,), 100, "cpu")
    assert trained(trainer, supply, 2) == ["collection", "initialisation"]
    supply.spent_fraction = 4 / SMALL.iterations
    assert trained(trainer, supply, 6) == ["em"] * 5 + ["collection"]
    kept = trainer._collection
    reference = Reference(4, max_iter=6, tol=0.0, random_state=0)
    first = build_trainer(SMALL, dataset, (0,), "cpu")
    own = Supply(dataset, (0,), 100, "cpu")
    trained(first, own, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        reference.fit(first._collection.samples.numpy())
    assert len(kept) > 100
    for name in ("weights", "means", "covariances"):
        assert torch.equal(trainer.checkpoints()[0][name], torch.from_numpy(getattr(reference, f"{name}_")))


def test_samples_have_the_moments_of_the_mixture() -> None:
    """Mean and covariance of 20,000 samples are sum w m and sum w (C + m m') - mean mean', to sampling error."""
    dataset = ring_dataset()
    trainer, supply = (
        build_trainer(GaussianMixture(components=2), dataset, (0,), "cpu"),
        Points(dataset, two_components(64)),
    )
    trained(trainer, supply, 3)
    (of,) = trainer.checkpoints()
    w, m = of["weights"], of["means"]
    mean = w @ m
    covariance = torch.einsum("k,kij->ij", w, of["covariances"] + torch.einsum("ki,kj->kij", m, m)) - mean.outer(mean)
    x = trainer.sample(torch.randn(20_000, 6, generator=torch.Generator().manual_seed(0))).double()
    torch.testing.assert_close(x.mean(0), mean, rtol=0, atol=0.08)
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0.05, atol=0.1)


def test_it_begins_anew_whenever_as_much_again_is_kept() -> None:
    """With batches of 32 and room for 200: at 32, 64 and 128 samples, and never again."""
    trainer, supply = at_work(SMALL)
    made = trained(trainer, supply, 60)
    after = [made[:k].count("collection") for k, kind in enumerate(made) if kind == "initialisation"]
    assert after == [1, 2, 4]


def test_iterations_are_spread_evenly_over_the_budget() -> None:
    """Of 20 iterations in all, half are made at half the budget."""
    trainer, supply = at_work(SMALL)
    made = spend(trainer, supply, 64 * 32)
    halves = [made[: k + 1] for k, kind in enumerate(made) if kind == "collection"]
    assert made.count("em") == 20
    assert halves[31].count("em") in (10, 11)


def test_few_samples_get_few_components() -> None:
    """Four samples for each component at least: 32 samples, at most 8 of the 32 components."""
    trainer, supply = at_work(GaussianMixture())
    trained(trainer, supply, 2)
    assert len(trainer.checkpoints()[0]["weights"]) == 8


def test_images_have_diagonal_covariances_and_pixels_in_range() -> None:
    """784 dimensions are too many for full covariances; no sample leaves [-1, 1]."""
    dataset = picture_dataset()
    trainer = build_trainer(GaussianMixture(), dataset, (0,), "cpu")
    trained(trainer, Supply(dataset, (0,), 32, "cpu"), 4)
    assert trainer.checkpoints()[0]["covariances"].shape == (8, 784)
    assert trainer.parameter_counts == {"mixture": 31 + 32 * 2 * 784}
    x = trainer.sample(torch.randn(50, 16))
    assert x.shape == (50, 1, 28, 28)
    assert x.abs().max() <= 1


def test_before_anything_is_drawn_it_is_one_standard_normal() -> None:
    """Samples are then standard normal, whatever the latents' dimension."""
    trainer, _ = at_work(GaussianMixture())
    x = trainer.sample(torch.randn(4_000, 6)).double()
    torch.testing.assert_close(x.T.cov(), torch.eye(2).double(), rtol=0, atol=0.12)


def test_budget_samples_and_state_are_honest() -> None:
    """Every real is counted, samples are functions of latents, and training continues bit for bit."""
    assert_every_real_is_counted(SMALL, "collection")
    assert_continues_bit_for_bit(SMALL)
    trainer, supply = at_work(SMALL)
    trained(trainer, supply, 10)
    assert_samples_are_functions_of_latents(trainer)
    assert trainer.score(torch.randn(3, 2)) is None


@pytest.mark.parametrize(("dimensions", "kind"), [(2, "full"), (64, "full"), (100, "full"), (101, "diag")])
def test_covariances_are_full_where_samples_suffice(dimensions: int, kind: str) -> None:
    """Up to 100 dimensions."""
    assert GaussianMixture().covariance_type(dimensions) == kind
