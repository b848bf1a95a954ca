"""The Inception Score, against closed forms, torch-fidelity and the law of its bias."""

import math

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import Tensor

from ganbench.metrics.inception_score import InceptionScore, inception_scores, probabilities
from ganbench.metrics.metric import Evidence, Features
from ganbench.vision import torch_fidelity

CERTAIN = 1e4
"""A logit against which all others vanish: exp(-1e4) is 0 in float64."""


def one_hot(classes: Tensor, of: int) -> Tensor:
    """Logits (n, of) of a classifier that is sure of `classes` (n,)."""
    return CERTAIN * torch.nn.functional.one_hot(classes, of).float()


def drawn(n: int, of: int = 10, seed: int = 0) -> Tensor:
    """Random logits (n, of)."""
    return 3 * torch.randn(n, of, generator=torch.Generator().manual_seed(seed))


def features(logits: Tensor) -> Evidence:
    """Evidence with `logits` alone."""
    return Evidence(samples=torch.empty(len(logits), 0), features=Features(torch.empty(len(logits), 0), logits))


def test_a_classifier_that_cannot_tell_scores_one() -> None:
    """Where every image has the same class probabilities, the score is 1 at every split count."""
    assert inception_scores(torch.zeros(60, 10), (1, 2, 7)) == pytest.approx({1: 1, 2: 1, 7: 1}, abs=1e-12)


def test_certain_and_balanced_images_score_the_number_of_classes() -> None:
    """One-hot probabilities, balanced over K classes, give exactly K at one split."""
    assert inception_scores(one_hot(torch.arange(70) % 7, 7), (1,))[1] == pytest.approx(7, rel=1e-12)


def test_images_sorted_by_class_score_one_at_as_many_splits() -> None:
    """Ten classes in ten splits, sorted: each split holds one class and scores 1, though all classes are there."""
    scores = inception_scores(one_hot(torch.arange(100) // 10, 10), (1, 10))
    assert scores == pytest.approx({1: 10.0, 10: 1.0}, rel=1e-12)


def test_an_absent_class_leaves_the_score_finite() -> None:
    """A class of probability 0 in all images adds nothing: two of three classes, balanced, give 2."""
    assert inception_scores(one_hot(torch.arange(20) % 2, 3), (1,))[1] == pytest.approx(2, rel=1e-12)


def test_a_hand_computed_score() -> None:
    """Probabilities (3/4, 1/4) and (1/4, 3/4) have q = 1/2, so the score is exp(3/4 log(3/2) + 1/4 log(1/2))."""
    logits = torch.tensor([[3.0, 1.0], [1.0, 3.0]]).log()
    assert inception_scores(logits, (1,))[1] == pytest.approx(1.5**0.75 * 0.5**0.25, rel=1e-7)


@pytest.mark.parametrize("n", [1000, 1003])
def test_it_agrees_with_torch_fidelity_at_every_split_count(n: int) -> None:
    """One pass gives torch-fidelity's score at each split count, also where the splits are not of one size."""
    logits, splits = drawn(n), (1, 2, 3, 5, 10, 20, 50)
    score = torch_fidelity.metric_isc.isc_features_to_metric
    theirs = {k: score(logits, k, shuffle=False, rng_seed=0)["inception_score_mean"] for k in splits}
    assert inception_scores(logits, splits) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize(("n", "of"), [(1, 10), (300, 1008), (20_000, 10)])
def test_probabilities_are_scipys_to_the_last_bit(n: int, of: int) -> None:
    """However many of them are worked on together."""
    logits = drawn(n, of)
    assert np.array_equal(probabilities(logits), softmax(logits.double().numpy(), axis=1))


def test_split_counts_beyond_the_sample_are_left_out() -> None:
    """Seven images cannot be split in ten; where no split count is left, nothing is given."""
    assert list(inception_scores(drawn(7), (1, 7, 10))) == [1, 7]
    assert inception_scores(drawn(7), (8,)) == {}


def test_one_image_a_split_scores_one() -> None:
    """A split of one image has q = p, hence a score of 1."""
    assert inception_scores(drawn(5), (5,))[5] == pytest.approx(1, abs=1e-12)


def test_the_order_of_images_matters_to_splits_only() -> None:
    """A permutation of the images leaves the score at one split as it is."""
    logits = drawn(100)
    moved = logits[torch.randperm(100, generator=torch.Generator().manual_seed(1))]
    assert inception_scores(moved, (1,)) == pytest.approx(inception_scores(logits, (1,)), rel=1e-12)


@pytest.mark.parametrize("certainty", [0.5, 2.0, CERTAIN])
def test_few_samples_a_split_lower_the_score_by_the_first_order_law(certainty: float) -> None:
    """E[IS_n] is IS_inf exp(-V / 2n) to 0.5 %, for images drawn from ten kinds, at n = 100 a split and 400 splits."""
    kinds = certainty * torch.eye(10, dtype=torch.float64)
    p = kinds.softmax(dim=1)
    limit = math.exp(float(torch.special.xlogy(p, p / p.mean(dim=0)).sum(dim=1).mean()))
    v = float((p.var(dim=0, correction=0) / p.mean(dim=0)).sum())
    images = kinds[torch.randint(10, (40_000,), generator=torch.Generator().manual_seed(0))]
    assert inception_scores(images, (400,))[400] == pytest.approx(limit * math.exp(-v / 200), rel=0.005)


def test_non_finite_logits_are_refused() -> None:
    """NaN is no number to put on a board."""
    with pytest.raises(ValueError, match="logits hold NaN or infinity: wanted the finite outputs of a classifier"):
        inception_scores(torch.tensor([[0.0, math.nan]]), (1,))


def test_the_metric_names_each_split_count() -> None:
    """The metric gives "inception_score@k" for each k, all of them declared."""
    metric = InceptionScore(splits=(1, 5))
    values = metric(features(drawn(50)))
    assert list(values) == ["inception_score@1", "inception_score@5"] == [q.name for q in metric.quantities]
    assert [quantity.direction for quantity in InceptionScore().quantities] == ["higher"] * 6


def test_without_features_the_metric_gives_nothing() -> None:
    """What it cannot read, it leaves out."""
    assert InceptionScore()(Evidence(samples=torch.zeros(3, 2))) == {}
