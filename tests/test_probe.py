"""The probe: one half for equal laws, near the Bayes accuracy for different ones, and nothing but its arguments."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from ganbench.datasets.mixtures import ring
from ganbench.metrics.discriminator import wilson_interval
from ganbench.metrics.metric import Evidence, Features
from ganbench.metrics.probe import FeatureProbe, PointProbe, magnified, probe_accuracy


def normals(n: int, dimensions: int = 8, shift: float = 0.0, seed: int = 0) -> Tensor:
    return torch.randn(n, dimensions, generator=torch.Generator().manual_seed(seed)) + shift


def points(n: int, seed: int = 1, **changes: float) -> Tensor:
    return replace(ring(), **changes).sample(n, torch.Generator().manual_seed(seed))


def on_points(samples: Tensor, final: bool = True) -> dict[str, float]:
    return dict(PointProbe()(Evidence(samples, density=ring(), final=final)))


def test_equal_laws_are_told_apart_half_of_the_time() -> None:
    """On the mean over five pairs of samples, within three standard errors of 5 x 1,000 calls."""
    found = [probe_accuracy(normals(1_000, seed=2 * k), normals(1_000, seed=2 * k + 1)) for k in range(5)]
    assert [calls for _, calls in found] == [1_000] * 5
    assert sum(accuracy for accuracy, _ in found) / 5 == pytest.approx(0.5, abs=3 * 0.5 / math.sqrt(5_000))


@pytest.mark.parametrize("shift", [0.2, 0.5, 1.0])
def test_shifted_laws_are_told_apart_nearly_as_often_as_can_be(shift: float) -> None:
    """Eight coordinates shifted by s: Phi(s sqrt 8 / 2) at most; of 2,000 each, 0.03 is lost, and chance is 0.034."""
    best = norm.cdf(shift * math.sqrt(8) / 2)
    accuracy, _ = probe_accuracy(normals(2_000), normals(2_000, shift=shift, seed=1))
    assert best - 0.03 - 0.034 < accuracy < best + 0.034


def test_the_truth_passes_and_its_interval_holds_one_half() -> None:
    """As points of the ring."""
    values = on_points(points(4_000))
    assert list(values) == [quantity.name for quantity in PointProbe().quantities]
    assert values["probe_low"] < 0.5 < values["probe_high"]
    assert (values["probe_low"], values["probe_high"]) == wilson_interval(values["probe_accuracy"], 4_000)


@pytest.mark.parametrize(
    ("changes", "best"), [({"sigma": 0.005}, 0.736), ({"sigma": 0.02}, 0.736), ({"sigma": 0.05}, 0.919)]
)
def test_modes_of_the_wrong_width_do_not_pass(changes: dict[str, float], best: float) -> None:
    """Between circles, TV has a closed form: with v = (s / sigma)^2 it is |v^(-1 / (v - 1)) - v^(-v / (v - 1))|."""
    v = (changes["sigma"] / 0.01) ** 2
    tv = abs(v ** (-1 / (v - 1)) - v ** (-v / (v - 1)))
    assert (1 + tv) / 2 == pytest.approx(best, abs=0.001)
    assert on_points(points(4_000, **changes))["probe_accuracy"] == pytest.approx(best, abs=0.04)


def test_collapsed_and_missing_modes_do_not_pass() -> None:
    """Points on the means are told from the truth nearly always, half of the modes three times in four."""
    means = ring().centres.repeat(250, 1)
    assert on_points(means)["probe_accuracy"] > 0.98
    half = replace(ring(), means=ring().means[:4]).sample(4_000, torch.Generator().manual_seed(1))
    assert on_points(half)["probe_accuracy"] == pytest.approx(0.75, abs=0.03)


def test_the_microscope_shows_offsets_in_standard_deviations() -> None:
    """Of the nearest mean, and no more than five of them."""
    shown = magnified(torch.tensor([[1.02, 0.0], [0.0, 0.97], [3.0, 0.0]]), ring())
    wanted = torch.tensor([[1.02, 0, 2, 0], [0, 0.97, 0, -3], [3, 0, 5, 0]], dtype=torch.float64)
    torch.testing.assert_close(shown, wanted, rtol=0, atol=1e-4)


def test_the_number_depends_on_the_samples_alone() -> None:
    """The global generator neither moves it nor is moved, gradients switched off do not hinder it, and it repeats."""
    real, fake = normals(200), normals(300, shift=0.3, seed=1)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first = probe_accuracy(real, fake)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)
    with torch.no_grad():
        assert probe_accuracy(real, fake) == first
    assert first[1] == 200


def test_the_order_of_samples_says_nothing() -> None:
    """Samples sorted by class, as folders hold them, are shuffled before they are halved."""
    sorted_by_class = torch.cat([normals(500), normals(500, shift=3.0, seed=1)])
    other = torch.cat([normals(500, seed=2), normals(500, shift=3.0, seed=3)])
    assert probe_accuracy(sorted_by_class, other)[0] == pytest.approx(0.5, abs=0.06)


def test_features_are_compared_with_those_of_training_reals() -> None:
    """Fresh ones of the same law pass; copies are called real by a probe that has seen them, more often than chance."""
    real = Features(normals(1_000, dimensions=64), torch.zeros(1_000, 2))
    fresh = Evidence(torch.zeros(0), features=replace(real, features=normals(1_000, 64, seed=1)), reference=real)
    values = FeatureProbe()(fresh)
    assert values["probe_low"] < 0.5 < values["probe_high"]
    assert FeatureProbe()(replace(fresh, features=real))["probe_high"] < 0.5
    assert FeatureProbe()(replace(fresh, reference=None)) == {}


def test_lower_is_better_where_reals_have_no_end() -> None:
    """Of a training set it is not: copies of it are below 1/2."""
    assert [probe.quantities[0].direction for probe in (PointProbe(), FeatureProbe())] == ["lower", "neither"]


def test_constant_features_are_no_trouble() -> None:
    """A feature that never moves stands for itself, and tells nothing."""
    assert probe_accuracy(torch.ones(50, 3), torch.ones(50, 3)) == (0.5, 50)


def test_it_is_measured_at_the_headline_alone() -> None:
    """And of no fewer than eight samples."""
    assert on_points(points(100), final=False) == {}
    assert on_points(points(7)) == {}


def test_strange_features_are_refused() -> None:
    """NaN, too few, or not as many dimensions."""
    real, fake = normals(10), normals(10, seed=1)
    fake[0, 0] = torch.nan
    with pytest.raises(ValueError, match="found 1 of 80 features to be NaN or infinite, wanted finite features"):
        probe_accuracy(real, fake)
    with pytest.raises(ValueError, match=r"found features of shape \(7, 8\), wanted \(n, d\) with n at least 8"):
        probe_accuracy(real, real[:7])
    with pytest.raises(ValueError, match="found features of 8 and of 4 dimensions"):
        probe_accuracy(real, real[:, :4])
