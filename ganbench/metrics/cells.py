"""Cells whose probability under a mixture of Gaussians is known exactly, however much its modes overlap.

A sample x is given to mode k with the posterior probability p(k | x), drawn with a fixed seed. If x follows the
mixture, then (k, x) follows the joint law of mode and sample, so z = (x - mean_k) / sigma is a standard normal and
independent of k. The mode, the ring in which |z|^2 lies and the signs of the first two coordinates of z are then
independent with known probabilities, those of |z|^2 by its chi-square law. Where modes lie far apart, as in the ring
and the grid, the posterior is 0 or 1 and the mode is simply the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import chi2
from torch import Tensor

from ganbench.metrics.truth import SEED, require_finite

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Modes x rings x signs, where `levels` are the probabilities, rising, that lie within each ring's border.

    (1/4, 1/2, 3/4) makes four rings of equal probability.
    """

    levels: tuple[float, ...]

    def probabilities(self, density: GaussianMixture) -> Floats:
        """The probability (cells,) of every cell under `density`, in the order of `counts`."""
        rings = np.diff([0, *self.levels, 1])
        others = len(density.means) * _signs(density)
        return np.tile(np.repeat(rings / others, _signs(density)), len(density.means))

    def counts(self, samples: Tensor, density: GaussianMixture) -> Floats:
        """How many of `samples` (n, d) lie in each cell (cells,).

        Raises:
            ValueError: where a sample is not finite.
        """
        mode, z = standardised(samples, density)
        borders = torch.from_numpy(chi2.ppf(self.levels, z.shape[1]))
        ring = torch.bucketize(z.square().sum(dim=1), borders)
        sign = sum((z[:, axis] > 0).long() << axis for axis in range(min(2, z.shape[1])))
        cell = (mode * (len(self.levels) + 1) + ring) * _signs(density) + sign
        counts: Floats = np.bincount(cell.numpy(), minlength=len(self.probabilities(density))).astype(np.float64)
        return counts


def standardised(samples: Tensor, density: GaussianMixture) -> tuple[Tensor, Tensor]:
    """A mode (n,) for each of `samples` (n, d), drawn from its posterior, and (x - mean) / sigma (n, d), in float64.

    Raises:
        ValueError: where a sample is not finite.
    """
    require_finite(samples)
    x, centres = samples.double(), density.centres.double()
    squared = torch.cdist(x, centres, compute_mode="donot_use_mm_for_euclid_dist").square()
    posterior = torch.softmax(-squared / (2 * density.sigma**2), dim=1).cumsum(dim=1)
    drawn = torch.rand(len(x), 1, dtype=torch.float64, generator=torch.Generator().manual_seed(SEED))
    mode = (posterior < drawn * posterior[:, -1:]).sum(dim=1)
    return mode, (x - centres[mode]) / density.sigma


def _signs(density: GaussianMixture) -> int:
    """How many combinations of signs are told apart: two on the line, else four."""
    return int(2 ** min(2, density.centres.shape[1]))
