"""A classifier shown each channel by itself: joint classes and their probabilities."""

import torch
from torch import Tensor

from ganbench.metrics.channels import EachChannel
from ganbench.metrics.features import SHIPPED, load_extractor

PIXELS = torch.randint(256, (4, 3, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def first_pixels(images: Tensor) -> tuple[Tensor, Tensor]:
    """A network whose feature is the first pixel, and whose logits are the first ten."""
    flat = images.flatten(1).double()
    return flat[:, :1], flat[:, :10]


def test_joint_probabilities_are_products() -> None:
    """p(100 a + 10 b + c) = p(a) p(b) p(c), for all 1,000 classes of each image."""
    features, joint = EachChannel(first_pixels)(PIXELS)
    a, b, c = (first_pixels(PIXELS[:, k : k + 1])[1].softmax(dim=1) for k in range(3))
    expected = torch.einsum("na,nb,nc->nabc", a, b, c).flatten(1)
    assert features.tolist() == PIXELS[:, :, 0, 0].tolist()
    torch.testing.assert_close(joint.softmax(dim=1), expected, rtol=1e-9, atol=1e-30)
    torch.testing.assert_close(joint.exp(), expected, rtol=1e-9, atol=1e-30)


def test_one_channel_changes_nothing_but_a_constant() -> None:
    """Which no probability depends on."""
    _, joint = EachChannel(first_pixels)(PIXELS[:, :1])
    torch.testing.assert_close(joint, first_pixels(PIXELS[:, :1])[1].log_softmax(dim=1))


def test_the_extractor_of_stacked_digits_is_mnists_own() -> None:
    """Its features are those of the three channels side by side, its class their three classes, its hash the same."""
    stacked, grey = load_extractor("stacked-mnist-cnn"), load_extractor("mnist-cnn")
    seen, alone = stacked(PIXELS), [grey(PIXELS[:, k : k + 1]) for k in range(3)]
    assert (stacked.name, stacked.sha256) == ("stacked-mnist-cnn", SHIPPED["mnist-cnn"].sha256)
    assert stacked.image_shape == (3, 28, 28)
    torch.testing.assert_close(seen.features, torch.cat([x.features for x in alone], dim=1), rtol=1e-4, atol=1e-4)
    a, b, c = (x.logits.argmax(dim=1) for x in alone)
    assert torch.equal(seen.logits.argmax(dim=1), 100 * a + 10 * b + c)
