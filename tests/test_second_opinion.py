"""Whether another classifier confirms a score; and images that were made to please one classifier alone."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from ganbench.datasets import digits
from ganbench.metrics.features import load_classifier, load_extractor
from ganbench.metrics.inception_score import inception_scores
from ganbench.metrics.second_opinion import Opinion, divergences, second_opinion


def logits(n: int, seed: int = 0) -> Tensor:
    """Random logits (n, 10)."""
    return 3 * torch.randn(n, 10, generator=torch.Generator().manual_seed(seed))


def opinions(images: Tensor) -> list[Opinion]:
    """What the other two classifiers of digits make of the first one's score."""
    extractor = load_extractor("digits-cnn")
    first = extractor(images).logits
    return [second_opinion(first, other(images).logits) for other in extractor.siblings()]


def adversarial(start: Tensor, classes: Tensor, steps: int, rate: float) -> Tensor:
    """Bytes to which gradient ascent on the first classifier's probability of `classes` takes images from `start`."""
    classifier, _ = load_classifier("digits-cnn")
    x = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], rate)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(cross_entropy(classifier(x.clamp(0, 255))[1], classes))
        optimizer.step()
    return x.detach().clamp(0, 255).round().to(torch.uint8)


def test_the_mean_divergence_is_the_log_score() -> None:
    """exp of the mean of KL(p || q) over images is the score at one split."""
    x = logits(50)
    assert math.exp(divergences(x).mean()) == pytest.approx(inception_scores(x, (1,))[1], rel=1e-12)


def test_a_class_of_no_probability_adds_nothing() -> None:
    """Two of three classes, balanced and certain: every divergence is log 2."""
    certain = 1e4 * one_hot(torch.arange(6) % 2, 3).float()
    assert divergences(certain) == pytest.approx([math.log(2)] * 6, rel=1e-12)


def test_a_classifier_confirms_itself() -> None:
    """Nothing is unconfirmed, with no error, and its score is the score."""
    x = logits(50)
    found = second_opinion(x, x)
    assert (found.unconfirmed, found.standard_error, found.collapsed) == (0, 0, False)
    assert found.score == pytest.approx(inception_scores(x, (1,))[1], rel=1e-12)


def test_the_share_is_that_of_the_log_score() -> None:
    """Certain of 8 classes against certain of 2: log 8 is claimed and log 2 seen, so two thirds are unconfirmed."""
    classes = torch.arange(80) % 8
    first, second = 1e4 * one_hot(classes, 8).float(), 1e4 * one_hot(classes % 2, 8).float()
    found = second_opinion(first, second)
    assert found.unconfirmed == pytest.approx(2 / 3, rel=1e-12)
    assert found.score == pytest.approx(2, rel=1e-12)
    assert found.collapsed
    assert second_opinion(second, first).unconfirmed == pytest.approx(-2, rel=1e-12)


def test_a_collapse_is_above_a_tenth_and_no_chance() -> None:
    """Both bounds must be passed: a tenth, and three standard errors."""
    assert Opinion(5.0, 0.11, 0.03).collapsed
    assert not Opinion(5.0, 0.11, 0.04).collapsed
    assert not Opinion(5.0, 0.09, 0.001).collapsed


def test_to_see_more_than_was_claimed_is_judged_alike() -> None:
    """By the same two bounds, the other way; and it is no collapse."""
    assert Opinion(5.0, -0.11, 0.03).exceeds
    assert not Opinion(5.0, -0.11, 0.03).collapsed
    assert not Opinion(5.0, -0.11, 0.04).exceeds
    assert not Opinion(5.0, 0.5, 0.001).exceeds


@pytest.mark.parametrize("certainty", [0.0, 0.1])
def test_a_score_near_one_claims_nothing(certainty: float) -> None:
    """Whatever the other sees, none of the claim is unconfirmed."""
    found = second_opinion(certainty * logits(20), logits(20))
    assert (found.unconfirmed, found.collapsed) == (0, False)
    assert found.score == pytest.approx(inception_scores(logits(20), (1,))[1])


def test_one_image_condemns_nobody() -> None:
    """Its standard error is infinite."""
    assert not second_opinion(logits(1), logits(1, seed=1)).collapsed


def test_opinions_are_of_the_same_images() -> None:
    """Different numbers of images are an error, and so are none."""
    with pytest.raises(ValueError, match="found logits of 3 and of 2 images, wanted the same images for both"):
        second_opinion(logits(3), logits(2))
    with pytest.raises(ValueError, match="found logits of 0 and of 0 images"):
        second_opinion(logits(0), logits(0))


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_real_digits_are_confirmed(split: str) -> None:
    """By both other classifiers, to 2 % of the log score."""
    for opinion in opinions(digits.load(None, None).images(split)):
        assert opinion.unconfirmed < 0.02
        assert not opinion.collapsed


@pytest.mark.parametrize("sigma", [20, 80])
def test_noise_on_digits_is_no_attack(sigma: float) -> None:
    """Gaussian noise of so many grey levels lowers all three scores alike: no collapse."""
    real = digits.load(None, None).images("train").float()
    noise = sigma * torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    assert not any(opinion.collapsed for opinion in opinions((real + noise).clamp(0, 255).to(torch.uint8)))


@pytest.mark.parametrize(("steps", "rate"), [(50, 1.0), (100, 3.0), (100, 10.0)])
def test_images_made_to_please_one_classifier_collapse_under_another(steps: int, rate: float) -> None:
    """Gradient ascent takes noise to scores above 5, which both other classifiers see less of by more than a tenth."""
    start = 128 + 20 * torch.randn(200, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    images = adversarial(start, torch.arange(200) % 10, steps, rate)
    assert inception_scores(load_extractor("digits-cnn")(images).logits, (1,))[1] > 5
    assert all(opinion.collapsed for opinion in opinions(images))
