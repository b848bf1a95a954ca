"""The shipped extractors, used through torch-fidelity."""

import importlib
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ganbench.datasets import digits
from ganbench.errors import ExtractorError
from ganbench.metrics import fidelity
from ganbench.metrics.features import SHIPPED, STACKED, load_extractor
from ganbench.metrics.frechet import frechet_distance, moments
from ganbench.metrics.inception_score import inception_scores
from ganbench.vision import torch_fidelity


class Images(Dataset[Tensor]):
    """Images as torch-fidelity wants them: one uint8 tensor an item."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


def calculated(a: Tensor, b: Tensor, **settings: Any) -> dict[str, float]:
    """torch-fidelity's metrics with the digits' extractor, on the CPU."""
    with torch.random.fork_rng():
        values: dict[str, float] = torch_fidelity.calculate_metrics(
            input1=Images(a),
            input2=Images(b),
            feature_extractor="digits-cnn",
            cuda=False,
            save_cpu_ram=True,
            verbose=False,
            **settings,
        )
    return values


def test_its_numbers_are_ganbenchs() -> None:
    """FID and Inception Score through torch-fidelity are those of ganbench's own metrics, on the same images."""
    dataset, extractor = digits.load(None, None), load_extractor("digits-cnn")
    a, b = dataset.images("held_out"), dataset.images("train")
    theirs = calculated(a, b, isc=True, fid=True, isc_splits=5, samples_shuffle=False)
    ours = extractor(a)
    fid = frechet_distance(moments(extractor(b).features), moments(ours.features))
    assert theirs["frechet_inception_distance"] == pytest.approx(fid, rel=1e-4)
    assert theirs["inception_score_mean"] == pytest.approx(inception_scores(ours.logits, (5,))[5], rel=1e-5)


def test_images_that_were_opened_as_rgb_are_averaged_to_grey() -> None:
    """Three equal channels give the same features as one."""
    extractor = torch_fidelity.utils.create_feature_extractor("mnist-cnn", ["features"], cuda=False, verbose=False)
    grey = torch.randint(256, (2, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    (features,) = extractor(grey)
    assert torch.equal(features, extractor(grey.repeat(1, 3, 1, 1))[0])
    assert features.numpy() == pytest.approx(load_extractor("mnist-cnn")(grey).features.numpy(), abs=1e-5)


def test_stacked_digits_are_read_channel_by_channel() -> None:
    """The layers are those of ganbench's own extractor: 3 x 64 features, and the logits of 1,000 classes."""
    extractor = torch_fidelity.utils.create_feature_extractor(
        "stacked-mnist-cnn", ["features", "logits"], cuda=False, verbose=False
    )
    images = torch.randint(256, (3, 3, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours = load_extractor("stacked-mnist-cnn")(images)
    features, logits = extractor(images)
    assert (features.shape, logits.shape) == ((3, 192), (3, 1000))
    torch.testing.assert_close(features, ours.features, rtol=0, atol=1e-5)
    torch.testing.assert_close(logits, ours.logits, rtol=0, atol=1e-4)


def test_other_weights_are_refused_there_too() -> None:
    """A path that is given is read and must hold the pinned weights."""
    with pytest.raises(ExtractorError, match=r"found weights in \S+ of sha256 \w+, wanted "):
        calculated(torch.empty(0), torch.empty(0), fid=True, feature_extractor_weights_path=__file__)


def test_importing_twice_registers_once() -> None:
    """A second import finds the names taken and leaves them."""
    importlib.reload(fidelity)
    assert {*SHIPPED, *STACKED} <= set(torch_fidelity.registry.FEATURE_EXTRACTORS_REGISTRY)
