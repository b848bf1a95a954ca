"""Images in memory: bytes in, numbers in [-1, 1] out, and back."""

from __future__ import annotations

import pytest
import torch

from ganbench.datasets.conditions import dcgan_standard, judged_by
from ganbench.datasets.images import ImageDataset, to_uint8
from ganbench.errors import DatasetError

TRAIN = torch.arange(5 * 3 * 4 * 4, dtype=torch.uint8).reshape(5, 3, 4, 4)
HELD_OUT = TRAIN[:2] + 7


def made(
    train: torch.Tensor = TRAIN, held_out: torch.Tensor = HELD_OUT, labels: dict[str, torch.Tensor] | None = None
) -> ImageDataset:
    return ImageDataset(
        "made",
        {"train": train, "held_out": held_out},
        labels or {},
        standard=dcgan_standard(width=8, latent_dim=4, budget="1kimg"),
        evaluation=judged_by("inception", held_out=len(held_out)),
    )


def test_bytes_become_numbers_between_minus_one_and_one():
    """Byte 0 is -1, byte 255 is 1, and byte b is b / 127.5 - 1."""
    images = torch.tensor([0, 51, 102, 255], dtype=torch.uint8).reshape(1, 1, 2, 2)
    found = made(images, images).fetch("train", torch.tensor([0]))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.flatten(), torch.tensor([-1.0, -0.6, -0.2, 1.0]))


def test_handles_may_have_any_leading_shape():
    """Handles (seeds, batch) give samples (seeds, batch, channels, height, width), each the image it numbers."""
    handles = torch.tensor([[4, 0, 0], [1, 2, 3]])
    found = made().fetch("train", handles)
    assert found.shape == (2, 3, 3, 4, 4)
    assert torch.equal(to_uint8(found), TRAIN[handles])


def test_samples_arrive_on_the_device_of_the_handles():
    """Handles on another device give samples on that device."""
    assert made().fetch("held_out", torch.zeros(2, dtype=torch.int64, device="meta")).device.type == "meta"


def test_all_bytes_survive_the_round_trip():
    """Every byte comes back exactly from the number that it became."""
    every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(to_uint8(made(every, every).fetch("train", torch.tensor([0]))), every)


def test_to_uint8_rounds_and_clamps():
    """A number goes to the nearest byte, one outside [-1, 1] to the end of the range, in half precision too."""
    samples = torch.tensor([-1.5, -1.0, 0.4 / 127.5 - 1, 0.6 / 127.5 - 1, 1.0, 3.0])
    assert to_uint8(samples).tolist() == [0, 0, 0, 1, 255, 255]
    assert to_uint8(torch.tensor([-1.0, 0.0, 1.0], dtype=torch.bfloat16)).tolist() == [0, 128, 255]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_to_uint8_refuses_what_is_not_finite(value: float):
    """NaN and infinity become no byte but an error."""
    with pytest.raises(ValueError, match="samples hold NaN or infinity"):
        to_uint8(torch.tensor([0.0, value]))


def test_a_pass_is_a_seeded_permutation():
    """A pass holds every image number once, in an order that the generator's seed fixes."""
    dataset = made(torch.zeros(1000, 3, 4, 4, dtype=torch.uint8))
    first, again, other = (dataset.shuffled("train", torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(first.sort().values, torch.arange(1000))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_fingerprint_depends_on_bytes_shapes_and_splits():
    """One changed byte, the same bytes in another shape, and images moved between splits each change it."""
    changed = TRAIN.clone()
    changed[4, 2, 3, 3] += 1
    wide = made(TRAIN.reshape(5, 3, 2, 8), HELD_OUT.reshape(2, 3, 2, 8))
    moved = made(TRAIN[:4], torch.cat([TRAIN[4:], HELD_OUT]))
    assert len({d.fingerprint for d in (made(), made(changed), wide, moved)}) == 4
    assert made().fingerprint == made(TRAIN.clone()).fingerprint


def test_splits_are_given_back_as_bytes():
    """`images` returns the bytes, `size` their number and `sample_shape` the shape of one."""
    dataset = made()
    assert torch.equal(dataset.images("held_out"), HELD_OUT)
    assert (dataset.size("train"), dataset.size("held_out"), dataset.sample_shape) == (5, 2, (3, 4, 4))
    assert dataset.is_image


def test_labels_are_given_back_as_whole_numbers():
    """Labels come back as int64; a split without labels says so by an error."""
    dataset = made(labels={"train": torch.tensor([0, 1, 2, 1, 0], dtype=torch.uint8)})
    assert dataset.labels("train").dtype == torch.int64
    assert dataset.labels("train").tolist() == [0, 1, 2, 1, 0]
    with pytest.raises(DatasetError, match=r"^dataset 'made' has no labels for its split 'held_out'$"):
        dataset.labels("held_out")


@pytest.mark.parametrize(
    ("train", "found"),
    [
        (TRAIN.float(), r"torch.float32 of shape \(5, 3, 4, 4\)"),
        (TRAIN[0], r"torch.uint8 of shape \(3, 4, 4\)"),
        (TRAIN[:0], r"torch.uint8 of shape \(0, 3, 4, 4\)"),
    ],
    ids=["floats", "one image", "no image"],
)
def test_images_are_a_non_empty_batch_of_bytes(train: torch.Tensor, found: str):
    """Anything else is refused with what was found and what was wanted."""
    with pytest.raises(DatasetError, match=f"split 'train': found {found}, wanted at least one image as torch.uint8"):
        made(train)


def test_both_splits_have_one_shape():
    """Training and held-out images of different shapes are refused."""
    with pytest.raises(DatasetError, match=r"are \(3, 4, 4\) but held-out images are \(3, 4, 2\), wanted one shape"):
        made(held_out=HELD_OUT[..., :2])


def test_there_is_one_label_for_each_image():
    """Labels of another length, or that are no whole numbers, are refused."""
    with pytest.raises(DatasetError, match=r"found labels torch.int64 of shape \(4,\), wanted whole numbers .*\(5,\)"):
        made(labels={"train": torch.zeros(4, dtype=torch.int64)})
    with pytest.raises(DatasetError, match=r"found labels torch.float32"):
        made(labels={"train": torch.zeros(5)})


def test_no_more_samples_are_judged_than_are_held_out():
    """The headline takes 10,000 samples and the curve 2,500, or as many as are held out where those are fewer."""
    few, many = judged_by("inception", held_out=700), judged_by("inception", held_out=50_000)
    assert (few.samples, few.curve_samples) == (700, 700)
    assert (many.samples, many.curve_samples) == (10_000, 2_500)
