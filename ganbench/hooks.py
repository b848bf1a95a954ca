"""The whole contract between ganbench and a plugin, on one screen.

A plugin is a module named by an entry point. The group says the kind, the name says the thing:

    [project.entry-points."ganbench.variants"]      answers register_variants
    [project.entry-points."ganbench.tricks"]        answers register_tricks
    [project.entry-points."ganbench.datasets"]      answers register_datasets
    [project.entry-points."ganbench.metrics"]       answers register_metrics
    [project.entry-points."ganbench.extensions"]    hears run_started, run_progressed, run_finished
    [project.entry-points."ganbench.loggers"]       hears the same, where `ganbench run --log NAME` asks for it

`register(name, thing)` is called once or more; one of the names must be the entry point's. A module written for
another version of this contract says so with a module-level `ganbench_api = 2`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from ganbench.datasets.dataset import Dataset
    from ganbench.metrics.metric import Metric
    from ganbench.trainer import Variant
    from ganbench.variant import Recipe, Trick

API_VERSION = 1
PROJECT = "ganbench"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_variants(register: Callable[[str, Recipe | Variant], None]) -> None:
    """Offer variants: a Recipe, or a Variant that builds its own trainer."""


@hookspec
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offer tricks: the class, whose fields all have defaults."""


@hookspec
def register_datasets(register: Callable[[str, Callable[[str | None, Path | None], Dataset]], None]) -> None:
    """Offer datasets: a function of what follows the colon (`folder:PATH`) and of --data-root; either may be None."""


@hookspec
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer metrics."""


@hookspec
def run_started(spec: Mapping[str, Any], folder: Path) -> None:
    """A run (one seed) begins in `folder`; `spec` is its RunSpec as a mapping.

    This and the next two are heard in the process that trains, with its rights: an extension that exits, hangs or
    breaks torch does so to every run that it hears of.
    """


@hookspec
def run_progressed(spec: Mapping[str, Any], point: Mapping[str, Any]) -> None:
    """A run reached an evaluation point: its meters and values as they will stand in the record."""


@hookspec
def run_finished(spec: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """A run ended ok or diverged; `record` is its RunRecord as a mapping. One that is cut off is not heard of."""
