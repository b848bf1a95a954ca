"""Feature matching, Salimans et al. 2016, section 3.1."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.feature_matching import FeatureMatching, WithFeatureMatching
from ganbench_plugins.gan import GAN, Minimax
from ganbench_plugins.label_smoothing import LabelSmoothing
from ganbench_plugins.lsgan import LeastSquares
from ganbench_plugins.nsgan import NSGAN, NonSaturating
from ganbench_plugins.top_k import TopK
from ganbench_plugins.wgan import Wasserstein
from torch import Tensor
from toys import adversarial, recipe, trained

from ganbench import Loss, NotApplicable

REAL, FAKE = torch.tensor([[1.0, 5.0], [3.0, 1.0]]), torch.tensor([[1.0, 1.0], [1.0, 3.0]])


class Doubled:
    """Features 2x, and their sum as the score."""

    def features(self, x: Tensor) -> Tensor:
        return 2 * x

    def __call__(self, x: Tensor) -> Tensor:
        return self.features(x).sum(1)


class Unscored(Minimax):
    """A loss that says that it leaves scores untrained."""

    scored = False


def test_the_generator_pays_for_the_distance_of_the_mean_features() -> None:
    """Mean features are (4, 6) of the reals and (2, 4) of the fakes: it pays 2^2 + 2^2 = 8."""
    assert FeatureMatching(NonSaturating()).generator(Doubled(), REAL, FAKE).item() == 8.0


def test_only_means_are_matched() -> None:
    """Fakes that are all the mean of the reals cost nothing, whatever the discriminator says of them."""
    middle = REAL.mean(0).expand(2, -1)
    assert FeatureMatching(NonSaturating()).generator(Doubled(), REAL, middle).item() == 0.0


def test_the_discriminator_keeps_its_loss() -> None:
    """It pays what the wrapped loss asks."""
    for loss in (NonSaturating(), LeastSquares(), Wasserstein()):
        wrapped = FeatureMatching(loss)
        assert torch.equal(wrapped.discriminator(Doubled(), REAL, FAKE), loss.discriminator(Doubled(), REAL, FAKE))


@pytest.mark.parametrize("loss", [NonSaturating(), LeastSquares(), Wasserstein(), Unscored()])
def test_the_decision_is_the_losss(loss: Loss) -> None:
    """Threshold, and whether there are scores at all, are as in the loss that trains the discriminator."""
    assert FeatureMatching(loss).threshold == loss.threshold
    assert FeatureMatching(loss).scored == loss.scored


def test_a_schedule_inside_goes_on() -> None:
    """A wrapped loss that changes in training does so inside too."""
    assert FeatureMatching(TopK(NonSaturating(), 0.25)).at(0.5) == FeatureMatching(TopK(NonSaturating(), 0.5))


def test_the_trick_wraps_the_loss_and_nothing_else() -> None:
    """Smoothed labels stay, and so do optimiser and penalties."""
    smoothed = LabelSmoothing()(GAN)
    assert WithFeatureMatching()(smoothed) == replace(smoothed, loss=FeatureMatching(smoothed.loss))


def test_matching_twice_is_not_applicable() -> None:
    """The reason names the recipe."""
    with pytest.raises(NotApplicable, match="the generator of nsgan matches features already"):
        WithFeatureMatching()(WithFeatureMatching()(NSGAN))


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one."""
    toy = WithFeatureMatching()(recipe())
    group, supply = adversarial((3, 1, 4), toy)
    trained(group, supply, 20)
    for seed, found in zip((3, 1, 4), group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")
