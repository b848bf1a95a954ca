"""The autoencoder, the Gaussian of its codes, and the encoder and decoder that it shares with the VAE."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from baselines import (
    assert_continues_bit_for_bit,
    assert_every_real_is_counted,
    assert_samples_are_functions_of_latents,
    at_work,
)
from ganbench_plugins.autoencoder import Autoencoder, RunningGaussian
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.vae import VAE
from toys import picture_dataset, ring_dataset, trained

from ganbench import Dataset, Variant
from ganbench.adversarial import build_trainer


@pytest.mark.parametrize("forgetting", [0.0, 0.1])
def test_the_gaussian_is_numpys_of_everything_added(forgetting: float) -> None:
    """Mean and covariance are numpy's with weights (1 - forgetting)^age for each batch."""
    batches = [torch.randn(20, 3) @ torch.randn(3, 3) + k for k in range(5)]
    gaussian = RunningGaussian(3, forgetting)
    for batch in batches:
        gaussian.add(batch)
    x = torch.cat(batches).double().numpy()
    weights = np.repeat((1 - forgetting) ** np.arange(4, -1, -1), 20)
    np.testing.assert_allclose(gaussian.mean.numpy(), np.average(x, axis=0, weights=weights), rtol=1e-10)
    np.testing.assert_allclose(gaussian.covariance.numpy(), np.cov(x.T, aweights=weights, ddof=0), rtol=1e-8)


def test_draws_have_the_gaussians_mean_and_covariance() -> None:
    """A linear map of standard normals with spread A A' = C, also where C lacks rank."""
    x = torch.randn(50, 2, dtype=torch.float64) @ torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    gaussian = RunningGaussian(3, 0.0)
    gaussian.add(x)
    centre = gaussian(torch.zeros(1, 3, dtype=torch.float64))
    spread = gaussian(torch.eye(3, dtype=torch.float64)) - centre
    torch.testing.assert_close(centre[0], x.mean(0))
    torch.testing.assert_close(spread.T @ spread, x.T.cov(correction=0), rtol=1e-8, atol=1e-10)


def test_the_loss_is_the_squared_error_of_each_sample() -> None:
    """Summed over numbers, averaged over the batch."""
    trainer, supply = at_work(Autoencoder())
    x = torch.randn(8, 2)
    wanted = ((trainer.decoder(trainer.encoder(x)) - x) ** 2).sum() / 8
    torch.testing.assert_close(trainer.loss(x, supply), wanted)


def test_samples_are_decoded_draws_from_the_gaussian_of_the_codes() -> None:
    """After one batch: codes of that batch, their numpy moments, a draw, decoded."""
    trainer, supply = at_work(Autoencoder())
    codes: list[torch.Tensor] = []
    add = trainer.codes.add
    trainer.codes.add = lambda x: (codes.append(x.detach()), add(x))
    trained(trainer, supply, 1)
    mean = trainer.sample(torch.zeros(1, 6))
    torch.testing.assert_close(mean, trainer.decoder(codes[0].mean(0, keepdim=True)).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("variant", [Autoencoder(), VAE()], ids=["autoencoder", "vae"])
@pytest.mark.parametrize("dataset", [ring_dataset(), picture_dataset()], ids=["perceptrons", "dcgan"])
def test_the_decoder_is_every_variants_generator(variant: Variant, dataset: Dataset) -> None:
    """With the same initial weights as the generator, and below the encoder's head those of the discriminator."""
    one, other = build_trainer(variant, dataset, (3,), "cpu"), build_trainer(NSGAN, dataset, (3,), "cpu")
    (own,), (reference,) = one.checkpoints(), other.checkpoints()
    decoder = {name: x for name, x in own.items() if name.startswith("decoder.")}
    assert len(decoder) > 3
    assert all(torch.equal(x, reference[name.replace("decoder.", "generator.")]) for name, x in decoder.items())
    below = {name: x for name, x in own.items() if name.startswith("encoder.discriminator.")}
    assert all(torch.equal(x, reference[name.removeprefix("encoder.")]) for name, x in below.items())


@pytest.mark.parametrize(("variant", "codes"), [(Autoencoder(), 6), (VAE(), 12)], ids=["autoencoder", "vae"])
def test_only_what_is_trained_is_counted(variant: Variant, codes: int) -> None:
    """The encoder has the hidden layers and its head, and not the score's layer, which training leaves alone."""
    trainer, supply = at_work(variant)
    width = 48
    hidden = 2 * width + width + width * width + width
    assert trainer.parameter_counts["encoder"] == hidden + width * codes + codes
    untrained = trainer.encoder.discriminator.out.weight.clone()
    trained(trainer, supply, 3)
    assert torch.equal(trainer.encoder.discriminator.out.weight, untrained)


@pytest.mark.parametrize("variant", [Autoencoder(), VAE()], ids=["autoencoder", "vae"])
def test_budget_samples_and_state_are_honest(variant: Variant) -> None:
    """Every real is counted, samples are functions of latents, and training continues bit for bit."""
    assert_every_real_is_counted(variant, "autoencoder")
    assert_continues_bit_for_bit(variant)
    trainer, supply = at_work(variant)
    trained(trainer, supply, 5)
    assert_samples_are_functions_of_latents(trainer)
    assert trainer.score(torch.randn(3, 2)) is None


def test_a_line_is_restored() -> None:
    """Points on a line, through codes of one dimension: the error falls below a thousandth of what it was."""
    trainer, supply = at_work(Autoencoder(), latent_dim=1)
    x = torch.randn(64, 1) * torch.tensor([[1.0, -0.5]])
    before = trainer.loss(x, supply).item()
    for _ in range(600):
        trainer._optimizer.zero_grad()
        trainer.loss(torch.randn(64, 1) * torch.tensor([[1.0, -0.5]]), supply).backward()
        trainer._optimizer.step()
    assert trainer.loss(x, supply).item() < before / 1_000
