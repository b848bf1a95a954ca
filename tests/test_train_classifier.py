"""The script that trained the shipped extractors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from ganbench.datasets import digits
from ganbench.metrics import train_classifier
from ganbench.metrics.train_classifier import Course, accuracy, shifted, train

BRIEF = Course(lambda root: digits.load(None, root), epochs=4, shift=0)


@pytest.fixture(autouse=True)
def settings_restored() -> Iterator[None]:
    """The script sets torch's seed, threads and determinism; other tests must not feel it."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


def test_a_shift_moves_all_images_alike_and_fills_with_black() -> None:
    """A white pixel in the centre of 5 x 5 goes up to two pixels either way, the same in both images."""
    images = torch.zeros(2, 1, 5, 5, dtype=torch.uint8)
    images[..., 2, 2] = 255
    torch.manual_seed(0)
    moved = [shifted(images, 2) for _ in range(200)]
    assert all(torch.equal(x[0], x[1]) and x.sum() == 2 * 255 for x in moved)
    assert {tuple(x[0, 0].nonzero()[0].tolist()) for x in moved} == {(r, c) for r in range(5) for c in range(5)}


def test_training_is_a_function_of_the_seed() -> None:
    """The same seed gives the same weights, bit for bit, another seed others; four epochs tell most digits apart."""
    dataset = digits.load(None, None)
    first, again, other = (train(dataset.images("train"), dataset.labels("train"), BRIEF, s) for s in (0, 0, 1))
    assert torch.equal(first.hidden.weight, again.hidden.weight)
    assert not torch.equal(first.hidden.weight, other.hidden.weight)
    assert accuracy(first, dataset.images("held_out"), dataset.labels("held_out")) > 0.5


def test_the_script_writes_weights_and_says_their_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its one line is the accuracy on held-out images, the hash and the size of the file."""
    monkeypatch.setitem(train_classifier.COURSES, "digits-cnn", BRIEF)
    out = tmp_path / "weights.safetensors"
    result = CliRunner().invoke(train_classifier.main, ["digits-cnn", str(out)])
    assert result.exit_code == 0
    assert result.output.startswith("held-out accuracy ")
    assert f"{out.stat().st_size} bytes" in result.output
