"""The variant `dcgan`, Radford et al. 2016: its rules, and its discriminator's batch normalisation in the harness."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.dcgan import DCGAN
from ganbench_plugins.nsgan import NonSaturating
from ganbench_plugins.r1 import WithR1
from ganbench_plugins.wgan_gp import WithGradientPenalty
from torch import Tensor, nn
from toys import picture_dataset, ring_dataset, trained

from ganbench import Adam, DCGANPair, NotApplicable, Supply, Trick
from ganbench.adversarial import Adversarial
from ganbench.assembly import group_size
from ganbench.ingredients import require_fit

SHAPE = (1, 28, 28)
NARROW = replace(DCGAN, networks=DCGANPair(4, discriminator_batch_norm=True))


def kinds(network: nn.Module) -> list[type[nn.Module]]:
    """The layers, in order."""
    return [type(module) for module in network.modules() if not list(module.children())]


def narrow(seeds: tuple[int, ...]) -> tuple[Adversarial, Supply]:
    """A trainer of a narrow DCGAN with its supply, both fresh."""
    dataset = picture_dataset()
    return Adversarial(NARROW, dataset, seeds), Supply(dataset, seeds, 8, "cpu")


def test_the_rules_of_section_three() -> None:
    """No pooling, no fully connected hidden layer, batch normalisation on both sides but at the image, ReLU, leaky."""
    pair = DCGAN.networks
    assert pair == DCGANPair(width=64, discriminator_batch_norm=True)
    stem = [nn.Linear, nn.Unflatten, nn.BatchNorm2d, nn.ReLU]
    growing = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    assert kinds(pair.generator(64, (3, 32, 32))) == [*stem, *growing, *growing, nn.ConvTranspose2d]
    shrinking = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert kinds(pair.discriminator((3, 32, 32))) == [nn.Conv2d, nn.LeakyReLU, *shrinking, *shrinking, nn.Linear]


def test_the_optimiser_of_section_four() -> None:
    """Adam at 0.0002 with beta1 0.5, leaks of 0.2, cross entropy, one update of each side in turn."""
    assert DCGAN.optimizer == Adam(2e-4, betas=(0.5, 0.999))
    assert (DCGAN.loss, DCGAN.d_steps, DCGAN.penalties) == (NonSaturating(), 1, ())
    leaks = [m.negative_slope for m in DCGANPair().discriminator(SHAPE).modules() if isinstance(m, nn.LeakyReLU)]
    assert leaks == [0.2, 0.2]


@pytest.mark.parametrize("trick", [WithR1(), WithGradientPenalty()])
def test_penalties_on_a_samples_slope_do_not_apply(trick: Trick) -> None:
    """Under batch normalisation a score has no slope of its own; the reason names the recipe."""
    with pytest.raises(NotApplicable, match="the discriminator of dcgan normalises its batch"):
        require_fit(trick(DCGAN))


def test_points_have_no_such_pair() -> None:
    """On the ring, building it is refused with the shape that was found."""
    with pytest.raises(NotApplicable, match=r"square images of 16 to 64 pixels .*the samples are \(2,\)"):
        group_size(DCGAN, ring_dataset())


def test_scoring_uses_running_statistics() -> None:
    """After training, a score is that of the network in evaluation mode: each image's own, whoever is beside it."""
    trainer, supply = narrow((0,))
    trained(trainer, supply, 6)
    x = torch.randn(9, *SHAPE)
    found = trainer.score(x)
    assert found is not None
    alone = torch.cat([trainer.score(x[k : k + 1]) for k in range(9)])
    torch.testing.assert_close(found, alone)
    network = NARROW.networks.discriminator(SHAPE)
    network.load_state_dict(of_discriminator(trainer.checkpoints()[0]))
    torch.testing.assert_close(found, network.eval()(x))
    assert (found - network.train()(x)).abs().max() > 1e-3


def of_discriminator(checkpoint: dict[str, Tensor]) -> dict[str, Tensor]:
    """The discriminator's tensors, named as in the network itself."""
    prefix = "discriminator."
    return {name.removeprefix(prefix): x for name, x in checkpoint.items() if name.startswith(prefix)}


def test_running_statistics_follow_every_batch_that_is_seen() -> None:
    """An update of the discriminator shows it two batches, reals and fakes apart, one of the generator one more."""
    trainer, supply = narrow((0,))
    counts = []
    for _ in range(4):
        trainer.step(supply)
        seen = of_discriminator(trainer.checkpoints()[0])
        counts.append([int(x) for name, x in seen.items() if name.endswith("num_batches_tracked")])
    assert counts == [[2], [3], [5], [6]]


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Though seeds of convolutions train one by one, two stacked have the weights and statistics of the two alone."""
    group, supply = narrow((3, 1))
    trained(group, supply, 4)
    for seed, found in zip((3, 1), group.checkpoints(), strict=True):
        alone, own = narrow((seed,))
        trained(alone, own, 4)
        (wanted,) = alone.checkpoints()
        assert found.keys() == wanted.keys()
        for name, tensor in wanted.items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=2e-5, msg=lambda m, n=name: f"{n}: {m}")
