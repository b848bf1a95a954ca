"""Samples from anywhere, measured as a run's are: the same metrics, beside held-out real samples at the same n."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ganbench.datasets.dataset import Dataset
from ganbench.errors import SamplesError
from ganbench.evaluation import Evaluator, features_of_reals
from ganbench.experiment import resolve
from ganbench.metrics.audit import FEWEST, Audit, Witness, audited
from ganbench.metrics.features import Extractor
from ganbench.metrics.memorisation import QUERIES, copy_ratios, ratios_of_held_out
from ganbench.metrics.metric import Evidence
from ganbench.metrics.rows import at_most
from ganbench.metrics.verdict import verdict
from ganbench.observation import SPLITS, real_samples
from ganbench.record import CONTROLS
from ganbench.request import Request
from ganbench.samples.layout import Range
from ganbench.samples.oddities import classes, repeated, too_few
from ganbench.samples.source import Samples, read_samples


@dataclass(frozen=True)
class Measured:
    """Values by name, of n samples."""

    n: int
    values: dict[str, float]


@dataclass(frozen=True, eq=False)
class Audited:
    """An audit with what is drawn and said of it."""

    audit: Audit
    verdict: tuple[str, str, str]
    copy_ratios: Tensor
    """Of the samples (n,): distance to the nearest training image over that to the nearest held-out one."""
    real_copy_ratios: Tensor
    """Of held-out images (m,) themselves."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was measured of samples, and all that it depends on."""

    samples: Samples
    dataset: str
    fingerprint: str
    extractor: str | None
    extractor_hash: str | None
    generated: Measured
    held_out: Measured
    quantities: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    """What is odd, and what could not be measured."""
    audited: Audited | None


def judge(
    path: Path,
    reference: str,
    *,
    stated: Range | None = None,
    audit: bool = False,
    data_root: Path | None = None,
    extractor: str | None = None,
    extractor_weights: Path | None = None,
    device: str = "cpu",
) -> Judgement:
    """The samples at `path` measured against the dataset `reference`.

    `stated` is the range of pixels, where the user has said it.

    Raises:
        UsageError: for samples, data, names or options that cannot be.
    """
    experiment = resolve(
        Request(
            CONTROLS[0],
            reference,
            data_root=str(data_root) if data_root else None,
            extractor=extractor,
            extractor_weights=str(extractor_weights) if extractor_weights else None,
            device=device,
        )
    )
    dataset, evaluator = experiment.dataset, experiment.evaluator.without_scores()
    if audit and not (dataset.is_image and evaluator.extractor):
        raise SamplesError("--audit: wanted images and an extractor, for what is audited is the Inception Score")
    samples = read_samples(path, dataset, stated, reference=reference, data_root=data_root, device=device)
    if audit and len(samples.x) < FEWEST:
        raise SamplesError(f"{path}: found {len(samples.x)} samples, wanted at least {FEWEST} to audit their score")
    return _judged(samples, dataset, evaluator, audit)


def _judged(samples: Samples, dataset: Dataset, evaluator: Evaluator, audit: bool) -> Judgement:
    evidence, extractor = evaluator.evidence(samples.x), evaluator.extractor
    values, _ = evaluator.measured(evidence)
    reals = real_samples(dataset, "held_out", len(samples.x), 0, "judged beside")
    absent = [name for name in evaluator.quantities if name not in values]
    return Judgement(
        samples=samples,
        dataset=dataset.name,
        fingerprint=dataset.fingerprint,
        extractor=extractor.name if extractor else None,
        extractor_hash=extractor.sha256 if extractor else None,
        generated=Measured(len(samples.x), values),
        held_out=Measured(len(reals), evaluator(reals, None)[0]),
        quantities=evaluator.quantities,
        notes=(*samples.notes, *_oddities(evidence, dataset, evaluator), *_about_absent(absent)),
        audited=_audited(evidence, dataset, extractor, values) if audit and extractor else None,
    )


def _oddities(evidence: Evidence, dataset: Dataset, evaluator: Evaluator) -> list[str]:
    notes = repeated(evidence.samples)
    if evidence.features is None or evaluator.extractor is None:
        return notes
    return [
        *notes,
        *too_few(*evidence.features.features.shape),
        *classes(evidence.features, features_of_reals(dataset, evaluator.extractor, "held_out")),
        *([evaluator.warning] if evaluator.warning else []),
    ]


def _about_absent(names: list[str]) -> list[str]:
    return [f"not measured, for want of more samples or of other evidence: {', '.join(names)}"] if names else []


def _audited(evidence: Evidence, dataset: Dataset, extractor: Extractor, values: dict[str, float]) -> Audited:
    seen = evidence.features or extractor(evidence.samples)
    siblings = extractor.siblings()
    opinions = evidence.second_opinions or tuple(each(evidence.samples).logits for each in siblings)
    first, *others = (
        Witness(each.name, each.sha256, logits, features_of_reals(dataset, each, "held_out").logits)
        for each, logits in zip((extractor, *siblings), (seen.logits, *opinions), strict=True)
    )
    found = audited(first, others)
    train, held_out = (features_of_reals(dataset, extractor, split).features for split in SPLITS)
    return Audited(
        found,
        verdict(found, {name.partition("[")[0]: value for name, value in values.items()}),
        copy_ratios(at_most(seen.features, QUERIES), train, held_out),
        ratios_of_held_out(train, held_out, QUERIES),
    )
