"""FID_infinity: the line, the law of the bias that it removes, and where it is left out."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench.metrics.extrapolation import FrechetInfinity, at_infinity, frechet_curve
from ganbench.metrics.frechet import Factored, factored, frechet_distance, moments
from ganbench.metrics.metric import Evidence, Features


def standard(d: int, mean: float = 0.0) -> Factored:
    """The exact moments of d independent Gaussians of variance 1."""
    return Factored(torch.full((d,), mean, dtype=torch.float64), torch.eye(d, dtype=torch.float64), 10**9)


def drawn(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def evidence(generated: Tensor, real: Tensor, *, final: bool = True) -> Evidence:
    return Evidence(torch.empty(0), Features(generated, generated), Features(real, real), final=final)


def test_a_line_in_one_over_n_is_continued_to_infinity() -> None:
    """5 + 300 / n gives 5."""
    assert at_infinity({n: 5 + 300 / n for n in (1000, 500, 333, 250)}) == pytest.approx(5, rel=1e-12)


def test_the_curve_is_of_all_samples_at_every_size() -> None:
    """n, n/2, n/3 and n/4; at n it is FID itself, whatever the order."""
    x, reference = drawn(103, 5, 0), standard(5)
    curve = frechet_curve(reference, x)
    assert list(curve) == [103, 51, 34, 25]
    assert curve[103] == pytest.approx(frechet_distance(reference, moments(x)), rel=1e-9)


def test_classes_in_order_do_not_bend_it() -> None:
    """Blocks are cut from one random order, so samples sorted by class give nearly what unsorted ones do."""
    x = drawn(800, 4, 0)
    x[400:] += 3
    curve = frechet_curve(factored(moments(x)), x)
    assert max(curve.values()) < 0.2


@pytest.mark.parametrize(("d", "times", "left"), [(32, 4, 0.35), (32, 8, 0.15), (16, 40, 0.07)])
def test_it_is_nearer_to_zero_than_fid_for_the_same_law(d: int, times: int, left: float) -> None:
    """What is left of FID_n lies below 0, and within the limits stated: mean over 40 samples of n = times * d."""
    reference = standard(d)
    curves = [frechet_curve(reference, drawn(times * d, d, seed)) for seed in range(40)]
    fid, infinity = (np.mean(each) for each in ([max(c.items())[1] for c in curves], [*map(at_infinity, curves)]))
    assert -left * fid < infinity < 0.02 * fid


def test_a_distance_that_is_there_is_kept() -> None:
    """Means apart by 2 in each of 8 dimensions: 32, while FID at 200 samples lies above it by its bias."""
    curves = [frechet_curve(standard(8, mean=2.0), drawn(200, 8, seed)) for seed in range(40)]
    assert np.mean([at_infinity(curve) for curve in curves]) == pytest.approx(32, abs=0.5)


def test_the_points_of_the_line_are_kept() -> None:
    """The limit is that of the line through FID and the values at a half, a third and a quarter of the samples."""
    generated, real = drawn(60, 4, 0), drawn(500, 4, 1)
    found = FrechetInfinity()(evidence(generated, real))
    fid = frechet_distance(factored(moments(real)), moments(generated))
    curve = {60: fid, **{60 // cuts: found[f"fid@{cuts}"] for cuts in (2, 3, 4)}}
    assert at_infinity(curve) == pytest.approx(found["fid_infinity"], rel=1e-9)
    assert {how.beside for how in FrechetInfinity().quantities[1:]} == {"fid_infinity"}


def test_it_is_measured_at_the_last_point_alone_and_of_enough_samples() -> None:
    """Four samples to each feature; fewer, a single one, or no reference leave it out."""
    metric, real = FrechetInfinity(), drawn(50, 4, 1)
    names = ["fid_infinity", "fid@2", "fid@3", "fid@4"]
    assert list(metric(evidence(drawn(16, 4, 0), real))) == [q.name for q in metric.quantities] == names
    assert metric(evidence(drawn(15, 4, 0), real)) == {}
    assert metric(evidence(drawn(16, 4, 0), real, final=False)) == {}
    assert metric(evidence(drawn(16, 4, 0), real[:1])) == {}
    assert metric(Evidence(torch.empty(0))) == {}


def test_features_that_are_not_finite_are_refused() -> None:
    """No line is fitted to them."""
    x = drawn(16, 4, 0)
    x[3, 3] = torch.nan
    with pytest.raises(ValueError, match="found 1 of 64 features to be NaN or infinite"):
        FrechetInfinity()(evidence(x, drawn(50, 4, 1)))
