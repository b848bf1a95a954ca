"""Energy-based GANs, Zhao et al. 2017: equations 1 and 2, and the pulling-away term of equation 14."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from ganbench_plugins.ebgan import (
    EBGAN,
    EnergyMargin,
    EuclideanAutoencoders,
    PullingAway,
    WithPullingAway,
    mean_squared_cosine,
)
from ganbench_plugins.gan import GAN
from ganbench_plugins.mmd_gan import MMD_GAN
from ganbench_plugins.wgan import Wasserstein
from torch import Tensor
from toys import assert_group_trains_as_its_seeds

from ganbench import Adam, NotApplicable


@dataclass
class Norms:
    """An energy-based discriminator: the energy of a sample is its norm, its code the sample itself."""

    def features(self, x: Tensor) -> Tensor:
        return x

    def __call__(self, x: Tensor) -> Tensor:
        return -x.norm(dim=1)


REAL = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
FAKE = torch.tensor([[4.0, 0.0], [0.0, 12.0]])


def test_losses_are_equations_one_and_two() -> None:
    """Real energies 1 and 3 cost 2; of fake ones, 4 is 6 short of the margin 10 and 12 is not: 3 more, and 8 for G."""
    assert EnergyMargin().discriminator(Norms(), REAL, FAKE).item() == pytest.approx(2 + 3)
    assert EnergyMargin().generator(Norms(), REAL, FAKE).item() == pytest.approx(8)
    assert EnergyMargin(5.0).discriminator(Norms(), REAL, FAKE).item() == pytest.approx(2 + 0.5)


def test_beyond_the_margin_the_generator_alone_has_a_gradient() -> None:
    """A fake with more energy than the margin moves the generator and no longer the discriminator."""
    score = torch.tensor([-12.0], requires_grad=True)
    (by_discriminator,) = torch.autograd.grad(EnergyMargin().on_fake(score).sum(), score)
    (by_generator,) = torch.autograd.grad(EnergyMargin().on_generated(score).sum(), score)
    assert (by_discriminator.item(), by_generator.item()) == (0.0, -1.0)


@pytest.mark.parametrize(
    ("features", "mean"),
    [
        ([[1.0, 0.0], [0.0, 2.0]], 0.0),
        ([[1.0, 1.0], [3.0, 3.0], [-2.0, -2.0]], 1.0),
        ([[2.0, 0.0], [1.0, 3**0.5]], 0.25),
        ([[1.0, 0.0], [5.0, 0.0], [0.0, 1.0]], 1 / 3),
    ],
    ids=["orthogonal", "parallel", "sixty degrees", "one pair of three"],
)
def test_the_pulling_away_term_is_the_mean_squared_cosine(features: list[list[float]], mean: float) -> None:
    """Over all pairs of two different samples; lengths and signs of the codes do not count."""
    assert mean_squared_cosine(torch.tensor(features)).item() == pytest.approx(mean, abs=1e-6)


def test_a_code_of_zeros_has_a_finite_gradient() -> None:
    """A dead code points nowhere: it adds nothing, and no NaN."""
    code = torch.zeros(2, 3, requires_grad=True)
    mean_squared_cosine(code).backward()
    assert code.grad is not None
    assert not code.grad.any()


def test_only_the_generator_is_pulled_away() -> None:
    """Parallel fakes cost the generator the weight of 0.1 more, and the discriminator nothing."""
    loss = PullingAway(Wasserstein(), 0.1)
    parallel = torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    more = loss.generator(Norms(), REAL, parallel) - Wasserstein().generator(Norms(), REAL, parallel)
    assert more.item() == pytest.approx(0.1)
    assert loss.discriminator(Norms(), REAL, parallel) == Wasserstein().discriminator(Norms(), REAL, parallel)


def test_trick_wraps_the_loss_and_keeps_what_its_scores_mean() -> None:
    """The weight is 0.1; threshold, and whether scores are trained at all, stay those of the loss."""
    assert WithPullingAway()(EBGAN) == replace(EBGAN, loss=PullingAway(EnergyMargin(), 0.1))
    found = [(r.loss.threshold, r.loss.scored) for r in map(WithPullingAway(), (GAN, EBGAN, MMD_GAN))]
    assert found == [(0.0, True), (None, True), (None, False)]


def test_pulling_twice_is_not_applicable() -> None:
    """A recipe that has the term does not get it again; the reason names the recipe."""
    with pytest.raises(NotApplicable, match="the samples of ebgan are pulled away from each other already"):
        WithPullingAway()(WithPullingAway()(EBGAN))


def test_defaults_are_those_of_the_grid_search() -> None:
    """Margin 10, Adam at 0.001 for both sides, a decoder of one layer."""
    assert EBGAN.loss == EnergyMargin(10.0)
    assert (EBGAN.optimizer, EBGAN.g_optimizer, EBGAN.d_steps) == (Adam(1e-3), None, 1)
    assert EBGAN.networks == EuclideanAutoencoders(width=256, depth=2, decoder_depth=0)


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds, with the term, end together where each ends alone."""
    toy = replace(WithPullingAway()(EBGAN), networks=EuclideanAutoencoders(width=24))
    assert_group_trains_as_its_seeds(toy, 12, seeds=(0, 1, 2), rtol=1e-3, atol=1e-5)
