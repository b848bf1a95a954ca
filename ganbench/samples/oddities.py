"""What is odd about samples although every metric of them is defined: said beside the numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbench.metrics.audit import missing_classes
from ganbench.metrics.metric import Features


def repeated(samples: Tensor) -> list[str]:
    """On samples (n, ...) that stand more than once, and images of one flat tone."""
    n, distinct = len(samples), len(torch.unique(samples.flatten(1), dim=0))
    if distinct == 1:
        return [f"CONSTANT: all {n:,} samples are one and the same, so the numbers are those of a single sample"]
    notes = []
    if distinct < n:
        notes.append(f"REPEATED: only {distinct:,} of {n:,} samples are distinct")
    flat = samples.flatten(2).amax(dim=2) == samples.flatten(2).amin(dim=2) if samples.ndim == 4 else torch.zeros(1, 1)
    if count := int(flat.all(dim=1).sum()):
        notes.append(f"FLAT: {count:,} of {n:,} images are of one tone each")
    return notes


def too_few(n: int, dimensions: int) -> list[str]:
    """On n samples whose features lie in no more than n - 1 of so many dimensions."""
    if n > dimensions:
        return []
    return [
        f"FEW: {n:,} samples span fewer than the {dimensions:,} dimensions of the features, so their covariance is "
        "singular and FID is mostly bias; read it beside that of held-out real images only"
    ]


def classes(generated: Features, real: Features) -> list[str]:
    """On classes that real images have and none of the generated ones is given."""
    missing = missing_classes(generated.logits, real.logits)
    if not missing:
        return []
    named = ", ".join(map(str, missing[:20])) + (" and more" if len(missing) > 20 else "")
    return [f"MISSING: no sample is given class {named} of {generated.logits.shape[1]}, by the extractor"]
