"""Which modes of a mixture of Gaussians a generator covers, how well it stays on them, how evenly it spreads.

Srivastava et al., "VEEGAN", NIPS 2017, https://arxiv.org/abs/1705.07761, section 4.1, and Lin et al., "PacGAN", NeurIPS
2018, https://arxiv.org/abs/1712.04086, section 4.1: a sample is of high quality when it lies within three standard
deviations of a mode's mean; a mode counts when one such sample lies near it; reverse KL compares the histogram of
nearest modes with the uniform one.

One sample per mode is soon had by chance, and an untrained spread covers most of a grid. So the count that is ranked
asks for a share: a tenth of the samples that a perfect generator would put on the mode. The literature's stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from scipy.stats import chi2
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture


def high_quality_ceiling(sigmas: float, dimensions: int) -> float:
    """The share of real data within `sigmas` standard deviations of its mode's mean; 1 - exp(-sigmas^2 / 2) in 2-D."""
    return float(chi2.cdf(sigmas**2, dimensions))


def reverse_kl_floor(modes: int, n: int) -> float:
    """The mean of `reverse_kl`, in nats, over n samples of a perfect generator: (modes - 1) / 2n to first order."""
    return (modes - 1) / (2 * n)


def reverse_kl(counts: Tensor) -> float:
    """KL, in nats, from the histogram `counts` (modes,) of at least one sample to the uniform one."""
    shares = counts.double() / counts.sum()
    return float(torch.special.xlogy(shares, shares * len(counts)).sum())


def nearest_modes(samples: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """The mode (n,) that each of `samples` (n, d) is nearest to among `means` (modes, d), and how far (n,) it is."""
    distances = torch.cdist(samples.double(), means.double(), compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.min(dim=1)
    return nearest.indices, nearest.values


@dataclass(frozen=True)
class Modes(Metric):
    """Modes covered and touched, share of high quality and reverse KL, against a mixture of known density."""

    share: float = 0.1
    """Of its fair share n / modes of the samples, what a mode must hold to be covered."""
    sigmas: float = 3.0
    """How far from a mode's mean, in standard deviations, a sample may lie to be on it."""

    name: ClassVar[str] = "modes"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        near = f"within {self.sigmas:g} sigma of its mean"
        ceiling = f"{high_quality_ceiling(self.sigmas, 2):.2%} of real data in the plane, more is a shrunken mode"
        covered = f"modes with at least {self.share:.0%} of their fair share of samples {near}"
        uniform = (
            "divergence of the nearest modes of all samples from uniform; a perfect generator has (modes - 1) / 2n"
        )
        return (
            Quantity("modes_covered", "higher", "modes", lowest=0, meaning=covered),
            Quantity("modes_touched", "higher", "modes", lowest=0, meaning=f"modes with at least one sample {near}"),
            Quantity("high_quality", "higher", "", 0, 1, f"samples on a mode, {near}: {ceiling}"),
            Quantity("reverse_kl", "lower", "nats", lowest=0, meaning=uniform),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.density is None or len(evidence.samples) == 0:
            return {}
        mode, on_mode = self.found(evidence.samples, evidence.density)
        return {
            "modes_covered": float(self.covered(on_mode, len(mode)).sum()),
            "modes_touched": float((on_mode > 0).sum()),
            "high_quality": float(on_mode.sum() / len(mode)),
            "reverse_kl": reverse_kl(mode.bincount(minlength=len(on_mode))),
        }

    def found(self, samples: Tensor, density: GaussianMixture) -> tuple[Tensor, Tensor]:
        """The nearest mode (n,) of each of `samples` (n, d), and how many samples (modes,) lie on each mode."""
        mode, distance = nearest_modes(samples, torch.tensor(density.means, dtype=torch.float64))
        near = distance <= self.sigmas * density.sigma
        return mode, mode[near].bincount(minlength=len(density.means))

    def covered(self, on_mode: Tensor, n: int) -> Tensor:
        """Whether each mode (modes,) holds its share of n samples, where `on_mode` (modes,) of them lie on it."""
        return on_mode >= max(1, math.ceil(self.share * n / len(on_mode)))


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the mode counts."""
    register("modes", Modes())
