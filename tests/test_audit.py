"""The audit of the Inception Score: its curves, what is put into records, and the verdict."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganbench.metrics.audit import (
    Audit,
    InceptionScoreAudit,
    Range,
    Statement,
    Witness,
    audited,
    missing_classes,
    size_curve,
)
from ganbench.metrics.inception_law import class_variance, score_at_infinity
from ganbench.metrics.inception_score import inception_scores
from ganbench.metrics.metric import Evidence, Features
from ganbench.metrics.second_opinion import Opinion
from ganbench.metrics.verdict import verdict
from ganbench.vision import torch_fidelity


def logits(n: int, seed: int = 0, certainty: float = 4.0) -> Tensor:
    """Logits (n, 10) of images of random classes, of which the classifier is more or less sure."""
    random = torch.Generator().manual_seed(seed)
    classes = one_hot(torch.randint(10, (n,), generator=random), 10).float()
    return certainty * classes + 0.5 * torch.randn(n, 10, generator=random)


def witness(generated: Tensor, held_out: Tensor | None = None, name: str = "a") -> Witness:
    return Witness(name, name * 64, generated, logits(300, seed=9) if held_out is None else held_out)


def evidence(x: Tensor, *others: Tensor, final: bool = True) -> Evidence:
    features = Features(torch.empty(len(x), 0), x)
    return Evidence(torch.empty(len(x), 0), features, final=final, second_opinions=others)


def test_the_audit_holds_the_score_and_its_law() -> None:
    """The score by splits as the metric gives it, V, infinity by the law, and the ceiling at the same n."""
    x, real = logits(200), logits(300, seed=9)
    audit = audited(witness(x, real), [])
    assert (audit.n, audit.classes, audit.extractor, audit.statements) == (200, 10, "a", ())
    assert audit.in_order == inception_scores(x, (1, 2, 5, 10, 20, 50))
    assert (audit.variance, audit.at_infinity) == (class_variance(x), score_at_infinity(x))
    assert audit.score == inception_scores(x, (1,))[1]
    assert (audit.ceiling, audit.ceiling_n) == (inception_scores(real[:200], (1,))[1], 200)
    assert audit.expected(200) == pytest.approx(audit.score, rel=1e-12)
    assert audit.extrapolated == pytest.approx(audit.at_infinity, rel=0.02)


def test_the_ceiling_is_of_no_more_images_than_are_held_out() -> None:
    """Of 500 generated against 300 held-out images, the ceiling is of 300, and says so."""
    assert audited(witness(logits(500)), []).ceiling_n == 300


def test_shuffled_scores_are_those_of_torch_fidelity_to_a_millionth() -> None:
    """At every split count, with and without shuffling, for the same order of images."""
    x = logits(203)
    score = torch_fidelity.metric_isc.isc_features_to_metric
    order = torch.from_numpy(np.random.RandomState(2020).permutation(len(x)))
    for k in (1, 2, 5, 10, 20, 50):
        theirs = score(x, k, shuffle=True, rng_seed=2020)["inception_score_mean"]
        assert inception_scores(x[order], (k,))[k] == pytest.approx(theirs, rel=1e-6)
        assert audited(witness(x), []).in_order[k] == pytest.approx(
            score(x, k, shuffle=False)["inception_score_mean"], rel=1e-6
        )


def test_at_one_split_no_order_matters() -> None:
    """The range over random orders is a point."""
    once = audited(witness(logits(100)), []).shuffled[1]
    assert once.lowest == pytest.approx(once.highest, rel=1e-12)


def test_the_curve_over_n_ends_in_the_score_itself() -> None:
    """Halves down to ten images, each a score at one split; the mean rises with n, as the bias falls."""
    audit = audited(witness(logits(200)), [])
    assert list(audit.by_n) == [12, 25, 50, 100, 200]
    assert audit.by_n[200].mean == pytest.approx(audit.score, rel=1e-12)
    means = [scores.mean for scores in audit.by_n.values()]
    assert means == sorted(means)


def test_a_curve_over_n_obeys_the_law() -> None:
    """At n = 250 of 20,000 images, the mean over 20 orders is IS_inf exp(-V / 2n) to 1 %."""
    x = logits(20_000)
    law = score_at_infinity(x) * math.exp(-class_variance(x) / 500)
    assert size_curve(x, [250])[250].mean == pytest.approx(law, rel=0.01)


@pytest.mark.parametrize("arrange", [lambda k: k.sort().values, lambda k: k.view(10, -1).T.flatten()])
def test_an_order_of_the_images_is_seen(arrange) -> None:
    """Images sorted by class score 1 in ten splits; dealt out class by class they score too much: both are told."""
    classes = torch.arange(10).repeat_interleave(20)
    x = 1e4 * one_hot(arrange(classes), 10).float()
    shuffled = x[torch.randperm(200, generator=torch.Generator().manual_seed(1))]
    assert audited(witness(x), []).order_matters
    assert not audited(witness(shuffled), []).order_matters


def test_other_classifiers_testify() -> None:
    """Each with its opinion of the images, and its own score of the real ones."""
    x, real = logits(100), logits(300, seed=9)
    audit = audited(witness(x, real), [witness(x, real, "b"), witness(torch.zeros(100, 10), real, "c")])
    assert [(each.name, each.opinion.collapsed) for each in audit.statements] == [("b", False), ("c", True)]
    assert audit.statements[0].ceiling == audit.ceiling
    assert audit.collapsed


def test_missing_classes_are_those_that_chance_does_not_explain() -> None:
    """Of 200 images none is of class 3, which a tenth of the real ones are: told. Of 20 images, it would be chance."""
    real = 9.0 * one_hot(torch.arange(300) % 10, 10).float()
    without = real[(torch.arange(300) % 10) != 3]
    assert missing_classes(without[:200], real) == (3,)
    assert missing_classes(without[:20], real) == ()
    assert missing_classes(real, real) == ()
    assert missing_classes(real, without) == ()


@pytest.mark.parametrize(("n", "m"), [(0, 300), (3, 300), (500, 1)])
def test_too_few_images_are_refused(n: int, m: int) -> None:
    """Fewer than four generated, or than two held-out ones."""
    few = dataclasses.replace(witness(logits(n)), held_out=logits(m))
    with pytest.raises(ValueError, match=f"found {n} generated and {m} held-out images, wanted at least 4 and 2 to"):
        audited(few, [])


def test_four_images_are_the_fewest() -> None:
    """One and two splits are of four and of two images: the line through both meets infinity above either score."""
    audit = audited(witness(logits(4)), [])
    assert list(audit.shuffled) == [1, 2]
    assert audit.extrapolated > audit.shuffled[1].mean > audit.shuffled[2].mean


def test_a_record_holds_v_infinity_and_the_spread_across_classifiers() -> None:
    """At the headline; the spread is highest less lowest, the unconfirmed share the largest."""
    x, other = logits(100), torch.zeros(100, 10)
    values = InceptionScoreAudit()(evidence(x, x, other))
    score = inception_scores(x, (1,))[1]
    assert values == {
        "is_infinity": score_at_infinity(x),
        "is_v": class_variance(x),
        "is_spread": pytest.approx(score - 1, rel=1e-9),
        "is_unconfirmed": pytest.approx(1),
    }
    assert list(values) == [quantity.name for quantity in InceptionScoreAudit().quantities]


def test_a_record_leaves_out_what_nobody_can_tell() -> None:
    """Without second opinions there is no spread; before the headline, without features, or of one image, nothing."""
    metric = InceptionScoreAudit()
    assert list(metric(evidence(logits(10)))) == ["is_infinity", "is_v"]
    assert metric(evidence(logits(10), final=False)) == {}
    assert metric(evidence(logits(1))) == {}
    assert metric(Evidence(torch.zeros(3, 2))) == {}


AUDIT = Audit(
    extractor="a",
    sha256="a" * 64,
    n=500,
    classes=10,
    in_order={1: 9.0, 10: 8.0},
    shuffled={1: Range(9.0, 9.0, 9.0), 10: Range(8.1, 7.9, 8.3)},
    by_n={500: Range(9.0, 9.0, 9.0)},
    variance=9.0,
    at_infinity=9.08,
    extrapolated=9.1,
    ceiling=9.2,
    ceiling_n=500,
    ceiling_by_n={},
    statements=(Statement("b", "b" * 64, Opinion(8.9, 0.005, 0.001), 9.1),),
    missing=(),
)
CLEAN = {"near_copies": 0.012, "memorises": 0.0}


def test_the_verdict_of_good_images() -> None:
    """What the score is, that it is confirmed, and that nothing hides behind it."""
    assert verdict(AUDIT, CLEAN) == (
        "9.00 at one split of 500 images, like real images: 500 held-out real images score 9.20, the floor is 1. "
        "The same images read 8.10 at 10 splits and 9.08 if there were no end of them.",
        "Trained with other seeds, classifiers confirm it: b sees 8.90, which leaves 0.5 % of its logarithm "
        "unconfirmed; 10 % would be a collapse.",
        "The order of the images does not matter. No class is missing. Nothing seems memorised: 1.2 % are near-copies "
        "of training images, 1 % by chance.",
    )


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"in_order": {1: 5.1, 10: 5.0}}, 0, "5.10 at one split of 500 images, 50 % of the way from the floor to real"),
        ({"in_order": {1: 9.9, 10: 9.0}}, 0, "above real images, which is reason to doubt it"),
        ({"ceiling": 1.0}, 0, "which real images do not exceed"),
        ({"shuffled": {1: Range(9, 9, 9)}, "in_order": {1: 9.0}}, 0, "floor is 1. They would read 9.08 if there were"),
        (
            {"extrapolated": 9.9},
            0,
            "splits and anything from 9.08 to 9.90, for there are too few to tell, if there were",
        ),
        ({"extrapolated": 8.0, "at_infinity": 12.0}, 0, "and anything from 9.00 to 12.00, for there are too few"),
        (
            {"statements": (Statement("b", "b" * 64, Opinion(4.0, 0.4, 0.01), 9.1),)},
            1,
            "It COLLAPSES under another classifier: b sees 4.00 where a sees 9.00.",
        ),
        (
            {"statements": (Statement("b", "b" * 64, Opinion(9.9, -0.2, 0.01), 9.1),)},
            1,
            "Classifiers DISAGREE, though they differ in their seed alone: b sees 9.90 where a sees 9.00. So much",
        ),
        (
            {"statements": ()},
            1,
            "No second classifier of the domain of a ships, so nobody can tell whose score this is.",
        ),
        (
            {"in_order": {1: 9.0, 10: 1.1}},
            2,
            "The images come in an ORDER: 10 splits read 1.10 as given and 8.10 shuffled",
        ),
        ({"missing": (3,)}, 2, "MISSING, by a: class 3 of 10."),
        ({"missing": (3, 5)}, 2, "MISSING, by a: classes 3, 5 of 10."),
    ],
)
def test_the_verdict_of_images_that_are_not(changes, line: int, words: str) -> None:
    """Each fault is told in its line."""
    assert words in verdict(dataclasses.replace(AUDIT, **changes), CLEAN)[line]


def test_the_verdict_on_copies() -> None:
    """Copies are told; where nothing could be compared, that is."""
    third = verdict(AUDIT, {"near_copies": 0.5, "memorises": 1.0})[2]
    assert "they are MEMORISED, 50.0 % are near-copies of training images, 1 % by chance." in third
    assert (
        "were not counted: no metric of this dataset does, or it holds out fewer than 200 images."
        in verdict(AUDIT, {})[2]
    )
