"""From names to values: a request becomes a variant, a dataset, metrics, an extractor, and the specs of its runs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from ganbench.ablation import without
from ganbench.adversarial import build_trainer
from ganbench.assembly import group_size
from ganbench.budget import Budget
from ganbench.controls import build_control
from ganbench.datasets.dataset import Dataset, Evaluation, Standard
from ganbench.errors import DatasetError, NotApplicable, SettingError, UsageError
from ganbench.evaluation import Evaluator
from ganbench.ingredients import (
    apply_settings,
    build_trick,
    changes,
    describe_recipe,
    parse_call,
    parse_setting,
    require_fit,
)
from ganbench.metrics.features import Extractor, load_extractor
from ganbench.record import RunSpec
from ganbench.registry import Offer, find, find_dataset, find_metric, load
from ganbench.request import Request
from ganbench.sources import source_hash
from ganbench.trainer import Trainer, Variant
from ganbench.variant import Recipe, Trick

NO_BUDGET = "0 samples"
"""What a control spends."""


@dataclass(frozen=True)
class Experiment:
    """Everything that a group of runs needs, resolved and checked."""

    request: Request
    variant: Recipe | Variant | None
    """None for a control."""
    dataset: Dataset
    evaluator: Evaluator
    template: RunSpec
    """The spec of each run but for its seed and group."""
    used: tuple[Offer, ...]
    """The variant, tricks, dataset and metrics, as they were offered."""

    def spec(self, seed: int, group: Sequence[int]) -> RunSpec:
        """The spec of one seed of a group."""
        return replace(self.template, seed=seed, group=tuple(group))

    def trainer(self, seeds: Sequence[int]) -> Trainer:
        """A fresh trainer for a group of seeds."""
        if self.variant is None:
            (seed,) = seeds
            return build_control(self.request.variant, self.dataset, seed, self.request.device)
        return build_trainer(self.variant, self.dataset, seeds, self.request.device)

    @property
    def budget(self) -> Budget | None:
        """What each run may spend; None for a control."""
        return None if self.variant is None else Budget.parse(self.template.budget)

    @property
    def group_size(self) -> int:
        """How many seeds are trained together."""
        return 1 if self.variant is None else group_size(self.variant, self.dataset)

    @property
    def recipe(self) -> str:
        """The variant as a value, written out with what it takes from the dataset's standard."""
        if not isinstance(self.variant, Recipe):
            return repr(self.variant) if self.variant else ""
        return describe_recipe(self.variant)


def resolve(request: Request) -> Experiment:
    """Loads what the request names and checks that it fits together.

    Raises:
        UsageError: for a name, a setting or data that cannot be.
        PluginError: for a plugin that cannot be loaded.
        NotApplicable: for a combination that makes no sense, with the reason.
    """
    dataset_offer, argument = find_dataset(request.dataset)
    dataset = _load_dataset(request, dataset_offer, argument)
    evaluation = _evaluation(request, dataset.evaluation)
    extractor = _load_extractor(request, evaluation)
    metric_offers = [find_metric(name, dataset_offer) for name in evaluation.metrics]
    evaluator = Evaluator(dataset, [load(offer) for offer in metric_offers], extractor)
    if request.is_control:
        template = _template(request, dataset, evaluation, extractor, NO_BUDGET)
        template = replace(template, points=1, batch_size=0)
        return Experiment(request, None, dataset, evaluator, template, (dataset_offer, *metric_offers))
    offer = find("variants", request.variant)
    tricks, trick_offers = _load_tricks(request.tricks)
    taken, taken_offers = _load_tricks(request.without)
    variant, settings = _variant(request, load(offer), taken, tricks, dataset.standard)
    own = _with_latents(dataset, variant)
    budget = Budget.parse(request.budget or dataset.standard.budget)
    sources = [offer, *trick_offers, *taken_offers, dataset_offer, *metric_offers]
    template = replace(
        _template(request, dataset, evaluation, extractor, str(budget)),
        variant=offer.name,
        tricks=tuple(_written(name, trick) for name, trick in tricks),
        without=tuple(name for name, _ in taken),
        settings=settings,
        machine=budget.machine,
        source_hash=source_hash((variant, dataset.standard), [source.module for source in sources]),
    )
    return Experiment(request, variant, own, evaluator, template, tuple(sources))


def written_tricks(request: Request) -> tuple[str, ...]:
    """The request's tricks as specs name them, for a cell whose recipe cannot be."""
    tricks, _ = _load_tricks(request.tricks)
    return tuple(_written(name, trick) for name, trick in tricks)


def _load_dataset(request: Request, offer: Offer, argument: str | None) -> Dataset:
    root = Path(request.data_root) if request.data_root else None
    if root is not None and not root.is_dir():
        raise DatasetError(f"--data-root {root}: there is no such folder; make it, or name the one that holds the data")
    dataset = _loaded(offer, argument, root, request.batch_size)
    held_out = dataset.size("held_out")
    if held_out is not None and (request.samples or 0) > held_out:
        raise DatasetError(
            f"--samples {request.samples}: dataset '{dataset.name}' holds out {held_out} samples, and no more can be "
            "asked for, so that real data can stand on the board at the same n"
        )
    return dataset


@lru_cache(maxsize=1)
def _loaded(offer: Offer, argument: str | None, root: Path | None, batch_size: int | None) -> Dataset:
    """The dataset, loaded once for requests that follow each other."""
    dataset: Dataset = load(offer)(argument, root)
    if batch_size is not None:
        dataset.standard = replace(dataset.standard, batch_size=batch_size)
    return dataset


