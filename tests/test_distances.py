"""Distances in blocks, against scipy's all at once."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from ganbench.metrics import rows
from ganbench.metrics.distances import nearest_distances, neighbour_distances, squared_blocks

A = torch.randn(50, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 100
B = torch.randn(31, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 100


@pytest.fixture(params=[1, 100, 2**20], autouse=True)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A row at a time, three rows at a time, all at once: no number may depend on it."""
    monkeypatch.setattr(rows, "BLOCK", request.param)
    return int(request.param)


def test_blocks_together_are_all_distances(block: int) -> None:
    """In order, and none holds more than was asked for, but for one row."""
    parts = list(squared_blocks(A, B))
    assert [first for first, _ in parts] == np.cumsum([0, *(len(x) for _, x in parts)])[:-1].tolist()
    assert torch.cat([x for _, x in parts]).numpy() == pytest.approx(cdist(A, B, "sqeuclidean"), rel=1e-9)
    assert max(x.numel() for _, x in parts) <= max(block, len(B))


def test_nearest_and_neighbours_are_scipys() -> None:
    """The nearest of another set; the k nearest others of the same, a row never being its own neighbour."""
    assert nearest_distances(A, B).numpy() == pytest.approx(cdist(A, B, "sqeuclidean").min(axis=1), rel=1e-9)
    wanted = np.sort(cdist(A, A, "sqeuclidean"), axis=1)[:, 1:4]
    assert neighbour_distances(A, 3).numpy() == pytest.approx(wanted, rel=1e-9)
    some = torch.tensor([3, 0, 41])
    assert neighbour_distances(A, 3, of=some).numpy() == pytest.approx(wanted[some], rel=1e-9)


def test_with_many_features_each_distance_stands_for_both_rows() -> None:
    """The k nearest others are the same where a distance is worked out once for its two rows, ties included."""
    many = torch.randn(50, 300, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    many[7] = many[31]
    wanted = np.sort(cdist(many, many, "sqeuclidean"), axis=1)[:, 1:4]
    assert neighbour_distances(many, 3).numpy() == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_a_twin_is_a_neighbour() -> None:
    """At distance 0, though a row itself is not."""
    twins = torch.tensor([[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]])
    assert neighbour_distances(twins, 2).tolist() == [[0, 25], [0, 25], [25, 25]]


def test_far_from_the_origin_float32_is_exact_to_rounding() -> None:
    """Distances are taken about the mean, so that a common offset of 1,000 costs no digits."""
    a, b = (x.float() + 1000 for x in (A, B))
    wanted = cdist(a.double(), b.double(), "sqeuclidean").min(axis=1)
    assert nearest_distances(a, b).numpy() == pytest.approx(wanted, rel=1e-3)


def test_too_few_rows_are_refused() -> None:
    """k neighbours need k + 1 rows."""
    with pytest.raises(ValueError, match=r"found features of shape \(3, 7\), wanted \(n, d\) with n at least 4"):
        neighbour_distances(A[:3], 3)
