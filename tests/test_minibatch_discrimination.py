"""Minibatch discrimination, Salimans et al. 2016, section 3.2."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from ganbench_plugins.minibatch_discrimination import (
    Closeness,
    MinibatchDiscrimination,
    WithMinibatchDiscrimination,
)
from ganbench_plugins.minibatch_stddev import WithMinibatchStddev
from ganbench_plugins.nsgan import NSGAN
from torch import Tensor, nn
from toys import ADAM, adversarial, assert_group_trains_as_its_seeds

from ganbench import Altered, DCGANPair, MLPPair, Networks, NotApplicable

NETWORKS = MinibatchDiscrimination(MLPPair(16, 2), kernels=6, dimensions=3)
complete = {"networks": MLPPair(16, 2), "optimizer": ADAM}


def test_closeness_is_that_of_the_paper_with_the_mean_over_the_others() -> None:
    """o(x_i)_b = mean over j != i of exp(-|M_ib - M_jb|_1), by loops in numpy."""
    torch.manual_seed(0)
    closeness, features = Closeness(7, kernels=4, dimensions=3).double(), torch.randn(5, 7, dtype=torch.float64)
    matrices = np.einsum("abc,ia->ibc", closeness.tensor.detach().numpy(), features.numpy())
    wanted = np.zeros((5, 4))
    for i in range(5):
        for b in range(4):
            near = [math.exp(-np.abs(matrices[i, b] - matrices[j, b]).sum()) for j in range(5) if j != i]
            wanted[i, b] = np.mean(near)
    np.testing.assert_allclose(closeness(features).detach().numpy(), wanted, rtol=1e-12)


def test_a_collapsed_batch_is_as_close_as_can_be() -> None:
    """Where all samples are one, every closeness is 1; where they are far apart, 0; of two pairs of twins, 1/3."""
    closeness = Closeness(3, kernels=5, dimensions=2)
    one, other = torch.zeros(3), torch.full((3,), 1e6)
    torch.testing.assert_close(closeness(one.expand(4, 3)), torch.ones(4, 5))
    assert closeness(torch.eye(3) * 1e6).abs().max().item() == 0
    torch.testing.assert_close(closeness(torch.stack([one, other, other, one])), torch.full((4, 5), 1 / 3))


def test_the_score_is_linear_in_the_joined_features() -> None:
    """The features are the network's own and then closeness; the score is D(x) and a weighted sum of closeness."""
    torch.manual_seed(0)
    d, x = NETWORKS.discriminator((2,)), torch.randn(9, 2)
    features = d.features(x)
    assert features.shape == (9, 16 + 6)
    torch.testing.assert_close(features[:, :16], d.network.features(x))
    torch.testing.assert_close(features[:, 16:], d.statistic(features[:, :16]))
    torch.testing.assert_close(d(x), d.network(x) + features[:, 16:] @ d.weights)


def test_a_score_depends_on_the_rest_of_the_batch() -> None:
    """Which the pair declares, so that scores are measured in batches of the training's size."""
    d, x = NETWORKS.discriminator((2,)), torch.randn(9, 2)
    assert NETWORKS.couples
    assert (d(x)[:5] - d(x[:5])).abs().min() > 0


def test_the_rest_of_the_pair_is_as_it_was() -> None:
    """Generator and discriminator start from the weights that they would have without the trick."""
    torch.manual_seed(0)
    plain = [MLPPair(16, 2).generator(3, (2,)), MLPPair(16, 2).discriminator((2,))]
    torch.manual_seed(0)
    changed = [NETWORKS.generator(3, (2,)), NETWORKS.discriminator((2,)).network]
    for one, other in zip(plain, changed, strict=True):
        assert all(map(torch.equal, one.parameters(), other.parameters()))


def test_defaults_are_those_of_the_authors_code() -> None:
    """100 kernels of 5 dimensions, so 500 numbers for each feature, of unit length, and a weight for each kernel."""
    torch.manual_seed(0)
    changed = WithMinibatchDiscrimination()(replace(NSGAN, networks=DCGANPair(4)))
    assert changed == replace(NSGAN, networks=MinibatchDiscrimination(DCGANPair(4), 100, 5))
    assert changed.networks is not None
    d = changed.networks.discriminator((1, 28, 28))
    width = 8 * 7 * 7
    assert d.statistic.tensor.shape == (width, 100, 5)
    assert d.statistic.tensor.norm(dim=0).mean().item() == pytest.approx(1, abs=0.01)
    assert d.weights.shape == (100,)
    assert d.weights.abs().max().item() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("after", [False, True])
def test_a_group_trains_as_its_seeds_alone(after: bool) -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one; with stddev too."""
    recipe = WithMinibatchDiscrimination(6, 3)(replace(NSGAN, **complete))
    recipe = WithMinibatchStddev()(recipe) if after else recipe
    assert_group_trains_as_its_seeds(recipe, 20, atol=2e-5)


def test_twice_is_not_applicable() -> None:
    """A discriminator that sees closeness does not get it again."""
    with pytest.raises(NotApplicable, match="the networks of nsgan are MinibatchDiscrimination already"):
        WithMinibatchDiscrimination()(WithMinibatchDiscrimination(kernels=3)(replace(NSGAN, **complete)))


class Headless(nn.Module):
    """A discriminator whose score is no layer on its features."""

    def features(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(1)


@dataclass(frozen=True)
class HeadlessPair(Altered):
    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return Headless()


@pytest.mark.parametrize("trick", [WithMinibatchDiscrimination(), WithMinibatchStddev()])
def test_a_score_that_is_no_layer_on_features_cannot_be_joined(trick: WithMinibatchStddev) -> None:
    """Building such a discriminator is refused with the names of network and pair."""
    pair: Networks = HeadlessPair(MLPPair())
    changed = trick(replace(NSGAN, networks=pair, optimizer=ADAM))
    with pytest.raises(NotApplicable, match="the Headless of HeadlessPair has no last layer `out` on its features"):
        adversarial((0,), changed)


@pytest.mark.parametrize("field", ["kernels", "dimensions"])
def test_numbers_below_one_are_refused(field: str) -> None:
    """Neither kernels nor dimensions can be none."""
    with pytest.raises(ValueError, match=f"minibatch discrimination: found {field} 0; wanted at least 1"):
        WithMinibatchDiscrimination(**{field: 0})
