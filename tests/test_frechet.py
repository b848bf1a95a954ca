"""The Frechet distance, against closed forms, torch-fidelity and the law of its bias."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group
from torch import Tensor

from ganbench.metrics.frechet import (
    Factored,
    FrechetDistance,
    Moments,
    factored,
    frechet_distance,
    moments,
    moments_of_reals,
)
from ganbench.metrics.metric import Evidence, Features, Make
from ganbench.vision import torch_fidelity


def gaussian(mean: list[float], covariance: Tensor | list[float]) -> Moments:
    """Exact moments; a list of variances is a diagonal covariance."""
    matrix = covariance if isinstance(covariance, Tensor) else torch.diag(torch.tensor(covariance, dtype=torch.float64))
    return Moments(torch.tensor(mean, dtype=torch.float64), matrix, 1000)


def drawn(n: int, d: int, seed: int = 0) -> Tensor:
    """Correlated features (n, d), about a mean that is not zero."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator) @ torch.randn(d, d, generator=generator) + seed


def evidence(generated: Tensor, real: Tensor | None) -> Evidence:
    """Evidence with features alone."""
    reference = None if real is None else Features(real, torch.empty(0))
    return Evidence(torch.empty(0), Features(generated, torch.empty(0)), reference)


def test_moments_are_the_mean_and_the_unbiased_covariance() -> None:
    """They are numpy's, in float64, whatever the number of chunks."""
    x = drawn(9001, 3)
    found = moments(x)
    assert found.mean.numpy() == pytest.approx(x.double().numpy().mean(axis=0), rel=1e-12)
    assert found.covariance.numpy() == pytest.approx(np.cov(x.double().numpy(), rowvar=False), rel=1e-12)
    assert (found.n, found.covariance.dtype) == (9001, torch.float64)


def test_features_are_left_as_they_are() -> None:
    """Those of any precision, also float64, which no copy is needed for."""
    for x in (drawn(9, 3), drawn(9, 3).double(), drawn(3, 9).double()):
        before = x.clone()
        moments(x)
        assert torch.equal(x, before)


def test_commuting_covariances() -> None:
    """Diagonal ones give |m1 - m2|^2 + sum (sqrt a - sqrt b)^2: here 25 + 1 + 4."""
    a, b = gaussian([0, 0], [4, 9]), gaussian([3, 4], [1, 25])
    assert frechet_distance(a, b) == pytest.approx(30, rel=1e-12)


def test_a_rotation_of_both_changes_nothing() -> None:
    """The distance is that of the unrotated Gaussians."""
    turn = torch.from_numpy(ortho_group.rvs(3, random_state=np.random.default_rng(0)))
    a, b = (turn @ torch.diag(torch.tensor(v, dtype=torch.float64)) @ turn.T for v in ([1, 4, 9], [4, 4, 1]))
    assert frechet_distance(gaussian([0, 0, 0], a), gaussian([0, 0, 0], b)) == pytest.approx(1 + 0 + 4, rel=1e-12)


def test_covariances_that_do_not_commute() -> None:
    """In the plane tr (S1 S2)^(1/2) = sqrt(tr S1 S2 + 2 sqrt(det S1 S2)): 13 + 2 sqrt(4 * 9) under the root here."""
    a, b = gaussian([0, 0], [1, 4]), gaussian([0, 0], torch.tensor([[5.0, 1.0], [1.0, 2.0]], dtype=torch.float64))
    assert frechet_distance(a, b) == pytest.approx(5 + 7 - 2 * math.sqrt(13 + 2 * math.sqrt(4 * 9)), rel=1e-12)


def test_singular_covariances() -> None:
    """A direction without variance counts as variance 0: (1 - 0)^2 + (0 - 2)^2."""
    assert frechet_distance(gaussian([0, 0], [1, 0]), gaussian([0, 0], [0, 4])) == pytest.approx(5, rel=1e-12)


def test_points_are_apart_by_their_squared_distance() -> None:
    """Without any variance the distance is |m1 - m2|^2."""
    assert frechet_distance(gaussian([1, 2], [0, 0]), gaussian([4, 6], [0, 0])) == pytest.approx(25, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(300, 20), (10, 40)])
def test_a_law_is_at_no_distance_from_itself(n: int, d: int) -> None:
    """Identical moments give 0 to rounding and never less, of full rank and with fewer samples than dimensions."""
    law = moments(drawn(n, d))
    assert 0 <= frechet_distance(law, law) <= 1e-6 * float(law.variance())


def test_it_is_symmetric() -> None:
    """Which of two laws is the reference does not matter, though only one of them is factored."""
    a, b = moments(drawn(50, 8)), moments(drawn(40, 8, seed=1))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-10)


@pytest.mark.parametrize(("n", "m", "d"), [(2000, 1500, 30), (500, 400, 64), (60, 50, 10)])
def test_it_agrees_with_torch_fidelity(n: int, m: int, d: int) -> None:
    """On the same float64 features both give one distance to 1e-6."""
    a, b = drawn(n, d).double(), drawn(m, d, seed=1).double()
    fid = torch_fidelity.metric_fid
    statistics = [fid.fid_features_to_statistics(x) for x in (a, b)]
    theirs = fid.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(theirs, rel=1e-6)


def test_fewer_samples_than_dimensions() -> None:
    """Two points each: ranks 1 and 1, so tr (S1 S2)^(1/2) = |u.v| for covariances u u' and v v'."""
    a, b = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]]), torch.tensor([[1.0, 1.0, 0], [-1.0, -1.0, 0]])
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(2 + 4 - 2 * 2, rel=1e-9)


