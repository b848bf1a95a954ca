"""BEGAN, Berthelot et al. 2017: the two losses, and the controller between them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.began import BEGAN, AbsoluteAutoencoders, BoundaryEquilibrium
from torch import Tensor
from toys import adversarial, trained

from ganbench import Adam

MEMORY = "memory.loss.balance"


def scored(x: Tensor) -> Tensor:
    """A discriminator whose reconstruction loss is the sample itself."""
    return -x.squeeze(1)


def samples(*losses: float) -> Tensor:
    return torch.tensor(losses)[:, None]


@pytest.mark.parametrize("k", [0.0, 0.3, 1.0])
def test_losses_are_the_began_objective(k: float) -> None:
    """With reals rebuilt with losses 1 and 3 and fakes with 4 and 6: 2 - 5 k for the discriminator, 5 for G."""
    loss = BoundaryEquilibrium(balance=k)
    real, fake = samples(1.0, 3.0), samples(4.0, 6.0)
    assert loss.discriminator(scored, real, fake).item() == pytest.approx(2 - 5 * k)
    assert loss.generator(scored, real, fake).item() == pytest.approx(5)


@pytest.mark.parametrize(
    ("k", "real", "fake", "after"),
    [
        (0.2, 1.0, 0.1, 0.204),
        (0.2, 1.0, 0.7, 0.198),
        (0.2, 1.0, 0.5, 0.2),
        (0.0, 1.0, 0.9, 0.0),
        (0.999, 1.0, 0.1, 1.0),
    ],
    ids=["fakes too good", "fakes too bad", "balanced", "not below 0", "not above 1"],
)
def test_the_controller_seeks_the_balance(k: float, real: float, fake: float, after: float) -> None:
    """k <- k + lambda_k (gamma L(x) - L(G(z))) within [0, 1], here with lambda_k = 0.01 and gamma = 0.5."""
    loss = BoundaryEquilibrium(0.5, 0.01, k).after(scored, samples(real), samples(fake))
    assert float(loss.balance) == pytest.approx(after)


def test_the_balance_is_remembered_from_update_to_update() -> None:
    """It starts at 0, and each discriminator update adds what its batch says, by the weights after the update."""
    toy = replace(BEGAN, networks=AbsoluteAutoencoders(width=16), loss=BoundaryEquilibrium(gain=0.1))
    trainer, supply = adversarial((0,), toy)
    _, mirror = adversarial((0,), toy)
    assert trainer.state_dict()[MEMORY] == 0
    balance = torch.tensor(0.0)
    for _ in range(5):
        real, fake = mirror.real(), trainer.sample(mirror.latent())
        mirror.latent()
        trained(trainer, supply, 1)
        on_real, on_fake = trainer.score(real), trainer.score(fake)
        assert on_real is not None
        assert on_fake is not None
        balance = (balance + 0.1 * (0.5 * -on_real.mean() + on_fake.mean())).clamp(0, 1)
        torch.testing.assert_close(trainer.state_dict()[MEMORY], balance)
        trained(trainer, supply, 1)
    assert balance > 0


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds end together where each ends alone, and each has a balance of its own."""
    toy = replace(BEGAN, networks=AbsoluteAutoencoders(width=16), loss=BoundaryEquilibrium(gain=0.1))
    group, supply = adversarial((0, 1, 2), toy)
    trained(group, supply, 12)
    balances = group.state_dict()[MEMORY]
    assert balances.unique().numel() == 3
    for seed, found in enumerate(group.checkpoints()):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 12)
        torch.testing.assert_close(balances[seed], alone.state_dict()[MEMORY], rtol=1e-4, atol=1e-6)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-5)


def test_defaults_are_the_papers() -> None:
    """gamma 0.5, lambda_k 0.001, k from 0, Adam at 0.0001, one step of each side."""
    assert BEGAN.loss == BoundaryEquilibrium(diversity=0.5, gain=0.001, balance=0.0)
    assert (BEGAN.optimizer, BEGAN.d_steps) == (Adam(1e-4, betas=(0.5, 0.999)), 1)
    assert BEGAN.loss.threshold is None
