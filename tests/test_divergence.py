"""Divergences from scores: at the optimum those of quadrature and closed forms, and bounds elsewhere."""

from __future__ import annotations

import math

import pytest
import torch
from ganbench_plugins.fgan import JensenShannon, KullbackLeibler, PearsonChiSquare, ReverseKullbackLeibler
from ganbench_plugins.gan import Minimax
from ganbench_plugins.nsgan import NonSaturating
from ganbench_plugins.top_k import TopK
from ganbench_plugins.wgan import Wasserstein
from scipy.stats import norm, wasserstein_distance
from torch import Tensor

from ganbench import Halves, Loss
from ganbench.datasets.mixtures import ring
from ganbench.metrics.divergence import DivergenceEstimate, jensen_shannon_bound, wasserstein_1
from ganbench.metrics.metric import Evidence, Scores


def scores(real: Tensor, fake: Tensor, loss: Loss) -> Scores:
    """Scores of a discriminator that was trained by `loss`."""
    return Scores(real[:3], real, fake, loss.threshold, optimum=loss.optimum)


def measured(of: Scores | None, samples: Tensor | None = None, known: bool = False) -> dict[str, float]:
    samples = torch.zeros(0, 2) if samples is None else samples
    return dict(DivergenceEstimate()(Evidence(samples, scores=of, density=ring() if known else None)))


def drawn(n: int, seed: int) -> Tensor:
    return ring().sample(n, torch.Generator().manual_seed(seed))


def test_the_bound_is_the_value_of_the_game() -> None:
    """log 2 less half of what the minimax discriminator loses on the same scores."""
    real, fake = torch.randn(2, 50, generator=torch.Generator().manual_seed(0)).double()
    loss = Minimax().on_real(real).mean() + Minimax().on_fake(fake).mean()
    assert jensen_shannon_bound(real, fake) == pytest.approx(math.log(2) - float(loss) / 2, abs=1e-12)


def test_a_blind_discriminator_sees_no_divergence_and_a_sure_one_all() -> None:
    """0 at even odds; log 2 where reals and fakes never meet; below 0 for one that is sure and wrong."""
    far = torch.full((4,), 200.0)
    assert jensen_shannon_bound(torch.zeros(4), torch.zeros(9)) == pytest.approx(0, abs=1e-15)
    assert jensen_shannon_bound(far, -far) == pytest.approx(math.log(2), abs=1e-12)
    assert jensen_shannon_bound(-far, far) == pytest.approx(math.log(2) - 200)


def test_every_other_discriminator_stays_below_the_best() -> None:
    """Of two Gaussians a unit apart log p/q is x - 1/2 at the real one's side; scaled or moved, the bound falls."""
    generator = torch.Generator().manual_seed(0)
    real, fake = (mean + torch.randn(100_000, generator=generator).double() for mean in (1.0, 0.0))
    best = jensen_shannon_bound(real - 0.5, fake - 0.5)
    exact = torch.from_numpy(norm.logpdf(real, 1) - norm.logpdf(real, 0))
    torch.testing.assert_close(exact, real - 0.5)
    for scale, offset in ((0.5, 0.0), (2.0, 0.0), (1.0, 0.5), (1.0, -0.5)):
        assert jensen_shannon_bound(scale * (real - 0.5) + offset, scale * (fake - 0.5) + offset) < best


@pytest.mark.parametrize(
    "loss", [Minimax(), NonSaturating(), JensenShannon(), KullbackLeibler(), ReverseKullbackLeibler()]
)
@pytest.mark.parametrize("ratio", [0.2, 1.0, 5.0])
def test_losses_that_say_so_have_log_ratios_for_scores(loss: Halves, ratio: float) -> None:
    """Where p/q is `ratio`, ratio * on_real + on_fake is least at the score log(ratio) + threshold."""
    assert (loss.optimum, loss.threshold is None) == ("log_ratio", False)
    best = math.log(ratio) + loss.threshold
    at = (best + torch.tensor([-0.01, 0.0, 0.01])).double()
    costs = ratio * loss.on_real(at) + loss.on_fake(at)
    assert costs.argmin() == 1


