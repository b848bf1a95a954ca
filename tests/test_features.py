"""The extractors: what they give, what they refuse."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganbench.datasets import digits
from ganbench.errors import ExtractorError, UnknownNameError
from ganbench.metrics.classifier import SmallClassifier
from ganbench.metrics.features import NAMES, SHIPPED, Extractor, load_classifier, load_extractor


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


@pytest.mark.parametrize("name", [name for name, shipped in SHIPPED.items() if shipped.domain == "digits"])
def test_the_digits_classifiers_are_as_accurate_as_the_table_says(name: str) -> None:
    """Of the 500 held-out digits, which they never saw, so many are given their label; rounding may move one."""
    dataset = digits.load(None, None)
    guesses = load_extractor(name)(dataset.images("held_out")).logits.argmax(dim=1)
    right = int((guesses == dataset.labels("held_out")).sum())
    assert right == pytest.approx(500 * SHIPPED[name].accuracy, abs=1)


@pytest.mark.parametrize("domain", ["digits", "mnist"])
def test_three_classifiers_of_each_domain_ship_and_differ_in_their_seed(domain: str) -> None:
    """Seeds 0, 1 and 2, each below 2 MB and each with weights of its own; seed 0 is the headline's."""
    family = {name: shipped for name, shipped in SHIPPED.items() if shipped.domain == domain}
    assert {name: shipped.seed for name, shipped in family.items()} == {
        f"{domain}-cnn": 0, f"{domain}-cnn-1": 1, f"{domain}-cnn-2": 2
    }  # fmt: skip
    weights = Path(digits.__file__).parents[1] / "metrics" / "weights"
    assert max((weights / f"{name}.safetensors").stat().st_size for name in family) < 2e6
    assert len({shipped.sha256 for shipped in family.values()}) == 3


@pytest.mark.parametrize("name", ["digits-cnn", "digits-cnn-1", "mnist-cnn-2", "stacked-mnist-cnn"])
def test_an_extractor_finds_those_that_differ_in_their_seed_alone(name: str) -> None:
    """The other two of its family, of the same domain and image shape."""
    extractor = load_extractor(name)
    siblings = extractor.siblings()
    assert len({extractor.sha256, *(each.sha256 for each in siblings)}) == 3
    assert {(each.domain, each.image_shape) for each in siblings} == {(extractor.domain, extractor.image_shape)}
    assert all(each.name.rstrip("-12") == name.rstrip("-12") for each in siblings)


def test_another_domain_is_warned_about() -> None:
    """With a better extractor where one ships; nothing is said of the same domain, or where either is unknown."""
    extractor = load_extractor("mnist-cnn")
    assert [extractor.warning(domain) for domain in ("mnist", None)] == ["", ""]
    assert Extractor("own", "0" * 64, extractor.network).warning("digits") == ""
    assert extractor.warning("grey clothes") == (
        "extractor 'mnist-cnn' was trained on mnist and is shown grey clothes: its features and classes are of "
        "something else, so what is read from them compares rows at best and has no meaning of its own"
    )
    assert extractor.warning("digits").endswith("; choose one of the same domain, --extractor digits-cnn")


def test_numbers_that_are_not_finite_are_no_features() -> None:
    """A network that answers NaN for one image of five is refused, with how many."""

    def broken(x: Tensor) -> tuple[Tensor, Tensor]:
        features = torch.zeros(len(x), 2)
        features[3, 1] = torch.nan
        return features, torch.zeros(len(x), 2)

    message = (
        "extractor 'broken': found NaN or infinity in what it makes of 1 of 5 images, wanted finite features and "
        "logits; its weights are damaged, get them again"
    )
    with pytest.raises(ExtractorError, match=f"^{re.escape(message)}$"):
        Extractor("broken", "0" * 64, broken)(images(5, 8))


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
    """And all that exist, which `ganbench list` does not show."""
    with pytest.raises(UnknownNameError) as caught:
        load_extractor("mnist_cnn")
    assert str(caught.value).startswith("unknown extractor 'mnist_cnn': did you mean mnist-cnn")
    assert str(caught.value).endswith(f"? known: {', '.join(sorted(NAMES))}")
