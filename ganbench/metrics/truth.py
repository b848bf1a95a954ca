"""Draws of a known density to set beside a generator's, always the same ones, so that numbers compare between runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

SEED = int.from_bytes(b"truth")
"""Far from the small numbers that others seed with, whose draws must not come again here."""


def true_samples(density: GaussianMixture, n: int, index: int = 0) -> Tensor:
    """n draws (n, d), float32; those of another `index` are independent of them."""
    return density.sample(n, torch.Generator().manual_seed(SEED + index))


def require_finite(samples: Tensor) -> None:
    """Refuses NaN and infinity, which comparisons would quietly put somewhere.

    Raises:
        ValueError: where one of `samples` (n, d) is not finite.
    """
    if strange := int((~samples.isfinite()).any(dim=1).sum()):
        raise ValueError(f"found {strange} of {len(samples)} samples with NaN or infinity, wanted finite samples")
