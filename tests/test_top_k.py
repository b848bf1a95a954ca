"""Top-k training, Sinha et al. 2020, as a trick."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.feature_matching import WithFeatureMatching
from ganbench_plugins.gan import Minimax
from ganbench_plugins.label_smoothing import LabelSmoothing
from ganbench_plugins.lsgan import LeastSquares
from ganbench_plugins.nsgan import NSGAN, NonSaturating
from ganbench_plugins.relativistic import RSGAN
from ganbench_plugins.top_k import TopK, WithTopK
from ganbench_plugins.wgan import WGAN, Wasserstein
from torch import Tensor
from torch.func import grad
from toys import adversarial, recipe, trained

from ganbench import Halves, NotApplicable, Recipe

REAL, FAKE = torch.tensor([[9.0], [7.0], [5.0], [3.0]]), torch.tensor([[1.0], [4.0], [-2.0], [3.0]])


def score(x: Tensor) -> Tensor:
    """The sample itself."""
    return x[:, 0]


@pytest.mark.parametrize(("share", "cost"), [(1.0, -1.5), (0.75, -8 / 3), (0.5, -3.5), (0.26, -3.5), (0.25, -4.0)])
def test_the_highest_scores_count(share: float, cost: float) -> None:
    """Of scores 1, 4, -2 and 3, Wasserstein's -D has mean -1.5 over all, -3.5 over the best two, -4 at the best one;
    a share between whole samples is rounded up.
    """
    assert TopK(Wasserstein(), share).generator(score, REAL, FAKE).item() == pytest.approx(cost)


def test_the_others_get_no_gradient() -> None:
    """The best two of four samples share it, -1/2 each for -D, and the others have exactly none."""
    slope = grad(lambda fake: TopK(Wasserstein(), 0.5).generator(score, REAL, fake))(FAKE)
    assert slope[:, 0].tolist() == [0.0, -0.5, 0.0, -0.5]


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(), LeastSquares(), Wasserstein()], ids=repr)
def test_the_discriminator_sees_every_sample(loss: Halves) -> None:
    """Its loss and its threshold are those of the wrapped loss."""
    best = TopK(loss, 0.25)
    assert torch.equal(best.discriminator(score, REAL, FAKE), loss.discriminator(score, REAL, FAKE))
    assert best.threshold == loss.threshold


def test_k_falls_geometrically_over_the_budget() -> None:
    """All of the batch at first, the lowest share at the end, and its root at half time."""
    loss = TopK(NonSaturating(), 0.25)
    assert [loss.at(f).share for f in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.25])
    assert loss.at(0.5).loss == NonSaturating()


def test_smoothed_labels_and_the_best_samples_go_together() -> None:
    """In either order, the generator pays for its best samples and the discriminator for smoothed labels."""
    one, other = WithTopK()(LabelSmoothing()(NSGAN)).loss, LabelSmoothing()(WithTopK()(NSGAN)).loss
    plain, smoothed = TopK(NonSaturating()), LabelSmoothing()(NSGAN).loss
    for loss in (one, other):
        assert torch.equal(loss.generator(score, REAL, FAKE), plain.generator(score, REAL, FAKE))
        assert torch.equal(loss.discriminator(score, REAL, FAKE), smoothed.discriminator(score, REAL, FAKE))
        assert loss.at(0.0).generator(score, REAL, FAKE) == NonSaturating().generator(score, REAL, FAKE)


def test_the_trick_wraps_the_loss_and_nothing_else() -> None:
    """The lowest share is a half unless said otherwise."""
    assert WithTopK()(WGAN) == replace(WGAN, loss=TopK(Wasserstein(), 0.5))
    assert WithTopK(0.75)(WGAN) == replace(WGAN, loss=TopK(Wasserstein(), 0.75))


@pytest.mark.parametrize("toy", [RSGAN, WithFeatureMatching()(NSGAN)], ids=lambda r: type(r.loss).__name__)
def test_a_generator_not_paid_by_the_sample_is_not_applicable(toy: Recipe) -> None:
    """Pairs and mean features leave no single sample out; the reason names loss and recipe."""
    loss = type(toy.loss).__name__
    with pytest.raises(NotApplicable, match=f"{loss}, the loss of {toy.name}, is no mean over generated samples"):
        WithTopK()(toy)


def test_choosing_twice_is_not_applicable() -> None:
    """The reason names the recipe."""
    with pytest.raises(NotApplicable, match="the generator of nsgan learns from its best samples alone already"):
        WithTopK(0.75)(WithTopK()(NSGAN))


@pytest.mark.parametrize("share", [0.0, -0.5, 1.1, float("nan")])
def test_a_share_of_nothing_or_more_than_all_is_refused(share: float) -> None:
    """In the trick and in the loss alike."""
    for make in (lambda: WithTopK(share), lambda: TopK(Minimax(), share)):
        with pytest.raises(ValueError, match=r"top_k: found share .*; wanted 0 < share <= 1"):
            make()


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, with half the budget spent, the weights of the three trained one by one."""
    toy = WithTopK(0.25)(recipe())
    group, supply = adversarial((3, 1, 4), toy)
    supply.spent_fraction = 0.5
    trained(group, supply, 20)
    for seed, found in zip((3, 1, 4), group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), toy)
        own.spent_fraction = 0.5
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")
