"""W2 by assignment: against every permutation, the closed form on the line, and simulation of its floor."""

import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from ganbench.datasets.mixtures import grid, ring
from ganbench.metrics import assignment
from ganbench.metrics.assignment import Assignment, floor_and_limit, wasserstein_2
from ganbench.metrics.metric import Evidence

SEEDED = torch.Generator().manual_seed(0)


def test_it_is_the_best_of_all_permutations() -> None:
    """Six points in the plane, 720 permutations; it does not matter which set comes first."""
    a, b = torch.randn(6, 2, generator=SEEDED).double(), torch.randn(6, 2, generator=SEEDED).double()
    best = min(float((a - b[list(order)]).square().sum(1).mean()) for order in permutations(range(6)))
    assert wasserstein_2(a, b) == pytest.approx(math.sqrt(best), rel=1e-12)
    assert wasserstein_2(b, a) == pytest.approx(math.sqrt(best), rel=1e-12)


def test_on_the_line_sorted_samples_are_assigned_in_order() -> None:
    """The closed form of one dimension, at n = 300."""
    a, b = torch.randn(300, 1, generator=SEEDED), 3 * torch.randn(300, 1, generator=SEEDED)
    sorted_cost = (a.double().sort(0).values - b.double().sort(0).values).square().mean().sqrt()
    assert wasserstein_2(a, b) == pytest.approx(float(sorted_cost), rel=1e-9)


def test_a_shift_is_its_own_distance() -> None:
    """Samples that are moved by (3, 4), in whatever order, are 5 away."""
    a = torch.randn(100, 2, generator=SEEDED)
    assert wasserstein_2(a, a.flip(0) + torch.tensor([3.0, 4.0])) == pytest.approx(5, rel=1e-6)
    assert wasserstein_2(a, a.flip(0)) == 0


def test_what_cannot_be_assigned_is_refused() -> None:
    """Sets of two sizes, empty ones, and samples that are not finite."""
    with pytest.raises(ValueError, match=r"^found samples of shapes \(3, 2\) and \(4, 2\), wanted as many of each$"):
        wasserstein_2(torch.zeros(3, 2), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="wanted as many of each"):
        wasserstein_2(torch.zeros(0, 2), torch.zeros(0, 2))
    with pytest.raises(ValueError, match="found 1 of 2 samples with NaN or infinity"):
        wasserstein_2(torch.tensor([[0.0, 0.0], [torch.nan, 0.0]]), torch.zeros(2, 2))


@pytest.mark.parametrize("density", [ring(), grid(), ring(sigma=0.3)])
def test_floor_and_limit_are_the_truths(density) -> None:
    """Over 200 runs of the truth: the mean to 10 %, and at most 2 above the limit."""
    draws = (density.sample(200, torch.Generator().manual_seed(seed)) for seed in range(200))
    reference = assignment.true_samples(density, 200)
    found = np.array([wasserstein_2(x, reference) for x in draws])
    floor, limit = floor_and_limit(density, 200)
    assert found.mean() == pytest.approx(floor, rel=0.1)
    assert (found > limit).sum() <= 2


def test_the_floor_is_computed_once_on_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read from the cache by later processes; another density and another n have their own."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    floor_and_limit.cache_clear()
    found = [floor_and_limit(*case) for case in ((ring(), 20), (ring(), 30), (grid(), 20))]
    assert (len(set(found)), len(list(tmp_path.glob("w2-floor-*")))) == (3, 3)
    floor_and_limit.cache_clear()
    monkeypatch.setattr(assignment, "wasserstein_2", None)
    assert floor_and_limit(ring(), 20) == found[0]


def test_it_is_measured_at_the_headline_alone() -> None:
    """On the first `most` samples, beside floor and limit at that n; on all where there are fewer."""
    samples = ring().sample(60, torch.Generator().manual_seed(0))
    values = Assignment(most=50)(Evidence(samples, density=ring()))
    assert values == Assignment(most=50)(Evidence(samples[:50], density=ring()))
    assert list(values) == [q.name for q in Assignment().quantities]
    assert values["w2"] == wasserstein_2(samples[:50], assignment.true_samples(ring(), 50))
    assert Assignment()(Evidence(samples[:40], density=ring()))["w2_floor"] == floor_and_limit(ring(), 40)[0]
    assert Assignment()(Evidence(samples, density=ring(), final=False)) == {}
    assert Assignment()(Evidence(samples)) == Assignment()(Evidence(samples[:0], density=ring())) == {}
