"""Precision, recall, density and coverage, against torch-fidelity, the prdc package and closed forms."""

import math

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch import Tensor

from ganbench.metrics import rows
from ganbench.metrics.metric import Evidence, Features
from ganbench.metrics.neighbours import Neighbours, coverage_of_the_truth, neighbourhood
from ganbench.vision import torch_fidelity


def drawn(n: int, d: int = 8, seed: int = 0, shift: float = 0.0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def evidence(generated: Tensor, real: Tensor) -> Evidence:
    return Evidence(torch.empty(0), Features(generated, torch.empty(0)), Features(real, torch.empty(0)))


PAIRS = [(drawn(200), drawn(150, seed=1, shift=0.3)), (drawn(60, 64), drawn(200, 64, seed=1, shift=0.1))]


@pytest.mark.parametrize(("real", "fake"), PAIRS)
@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_agrees_with_torch_fidelity(real: Tensor, fake: Tensor, k: int) -> None:
    """Precision and recall are theirs to 1e-6 (which call the generated features the first)."""
    theirs = torch_fidelity.metric_prc.prc_features_to_metric(fake, real, prc_neighborhood=k, verbose=False)
    found = neighbourhood(real, fake, k=k, wide_k=2)
    assert found[:2] == pytest.approx((theirs["precision"], theirs["recall"]), abs=1e-6)


@pytest.mark.parametrize(("real", "fake"), PAIRS)
@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_agrees_with_prdc(real: Tensor, fake: Tensor, k: int) -> None:
    """All four are the authors' package's to 1e-6, where no distances tie."""
    theirs = compute_prdc(real.numpy(), fake.numpy(), nearest_k=k)
    assert neighbourhood(real, fake, k=k, wide_k=k)._asdict() == pytest.approx(theirs, abs=1e-6)


def test_by_hand() -> None:
    """Reals 0, 1, 3 reach 1, 1, 2; fakes 1.5 and 9 reach 7.5: three balls hold 1.5, the outer real's edge counts."""
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[1.5], [9.0]])
    assert neighbourhood(real, fake, k=1, wide_k=1) == (1 / 2, 1.0, 2 / 2, 2 / 3)


def test_a_ball_holds_its_edge() -> None:
    """Constant features lie on balls of radius 0: all four are 1, as in torch-fidelity; elsewhere all are 0."""
    assert neighbourhood(torch.ones(9, 2), torch.ones(9, 2), k=3, wide_k=5) == (1, 1, 9 / 5, 1)
    assert neighbourhood(torch.ones(9, 2), torch.zeros(9, 2), k=3, wide_k=5) == (0, 0, 0, 0)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded without a change of the numbers."""
    real, fake = PAIRS[0]
    whole = neighbourhood(real, fake, k=3, wide_k=5)
    monkeypatch.setattr(rows, "BLOCK", 1000)
    assert neighbourhood(real, fake, k=3, wide_k=5) == whole


def test_of_one_law() -> None:
    """Density is 1 and coverage 1 - (n-1)..(n-k) / (2n-1)..(2n-k) on average, over 200 pairs within 4 std. errors."""
    draws = torch.randn(200, 120, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = np.array([neighbourhood(x[:70], x[70:], k=3, wide_k=5) for x in draws])
    errors = 4 * found.std(axis=0) / math.sqrt(len(found))
    assert abs(found[:, 2].mean() - 1) < errors[2]
    assert abs(found[:, 3].mean() - coverage_of_the_truth(70, 50, 5)) < errors[3]
    assert coverage_of_the_truth(10**9, 10**9, 5) == pytest.approx(1 - 2**-5)


def test_a_dropped_mode_is_recalled_less_and_a_far_sample_is_not_precise() -> None:
    """Half of the reals' modes missing halves recall and coverage alone; samples far away lose precision alone."""
    real = torch.cat([drawn(200), drawn(200, seed=1, shift=50)])
    dropped = neighbourhood(real, drawn(400, seed=2), k=3, wide_k=5)
    assert dropped.precision > 0.8
    assert (dropped.recall, dropped.coverage) == pytest.approx((0.5, 0.5), abs=0.1)
    astray = torch.cat([drawn(200, seed=2), drawn(200, seed=3, shift=50), drawn(400, seed=4, shift=-50)])
    found = neighbourhood(real, astray, k=3, wide_k=5)
    assert found.precision == pytest.approx(0.5, abs=0.1)
    assert found.recall > 0.8


def test_the_metric_takes_as_many_reals_as_samples() -> None:
    """Evenly spaced, so it gives what the function gives for those; their balls are asked for by name."""
    real, fake = drawn(300), drawn(100, seed=1)
    wanted = neighbourhood(real[::3], fake, k=3, wide_k=5)._asdict()
    assert Neighbours()(evidence(fake, real)) == pytest.approx(wanted)
    assert [q.name for q in Neighbours().quantities] == list(wanted)


def test_bad_features() -> None:
    """Not finite: refused. No more samples than neighbours: left out."""
    x = drawn(9)
    strange = x.clone()
    strange[0, 0] = math.inf
    for pair in ((x, strange), (strange, x)):
        with pytest.raises(ValueError, match="found 1 of 72 features to be NaN or infinite"):
            Neighbours()(evidence(*pair))
    assert Neighbours()(evidence(x[:5], x)) == Neighbours()(evidence(x, x[:5])) == {}
    assert Neighbours()(Evidence(torch.empty(0))) == {}
