"""Virtual batch normalisation, Salimans et al. 2016, section 3.4."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.dcgan import DCGAN
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.virtual_batch_norm import VirtualBatchNorm, VirtualNorm, WithVirtualBatchNorm
from torch import Tensor, nn
from toys import ADAM, LATENT, adversarial, assert_group_trains_as_its_seeds, assert_same_bits, trained

from ganbench import DCGANPair, MLPPair, NotApplicable
from ganbench.randomness import initial_weights

PAIR = MLPPair(16, 2, batch_norm=True)
COMPLETE = replace(NSGAN, networks=PAIR, optimizer=ADAM)


def batch_norm(channels: int, images: bool) -> nn.Module:
    """With gains and offsets that show."""
    norm = nn.BatchNorm2d(channels) if images else nn.BatchNorm1d(channels)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm.double()


@pytest.mark.parametrize("shape", [(4,), (4, 3, 5)], ids=["points", "images"])
def test_a_sample_is_normalised_in_the_reference_batch_that_it_joins(shape: tuple[int, ...]) -> None:
    """Each is what torch's batch normalisation makes of it as the last of the reference batch; the reference alone."""
    torch.manual_seed(0)
    norm = batch_norm(4, len(shape) == 3)
    reference, own = torch.randn(2, 6, *shape, dtype=torch.float64) * 3 + 5
    found = VirtualBatchNorm(norm, 6)(torch.cat([reference, own]))
    torch.testing.assert_close(found[:6], norm(reference))
    for k in range(6):
        torch.testing.assert_close(found[6 + k], norm(torch.cat([reference, own[k : k + 1]]))[6])


def test_gains_can_be_missing() -> None:
    """A batch normalisation without gain and offset becomes a virtual one without."""
    norm, x = nn.BatchNorm1d(3, affine=False), torch.randn(5, 3)
    torch.testing.assert_close(VirtualBatchNorm(norm, 4)(x)[:4], norm(x[:4]))


@pytest.mark.parametrize(("pair", "shape"), [(PAIR, (2,)), (DCGANPair(4), (1, 28, 28))], ids=["mlp", "dcgan"])
@pytest.mark.parametrize("training", [True, False])
def test_a_sample_depends_on_its_own_latent_alone(pair: MLPPair, shape: tuple[int, ...], training: bool) -> None:
    """In training and in evaluation mode, a sample made alone is the one made in company."""
    torch.manual_seed(0)
    generator = VirtualNorm(pair, 8).generator(LATENT, shape).double().train(training)
    latent = torch.randn(5, LATENT, dtype=torch.float64)
    together = generator(latent)
    assert together.shape == (5, *shape)
    alone = torch.cat([generator(latent[k : k + 1]) for k in range(5)])
    torch.testing.assert_close(together, alone)


def test_the_reference_passes_with_the_weights_of_the_moment() -> None:
    """When a weight below a normalisation is scaled, the statistics follow, and samples stay as they were."""
    torch.manual_seed(0)
    generator = VirtualNorm(PAIR, 8).generator(LATENT, (2,)).double()
    latent = torch.randn(5, LATENT, dtype=torch.float64)
    before = generator(latent)
    generator.network.hidden[0].weight.data.mul_(40)
    torch.testing.assert_close(generator(latent), before, rtol=1e-3, atol=1e-3)


def test_the_reference_is_drawn_once_for_each_seed_and_disturbs_nothing() -> None:
    """It is a seed's own, stays through training, and both networks start as they would without the trick."""
    trainer, supply = adversarial((1, 2), WithVirtualBatchNorm(8)(COMPLETE))
    before = [checkpoint["generator.reference"] for checkpoint in trainer.checkpoints()]
    assert before[0].shape == (8, LATENT)
    assert not torch.equal(*before)
    plain, _ = adversarial((1, 2), COMPLETE)
    for found, wanted in zip(trainer.checkpoints(), plain.checkpoints(), strict=True):
        named = {name.replace("generator.network.", "generator."): x for name, x in found.items()}
        assert_same_bits(without_buffers(named), without_buffers(wanted))
    trained(trainer, supply, 6)
    for one, other in zip(before, trainer.checkpoints(), strict=True):
        assert torch.equal(one, other["generator.reference"])


def without_buffers(checkpoint: dict[str, Tensor]) -> dict[str, Tensor]:
    """Only what is learnt."""
    buffers = ("reference", "running_mean", "running_var", "num_batches_tracked")
    return {name: x for name, x in checkpoint.items() if not name.endswith(buffers)}


def test_the_reference_is_standard_normal() -> None:
    """10,000 latents of it have mean 0 and deviation 1."""
    with initial_weights(0):
        reference = VirtualNorm(PAIR, 10_000).generator(LATENT, (2,)).reference
    assert reference.mean().item() == pytest.approx(0, abs=5 / (10_000 * LATENT) ** 0.5)
    assert reference.std().item() == pytest.approx(1, abs=0.02)


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates, the weights and averages of the three trained one by one."""
    recipe = replace(WithVirtualBatchNorm(8)(COMPLETE), ema=0.9)
    assert_group_trains_as_its_seeds(recipe, 20, atol=2e-5)


def test_the_discriminator_keeps_its_own() -> None:
    """As in the paper, only the generator's normalisation becomes virtual."""
    changed = WithVirtualBatchNorm()(replace(DCGAN, networks=DCGANPair(4, discriminator_batch_norm=True)))
    assert changed.networks is not None
    assert changed.networks.normalises_batch
    assert any(isinstance(m, nn.BatchNorm2d) for m in changed.networks.discriminator((1, 28, 28)).modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in changed.networks.generator(3, (1, 28, 28)).modules())


def test_the_trick_changes_the_networks_alone() -> None:
    """The reference has 64 latents unless said otherwise; a second time is not applicable."""
    assert WithVirtualBatchNorm()(COMPLETE) == replace(COMPLETE, networks=VirtualNorm(PAIR, 64))
    with pytest.raises(NotApplicable, match="the networks of nsgan are VirtualNorm already"):
        WithVirtualBatchNorm()(WithVirtualBatchNorm(8)(COMPLETE))


def test_a_generator_without_batch_normalisation_is_told_at_once() -> None:
    """The trick refuses the recipe by its name, before anything is built for a dataset; building says it too."""
    with pytest.raises(NotApplicable, match="the generator of nsgan has no batch normalisation to make virtual"):
        WithVirtualBatchNorm()(replace(NSGAN, networks=MLPPair(16, 2)))
    with pytest.raises(NotApplicable, match=r"the generator of MLPPair\(.*\) has no batch normalisation to make vir"):
        VirtualNorm(MLPPair(16, 2), 8).generator(3, (2,))


def test_a_reference_of_one_is_refused() -> None:
    """One latent has no spread."""
    with pytest.raises(ValueError, match="virtual batch norm: found size 1; wanted at least 2"):
        WithVirtualBatchNorm(1)
