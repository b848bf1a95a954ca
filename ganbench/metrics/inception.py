"""Inception-v3 as FID and the Inception Score were defined on it: torch-fidelity's port of the weights of 2015.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
https://arxiv.org/abs/1512.00567. Features are the 2048 means before the last layer; logits are its outputs without the
bias, for 1008 classes. Images are resized to 299 x 299 as TensorFlow 1 did; grey ones are repeated in three channels.

Weights are read as tensors and nothing else. torch-fidelity would unpickle the file, and so run whatever it holds;
here its network is handed a copy that was written from those tensors.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path, PurePosixPath

import safetensors.torch
import torch
from torch import Tensor, nn

from ganbench.errors import ExtractorError
from ganbench.vision import torch_fidelity

LAYERS = ["2048", "logits_unbiased"]
URL: str = torch_fidelity.feature_extractor_inceptionv3.URL_INCEPTION_V3
FILE = PurePosixPath(URL).name
HASH_START = PurePosixPath(FILE).stem.rpartition("-")[2]
"""The first digits of the file's SHA-256, which torch.hub's files carry in their names."""


class Inception(nn.Module):
    """Images uint8 (n, 1 or 3, height, width) -> features (n, 2048) and logits (n, 1008), both float32."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        super().__init__()
        copy = io.BytesIO()
        torch.save(state, copy)
        copy.seek(0)
        self.network = torch_fidelity.FeatureExtractorInceptionV3(
            "inception", LAYERS, feature_extractor_weights_path=copy
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features, logits = self.network(images.expand(-1, 3, -1, -1))
        return features, logits


def load_inception(weights: Path | None = None) -> tuple[Inception, str]:
    """Inception-v3 and the SHA-256 of its weights: of the file, or the official ones in torch.hub's cache.

    Raises:
        ExtractorError: where the weights are missing, altered, hold anything but tensors, or are not Inception's.
    """
    file = weights or kept_weights()
    content = _content(file)
    sha256 = hashlib.sha256(content).hexdigest()
    if weights is None and not sha256.startswith(HASH_START):
        raise ExtractorError(
            f"extractor 'inception': found {file} of sha256 {sha256}, wanted one that starts with {HASH_START}; "
            f"download {URL} again"
        )
    state = _tensors(file, content)
    try:
        return Inception(state), sha256
    except (RuntimeError, TypeError, AttributeError) as error:  # the last for names that are no text
        raise ExtractorError(
            f"extractor 'inception': {file} does not hold Inception-v3's weights as torch-fidelity names them "
            f"({' '.join(str(error).split())[:200]}); wanted {URL}"
        ) from error


def kept_weights() -> Path:
    """Where torch.hub's cache keeps the official weights, or would."""
    return Path(torch.hub.get_dir(), "checkpoints", FILE)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ExtractorError(
            f"extractor 'inception': cannot read its weights ({error}); download {URL} and put it there, "
            "or name the file with --extractor-weights, or do without with --extractor none"
        ) from error


def _tensors(file: Path, content: bytes) -> dict[str, Tensor]:
    """The tensors by name; a file that holds anything else is refused, without torch's advice on how to open it."""
    try:
        if file.suffix == ".safetensors":
            return safetensors.torch.load(content)
        with warnings.catch_warnings(action="ignore"):
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        raise _damaged(file, type(error).__name__) from error
    if not isinstance(state, dict) or not all(isinstance(each, Tensor) for each in state.values()):
        raise _damaged(file, type(state).__name__)
    return state


def _damaged(file: Path, found: str) -> ExtractorError:
    return ExtractorError(
        f"extractor 'inception': {file} is damaged or holds more than tensors ({found}) and was not opened any "
        f"further; wanted a state dict of tensors: {URL}"
    )
