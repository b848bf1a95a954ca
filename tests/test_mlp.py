"""The perceptron pair."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from ganbench.networks.mlp import MLPPair


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8), (3, 16, 16)])
def test_shapes(shape: tuple[int, ...]):
    """Latents become samples of the dataset's shape, samples become one score each, from features of the width."""
    pair = MLPPair(width=16, depth=3)
    samples = pair.generator(5, shape)(torch.randn(7, 5))
    discriminator = pair.discriminator(shape)
    assert samples.shape == (7, *shape)
    assert discriminator(samples).shape == (7,)
    assert discriminator.features(samples).shape == (7, 16)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_parameter_counts(depth: int):
    """Depth d, width w: (inputs + 1) w + (d - 1)(w + 1) w + (w + 1) outputs."""
    pair, width, latent_dim, pixels = MLPPair(width=10, depth=depth), 10, 3, 64
    inner = (depth - 1) * (width + 1) * width
    assert count(pair.generator(latent_dim, (1, 8, 8))) == (latent_dim + 1) * width + inner + (width + 1) * pixels
    assert count(pair.discriminator((1, 8, 8))) == (pixels + 1) * width + inner + (width + 1)


def test_images_are_bounded_and_points_are_not():
    """An image's generator ends in tanh; a point's ends in a linear layer, so tenfold weights give tenfold points."""
    latent = 100 * torch.randn(50, 5)
    images, points = MLPPair(width=8).generator(5, (1, 8, 8)), MLPPair(width=8).generator(5, (2,))
    before = points(latent)
    with torch.no_grad():
        points.out.weight.mul_(10)
        points.out.bias.mul_(10)
    torch.testing.assert_close(points(latent), 10 * before)
    assert images(latent).abs().max() <= 1


def test_the_score_is_linear_in_the_features():
    """A score is the last layer's weights times the features, plus its bias."""
    discriminator, x = MLPPair(width=8).discriminator((2,)), torch.randn(6, 2)
    wanted = discriminator.features(x) @ discriminator.out.weight[0] + discriminator.out.bias
    torch.testing.assert_close(discriminator(x), wanted)


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
def test_stacked_equals_looped(shape: tuple[int, ...]):
    """Three seeds under vmap give what each gives alone."""
    pair = MLPPair(width=16)
    for networks, x in (
        ([pair.generator(4, shape).double() for _ in range(3)], torch.randn(3, 5, 4).double()),
        ([pair.discriminator(shape).double() for _ in range(3)], torch.randn(3, 5, *shape).double()),
    ):
        parameters, buffers = stack_module_state(networks)
        template = copy.deepcopy(networks[0]).to("meta")
        stacked = vmap(lambda p, b, x, t=template: functional_call(t, (p, b), (x,)))(parameters, buffers, x)
        looped = torch.stack([network(batch) for network, batch in zip(networks, x, strict=True)])
        torch.testing.assert_close(stacked, looped)
