"""KID, against torch-fidelity, its definition and its unbiasedness."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench.metrics import kernel, rows
from ganbench.metrics.kernel import KernelDistance, kernel_distance
from ganbench.metrics.metric import Evidence, Features, Make
from ganbench.vision import torch_fidelity


def drawn(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + seed / 10


def evidence(generated: Tensor, real: Tensor) -> Evidence:
    return Evidence(torch.empty(0), Features(generated, torch.empty(0)), Features(real, torch.empty(0)))


def test_it_is_the_definition() -> None:
    """Points 1, 2 against 0, 3 in one dimension: k is (xy + 1)^3, so 27 + 1 - 2 (1 + 64 + 1 + 343) / 4 = -176.5."""
    assert kernel_distance(torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [3.0]])) == -176.5


def test_it_agrees_with_torch_fidelity_on_the_same_images() -> None:
    """One subset of all images is the very same estimate; theirs of smaller subsets is the mean of ours over them."""
    x, y = drawn(200, 16), drawn(200, 16, seed=1)
    theirs = torch_fidelity.metric_kid.kid_features_to_metric
    whole = theirs(x, y, kid_subsets=1, kid_subset_size=200, verbose=False)["kernel_inception_distance_mean"]
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-6)
    some = theirs(x, y, kid_subsets=5, kid_subset_size=50, rng_seed=7, verbose=False)
    rng = np.random.RandomState(7)
    ours = [
        kernel_distance(*(z[torch.from_numpy(rng.choice(200, 50, replace=False))] for z in (x, y))) for _ in range(5)
    ]
    assert np.mean(ours) == pytest.approx(some["kernel_inception_distance_mean"], rel=1e-6)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded without a change of the number."""
    x, y = drawn(53, 4), drawn(31, 4, seed=1)
    whole = kernel_distance(x, y)
    monkeypatch.setattr(rows, "BLOCK", 100)
    assert kernel_distance(x, y) == pytest.approx(whole, rel=1e-12)


def test_it_has_no_bias() -> None:
    """Over 400 pairs of samples of one law, of 20 and of 30, the mean is within 3 standard errors of 0."""
    draws = torch.randn(400, 50, 3, generator=torch.Generator().manual_seed(0))
    found = [kernel_distance(x[:20], x[20:]) for x in draws]
    assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(400)


def test_the_term_of_the_reals_is_kept() -> None:
    """It depends on the reals alone, so it is asked for by name; the metric gives what the function gives."""
    asked = []

    def keep(name: str, make: Make) -> dict[str, Tensor]:
        asked.append(name)
        return make()

    x, y = drawn(30, 4), drawn(40, 4, seed=1)
    shown = Evidence(torch.empty(0), Features(x, x), Features(y, y, keep))
    assert KernelDistance()(shown)["kid"] == pytest.approx(kernel_distance(x, y), rel=1e-12)
    assert asked == ["kernel-in-1-of-40"]


def test_large_samples_are_compared_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into as many parts, the metric is the mean over the pairs of parts; too few reals leave it out."""
    monkeypatch.setattr(kernel, "GROUP", 10)
    x, y = drawn(30, 4), drawn(60, 4, seed=1)
    parts = zip(x.split(10), y.split(20), strict=True)
    assert KernelDistance()(evidence(x, y))["kid"] == pytest.approx(np.mean([kernel_distance(*part) for part in parts]))
    assert KernelDistance()(evidence(x, y[:5])) == {}


def test_bad_features() -> None:
    """Not finite: refused. Constant: (c.c + 1)^3 cancels to 0. A single one: left out."""
    x = drawn(9, 3)
    strange = x.clone()
    strange[1, 1] = math.nan
    with pytest.raises(ValueError, match="found 1 of 27 features to be NaN or infinite"):
        KernelDistance()(evidence(x, strange))
    assert kernel_distance(torch.ones(5, 3), torch.ones(4, 3)) == 0
    assert KernelDistance()(evidence(x[:1], x)) == {}
    assert KernelDistance()(Evidence(torch.empty(0))) == {}
