"""The pair of EBGAN and BEGAN: perceptrons whose discriminator is an autoencoder."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.autoencoding_pair import AutoencodingPair
from ganbench_plugins.began import AbsoluteAutoencoders
from ganbench_plugins.ebgan import EuclideanAutoencoders
from torch import nn

PAIRS = [EuclideanAutoencoders(16, 2), AbsoluteAutoencoders(16, 1, 1)]
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: type(pair).__name__)
each_shape = pytest.mark.parametrize("shape", [(2,), (1, 8, 8), (3, 28, 28)], ids=str)


@each_pair
@each_shape
def test_shapes_are_those_of_the_samples(pair: AutoencodingPair, shape: tuple[int, ...]) -> None:
    """Samples (batch, *shape) of the generator get scores (batch,) and codes (batch, width)."""
    samples = pair.generator(5, shape)(torch.randn(7, 5))
    discriminator = pair.discriminator(shape)
    assert samples.shape == (7, *shape)
    assert discriminator(samples).shape == (7,)
    assert discriminator.features(samples).shape == (7, 16)


@each_pair
def test_images_are_bounded_and_points_are_not(pair: AutoencodingPair) -> None:
    """Far latents saturate the pixels at -1 and 1, and drive points beyond."""
    far = 1e4 * torch.randn(9, 5)
    assert pair.generator(5, (1, 4, 4))(far).abs().max() == 1
    assert pair.generator(5, (2,))(far).abs().max() > 1


@pytest.mark.parametrize(("pair", "energy"), [(PAIRS[0], 5.0), (PAIRS[1], 3.5)], ids=["euclidean", "absolute"])
def test_the_score_is_the_negative_energy_of_what_is_lost(pair: AutoencodingPair, energy: float) -> None:
    """An autoencoder that makes 0 of everything loses (3, 4): its norm is 5, its mean absolute value 3.5."""
    discriminator = pair.discriminator((2,))
    for parameter in discriminator.parameters():
        nn.init.zeros_(parameter)
    assert discriminator(torch.tensor([[3.0, -4.0], [0.0, 0.0]])).tolist() == [-energy, 0.0]


def test_what_is_rebuilt_exactly_has_no_energy() -> None:
    """With the identity in both layers, samples without negative numbers score 0, which is the highest score."""
    discriminator = EuclideanAutoencoders(2, 1).discriminator((2,))
    for name, parameter in discriminator.named_parameters():
        parameter.data = torch.eye(2) if name.endswith("weight") else torch.zeros(2)
    assert discriminator(torch.tensor([[3.0, 4.0], [1.0, -2.0]])).tolist() == [0.0, -2.0]


@each_pair
def test_layers_are_as_many_as_the_pair_says(pair: AutoencodingPair) -> None:
    """Linear layers: depth + 1 in the generator, depth in the encoder, decoder_depth + 1 in the decoder."""

    def linear(module: nn.Module) -> int:
        return sum(isinstance(each, nn.Linear) for each in module.modules())

    discriminator = pair.discriminator((2,))
    assert linear(pair.generator(5, (2,))) == pair.depth + 1
    assert (linear(discriminator.encoder), linear(discriminator.decoder)) == (pair.depth, pair.decoder_depth + 1)
