"""The shipped extractors for torch-fidelity: importing this module registers them there.

    import ganbench.metrics.fidelity
    torch_fidelity.calculate_metrics(feature_extractor="mnist-cnn", input1=..., input2=..., fid=True, cuda=False)

The Inception Score reads the layer "logits" (torch-fidelity applies the softmax), all other metrics read "features".
torch-fidelity opens every image file as RGB, so three channels are averaged back to grey, but for stacked digits.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ganbench.metrics.channels import EachChannel
from ganbench.metrics.features import SHIPPED, STACKED, load_classifier
from ganbench.vision import torch_fidelity

LAYERS = ("features", "logits")


class ShippedExtractor(torch_fidelity.FeatureExtractorBase):  # type: ignore[misc, name-defined]
    """A shipped extractor behind torch-fidelity's interface.

    Raises:
        ExtractorError: where the weights, `feature_extractor_weights_path` if given, are not the pinned ones.
    """

    def __init__(
        self, name: str, features_list: list[str], feature_extractor_weights_path: str | None = None, **_: object
    ) -> None:
        super().__init__(name, features_list)
        weights = feature_extractor_weights_path and Path(feature_extractor_weights_path)
        self.classifier = load_classifier(STACKED.get(name, name), weights or None)[0]
        self.stacked = name in STACKED

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The requested layers, each (n, d), of images uint8 (n, 1 or 3, height, width)."""
        layers = dict(zip(LAYERS, self._seen(images), strict=True))
        return tuple(layers[layer] for layer in self.features_list)

    def _seen(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if self.stacked:
            return EachChannel(self.classifier)(images)
        features, logits = self.classifier(images.float().mean(dim=1, keepdim=True).round().to(torch.uint8))
        return features, logits

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Both layers."""
        return LAYERS

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer that torch-fidelity's `metric` ("isc", "fid", "kid", "prc") reads unless told otherwise."""
        return "logits" if metric == "isc" else "features"

    @staticmethod
    def can_be_compiled() -> bool:
        """No: so small a network gains nothing from it."""
        return False


def register_extractors() -> None:
    """Register each shipped extractor with torch-fidelity, unless that name is taken there."""
    for name in (*SHIPPED, *STACKED):
        if name not in torch_fidelity.registry.FEATURE_EXTRACTORS_REGISTRY:
            torch_fidelity.register_feature_extractor(name, ShippedExtractor)


register_extractors()
