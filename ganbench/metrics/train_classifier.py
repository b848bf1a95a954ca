"""How the shipped extractors were trained: `python -m ganbench.metrics.train_classifier digits-cnn OUT.safetensors`.

Trained on the training split only, so that held-out reals are as new to the extractor as generated samples are.
Images are shifted by up to `shift` pixels. The same seed gives the same bytes on the same machine and torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

from ganbench.datasets import digits, torchvision
from ganbench.datasets.images import ImageDataset
from ganbench.metrics.classifier import SmallClassifier

BATCH = 64
LEARNING_RATE = 2e-3


@dataclass(frozen=True)
class Course:
    """What one extractor is trained on, and for how long."""

    dataset: Callable[[Path | None], ImageDataset]
    epochs: int
    shift: int
    """Pixels."""


COURSES = {
    "digits-cnn": Course(partial(digits.load, None), epochs=200, shift=1),
    "mnist-cnn": Course(partial(torchvision.load, "mnist", None), epochs=12, shift=2),
}


def train(images: Tensor, labels: Tensor, course: Course, seed: int) -> SmallClassifier:
    """A classifier of `images` uint8 (n, channels, size, size) by `labels` (n,)."""
    torch.manual_seed(seed)
    classifier = SmallClassifier(channels=images.shape[1], size=images.shape[2])
    optimizer = torch.optim.AdamW(classifier.parameters())
    batches = course.epochs * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=batches)
    for _ in range(course.epochs):
        for batch in torch.split(torch.randperm(len(images)), BATCH):
            _, logits = classifier(shifted(images[batch], course.shift))
            optimizer.zero_grad()
            torch.autograd.backward(cross_entropy(logits, labels[batch]))
            optimizer.step()
            schedule.step()
    return classifier


def shifted(images: Tensor, pixels: int) -> Tensor:
    """`images` (n, channels, size, size), all moved alike by up to `pixels` either way; black comes in at the edges."""
    down, right = (int(offset) for offset in torch.randint(2 * pixels + 1, (2,)))
    height, width = images.shape[-2:]
    return pad(images, (pixels, pixels, pixels, pixels))[..., down : down + height, right : right + width]


def accuracy(classifier: SmallClassifier, images: Tensor, labels: Tensor) -> float:
    """The share of `images` that are given their label."""
    with torch.no_grad():
        _, logits = classifier(images)
    return float((logits.argmax(dim=1) == labels).double().mean())


@click.command()
@click.argument("name", type=click.Choice(sorted(COURSES)))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data-root", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Where datasets lie.")
@click.option("--seed", default=0, show_default=True, help="Of the initial weights, the order and the shifts.")
def main(name: str, out: Path, data_root: Path | None, seed: int) -> None:
    """Train the extractor NAME and write its weights to OUT."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    course = COURSES[name]
    dataset = course.dataset(data_root)
    classifier = train(dataset.images("train"), dataset.labels("train"), course, seed)
    weights = save(classifier.state_dict())
    out.write_bytes(weights)
    held_out = accuracy(classifier, dataset.images("held_out"), dataset.labels("held_out"))
    click.echo(f"held-out accuracy {held_out:.2%}, sha256 {hashlib.sha256(weights).hexdigest()}, {len(weights)} bytes")


if __name__ == "__main__":
    main()
