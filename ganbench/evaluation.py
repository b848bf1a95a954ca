"""Samples, scores and a reference in, metric values out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbench.cache import cached
from ganbench.datasets.dataset import Dataset
from ganbench.datasets.images import to_uint8
from ganbench.metrics.metric import Evidence, Features, Metric, Quantity, Scores
from ganbench.record import PROTOCOL

if TYPE_CHECKING:
    from ganbench.metrics.features import Extractor


class Evaluator:
    """What is measured on a dataset, with the extractor that turns its images into features."""

    def __init__(self, dataset: Dataset, metrics: Sequence[Metric], extractor: Extractor | None) -> None:
        self._dataset, self._extractor = dataset, extractor
        self._metrics = [metric for metric in metrics if self._can_measure(metric)]
        self._reference: Features | None = None

    def __call__(
        self,
        samples: Tensor,
        scores: Scores | None,
        history: Sequence[Mapping[str, float]] = (),
        final: bool = True,
    ) -> tuple[dict[str, float], list[str]]:
        """The values by name, and the names of those left out because they were not finite.

        `samples` (n, *sample shape) must be finite, images in [-1, 1]; `history` holds the values of the run's points
        before this one, oldest first; `final` says that it is the headline's. A metric whose evidence is missing is
        left out.
        """
        evidence = replace(self._evidence(samples, scores), history=tuple(history), final=final)
        found = {
            self._named(metric, name): float(value)
            for metric in self._metrics
            if "scores" not in metric.reads or scores is not None
            for name, value in metric(evidence).items()
        }
        finite = {name: value for name, value in found.items() if math.isfinite(value)}
        return finite, sorted(set(found) - set(finite))

    @property
    def quantities(self) -> dict[str, dict[str, Any]]:
        """How to read every value, by its name."""
        return {
            self._named(metric, quantity.name): _read(quantity)
            for metric in self._metrics
            for quantity in metric.quantities
        }

    @property
    def headline(self) -> str:
        """The name of the value that the board is sorted by; empty when nothing measures it."""
        wanted = self._dataset.evaluation.headline
        return next((name for name in self.quantities if name.split("[")[0] == wanted), "")

    def _can_measure(self, metric: Metric) -> bool:
        lacking = {"features"} if self._extractor is None else set()
        lacking |= {"density"} if self._dataset.density is None else set()
        return not lacking & metric.reads

    def _named(self, metric: Metric, name: str) -> str:
        """Values that depend on an extractor carry its name, since they never compare across extractors."""
        return f"{name}[{self._extractor.name}]" if self._extractor and "features" in metric.reads else name

    def _evidence(self, samples: Tensor, scores: Scores | None) -> Evidence:
        seen = to_uint8(samples) if self._dataset.is_image else samples
        if self._extractor is None or not any("features" in metric.reads for metric in self._metrics):
            return Evidence(seen, scores=scores, density=self._dataset.density)
        if self._reference is None:
            self._reference = self._features_of_reals(self._extractor)
        return Evidence(seen, self._extractor(seen), self._reference, scores, self._dataset.density)

    def _features_of_reals(self, extractor: Extractor) -> Features:
        def make() -> Mapping[str, Tensor]:
            handles = self._dataset.shuffled("train", torch.Generator().manual_seed(0))
            parts = [extractor(to_uint8(self._dataset.fetch("train", chunk))) for chunk in torch.split(handles, 1000)]
            return {
                "features": torch.cat([part.features for part in parts]),
                "logits": torch.cat([part.logits for part in parts]),
            }

        key = {"data": self._dataset.fingerprint, "extractor": extractor.sha256, "protocol": PROTOCOL}
        return Features(**cached("features", key, lambda: dict(make())))


def _read(quantity: Quantity) -> dict[str, Any]:
    """How to read a quantity, as JSON holds it; labels only where it has any."""
    how = {name: value for name, value in asdict(quantity).items() if name not in ("name", "labels")}
    return how | ({"labels": list(quantity.labels)} if quantity.labels else {})
