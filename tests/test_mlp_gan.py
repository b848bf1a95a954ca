"""The tutorials' fully connected GAN."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.mlp_gan import MLP_GAN, TutorialPair
from ganbench_plugins.nsgan import NonSaturating
from torch import nn
from toys import trained

from ganbench import Adam, Supply
from ganbench.adversarial import Adversarial
from ganbench.assembly import group_size
from ganbench.datasets import digits

DEFAULT = TutorialPair()


def sizes(network: nn.Module) -> list[tuple[int, int]]:
    """Inputs and outputs of each linear layer, in order."""
    return [(layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_layers_on_mnist() -> None:
    """The generator goes 100 - 256 - 512 - 1024 - 784, the discriminator 784 - 512 - 256 - 1."""
    assert sizes(DEFAULT.generator(DEFAULT.latent_dim, (1, 28, 28))) == [
        (100, 256),
        (256, 512),
        (512, 1024),
        (1024, 784),
    ]
    assert sizes(DEFAULT.discriminator((1, 28, 28))) == [(784, 512), (512, 256), (256, 1)]


def test_the_networks_are_plain_chains() -> None:
    """With the same weights, torch's Sequential with ReLU, LeakyReLU(0.2) and tanh gives the same bits."""
    torch.manual_seed(0)
    pair, shape = TutorialPair((8, 9), (7, 6)), (2, 3, 3)
    generator, discriminator = pair.generator(5, shape), pair.discriminator(shape)
    layers = [m for m in generator.modules() if isinstance(m, nn.Linear)]
    made = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2], nn.Tanh(), nn.Unflatten(1, shape))
    latent = torch.randn(4, 5)
    assert torch.equal(generator(latent), made(latent))
    layers = [m for m in discriminator.modules() if isinstance(m, nn.Linear)]
    leaky = nn.LeakyReLU(0.2)
    hidden = nn.Sequential(nn.Flatten(), layers[0], leaky, layers[1], leaky)
    assert torch.equal(discriminator.features(made(latent)), hidden(made(latent)))
    assert torch.equal(discriminator(made(latent)), layers[2](hidden(made(latent)))[:, 0])


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
def test_images_are_bounded_and_points_are_not(shape: tuple[int, ...]) -> None:
    """A last layer of large weights drives images to tanh's bounds, and points beyond them."""
    torch.manual_seed(0)
    generator = DEFAULT.generator(3, shape)
    generator.out.weight.data.mul_(1e4)
    samples = generator(torch.randn(50, 3))
    assert samples.shape == (50, *shape)
    assert (samples.abs().max().item() <= 1) == (len(shape) == 3)


def test_the_recipe() -> None:
    """Non-saturating cross entropy; Adam at 0.0003 with its default betas; one update of each side in turn."""
    assert MLP_GAN.loss == NonSaturating()
    assert MLP_GAN.optimizer == Adam(3e-4, betas=(0.9, 0.999))
    assert MLP_GAN.networks == DEFAULT
    assert (MLP_GAN.d_steps, MLP_GAN.penalties, MLP_GAN.loss.threshold) == (1, (), 0.0)


def test_it_is_too_wide_to_be_stacked() -> None:
    """Its seeds train one by one, on every dataset."""
    assert group_size(MLP_GAN, digits.load(None, None)) == 1


def test_a_group_trains_as_its_seeds_alone() -> None:
    """If stacked all the same, two seeds have, after 6 updates, the weights of the two trained one by one."""
    dataset = digits.load(None, None)
    group, supply = Adversarial(MLP_GAN, dataset, (3, 1)), Supply(dataset, (3, 1), 16, "cpu")
    trained(group, supply, 6)
    for seed, found in zip((3, 1), group.checkpoints(), strict=True):
        alone, own = Adversarial(MLP_GAN, dataset, (seed,)), Supply(dataset, (seed,), 16, "cpu")
        trained(alone, own, 6)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=2e-5, msg=lambda m, n=name: f"{n}: {m}")
