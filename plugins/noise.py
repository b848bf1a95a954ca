"""As much noise as a sampler needs, from a latent of any size: a seeded stream for each latent.

Samples are then a function of their latents alone, each of its own, like those of a generator network.
"""

from __future__ import annotations

from hashlib import blake2b

import torch
from torch import Tensor


def normals(latent: Tensor, n: int) -> Tensor:
    """n independent standard normals for each of `latent` (batch, latent dim): (batch, n), in double precision."""
    out = torch.empty(len(latent), n, dtype=torch.float64)
    generator = torch.Generator()
    for row, own in zip(out, latent.detach().cpu(), strict=True):
        digest = blake2b(own.numpy().tobytes(), digest_size=8).digest()
        torch.randn(n, generator=generator.manual_seed(int.from_bytes(digest, "little") >> 1), out=row)
    return out


def uniform(normal: Tensor) -> Tensor:
    """The share of a standard normal below each of `normal`: uniform in (0, 1) where that is standard normal."""
    share: Tensor = torch.special.ndtr(normal)
    return share
