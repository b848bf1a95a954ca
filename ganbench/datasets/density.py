"""Densities that are known, so that what a generator makes of them can be judged exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class GaussianMixture:
    """Equally likely isotropic Gaussians of one standard deviation `sigma` about `means` (modes, dimensions)."""

    means: tuple[tuple[float, ...], ...]
    sigma: float

    @cached_property
    def centres(self) -> Tensor:
        """The means as a tensor (modes, dimensions)."""
        return torch.tensor(self.means, dtype=torch.float32)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n draws (n, dimensions), float32 on the CPU."""
        modes = torch.randint(len(self.means), (n,), generator=generator)
        noise = torch.randn(n, self.centres.shape[1], generator=generator)
        return self.centres[modes] + self.sigma * noise

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) (n,) of points `x` (n, dimensions), in float64."""
        squared = torch.cdist(x.double(), self.centres.double()).square()
        normaliser = math.log(len(self.means)) + x.shape[1] * math.log(self.sigma * math.sqrt(2 * math.pi))
        return torch.logsumexp(-squared / (2 * self.sigma**2), dim=1) - normaliser
