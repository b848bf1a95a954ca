"""The extractors: what they give, what they refuse."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganbench.datasets import digits
from ganbench.errors import ExtractorError, UnknownNameError
from ganbench.metrics.classifier import SmallClassifier
from ganbench.metrics.features import SHIPPED, load_classifier, load_extractor


def images(n: int, size: int, channels: int = 1) -> Tensor:
    """Random images uint8 (n, channels, size, size)."""
    shape = (n, channels, size, size)
    return torch.randint(256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_extractors_give_features_and_logits(name: str) -> None:
    """64 features and 10 logits an image, float32 on the CPU and without a graph, under the pinned hash."""
    extractor = load_extractor(name)
    found = extractor(images(3, SHIPPED[name].size))
    assert (found.features.shape, found.logits.shape) == ((3, 64), (3, 10))
    assert {(x.dtype, x.device.type, x.requires_grad) for x in (found.features, found.logits)} == {
        (torch.float32, "cpu", False)
    }
    assert (extractor.name, extractor.sha256) == (name, SHIPPED[name].sha256)


def test_the_digits_classifier_is_as_accurate_as_the_table_says() -> None:
    """494 of the 500 held-out digits, which it never saw, are given their label; rounding may move one."""
    dataset = digits.load(None, None)
    guesses = load_extractor("digits-cnn")(dataset.images("held_out")).logits.argmax(dim=1)
    right = int((guesses == dataset.labels("held_out")).sum())
    assert right == pytest.approx(500 * SHIPPED["digits-cnn"].accuracy, abs=1)


def test_logits_are_a_linear_function_of_the_features() -> None:
    """The features are the last hidden layer."""
    classifier, _ = load_classifier("digits-cnn")
    features, logits = classifier(images(5, 8))
    assert logits.numpy() == pytest.approx(classifier.out(features).numpy())


def test_batches_change_nothing() -> None:
    """300 images in batches of 256 are what they are one by one."""
    extractor, x = load_extractor("digits-cnn"), images(300, 8)
    together, alone = extractor(x).logits, torch.cat([extractor(one[None]).logits for one in x])
    assert together.numpy() == pytest.approx(alone.numpy(), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("size", [8, 9, 28, 32])
def test_the_classifier_takes_any_size(size: int) -> None:
    """Sides that are no multiple of 8 are rounded up."""
    features, logits = SmallClassifier(channels=3, size=size, classes=4)(images(2, size, channels=3))
    assert (features.shape, logits.shape) == ((2, 64), (2, 4))


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (images(2, 28), "torch.uint8 of shape (2, 1, 28, 28)"),
        (images(2, 8, channels=3), "torch.uint8 of shape (2, 3, 8, 8)"),
        (images(2, 8).float(), "torch.float32 of shape (2, 1, 8, 8)"),
        (images(0, 8), "torch.uint8 of shape (0, 1, 8, 8)"),
        (images(2, 8)[0], "torch.uint8 of shape (1, 8, 8)"),
    ],
)
def test_images_of_another_kind_are_refused(wrong: Tensor, found: str) -> None:
    """The error says what was found and what was wanted."""
    message = (
        f"extractor 'digits-cnn': found {found}, wanted at least one image as torch.uint8 (n, 1, 8, 8); "
        "choose another extractor with --extractor, or none"
    )
    with pytest.raises(ExtractorError, match=f"^{re.escape(message)}$"):
        load_extractor("digits-cnn")(wrong)


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    """One byte off the pinned weights: the error names both hashes and says what to do."""
    altered = tmp_path / "altered.safetensors"
    altered.write_bytes(b"altered")
    message = (
        rf"found weights in \S+ of sha256 \w{{64}}, wanted {SHIPPED['digits-cnn'].sha256}; reinstall ganbench, for"
    )
    with pytest.raises(ExtractorError, match=message):
        load_extractor("digits-cnn", altered)


def test_missing_weights_are_said_to_be_missing(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(
        ExtractorError, match=r"'digits-cnn': cannot read its weights \(.*absent.*\); reinstall ganbench"
    ):
        load_extractor("digits-cnn", tmp_path / "absent")


def test_a_copy_of_the_weights_will_do(tmp_path: Path) -> None:
    """Weights are known by their bytes, not by their place."""
    copy = tmp_path / "copy.safetensors"
    shipped = Path(digits.__file__).parents[1] / "metrics" / "weights" / "digits-cnn.safetensors"
    copy.write_bytes(shipped.read_bytes())
    assert load_extractor("digits-cnn", copy).sha256 == SHIPPED["digits-cnn"].sha256


def test_an_unknown_extractor_is_told_the_nearest() -> None:
    """As for every other kind of name."""
    with pytest.raises(UnknownNameError, match="unknown extractor 'mnist_cnn': did you mean mnist-cnn"):
        load_extractor("mnist_cnn")
