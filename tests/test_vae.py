"""The evidence lower bound of Kingma and Welling 2014 with the calibrated decoder of Rybkin et al. 2021."""

from __future__ import annotations

import math

import pytest
import torch
from baselines import at_work
from ganbench_plugins.vae import VAE, divergence, reconstruction
from torch.distributions import Normal, kl_divergence
from torch.func import vmap


def test_divergence_is_torchs() -> None:
    """KL(N(m, s^2) | N(0, 1)) summed over dimensions, as torch.distributions has it."""
    mean, log_variance = torch.randn(7, 4, dtype=torch.float64), torch.randn(7, 4, dtype=torch.float64)
    wanted = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(divergence(mean, log_variance), wanted)
    assert divergence(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def test_divergence_of_three_seeds_at_once_is_that_of_each() -> None:
    """Under vmap as in a loop; and so the reconstruction."""
    one, two = torch.randn(3, 5, 2), torch.randn(3, 5, 2)
    torch.testing.assert_close(vmap(divergence)(one, two), torch.stack(list(map(divergence, one, two))))
    batched = vmap(lambda x, m: reconstruction(x, m, -6.0))(one, two)
    torch.testing.assert_close(
        batched, torch.stack([reconstruction(x, m, -6.0) for x, m in zip(one, two, strict=True)])
    )


def test_reconstruction_is_the_gaussians_with_the_best_variance() -> None:
    """-log N(x; mean, sigma^2) with sigma^2 the mean squared error; no other sigma makes the batch likelier."""
    x, mean = torch.randn(9, 1, 4, 4, dtype=torch.float64), torch.randn(9, 1, 4, 4, dtype=torch.float64)
    sigma = (x - mean).square().mean().sqrt()

    def costs(s: torch.Tensor) -> torch.Tensor:
        return -Normal(mean, s).log_prob(x).flatten(1).sum(1)

    found = reconstruction(x, mean, -20.0)
    torch.testing.assert_close(found, costs(sigma), rtol=1e-6, atol=0)
    assert all(found.mean() < costs(sigma * factor).mean() for factor in (0.9, 1.1))


def test_a_perfect_reconstruction_costs_what_the_least_sigma_allows() -> None:
    """Its density is bounded: each number costs log sigma + log(2 pi) / 2 at the least log sigma."""
    x = torch.randn(4, 3)
    wanted = 3 * (-6 + math.log(2 * math.pi) / 2)
    torch.testing.assert_close(reconstruction(x, x, -6.0), torch.full((4,), wanted))


def test_the_loss_is_minus_the_bound() -> None:
    """With the code that the next latents of the supply give, reparameterised, once the warm-up is over."""
    trainer, supply = at_work(VAE())
    supply.spent_fraction = 0.2
    _, other = at_work(VAE())
    x = torch.randn(32, 2)
    mean, log_variance = trainer.encoder(x).chunk(2, 1)
    posterior = Normal(mean, (log_variance / 2).exp())
    code = mean + posterior.scale * other.latent(32)
    sigma = (trainer.decoder(code) - x).square().mean().sqrt()
    likelihood = Normal(trainer.decoder(code), sigma).log_prob(x).sum(1)
    bound = (likelihood - kl_divergence(posterior, Normal(0.0, 1.0)).sum(1)).mean()
    assert trainer.loss(x, supply).item() == pytest.approx(-bound.item(), rel=0.01)


@pytest.mark.parametrize(("spent", "weight"), [(0.0, 0.0), (0.05, 0.25), (0.2, 1.0), (0.7, 1.0)])
def test_the_divergence_counts_in_full_after_the_warm_up(spent: float, weight: float) -> None:
    """Its weight rises linearly from 0 to 1 over the first fifth of the budget; without a warm-up it is always 1."""
    assert VAE().weight(spent) == pytest.approx(weight)
    assert VAE(warm_up=0.0).weight(spent) == 1


def test_the_warm_up_weighs_the_divergence_alone() -> None:
    """The same latents, at a half and at the whole of the warm-up: losses differ by half the mean divergence."""
    (trainer, half), (_, full) = at_work(VAE()), at_work(VAE())
    half.spent_fraction, full.spent_fraction = 0.1, 0.2
    x = torch.randn(32, 2)
    wanted = divergence(*trainer.encoder(x).chunk(2, 1)).mean() / 2
    torch.testing.assert_close(trainer.loss(x, full) - trainer.loss(x, half), wanted, rtol=1e-4, atol=1e-5)


def test_default_limit_is_that_of_the_authors_code() -> None:
    """log sigma is softly kept above -6."""
    assert VAE().least_log_sigma == -6.0
