"""The minibatch standard deviation of Karras et al. 2018, section 3."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ganbench_plugins.minibatch_stddev import MinibatchStddev, Spread, WithMinibatchStddev
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.r1 import WithR1
from torch.func import grad
from toys import ADAM, adversarial, trained

from ganbench import MLPPair, NotApplicable, Recipe

NETWORKS = MinibatchStddev(MLPPair(16, 2))
COMPLETE = WithMinibatchStddev()(replace(NSGAN, networks=MLPPair(16, 2), optimizer=ADAM))


def test_the_number_is_the_mean_of_the_features_deviations() -> None:
    """numpy's standard deviation of each feature over the batch, averaged over features, alike for every sample."""
    features = torch.randn(9, 5, dtype=torch.float64)
    found = Spread()(features)
    assert found.shape == (9, 1)
    np.testing.assert_allclose(found.numpy(), np.full((9, 1), features.numpy().std(axis=0).mean()), rtol=1e-7)


def test_hand_computed() -> None:
    """Features (0, 1) and (4, 1) deviate by 2 and by 0: 1 on the average (and 1e-4 / 2 for the root of 1e-8)."""
    found = Spread()(torch.tensor([[0.0, 1.0], [4.0, 1.0]]))
    torch.testing.assert_close(found, torch.full((2, 1), 1 + 1e-4 / 2))


def test_a_collapsed_batch_has_a_finite_gradient() -> None:
    """Where all samples are one, the root has no infinite slope: the gradient is zero."""
    slope = grad(lambda x: Spread()(x).sum())(torch.ones(4, 3))
    assert slope.tolist() == torch.zeros(4, 3).tolist()


def test_the_score_is_linear_in_the_joined_features() -> None:
    """The features are the network's own and then the number; the score is D(x) and a multiple of it."""
    torch.manual_seed(0)
    d, x = NETWORKS.discriminator((2,)), torch.randn(9, 2)
    features = d.features(x)
    assert features.shape == (9, 17)
    torch.testing.assert_close(features[:, :16], d.network.features(x))
    torch.testing.assert_close(d(x), d.network(x) + features[:, 16] * d.weights)


def test_a_score_depends_on_the_rest_of_the_batch() -> None:
    """Which the pair declares, so that scores are measured in batches of the training's size."""
    torch.manual_seed(0)
    d, x = NETWORKS.discriminator((2,)), torch.randn(9, 2)
    assert NETWORKS.couples
    assert (d(x)[:5] - d(x[:5])).abs().min() > 0


def test_the_discriminator_starts_as_without_the_trick() -> None:
    """Its own weights are those of the plain network, with one more for the number."""
    torch.manual_seed(0)
    plain = MLPPair(16, 2).discriminator((2,))
    torch.manual_seed(0)
    changed = NETWORKS.discriminator((2,))
    assert all(map(torch.equal, plain.parameters(), changed.network.parameters()))
    assert sum(p.numel() for p in changed.parameters()) == sum(p.numel() for p in plain.parameters()) + 1


@pytest.mark.parametrize("recipe", [COMPLETE, WithR1()(COMPLETE)], ids=["alone", "r1"])
def test_a_group_trains_as_its_seeds_alone(recipe: Recipe) -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one."""
    group, supply = adversarial((3, 1, 4), recipe)
    trained(group, supply, 20)
    for seed, found in zip((3, 1, 4), group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), recipe)
        trained(alone, own, 20)
        (wanted,) = alone.checkpoints()
        for name, tensor in wanted.items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=2e-5, msg=lambda m, n=name: f"{n}: {m}")


def test_the_trick_changes_the_networks_alone() -> None:
    """And not twice."""
    recipe = replace(NSGAN, networks=MLPPair(16, 2), optimizer=ADAM)
    assert WithMinibatchStddev()(recipe) == replace(recipe, networks=NETWORKS)
    with pytest.raises(NotApplicable, match="the networks of nsgan are MinibatchStddev already"):
        WithMinibatchStddev()(COMPLETE)
