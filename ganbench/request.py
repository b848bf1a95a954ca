"""What a user asks for, as text and numbers; it becomes run specs once plugin and data have been looked at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ganbench.record import CONTROLS, RunSpec

DATASETS = ("ring8", "digits")
"""What is run when no dataset is named."""


@dataclass(frozen=True)
class Request:
    """One variant with its tricks and settings on one dataset; None leaves a choice to the dataset's standard."""

    variant: str
    dataset: str
    tricks: tuple[str, ...] = ()
    """As typed: "ema", "label_smoothing(epsilon=0.2)"."""
    without: tuple[str, ...] = ()
    """Tricks whose ingredient is taken out of the variant first: "gradient_penalty"."""
    settings: tuple[str, ...] = ()
    """As typed: "gradient_penalty.weight=0.1"."""
    data_root: str | None = None
    budget: str | None = None
    batch_size: int | None = None
    points: int | None = None
    samples: int | None = None
    extractor: str | None = None
    """A name, or "none" to measure nothing that needs one."""
    extractor_weights: str | None = None
    device: str = "cpu"
    threads: int = 1

    @property
    def is_control(self) -> bool:
        """Whether this is a control row, which trains nothing."""
        return self.variant in CONTROLS

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, spec: RunSpec, **changes: Any) -> Request:
        """What asks for the run of `spec` again, with other `changes`.

        A spec does not hold where data and weights lie, nor the path of images of one's own: these are to be changed.
        """
        asked = cls(
            variant=spec.variant,
            dataset=spec.dataset,
            tricks=spec.tricks,
            without=spec.without,
            settings=tuple(f"{name}={value!r}" for name, value in spec.settings),
            budget=None if spec.is_control else spec.budget,
            batch_size=spec.batch_size or None,
            points=spec.points or None,
            samples=spec.samples or None,
            extractor=spec.extractor or "none",
            device=spec.device,
            threads=spec.threads,
        )
        return replace(asked, **changes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """The inverse of `as_dict`."""
        arguments: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**arguments)


def grid(
    variants: Sequence[str],
    datasets: Sequence[str],
    tricks: Sequence[Sequence[str]] = (),
    without: Sequence[Sequence[str]] = (),
    **options: Any,
) -> list[Request]:
    """Every variant with every choice of what to take out of it and every choice of tricks, on every dataset.

    Each entry of `tricks` and `without` is a list of alternatives, of which "none" leaves the recipe alone; entries are
    composed.
    """
    return [
        Request(variant=variant, dataset=dataset, tricks=added, without=taken, **options)
        for dataset, variant in itertools.product(datasets, variants)
        for taken, added in itertools.product(_choices(without), _choices(tricks))
    ]


def _choices(alternatives: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    return [tuple(name for name in choice if name != "none") for choice in itertools.product(*alternatives)]
