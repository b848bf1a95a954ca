"""The extractors: networks that turn images into the features and class probabilities that metrics read.

Numbers of one metric compare only under one extractor, so an extractor says its name and the SHA-256 of its weights.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor

from ganbench.errors import ExtractorError, UnknownNameError
from ganbench.metrics.channels import EachChannel
from ganbench.metrics.classifier import SmallClassifier
from ganbench.metrics.metric import Features


@dataclass(frozen=True)
class Shipped:
    """An extractor that comes with the package, trained by `train_classifier.py` on grey images of `size` pixels."""

    domain: str
    """What it was trained on."""
    size: int
    seed: int
    """Of its training; those of one domain differ in nothing else."""
    accuracy: float
    """The share of held-out images that it gives their label."""
    sha256: str


SHIPPED = {
    "digits-cnn": Shipped("digits", 8, 0, 0.988, "76b38829af2b15e27fc9138123e78ce058adfe2d74cdb3a621ba38e06e772b47"),
    "digits-cnn-1": Shipped("digits", 8, 1, 0.988, "f73aabb5d9a11df76b68ce226dc4bccdedb9ede491aa049f5f5d63f754c7179f"),
    "digits-cnn-2": Shipped("digits", 8, 2, 0.986, "2a3254385c621b037fbfc4cb683962df1adfbcac317fe656898a64f4546c6ec9"),
    "mnist-cnn": Shipped("mnist", 28, 0, 0.9929, "92b406ad1a614f6b0c235fae1a710072c35981dc47e6ac87d04a43f71ac9e517"),
    "mnist-cnn-1": Shipped("mnist", 28, 1, 0.9931, "36805cf1392e02d79452338628c135a64b091a14b20b5edc1315a045197a3f43"),
    "mnist-cnn-2": Shipped("mnist", 28, 2, 0.9931, "b90bd872610381e7a417145ede920aa6507794d924d916618e037c9a127c4500"),
}
"""Several of each domain, so that it can be measured how much a number owes to the classifier's weights."""
STACKED = {f"stacked-{name}": name for name, shipped in SHIPPED.items() if shipped.domain == "mnist"}
"""Extractors of colour images that show each channel to a shipped one."""
NAMES = (*SHIPPED, *STACKED, "inception")
INCEPTION_DOMAIN = "photographs"


@dataclass(frozen=True, eq=False)
class Extractor:
    """Images uint8 (n, channels, height, width) -> Features, in batches and without a graph."""

    name: str
    sha256: str
    """Of the file that its weights were read from."""
    network: Callable[[Tensor], tuple[Tensor, Tensor]]
    """Images on `device` -> features (n, d) and logits (n, classes)."""
    image_shape: tuple[int | None, int | None, int | None] = (None, None, None)
    """What images it takes, as (channels, height, width); None where any will do."""
    device: str | torch.device = "cpu"
    batch_size: int = 256
    domain: str | None = None
    """What images it was trained on: "digits", "mnist", "photographs"; None where nobody knows."""
    siblings: Callable[[], tuple[Extractor, ...]] = tuple
    """Loads the extractors that differ from it in the seed of their training alone; there may be none."""

    def __call__(self, images: Tensor) -> Features:
        """What the network makes of `images`.

        Raises:
            ExtractorError: where the images are no bytes, none at all, or of a shape that the network cannot take; or
                where the network answers with NaN or infinity.
        """
        self._check(images)
        with torch.no_grad():
            parts = [self.network(batch.to(self.device)) for batch in torch.split(images, self.batch_size)]
        features, logits = (torch.cat(part).float().cpu() for part in zip(*parts, strict=True))
        if strange := int((~(features.isfinite().all(dim=1) & logits.isfinite().all(dim=1))).sum()):
            raise ExtractorError(
                f"extractor '{self.name}': found NaN or infinity in what it makes of {strange} of {len(images)} "
                "images, wanted finite features and logits; its weights are damaged, get them again"
            )
        return Features(features, logits)

    def warning(self, domain: str | None) -> str:
        """What to say where it is shown images of another `domain` than its own; empty where nothing is amiss."""
        if None in (domain, self.domain) or domain == self.domain:
            return ""
        better = [name for name, shipped in SHIPPED.items() if shipped.domain == domain and shipped.seed == 0]
        advice = f"; choose one of the same domain, --extractor {better[0]}" if better else ""
        return (
            f"extractor '{self.name}' was trained on {self.domain} and is shown {domain}: its features and classes are "
            f"of something else, so what is read from them compares rows at best and has no meaning of its own{advice}"
        )

    def _check(self, images: Tensor) -> None:
        fits = images.ndim == 4 and all(
            wanted in (None, found) for wanted, found in zip(self.image_shape, images.shape[1:], strict=True)
        )
        if not fits or images.dtype != torch.uint8 or len(images) == 0:
            wanted = ", ".join("any" if size is None else str(size) for size in self.image_shape)
            raise ExtractorError(
                f"extractor '{self.name}': found {images.dtype} of shape {tuple(images.shape)}, wanted at least "
                f"one image as torch.uint8 (n, {wanted}); choose another extractor with --extractor, or none"
            )


