"""1-nearest-neighbour accuracy: against scikit-learn, by hand, and its spread by simulation."""

import math

import numpy as np
import pytest
import torch
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from ganbench.datasets.mixtures import GaussianMixture, grid, ring
from ganbench.metrics.metric import Evidence
from ganbench.metrics.nearest_neighbour import NearestNeighbour, accuracy, nearest_neighbours
from ganbench.metrics.truth import true_samples


def test_a_hand_counted_example() -> None:
    """Generated 0, 1, 10 and true 1.5, 11, 11.2 on the line: only 0, 11 and 11.2 are called right.

    The two nearest pairs that choose each other are (1, 1.5) and (11, 11.2): 4 of 6, which are worth 6 / (1 + 4/6).
    """
    generated, true = torch.tensor([[0.0], [1.0], [10.0]]), torch.tensor([[1.5], [11.0], [11.2]])
    assert accuracy(generated, true) == (0.5, 3)


def test_it_is_scikit_learns_leave_one_out() -> None:
    """On 60 + 60 samples of two overlapping laws."""
    g = torch.Generator().manual_seed(0)
    generated, true = torch.randn(60, 2, generator=g).double(), 1 + torch.randn(60, 2, generator=g).double()
    labels = np.repeat([0, 1], 60)
    points = torch.cat([generated, true]).numpy()
    expected = cross_val_score(KNeighborsClassifier(1), points, labels, cv=LeaveOneOut()).mean()
    assert accuracy(generated, true)[0] == pytest.approx(expected)


def test_no_point_is_its_own_neighbour() -> None:
    """Also where points coincide."""
    points = np.array([[0.0, 0.0]] * 5 + [[1.0, 0.0]] * 2)
    found = nearest_neighbours(points)
    assert (found != np.arange(7)).all()
    assert (points[found] == points).all()


def test_sets_apart_are_told_and_copies_mistaken() -> None:
    """Far from the truth every call is right; samples that lie on the true ones are all called wrong."""
    true = ring().sample(50, torch.Generator().manual_seed(0))
    assert accuracy(true + 9, true)[0] == 1
    assert accuracy(true + 1e-6, true)[0] == 0


@pytest.mark.parametrize("density", [ring(), grid(), GaussianMixture(((0.0,),), 1.0)])
def test_the_truth_has_one_half_with_the_spread_of_so_many_calls(density: GaussianMixture) -> None:
    """300 runs: the mean to four standard errors, the spread to a fifth; the plain 2n calls would promise too much."""
    n = 400
    draws = [density.sample(n, torch.Generator().manual_seed(seed)) for seed in range(300)]
    found, calls = np.array([accuracy(x, true_samples(density, n, 1 + k)) for k, x in enumerate(draws)]).T
    assert found.mean() == pytest.approx(0.5, abs=4 * found.std() / math.sqrt(300) + 1 / (4 * n))
    assert found.std() == pytest.approx(0.5 / math.sqrt(calls.mean()), rel=0.2)
    assert calls.mean() < 0.65 * 2 * n


def test_the_interval_is_wilsons_of_the_calls() -> None:
    """Around the accuracy; values as declared; nothing without a density or samples; an error if not finite."""
    samples = ring().sample(500, torch.Generator().manual_seed(0))
    values = NearestNeighbour()(Evidence(samples, density=ring()))
    assert list(values) == [q.name for q in NearestNeighbour().quantities]
    share, calls = accuracy(samples, true_samples(ring(), 500))
    low, high = values["nn_accuracy_low"], values["nn_accuracy_high"]
    assert values["nn_accuracy"] == share
    z = 3.2905  # of 99.9 %
    for end in (low, high):
        assert abs(end - share) == pytest.approx(z * math.sqrt(end * (1 - end) / calls), rel=1e-4)
    assert NearestNeighbour()(Evidence(samples)) == NearestNeighbour()(Evidence(samples[:0], density=ring())) == {}
    with pytest.raises(ValueError, match="found 500 of 500 samples with NaN or infinity"):
        NearestNeighbour()(Evidence(samples * torch.nan, density=ring()))


def test_a_single_sample_is_measured() -> None:
    """Its neighbour is the one true sample: both calls are wrong, and the interval says how little that means."""
    values = NearestNeighbour()(Evidence(torch.zeros(1, 2), density=ring()))
    assert values["nn_accuracy"] == 0
    assert values["nn_accuracy_high"] > 0.9