def test_a_sample_of_the_same_law_is_apart_by_c_over_n() -> None:
    """E[FID_n] is c / n to 6 %, c = tr S + 1/2 (sum l_i l_j / (l_i + l_j) + tr S / 2), over 200 samples of 500."""
    variances = [1.0, 2.0, 4.0, 0.5, 1.0, 3.0]
    pairs = sum(a * b / (a + b) for a, b in product(variances, variances))
    c = sum(variances) + (pairs + sum(variances) / 2) / 2
    truth, scale = gaussian([0.0] * 6, variances), torch.tensor(variances).sqrt()
    samples = torch.randn(200, 500, 6, generator=torch.Generator().manual_seed(0)) * scale
    distances = [frechet_distance(truth, moments(sample)) for sample in samples]
    assert np.mean(distances) == pytest.approx(c / 500, rel=0.06)


def test_non_finite_features_are_refused() -> None:
    """An eigenvalue routine answers zeros to NaN, so they are counted and refused before."""
    x = drawn(4, 3)
    x[1, 2] = math.nan
    with pytest.raises(ValueError, match="found 1 of 12 features to be NaN or infinite, wanted finite features"):
        moments(x)


def test_non_finite_moments_are_refused() -> None:
    """Also where they did not come from features."""
    with pytest.raises(ValueError, match="found NaN or infinity among the moments, wanted finite moments"):
        frechet_distance(gaussian([0], [1]), gaussian([0], [math.inf]))


def test_one_sample_has_no_covariance() -> None:
    """The unbiased covariance needs two; the metric leaves the number out."""
    with pytest.raises(ValueError, match=r"found features of shape \(1, 3\), wanted \(n, d\) with n at least 2"):
        moments(drawn(1, 3))
    assert FrechetDistance()(evidence(drawn(1, 3), drawn(9, 3))) == {}


def test_other_extractors_moments_are_refused() -> None:
    """Features of different dimensions do not compare."""
    with pytest.raises(ValueError, match="found moments of 2 and of 3 dimensions, wanted as many of each"):
        frechet_distance(moments(drawn(9, 2)), moments(drawn(9, 3)))


def test_the_metric_compares_generated_with_real() -> None:
    """Each evidence is measured against its own reference, "fid" being lower the better and at least 0."""
    metric, fake = FrechetDistance(), drawn(50, 4)
    for seed in (1, 2, 1):
        real = drawn(60, 4, seed)
        wanted = frechet_distance(moments(real), moments(fake))
        assert metric(evidence(fake, real)) == {"fid": pytest.approx(wanted, rel=1e-12), "fid_samples": 50}
    assert [(q.name, q.direction, q.lowest) for q in metric.quantities[:1]] == [("fid", "lower", 0.0)]


def test_its_floor_is_what_as_many_held_out_images_have() -> None:
    """n of them, evenly spaced, where there are n; else it is left out."""
    fake, real, held_out = drawn(20, 4), drawn(60, 4, 1), drawn(40, 4, 2)
    shown = replace(evidence(fake, real), held_out=Features(held_out, torch.empty(0)))
    wanted = frechet_distance(moments(real), moments(held_out[::2]))
    assert FrechetDistance()(shown)["fid_floor"] == pytest.approx(wanted, rel=1e-12)
    few = replace(shown, held_out=Features(held_out[:19], torch.empty(0)))
    assert set(FrechetDistance()(few)) == {"fid", "fid_samples"}


def test_the_references_moments_and_factor_are_kept() -> None:
    """Under a name that says of how many images and in what precision; what is kept is used as it is."""
    asked, x = [], drawn(60, 4)
    kept = factored(moments(drawn(50, 4, 1)))

    def keep(name: str, make: Make) -> dict[str, Tensor]:
        asked.append((name, {part: tuple(value.shape) for part, value in make().items()}))
        return {"mean": kept.mean, "factor": kept.factor}

    found = moments_of_reals(Features(x, x, keep))
    assert asked == [("moments-of-60-in-float64", {"mean": (4,), "factor": (4, 4)})]
    assert (found.mean is kept.mean, found.factor is kept.factor, found.n) == (True, True, 60)


@pytest.mark.parametrize("sizes", [(30, 200), (200, 30), (30, 20)])
def test_centred_rows_are_as_good_as_a_covariance(sizes: tuple[int, int]) -> None:
    """With n < d on either side or on both the distance is that of the full covariances."""
    a, b = (drawn(n, 40, seed) for seed, n in enumerate(sizes))
    full = [Moments(x.double().mean(dim=0), x.double().T.cov(), len(x)) for x in (a, b)]
    thin = moments(a), moments(b)
    assert [isinstance(law, Factored) for law in thin] == [n < 40 for n in sizes]
    scale = float(full[0].variance() + full[1].variance())
    assert frechet_distance(*thin) == pytest.approx(frechet_distance(*full), abs=1e-6 * scale)


def test_constant_features() -> None:
    """Without variance on one side there is |m1 - m2|^2 and the other's variance: here 4 d + d."""
    assert frechet_distance(moments(torch.full((9, 2), 2.0)), gaussian([0, 0], [1, 1])) == pytest.approx(10, rel=1e-12)
    assert frechet_distance(moments(torch.full((9, 20), 2.0)), moments(torch.full((5, 20), 3.0))) == 20


def test_without_a_reference_the_metric_gives_nothing() -> None:
    """What it cannot read, it leaves out."""
    assert FrechetDistance()(evidence(drawn(9, 3), None)) == {}