def load_extractor(name: str, weights: Path | None = None, device: str | torch.device = "cpu") -> Extractor:
    """The extractor `name`, with its weights from the file `weights` or from where they are kept, on `device`.

    Raises:
        UnknownNameError: where no extractor has that name.
        ExtractorError: where its weights are missing, altered, or no weights at all.
    """
    if name in SHIPPED:
        classifier, sha256 = load_classifier(name, weights)
        return Extractor(
            name,
            sha256,
            classifier.to(device),
            classifier.image_shape,
            device,
            domain=SHIPPED[name].domain,
            siblings=partial(_siblings, name, device),
        )
    if name in STACKED:
        grey = load_extractor(STACKED[name], weights, device)
        shape = (3, *grey.image_shape[1:])
        return replace(
            grey,
            name=name,
            network=EachChannel(grey.network),
            image_shape=shape,
            domain="stacked_mnist",
            siblings=partial(_siblings, name, device),
        )
    if name == "inception":
        from ganbench.metrics.inception import load_inception  # torchvision is loaded only for those who need it

        network, sha256 = load_inception(weights)
        return Extractor(name, sha256, network.to(device), device=device, batch_size=64, domain=INCEPTION_DOMAIN)
    raise UnknownNameError.among("extractor", name, NAMES, listed=False)


def _siblings(name: str, device: str | torch.device) -> tuple[Extractor, ...]:
    """The other extractors of the family of `name`."""
    family = STACKED if name in STACKED else {each: each for each in SHIPPED}
    domain = SHIPPED[family[name]].domain
    others = (other for other, grey in family.items() if other != name and SHIPPED[grey].domain == domain)
    return tuple(load_extractor(other, device=device) for other in others)


def load_classifier(name: str, weights: Path | None = None) -> tuple[SmallClassifier, str]:
    """The shipped classifier `name`, without gradients, and the SHA-256 of its weights.

    Raises:
        ExtractorError: where the weights are missing or are not the ones that the table pins.
    """
    shipped = SHIPPED[name]
    file = weights or resources.files("ganbench.metrics") / "weights" / f"{name}.safetensors"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ExtractorError(f"extractor '{name}': cannot read its weights ({error}); reinstall ganbench") from error
    found = hashlib.sha256(content).hexdigest()
    if found != shipped.sha256:
        raise ExtractorError(
            f"extractor '{name}': found weights in {file} of sha256 {found}, wanted {shipped.sha256}; "
            "reinstall ganbench, for numbers from other weights compare with nothing"
        )
    classifier = SmallClassifier(channels=1, size=shipped.size)
    classifier.load_state_dict(load(content))
    return classifier.requires_grad_(False).eval(), found