def test_losses_that_have_neither_say_so() -> None:
    """Pearson's score is 2 (p/q - 1); a loss that changes the generator's side alone says what its own loss says."""
    assert PearsonChiSquare().optimum is None
    assert TopK(Minimax()).optimum == "log_ratio"
    assert TopK(Wasserstein()).optimum == "potential"


def test_log_odds_count_from_the_threshold() -> None:
    """The scores of the Kullback-Leibler game are 1 + log p/q."""
    real, fake = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.5])
    shifted = measured(scores(real + 1, fake + 1, KullbackLeibler()))
    assert shifted == pytest.approx(measured(scores(real, fake, Minimax())))
    assert list(shifted) == ["js_estimate"]


def test_a_critic_of_slope_one_along_a_shift_estimates_it() -> None:
    """For a shift by s, W1 = |s|, and the potential is the coordinate along it: mean scores differ by |s|."""
    samples, shift = drawn(400, 1), torch.tensor([0.3, 0.4])
    potential = shift / shift.norm()
    values = measured(scores((samples + shift) @ potential, samples @ potential, Wasserstein()))
    assert values["w1_estimate"] == pytest.approx(0.5, abs=1e-6)
    assert wasserstein_1(samples + shift, samples) == pytest.approx(0.5, abs=1e-6)


def test_no_critic_of_slope_one_exceeds_the_distance() -> None:
    """Ten directions: the difference of mean coordinates is at most the assigned distance of the same samples."""
    a, b = drawn(100, 1), 0.3 * drawn(100, 2)
    angles = torch.linspace(0, 3, 10)
    means = (a.mean(0) - b.mean(0)) @ torch.stack([angles.cos(), angles.sin()])
    assert float(means.abs().max()) < wasserstein_1(a, b)


def test_the_distance_on_a_line_is_scipys() -> None:
    """There the best assignment is in order of size."""
    a, b = torch.randn(2, 60, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert wasserstein_1(a, b) == pytest.approx(wasserstein_distance(a[:, 0], b[:, 0]), rel=1e-12)


def test_distances_are_of_as_many_finite_samples() -> None:
    """Else they are refused."""
    with pytest.raises(ValueError, match=r"shapes \(3, 2\) and \(4, 2\), wanted as many of each"):
        wasserstein_1(torch.zeros(3, 2), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="found 1 of 3 samples with NaN or infinity"):
        wasserstein_1(torch.zeros(3, 2), torch.tensor([[0.0, 0.0], [torch.inf, 0.0], [0.0, 0.0]]))


def test_the_true_distance_stands_beside_the_critics_estimate() -> None:
    """On a mixture: a perfect generator is at the floor, a shift of 2 is 2 within it; elsewhere nothing is known."""
    flat = scores(torch.zeros(4), torch.zeros(4), Wasserstein())
    perfect = measured(flat, drawn(500, 3), known=True)
    assert list(perfect) == [quantity.name for quantity in DivergenceEstimate().quantities][1:]
    assert perfect["w1_estimate"] == 0
    assert perfect["w1"] < 2 * perfect["w1_floor"]
    far = measured(flat, drawn(500, 3) + torch.tensor([2.0, 0.0]), known=True)
    assert far["w1"] == pytest.approx(2, abs=2 * perfect["w1_floor"])
    assert list(measured(flat, drawn(500, 3))) == ["w1_estimate"]


def test_only_held_out_reals_enter() -> None:
    """What the scores of training reals are changes nothing."""
    real, fake = torch.randn(2, 20, generator=torch.Generator().manual_seed(0))
    memorised = Scores(torch.full((20,), 99.0), real, fake, 0.0, optimum="log_ratio")
    assert measured(memorised) == measured(scores(real, fake, Minimax()))


def test_scores_that_theory_says_nothing_of_give_no_estimate() -> None:
    """A hinge's, those of a variant without a discriminator, and none."""
    unknown = Scores(torch.zeros(3), torch.zeros(3), torch.zeros(3), 0.0)
    none = Scores(torch.zeros(0), torch.zeros(0), torch.zeros(3), 0.0, optimum="log_ratio")
    assert (measured(unknown), measured(none), measured(None)) == ({}, {}, {})