def _evaluation(request: Request, standard: Evaluation) -> Evaluation:
    n = request.samples or standard.samples
    extractor = request.extractor or standard.extractor
    return replace(
        standard,
        samples=n,
        curve_samples=min(n, standard.curve_samples),
        points=request.points or standard.points,
        extractor=None if extractor == "none" else extractor,
    )


def _load_extractor(request: Request, evaluation: Evaluation) -> Extractor | None:
    if evaluation.extractor is None:
        return None
    weights = Path(request.extractor_weights) if request.extractor_weights else None
    return load_extractor(evaluation.extractor, weights, request.device)


def _load_tricks(texts: Sequence[str]) -> tuple[list[tuple[str, Trick]], list[Offer]]:
    tricks, found = [], []
    for text in texts:
        name, arguments = parse_call(text)
        offer = find("tricks", name)
        tricks.append((name, build_trick(load(offer), name, arguments)))
        found.append(offer)
    return tricks, found


def _settings(request: Request) -> dict[str, object]:
    settings: dict[str, object] = {}
    for address, value in map(parse_setting, request.settings):
        if address in settings:
            raise SettingError(f"--set {address} is given twice: found {settings[address]!r} and {value!r}, wanted one")
        settings[address] = value
    return settings


def _variant(
    request: Request,
    variant: Recipe | Variant,
    taken: list[tuple[str, Trick]],
    tricks: list[tuple[str, Trick]],
    standard: Standard,
) -> tuple[Recipe | Variant, tuple[tuple[str, Any], ...]]:
    """The variant, complete, with tricks and settings, and the settings that change it, each under one address."""
    settings = _settings(request)
    if isinstance(variant, Recipe):
        before: Recipe | Variant = _changed(with_standard(variant, standard), taken, tricks)
    elif taken or tricks:
        raise NotApplicable(f"{request.variant} builds its own trainer; a trick changes recipes alone")
    elif settings and not is_dataclass(variant):
        raise SettingError(f"--set {request.settings[0]}: {request.variant} builds its own trainer and has no fields")
    else:
        before = variant
    after = apply_settings(before, settings)
    if isinstance(after, Recipe):
        require_fit(after)
    return after, tuple(changes(before, after)) if settings else ()


def _changed(recipe: Recipe, taken: list[tuple[str, Trick]], tricks: list[tuple[str, Trick]]) -> Recipe:
    """The complete recipe with the first taken out of it and the others applied."""
    for _, trick in taken:
        recipe = without(recipe, trick)
    for name, trick in tricks:
        try:
            recipe = trick(recipe)
        except ValueError as error:
            raise SettingError(f"{_written(name, trick)}: {error}") from error
    return recipe


def with_standard(recipe: Recipe, standard: Standard) -> Recipe:
    """The recipe, complete: with the dataset's standard where it leaves a choice to it, and where that binds."""
    if standard.binding_optimizer:
        recipe = replace(recipe, optimizer=standard.optimizer, g_optimizer=None)
    return replace(
        recipe, optimizer=recipe.optimizer or standard.optimizer, networks=recipe.networks or standard.networks
    )


def _with_latents(dataset: Dataset, variant: Recipe | Variant) -> Dataset:
    """The dataset with as many latents as the variant's networks have by their paper."""
    networks = variant.networks if isinstance(variant, Recipe) else None
    if networks is None or networks.latent_dim is None:
        return dataset
    changed = copy(dataset)
    changed.standard = replace(dataset.standard, latent_dim=networks.latent_dim)
    return changed


def _written(name: str, trick: Trick) -> str:
    """The trick as a call that states every field: "ema(decay=0.999)"."""
    stated: dict[str, Any] = {entry.name: getattr(trick, entry.name) for entry in fields(trick)}  # type: ignore[arg-type]
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in stated.items())})"


def _template(
    request: Request, dataset: Dataset, evaluation: Evaluation, extractor: Extractor | None, budget: str
) -> RunSpec:
    _check_device(request.device)
    standard: Standard = dataset.standard
    held_out = dataset.size("held_out")
    if dataset.is_image and extractor and held_out is not None and held_out < 2:
        raise DatasetError(
            f"dataset '{dataset.name}' holds out {held_out} sample(s): wanted at least 2 to measure with"
        )
    return RunSpec(
        variant=request.variant,
        dataset=dataset.name,
        budget=budget,
        seed=0,
        group=(0,),
        standard=_described(standard),
        batch_size=standard.batch_size,
        points=evaluation.points,
        samples=evaluation.samples,
        curve_samples=evaluation.curve_samples,
        metrics=evaluation.metrics,
        extractor=evaluation.extractor,
        extractor_hash=extractor.sha256 if extractor else None,
        fingerprint=dataset.fingerprint,
        device=request.device,
        threads=request.threads,
    )


def _described(standard: Standard) -> str:
    """The standard as text: networks, optimiser, and whether that replaces every recipe's own."""
    binding = " in place of every recipe's own" if standard.binding_optimizer else ""
    return f"{standard.networks!r}, {standard.optimizer!r}{binding}, latent_dim={standard.latent_dim}"


def _check_device(device: str) -> None:
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(f"--device {device}: this machine's torch sees no CUDA device; name --device cpu")
