"""Modes of labelled images: counts by hand, the floor and the ceiling by simulation, and the real digits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench import Evidence, Features
from ganbench.datasets import digits
from ganbench.datasets.conditions import judged_by
from ganbench.evaluation import Evaluator
from ganbench.metrics.class_modes import ClassModes, class_counts, required, reverse_kl, reverse_kl_floor
from ganbench.metrics.features import load_extractor


def sure_of(labels: list[int], classes: int, probability: float = 0.99) -> Tensor:
    """Logits (n, classes) that give each label the probability, and the rest alike."""
    p = torch.full((len(labels), classes), (1 - probability) / (classes - 1))
    p[torch.arange(len(labels)), torch.tensor(labels)] = probability
    return p.log()


def measured(logits: Tensor, reference: Tensor, **settings: float) -> dict[str, float]:
    empty = torch.zeros(0, 1)
    evidence = Evidence(torch.zeros(len(logits)), Features(empty, logits), Features(empty, reference))
    return dict(ClassModes(**settings)(evidence))


def test_images_below_the_threshold_count_for_no_class() -> None:
    """Three sure of class 0, one of class 2, two unsure."""
    logits = torch.cat([sure_of([0, 0, 0, 2], 3), sure_of([1, 1], 3, probability=0.89)])
    assert class_counts(logits, 0.9).tolist() == [3, 0, 1]
    assert class_counts(logits, 0.88).tolist() == [3, 2, 1]


def test_a_hand_counted_example() -> None:
    """Three of four equal classes, half, a quarter and a quarter of the images, and a fifth image of none."""
    values = measured(
        torch.cat([sure_of([0, 0, 1, 2], 4), sure_of([3], 4, probability=0.6)]), sure_of([0, 1, 2, 3] * 50, 4)
    )
    assert values["modes_covered"] == 3
    assert values["rejected"] == 0.2
    assert values["rejected_real"] == 0
    assert values["reverse_kl"] == pytest.approx(0.5 * math.log(2))
    assert values["modes_ceiling"] == pytest.approx(4 * (1 - 0.75**5))
    assert set(values) == {q.name for q in ClassModes().quantities}


def test_a_class_is_covered_by_a_tenth_of_its_share() -> None:
    """Of 100 images: 9 where the data have 90 %, 1 where they have 10 %; and never by none."""
    assert required(np.array([0.9, 0.1, 0.001]), 100, 0.1).tolist() == [9, 1, 1]
    reference = sure_of([0] * 90 + [1] * 10, 2)
    for of_the_first, covered in ((8, 1), (9, 2)):
        assert measured(sure_of([0] * of_the_first + [1] * (100 - of_the_first), 2), reference)["modes_covered"] == (
            covered
        )


def test_reverse_kl_of_a_histogram_like_the_references_is_zero() -> None:
    """Whatever their sizes; m of K equal classes are log(K / m) away; a class that the data lack is infinitely far."""
    assert reverse_kl(np.array([2, 4, 6]), np.array([1, 2, 3])) == pytest.approx(0, abs=1e-12)
    assert reverse_kl(np.array([5, 5, 0, 0]), np.array([9, 9, 9, 9])) == pytest.approx(math.log(2))
    assert reverse_kl(np.array([1, 1]), np.array([1, 0])) == math.inf


@pytest.mark.parametrize(("classes", "n", "n_reference"), [(10, 500, 1_297), (1000, 2_500, 28_000), (1000, 400, 9_000)])
def test_the_floor_of_reverse_kl(classes: int, n: int, n_reference: int) -> None:
    """The mean over 200 pairs of histograms of one uneven law, to 5 %; also where a class has less than one image."""
    rng = np.random.default_rng(0)
    law = rng.dirichlet(np.full(classes, 30.0))
    pairs = [(rng.multinomial(n, law), rng.multinomial(n_reference, law)) for _ in range(200)]
    pairs = [(p, q) for p, q in pairs if not p[q == 0].any()]
    floors = [reverse_kl_floor(q[q > 0], n) for _, q in pairs]
    assert np.mean(floors) == pytest.approx(np.mean([reverse_kl(p, q) for p, q in pairs]), rel=0.05)


def test_the_floor_nears_its_first_order() -> None:
    """(K - 1) / 2 (1 / n + 1 / n of the reference) = 9 / 2 (1 / 5,000 + 1 / 1,000)."""
    assert reverse_kl_floor(np.full(10, 100), 5_000) == pytest.approx(4.5 * (1 / 5_000 + 1 / 1_000), rel=1e-3)


def test_the_ceiling_is_what_as_many_reals_cover() -> None:
    """300 images of 200 uneven classes: the mean over 200 draws, to 1 %."""
    rng = np.random.default_rng(1)
    law = rng.dirichlet(np.full(200, 5.0))
    reference = rng.multinomial(100_000, law)
    labels = [k for k, count in enumerate(reference) for _ in range(count)]
    found = [measured(sure_of(list(rng.choice(labels, 300)), 200), sure_of(labels, 200)) for _ in range(3)]
    needed = required(reference / 100_000, 300, 0.1)
    covered = [(rng.multinomial(300, reference / 100_000) >= needed).sum() for _ in range(200)]
    assert found[0]["modes_ceiling"] == pytest.approx(np.mean(covered), rel=0.01)
    assert all(abs(values["modes_covered"] - np.mean(covered)) < 5 * np.std(covered) for values in found)


def test_what_cannot_be_measured_is_left_out() -> None:
    """The divergence where all is rejected or a class is not the data's; everything without features."""
    unsure = measured(sure_of([0], 4, probability=0.5), sure_of([0, 1, 2, 3], 4))
    assert unsure == {"modes_covered": 0, "modes_ceiling": 1.0, "rejected": 1, "rejected_real": 0}
    strange = measured(sure_of([0, 1], 3), sure_of([1, 2], 3))
    assert strange["modes_covered"] == 1
    assert {"reverse_kl", "reverse_kl_floor"} & set(strange) == set()
    assert ClassModes()(Evidence(torch.zeros(1))) == {}
    assert measured(torch.zeros(0, 4), sure_of([0], 4)) == {}


