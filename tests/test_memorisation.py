"""Memorisation: copies are told from what generalises, by numbers whose chance level is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench.datasets import digits
from ganbench.evaluation import features_of_reals
from ganbench.metrics.features import load_extractor
from ganbench.metrics.memorisation import Memorisation, copy_ratios, copying, ratios_of_held_out
from ganbench.metrics.metric import Evidence, Features


def drawn(n: int, seed: int, d: int = 6) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def judged(samples: Tensor, train: Tensor, held_out: Tensor, *, final: bool = True) -> dict[str, float]:
    generated, reals, others = (Features(x, torch.empty(0)) for x in (samples, train, held_out))
    return dict(Memorisation()(Evidence(torch.empty(0), generated, reals, held_out=others, final=final)))


def test_ratios_by_hand() -> None:
    """At 0, with training images at 1 and 9 and held-out ones at 4 and 8, the nearest are 1 and 4 away: 1/4."""
    train, held_out = torch.tensor([[1.0], [9.0]]), torch.tensor([[4.0], [8.0]])
    assert copy_ratios(torch.tensor([[0.0], [9.0]]), train, held_out).tolist() == pytest.approx([1 / 4, 0])
    assert ratios_of_held_out(train, held_out, most=2).tolist() == pytest.approx([3 / 4, 1 / 4])
    assert ratios_of_held_out(train, held_out, most=1).tolist() == pytest.approx([3 / 4])


def test_what_is_in_both_sets_is_no_copy() -> None:
    """Distances of 0 to both have the ratio 1; of 0 to held-out images alone, an infinite one."""
    one, two = torch.ones(1, 2), torch.zeros(1, 2)
    assert copy_ratios(one, one, one).tolist() == [1]
    assert copy_ratios(one, two, one).tolist() == [math.inf]


def test_copying_is_zero_by_chance_and_one_for_copies() -> None:
    """Of 300 and 100 images, 3/4 of the nearest are training images by chance."""
    assert [copying(share, 300, 100) for share in (0.75, 1.0, 0.0)] == [0, 1, -3]


def test_what_generalises_is_at_the_level_of_chance() -> None:
    """Fresh draws, also of a narrower law than the data's: copying and gap average 0 within 4 standard errors."""
    for width in (1.0, 0.5):
        found = [judged(width * drawn(150, 3 * k), drawn(600, 3 * k + 1), drawn(200, 3 * k + 2)) for k in range(60)]
        for name in ("copying", "fid_gap"):
            values = np.array([each[name] for each in found])
            assert abs(values.mean()) < 4 * values.std() / math.sqrt(len(values))
        assert np.mean([each["near_copies"] for each in found]) < 0.02
        assert not any(each["memorises"] for each in found)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_copies_are_flagged(noise: float) -> None:
    """Training points themselves, and with noise well below their distances: nearly all are near-copies."""
    train = drawn(300, 0)
    found = judged(train[:150] + noise * drawn(150, 2), train, drawn(200, 1))
    assert found["memorises"] == 1
    assert found["near_copies"] > 0.95
    assert found["copying"] > 0.95


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_the_share_of_near_copies_is_the_share_that_was_copied(share: float) -> None:
    """Copies among fresh draws are counted, plus the chance's 1 % within 2 %; a fifth is flagged, 2 % are not."""
    train, samples = drawn(500, 0), drawn(500, 1)
    copies = int(share * len(samples))
    samples[:copies] = train[:copies]
    found = judged(samples, train, drawn(500, 2))
    assert found["near_copies"] == pytest.approx(share + 0.01, abs=0.02)
    assert found["memorises"] == (share > 0.1)


@pytest.fixture(scope="module")
def real_digits() -> tuple[Callable[[Tensor], Tensor], Features, Features, Tensor]:
    dataset, extractor = digits.load(None, None), load_extractor("digits-cnn")
    train, held_out = (features_of_reals(dataset, extractor, split) for split in ("train", "held_out"))
    return lambda images: extractor(images).features, train, held_out, dataset.images("train")


@pytest.mark.parametrize("noise", [0, 5])
def test_a_generator_that_replays_digits_is_flagged(real_digits, noise: int) -> None:
    """Training images, exact or with noise of 5 grey levels, through the extractor that is shipped."""
    extract, train, held_out, images = real_digits
    jitter = noise * torch.randn(500, *images.shape[1:], generator=torch.Generator().manual_seed(0))
    replayed = (images[:500] + jitter).round().clamp(0, 255).to(torch.uint8)
    found = judged(extract(replayed), train.features, held_out.features)
    assert found["memorises"] == 1
    assert found["near_copies"] > 0.9
    assert found["copying"] > 0.9


def test_held_out_digits_are_not_flagged(real_digits) -> None:
    """Half of the held-out images against the other half, and, as the control, all of them against themselves."""
    _, train, held_out, _ = real_digits
    for samples, others in ((held_out.features[::2], held_out.features[1::2]), (held_out.features,) * 2):
        found = judged(samples, train.features, others)
        assert found["memorises"] == 0
        assert found["near_copies"] < 0.03


def test_it_is_measured_at_the_last_point_alone_and_of_enough_held_out_images() -> None:
    """Without held-out images nothing; with fewer than 200 the gap alone; one sample has no gap."""
    train, samples = drawn(300, 0), drawn(50, 1)
    assert judged(samples, train, drawn(200, 2), final=False) == {}
    assert list(judged(samples, train, drawn(199, 2))) == ["fid_gap"]
    assert list(judged(samples[:1], train, drawn(200, 2))) == ["memorises", "near_copies", "copying"]
    assert list(judged(samples, train, drawn(200, 2))) == [q.name for q in Memorisation().quantities]
    assert Memorisation()(Evidence(torch.empty(0), Features(samples, samples), Features(train, train))) == {}


def test_features_that_are_not_finite_are_refused() -> None:
    """No verdict rests on them."""
    strange = drawn(50, 1)
    strange[0, 0] = math.inf
    with pytest.raises(ValueError, match="found 1 of 300 features to be NaN or infinite"):
        judged(strange, drawn(300, 0), drawn(100, 2))
