"""The convolutional pair."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap

from ganbench.errors import NotApplicable
from ganbench.networks.dcgan import DCGANPair, halved_sides


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    "shape", [(3, 16, 16), (1, 28, 28), (3, 32, 32), (3, 48, 48), (3, 64, 64), (1, 17, 17), (2, 63, 63)]
)
def test_shapes(shape: tuple[int, int, int]):
    """Every side from 16 to 64 is made exactly, in (-1, 1); each image has one score, linear in its features."""
    pair = DCGANPair(width=4)
    images = pair.generator(5, shape)(torch.randn(7, 5))
    discriminator = pair.discriminator(shape)
    features = discriminator.features(images)
    assert images.shape == (7, *shape)
    assert images.abs().max() <= 1
    assert discriminator(images).shape == (7,)
    torch.testing.assert_close(discriminator(images), features @ discriminator.out.weight[0] + discriminator.out.bias)


@pytest.mark.parametrize(
    ("side", "sides"),
    [(16, [16, 8, 4]), (28, [28, 14, 7]), (32, [32, 16, 8, 4]), (63, [63, 31, 15, 7]), (64, [64, 32, 16, 8, 4])],
)
def test_sides_are_halved_until_less_than_eight_is_left(side: int, sides: list[int]):
    """Halves are rounded down."""
    assert halved_sides((3, side, side)) == sides


def test_parameter_counts():
    """Widths w, 2w at 28 pixels: each 4 x 4 kernel, gain and offset is counted by hand, with no bias before a norm."""
    w, latent_dim = 6, 5
    pair = DCGANPair(width=w)
    stem = latent_dim * 2 * w * 7 * 7 + 2 * (2 * w)
    block, out = 2 * w * w * 16 + 2 * w, w * 1 * 16 + 1
    assert count(pair.generator(latent_dim, (1, 28, 28))) == stem + block + out
    assert count(pair.discriminator((1, 28, 28))) == (16 * w + w) + (w * 2 * w * 16 + 2 * w) + (2 * w * 7 * 7 + 1)


def test_the_discriminators_batch_normalisation_is_an_option():
    """It follows every convolution but the first, in the place of the bias; then the pair says that it normalises."""
    w, pair = 6, DCGANPair(width=6, discriminator_batch_norm=True)
    assert (DCGANPair().normalises_batch, pair.normalises_batch) == (False, True)
    discriminator = pair.discriminator((1, 28, 28))
    norms = [module for module in discriminator.modules() if isinstance(module, nn.BatchNorm2d)]
    assert [norm.num_features for norm in norms] == [2 * w]
    assert count(discriminator) == (16 * w + w) + (w * 2 * w * 16 + 2 * (2 * w)) + (2 * w * 7 * 7 + 1)


def test_width_doubles_with_each_halving():
    """At 64 pixels and width 128 the stem has the paper's 1,024 channels of 4 x 4 (figure 1)."""
    with torch.device("meta"):
        generator = DCGANPair(width=128).generator(100, (3, 64, 64))
    assert generator.stem[1].unflattened_size == (1024, 4, 4)


def test_initial_weights():
    """Weights are drawn from N(0, 0.02), gains from N(1, 0.02), biases are zero."""
    torch.manual_seed(0)
    pair = DCGANPair(width=32, discriminator_batch_norm=True)
    for module in [*pair.generator(64, (3, 32, 32)).modules(), *pair.discriminator((3, 32, 32)).modules()]:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            assert module.bias is None or not module.bias.any()
            spread = 5 * 0.02 / module.weight.numel() ** 0.5
            centre = 1 if isinstance(module, nn.BatchNorm2d) else 0
            assert module.weight.mean().item() == pytest.approx(centre, abs=spread)
            assert module.weight.std().item() == pytest.approx(0.02, abs=spread)


def test_a_score_depends_on_its_own_image_alone():
    """The gradient of one score is zero at every other image of the batch, so that per-sample penalties are defined."""
    discriminator, x = DCGANPair(width=4).discriminator((1, 16, 16)), torch.randn(4, 1, 16, 16)
    slope = grad(lambda x: discriminator(x)[2])(x).flatten(1).norm(dim=1)
    assert slope[2] > 0
    assert slope[[0, 1, 3]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("shape", [(2,), (3, 32, 48), (1, 8, 8), (3, 65, 65)])
def test_other_shapes_make_no_sense(shape: tuple[int, ...]):
    """Points, oblong images and sides outside 16..64 are refused with the shape that was found."""
    with pytest.raises(NotApplicable, match=r"square images of 16 to 64 pixels .*the samples are ") as caught:
        DCGANPair().generator(5, shape)
    assert str(caught.value).endswith(str(shape))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
@pytest.mark.parametrize("side", ["generator", "discriminator"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("normalised", [False, True])
def test_stacked_equals_looped(shape: tuple[int, ...], side: str, training: bool, normalised: bool):
    """Three seeds under vmap give what each gives alone: outputs, gradients, and the running statistics they leave."""
    torch.manual_seed(0)
    pair = DCGANPair(width=4, discriminator_batch_norm=normalised)
    networks = [pair.generator(5, shape) if side == "generator" else pair.discriminator(shape) for _ in range(3)]
    networks = [network.double().train(training) for network in networks]
    x = torch.randn(3, 6, *((5,) if side == "generator" else shape), dtype=torch.float64)
    parameters, buffers = stack_module_state(networks)
    template = copy.deepcopy(networks[0]).to("meta")
    stacked = vmap(lambda p, b, x: functional_call(template, (p, b), (x,)), randomness="different")(
        parameters, buffers, x
    )
    looped = torch.stack([network(batch) for network, batch in zip(networks, x, strict=True)])
    torch.testing.assert_close(stacked, looped)
    gradients = torch.autograd.grad(stacked.square().sum(), list(parameters.values()))
    looped.square().sum().backward()
    for (name, _), gradient in zip(parameters.items(), gradients, strict=True):
        wanted = torch.stack([network.get_parameter(name).grad for network in networks])
        torch.testing.assert_close(gradient, wanted)
    for name, buffer in buffers.items():
        torch.testing.assert_close(buffer, torch.stack([network.get_buffer(name) for network in networks]))
    assert all(
        buffer.eq(int(training)).all() for name, buffer in buffers.items() if name.endswith("num_batches_tracked")
    )
