"""How the Inception Score depends on the number of images: V, the law, and two ways to infinity."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench.metrics.inception_law import class_variance, expected_score, extrapolated_score, score_at_infinity
from ganbench.metrics.inception_score import inception_scores

CERTAIN = 1e4


def one_hot(classes: Tensor, of: int) -> Tensor:
    """Logits (n, of) of a classifier that is sure of `classes` (n,)."""
    return CERTAIN * torch.nn.functional.one_hot(classes, of).float()


def kinds(certainty: float) -> tuple[Tensor, float]:
    """Logits (10, 10) of ten kinds of images, equally likely, and their exact score."""
    logits = certainty * torch.eye(10, dtype=torch.float64)
    p = logits.softmax(dim=1)
    return logits, math.exp(float(torch.special.xlogy(p, p / p.mean(dim=0)).sum(dim=1).mean()))


def drawn(logits: Tensor, n: int, seed: int) -> Tensor:
    """n images of equally likely kinds."""
    return logits[torch.randint(len(logits), (n,), generator=torch.Generator().manual_seed(seed))]


@pytest.mark.parametrize("k", [2, 7, 10])
def test_v_is_the_number_of_classes_less_one_for_a_sure_classifier(k: int) -> None:
    """For one-hot rows, balanced: sum of q (1 - q) / q = K - 1, times n / (n - 1) as variances are unbiased."""
    n = 100 * k
    assert class_variance(one_hot(torch.arange(n) % k, k)) == pytest.approx((k - 1) * n / (n - 1), rel=1e-12)


def test_v_is_nothing_where_all_images_look_alike() -> None:
    """Equal probabilities do not vary; a class that nobody has adds nothing."""
    assert class_variance(torch.zeros(5, 3)) == pytest.approx(0, abs=1e-20)
    assert class_variance(one_hot(torch.zeros(5, dtype=torch.long), 3)) == 0


def test_v_of_two_rows_by_hand() -> None:
    """(3/4, 1/4) and (1/4, 3/4): both variances are 1/8, both q 1/2, so V = 1/2."""
    assert class_variance(torch.tensor([[3.0, 1.0], [1.0, 3.0]]).log()) == pytest.approx(0.5, rel=1e-7)


def test_one_image_has_no_variance() -> None:
    """The error says so."""
    with pytest.raises(ValueError, match=r"found logits of 1 image\(s\), wanted at least 2 to tell how they vary"):
        class_variance(torch.zeros(1, 3))


@pytest.mark.parametrize("certainty", [2.0, 4.0, CERTAIN])
def test_the_law_at_infinity_is_closer_than_the_score(certainty: float) -> None:
    """Over 400 draws of n = 200 images, IS_n exp(V / 2n) is IS_inf to 0.1 % in the mean, where IS_n is low by 0.3 % or
    more: by V / 400.
    """
    logits, limit = kinds(certainty)
    samples = [drawn(logits, 200, seed) for seed in range(400)]
    corrected = np.mean([score_at_infinity(x) for x in samples])
    plain = np.mean([inception_scores(x, (1,))[1] for x in samples])
    assert corrected == pytest.approx(limit, rel=1e-3)
    assert plain == pytest.approx(expected_score(limit, class_variance(drawn(logits, 10**5, 0)), 200), rel=1e-3)
    assert plain < 0.997 * limit


@pytest.mark.parametrize("certainty", [2.0, CERTAIN])
def test_few_images_follow_the_law_at_every_split_count(certainty: float) -> None:
    """20,000 images in k splits: the mean over them is IS_inf exp(-V / 2n), n = 20,000 / k, to 0.5 % from n = 100."""
    logits, limit = kinds(certainty)
    images = drawn(logits, 20_000, 0)
    v = class_variance(images)
    found = inception_scores(images, (20, 50, 100, 200))
    law = {k: expected_score(limit, v, 20_000 / k) for k in found}
    assert found == pytest.approx(law, rel=0.005)


def test_the_line_gives_back_the_law_that_made_its_points() -> None:
    """Scores 9 exp(-8 / 2n) lie on the line exactly, so it meets infinity at 9."""
    curve = {n: 9 * math.exp(-8 / (2 * n)) for n in (25, 50, 100, 500)}
    assert extrapolated_score(curve) == pytest.approx(9, rel=1e-12)


def test_the_line_and_the_law_agree_on_many_images() -> None:
    """Both estimates from 20,000 images are IS_inf to 0.2 %."""
    logits, limit = kinds(3.0)
    images = drawn(logits, 20_000, 1)
    curve = {20_000 / k: score for k, score in inception_scores(images, (1, 2, 5, 10, 20, 50)).items()}
    assert extrapolated_score(curve) == pytest.approx(limit, rel=2e-3)
    assert score_at_infinity(images) == pytest.approx(limit, rel=2e-3)


def test_one_point_makes_no_line() -> None:
    """The error says what was found and wanted."""
    with pytest.raises(ValueError, match=r"found scores at 1 number\(s\) of images, wanted at least 2 to draw a line"):
        extrapolated_score({10: 2.0})


def test_non_finite_logits_are_refused() -> None:
    """Rather than answered with NaN."""
    for function in (class_variance, score_at_infinity):
        with pytest.raises(ValueError, match="logits hold NaN or infinity"):
            function(torch.full((3, 2), math.nan))