def test_logits_that_are_not_finite_are_refused() -> None:
    """NaN compares as small, and would pass for unsure."""
    with pytest.raises(ValueError, match=r"^logits hold NaN or infinity: wanted the finite outputs of a classifier$"):
        measured(torch.full((2, 3), torch.nan), sure_of([0], 3))


@pytest.fixture(scope="module")
def evaluate() -> Evaluator:
    return Evaluator(digits.load(None, None), [ClassModes()], load_extractor("digits-cnn"))


def test_held_out_digits_are_at_ceiling_and_near_the_floor(evaluate: Evaluator) -> None:
    """All ten classes, at most 5 % rejected, reverse KL within three times its floor."""
    dataset = digits.load(None, None)
    values, _ = evaluate(dataset.fetch("held_out", torch.arange(500)), None)
    values = {name.removesuffix("[digits-cnn]"): value for name, value in values.items()}
    assert values["modes_covered"] == 10
    assert values["modes_ceiling"] == pytest.approx(10, abs=1e-3)
    assert values["rejected"] <= 0.05
    assert values["reverse_kl"] < 3 * values["reverse_kl_floor"]


def test_digits_that_lack_half_the_classes_are_seen_to(evaluate: Evaluator) -> None:
    """Five classes covered, and a reverse KL of about log 2."""
    dataset = digits.load(None, None)
    values, _ = evaluate(dataset.fetch("held_out", torch.where(dataset.labels("held_out") < 5)[0]), None)
    assert values["modes_covered[digits-cnn]"] == 5
    assert values["reverse_kl[digits-cnn]"] == pytest.approx(math.log(2), abs=0.05)


def test_blends_of_two_digits_are_rejected_more_than_digits(evaluate: Evaluator) -> None:
    """Five times as often and more: they are what the threshold is for."""
    dataset = digits.load(None, None)
    one, other = (dataset.fetch("held_out", k) for k in torch.arange(500).view(2, 250))
    assert evaluate((one + other) / 2, None)[0]["rejected[digits-cnn]"] > 5 * 0.04


def test_the_labelled_datasets_name_it() -> None:
    """Where the extractor's classes are the images' own."""
    assert "class_modes" in digits.EVALUATION.metrics
    assert "class_modes" in judged_by("mnist-cnn", held_out=10, classes=True).metrics
    assert "class_modes" not in judged_by("inception", held_out=10).metrics
