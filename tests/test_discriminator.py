"""The discriminator's accuracy, against hand counts, scikit-learn, scipy and closed forms."""

import math

import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ganbench.metrics.discriminator import DiscriminatorAccuracy, auc, threshold_and_judged, wilson_interval
from ganbench.metrics.metric import Evidence, Scores


def scores(train: list[float], held_out: list[float], fake: list[float], threshold: float | None) -> Scores:
    """Scores from lists."""
    return Scores(torch.tensor(train), torch.tensor(held_out), torch.tensor(fake), threshold)


def measured(of: Scores | None) -> dict[str, float]:
    """The metric's values."""
    return dict(DiscriminatorAccuracy()(Evidence(samples=torch.empty(0), scores=of)))


def drawn(n: int, seed: int) -> Tensor:
    """Scores (n,) with many ties."""
    return torch.randint(6, (n,), generator=torch.Generator().manual_seed(seed)) / 4 + seed / 4


def test_a_hand_counted_example() -> None:
    """At the loss's threshold 1/2 real is above and fake at or below; of 6 pairs 4 are in order, 1 is tied."""
    values = measured(scores([0.4, 0.6, 0.9, 0.8], [0.5, 0.7], [0.5, 0.4, 0.6], threshold=0.5))
    assert values == pytest.approx(
        {
            "accuracy_train": 3 / 4,
            "accuracy_held_out": 1 / 2,
            "accuracy_fake": 2 / 3,
            "accuracy_balanced": (1 / 2 + 2 / 3) / 2,
            "accuracy_calls": 2,
            "auc": (3 + 1 + 0.5) / 6,
            "threshold": 0.5,
        }
    )


def test_without_a_threshold_half_of_the_fakes_set_it_and_the_other_half_are_judged() -> None:
    """Reals average 4 and the first two fakes 0, so the threshold is 2; of the last two fakes one lies below."""
    values = measured(scores([3.0, 5.0], [1.0, 2.5], [-1.0, 1.0, 1.9, 2.1], threshold=None))
    assert values["threshold"] == 2.0
    assert (values["accuracy_train"], values["accuracy_held_out"], values["accuracy_fake"]) == (1.0, 0.5, 0.5)


def test_no_fake_both_sets_the_threshold_and_is_judged() -> None:
    """Of five fakes the first two set it and the last three are judged; with the loss's own, all five are."""
    of = scores([1.0], [1.0], [0.0, 1.0, 2.0, 3.0, 4.0], threshold=None)
    assert threshold_and_judged(of)[1].tolist() == [2.0, 3.0, 4.0]
    with_threshold = scores([1.0], [1.0], [0.0, 1.0, 2.0, 3.0, 4.0], threshold=0.0)
    assert threshold_and_judged(with_threshold)[1].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_shift_of_all_scores_changes_nothing_where_the_loss_has_no_threshold() -> None:
    """A Wasserstein critic is free up to a constant, and so is every number but the threshold."""
    train, held_out, fake = drawn(50, 1), drawn(40, 1), drawn(60, 0)
    before, after = (measured(Scores(train + by, held_out + by, fake + by, None)) for by in (0.0, 16.0))
    assert after.pop("threshold") == pytest.approx(before.pop("threshold") + 16)
    assert after == before


def test_numbers_without_scores_are_left_out() -> None:
    """One fake cannot both set a threshold and be judged, so only the AUC is left; without scores, nothing is."""
    assert measured(scores([1.0], [2.0], [0.0], threshold=None)) == {"auc": 1.0}
    assert {"accuracy_held_out", "accuracy_balanced"} & set(measured(scores([1.0], [], [0.0], threshold=0.0))) == set()
    assert measured(None) == {}


@pytest.mark.parametrize(("n", "m"), [(1, 1), (30, 50), (400, 3)])
def test_the_auc_is_scikit_learns(n: int, m: int) -> None:
    """Also with ties, which count half."""
    real, fake = drawn(n, 1), drawn(m, 0)
    labels = [1] * n + [0] * m
    assert auc(real, fake) == pytest.approx(roc_auc_score(labels, torch.cat([real, fake]).tolist()), rel=1e-12)


def test_the_auc_of_nothing_is_not_a_number() -> None:
    """There is no pair to order."""
    assert math.isnan(auc(torch.empty(0), torch.ones(3)))


def test_indistinguishable_scores_have_an_auc_of_one_half() -> None:
    """All scores tied: every pair counts half."""
    assert auc(torch.ones(5), torch.ones(7)) == 0.5


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (3, 10), (10, 10), (987, 1000)])
@pytest.mark.parametrize("confidence", [0.68, 0.95])
def test_intervals_are_wilsons(correct: int, n: int, confidence: float) -> None:
    """They are scipy's, also where every call or none is right."""
    theirs = binomtest(correct, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct / n, n, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_an_interval_of_no_calls_is_refused() -> None:
    """As are a share and a confidence that are no probability."""
    with pytest.raises(
        ValueError, match=r"found a share of 0.5 of 0 calls at confidence 0.95, wanted a share in \[0, 1\]"
    ):
        wilson_interval(0.5, 0)
    with pytest.raises(ValueError, match="of at least one call at a confidence in"):
        wilson_interval(1.5, 10)
    with pytest.raises(ValueError, match="at confidence 1, wanted"):
        wilson_interval(0.5, 10, confidence=1)


def test_every_number_is_declared_as_a_diagnosis() -> None:
    """No direction is better: an accuracy near 1/2 may be a perfect generator or a useless discriminator."""
    quantities = DiscriminatorAccuracy().quantities
    assert [q.name for q in quantities] == list(measured(scores([1.0], [1.0], [0.0], threshold=0.0)))
    assert {q.direction for q in quantities} == {"neither"}
