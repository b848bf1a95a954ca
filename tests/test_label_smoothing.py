"""Label smoothing, one-sided and two-sided, Salimans et al. 2016, section 3.4."""

from dataclasses import dataclass, replace

import pytest
import torch
from ganbench_plugins.gan import GAN, Minimax
from ganbench_plugins.label_smoothing import LabelSmoothing, Smoothed, SmoothedBothWays, TwoSidedSmoothing
from ganbench_plugins.lsgan import LSGAN, LeastSquares
from ganbench_plugins.nsgan import NonSaturating
from ganbench_plugins.wgan import WGAN
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ganbench import Discriminator, Loss, NotApplicable, Recipe, Trick

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


@pytest.mark.parametrize("first", [LabelSmoothing(), TwoSidedSmoothing()], ids=lambda trick: trick.name)
@pytest.mark.parametrize("second", [LabelSmoothing(), TwoSidedSmoothing()], ids=lambda trick: trick.name)
def test_smoothing_twice_is_not_applicable(first: Trick, second: Trick) -> None:
    """Smoothed labels are not smoothed again, one-sided or two-sided."""
    with pytest.raises(NotApplicable, match="the labels of gan are smoothed already"):
        second(first(GAN))


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.3])
def test_two_sides_are_cross_entropy_to_two_soft_targets(epsilon: float) -> None:
    """On logits, it is torch's binary cross entropy to the target 1 - epsilon for reals and epsilon for fakes."""
    loss = SmoothedBothWays(Minimax(), epsilon)
    for half, target in ((loss.on_real, 1 - epsilon), (loss.on_fake, epsilon)):
        expected = binary_cross_entropy_with_logits(SCORES, torch.full_like(SCORES, target), reduction="none")
        torch.testing.assert_close(half(SCORES), expected)


def test_two_sides_leave_the_generator_its_loss() -> None:
    """Only the discriminator's labels are smoothed, and its threshold stays."""
    loss = SmoothedBothWays(NonSaturating(), 0.1)
    assert torch.equal(loss.on_generated(SCORES), NonSaturating().on_generated(SCORES))
    assert loss.threshold == 0.0


@pytest.mark.parametrize(("p", "q"), [(0.9, 0.1), (0.5, 0.5), (0.01, 0.99)])
@pytest.mark.parametrize(("smoothed", "beta"), [(Smoothed, 0.0), (SmoothedBothWays, 0.1)])
def test_the_optimal_discriminator_is_what_the_section_says(
    p: float, q: float, smoothed: type[Smoothed], beta: float
) -> None:
    """With alpha = 0.9, p on_real + q on_fake is least where sigmoid(score) = (alpha p + beta q) / (p + q)."""
    loss = smoothed(Minimax(), 0.1)
    best = (0.9 * p + beta * q) / (p + q)
    score = torch.tensor([best], dtype=torch.float64).logit().requires_grad_()
    (slope,) = torch.autograd.grad((p * loss.on_real(score) + q * loss.on_fake(score)).sum(), score)
    assert slope.item() == pytest.approx(0.0, abs=1e-12)


def test_the_two_sided_trick_wraps_the_loss() -> None:
    """With the epsilon 0.1 of the one-sided trick, and where that is not applicable, neither is this."""
    assert TwoSidedSmoothing()(GAN) == replace(GAN, loss=SmoothedBothWays(GAN.loss, 0.1))
    assert TwoSidedSmoothing()(GAN) != LabelSmoothing()(GAN)
    with pytest.raises(NotApplicable, match="Wasserstein, the loss of wgan, has no labels to smooth"):
        TwoSidedSmoothing()(WGAN)


@pytest.mark.parametrize("epsilon", [-0.1, 0.5, float("nan")])
def test_an_epsilon_that_turns_labels_over_is_refused(epsilon: float) -> None:
    """An epsilon below 0 or from 1/2 up is an error in the trick and in the loss alike."""
    for make in (
        lambda: LabelSmoothing(epsilon),
        lambda: TwoSidedSmoothing(epsilon),
        lambda: Smoothed(Minimax(), epsilon),
    ):
        with pytest.raises(ValueError, match=r"label smoothing: found epsilon .*; wanted 0 <= epsilon < 0\.5"):
            make()
