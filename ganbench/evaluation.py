"""Samples, scores and a reference in, metric values out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbench.cache import cached
from ganbench.datasets.dataset import Dataset, Split
from ganbench.datasets.images import to_uint8
from ganbench.metrics.metric import Evidence, Features, Kind, Make, Metric, Quantity, Scores
from ganbench.record import PROTOCOL

if TYPE_CHECKING:
    from ganbench.metrics.features import Extractor


CHUNK = 1000
"""Images that are fetched at once."""
OPTIONAL = ("labels", "beside", "role")
"""Fields of a quantity that records hold only where they say something."""


class Evaluator:
    """What is measured on a dataset, with the extractor that turns its images into features."""

    def __init__(self, dataset: Dataset, metrics: Sequence[Metric], extractor: Extractor | None) -> None:
        self._dataset, self._extractor = dataset, extractor
        self._metrics = [metric for metric in metrics if self._can_measure(metric)]
        self._reals: dict[Split, Features] = {}
        self._others: tuple[Extractor, ...] | None = None

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
        return self.measured(replace(self.evidence(samples, scores, final), history=tuple(history)))

    def evidence(self, samples: Tensor, scores: Scores | None = None, final: bool = True) -> Evidence:
        """What the metrics are shown of samples (n, *sample shape); no more than any of them reads."""
        seen = to_uint8(samples) if self._dataset.is_image else samples
        evidence = Evidence(seen, scores=scores, density=self._dataset.density, final=final)
        if self._extractor is None or not self._wanted("features"):
            return evidence
        held_out = final and self._wanted("held_out")
        return replace(
            evidence,
            features=self._extractor(seen),
            reference=self._features_of_reals(self._extractor, "train"),
            held_out=self._features_of_reals(self._extractor, "held_out") if held_out else None,
            second_opinions=self._second_opinions(self._extractor, seen) if final else (),
        )

    def measured(self, evidence: Evidence) -> tuple[dict[str, float], list[str]]:
        """What the metrics make of the evidence: as a call does."""
        found = {
            self._named(metric, name): float(value)
            for metric in self._metrics
            if "scores" not in metric.reads or evidence.scores is not None
            for name, value in metric(evidence).items()
        }
        finite = {name: value for name, value in found.items() if math.isfinite(value)}
        return finite, sorted(set(found) - set(finite))

    def without_scores(self) -> Evaluator:
        """The same but for what needs a discriminator's scores."""
        metrics = [metric for metric in self._metrics if "scores" not in metric.reads]
        return Evaluator(self._dataset, metrics, self._extractor)

    @property
    def extractor(self) -> Extractor | None:
        """What turns images into features."""
        return self._extractor

    @property
    def warning(self) -> str:
        """What to say where the extractor knows other images than the dataset's; empty where nothing is amiss."""
        return self._extractor.warning(self._dataset.evaluation.domain) if self._extractor else ""

    @property
    def quantities(self) -> dict[str, dict[str, Any]]:
        """How to read every value, by its name."""
        return {
            self._named(metric, quantity.name): self._read(metric, quantity)
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

    def _read(self, metric: Metric, quantity: Quantity) -> dict[str, Any]:
        """How to read a quantity, as JSON holds it; labels, and what it stands beside, only where it has any."""
        how = {name: value for name, value in asdict(quantity).items() if name not in ("name", *OPTIONAL)}
        how |= {"labels": list(quantity.labels)} if quantity.labels else {}
        beside = {"beside": self._named(metric, quantity.beside), "role": quantity.role}
        return how | (beside if quantity.beside else {})

    def _wanted(self, kind: Kind) -> bool:
        return any(kind in metric.reads for metric in self._metrics)

    def _second_opinions(self, extractor: Extractor, images: Tensor) -> tuple[Tensor, ...]:
        """The logits of `images` by the classifiers that differ from the extractor in their seed alone."""
        if not self._wanted("second_opinions"):
            return ()
        if self._others is None:
            self._others = extractor.siblings()
        return tuple(other(images).logits for other in self._others)

    def _features_of_reals(self, extractor: Extractor, split: Split) -> Features:
        """Of the whole split, in random order: extracted, or read from the cache, when they are first asked for."""
        if split not in self._reals:
            self._reals[split] = features_of_reals(self._dataset, extractor, split)
        return self._reals[split]


def features_of_reals(dataset: Dataset, extractor: Extractor, split: Split) -> Features:
    """The features of a whole split in random order, which last, like all that is derived from them, in the cache."""
    handles = dataset.shuffled(split, torch.Generator().manual_seed(0))

    def make() -> dict[str, Tensor]:
        parts = [extractor(to_uint8(dataset.fetch(split, chunk))) for chunk in torch.split(handles, CHUNK)]
        return {
            "features": torch.cat([part.features for part in parts]),
            "logits": torch.cat([part.logits for part in parts]),
        }

    keep = _keeper(
        {
            "data": dataset.fingerprint,
            "extractor": extractor.sha256,
            "split": split,
            "n": len(handles),
            "dtype": "float32",
            "protocol": PROTOCOL,
        }
    )
    return Features(**keep("features", make), keep=keep)


def _keeper(key: Mapping[str, object]) -> Callable[[str, Make], dict[str, Tensor]]:
    """`cached` under `key`, each name read or made once in this process."""
    found: dict[str, dict[str, Tensor]] = {}

    def keep(name: str, make: Make) -> dict[str, Tensor]:
        if name not in found:
            found[name] = cached(name, key, make)
        return found[name]

    return keep
