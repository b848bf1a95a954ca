"""One-sided label smoothing, Salimans et al. 2016, section 3.4."""

from dataclasses import dataclass, replace

import pytest
import torch
from ganbench_plugins.gan import GAN, Minimax
from ganbench_plugins.label_smoothing import LabelSmoothing, Smoothed
from ganbench_plugins.lsgan import LSGAN, LeastSquares
from ganbench_plugins.nsgan import NonSaturating
from ganbench_plugins.wgan import WGAN
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ganbench import Discriminator, Loss, NotApplicable, Recipe

SCORES = torch.linspace(-4, 4, 9)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.3])
def test_smoothed_logits_are_cross_entropy_to_a_soft_target(epsilon: float) -> None:
    """On logits, smoothing is torch's binary cross entropy to the target 1 - epsilon for reals and 0 for fakes."""
    loss = Smoothed(Minimax(), epsilon)
    for half, target in ((loss.on_real, 1 - epsilon), (loss.on_fake, 0.0)):
        expected = binary_cross_entropy_with_logits(SCORES, torch.full_like(SCORES, target), reduction="none")
        torch.testing.assert_close(half(SCORES), expected)


def test_smoothed_squares_regress_the_soft_label() -> None:
    """With least squares, (1 - e)(D - 1)^2 / 2 + e D^2 / 2 = (D - (1 - e))^2 / 2 + e (1 - e) / 2."""
    expected = (SCORES - 0.8).square() / 2 + 0.2 * 0.8 / 2
    torch.testing.assert_close(Smoothed(LeastSquares(), 0.2).on_real(SCORES), expected)


def test_smoothing_is_one_sided() -> None:
    """Generated samples keep their label, and the generator its loss."""
    smoothed = Smoothed(NonSaturating(), 0.1)
    assert torch.equal(smoothed.on_fake(SCORES), NonSaturating().on_fake(SCORES))
    assert torch.equal(smoothed.on_generated(SCORES), NonSaturating().on_generated(SCORES))


@pytest.mark.parametrize(("recipe", "threshold"), [(GAN, 0.0), (LSGAN, 0.5)], ids=["gan", "lsgan"])
def test_trick_wraps_the_loss_and_keeps_its_threshold(recipe: Recipe, threshold: float) -> None:
    """The recipe's loss becomes the smoothed one with epsilon 0.1, and decides where it decided before."""
    changed = LabelSmoothing()(recipe)
    assert changed == replace(recipe, loss=Smoothed(recipe.loss, 0.1))
    assert changed.loss.threshold == threshold


def test_a_loss_without_labels_is_not_applicable() -> None:
    """Wasserstein scores have no labels; the reason names loss and recipe."""
    with pytest.raises(NotApplicable, match="Wasserstein, the loss of wgan, has no labels to smooth"):
        LabelSmoothing()(WGAN)


def test_a_loss_of_pairs_is_not_applicable() -> None:
    """A loss that is not two halves has no half for reals to smooth, threshold or not."""

    @dataclass(frozen=True)
    class Paired(Loss):
        threshold = 0.0

        def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
            return (d(fake) - d(real)).mean()

        def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
            return -self.discriminator(d, real, fake)

    with pytest.raises(NotApplicable, match="Paired, the loss of gan, has no labels to smooth"):
        LabelSmoothing()(replace(GAN, loss=Paired()))


def test_smoothing_twice_is_not_applicable() -> None:
    """Smoothed labels are not smoothed again."""
    with pytest.raises(NotApplicable, match="the labels of gan are smoothed already"):
        LabelSmoothing()(LabelSmoothing()(GAN))


@pytest.mark.parametrize("epsilon", [-0.1, 0.5, float("nan")])
def test_an_epsilon_that_turns_labels_over_is_refused(epsilon: float) -> None:
    """An epsilon below 0 or from 1/2 up is an error in the trick and in the loss alike."""
    for make in (lambda: LabelSmoothing(epsilon), lambda: Smoothed(Minimax(), epsilon)):
        with pytest.raises(ValueError, match=r"label smoothing: found epsilon .*; wanted 0 <= epsilon < 0\.5"):
            make()
