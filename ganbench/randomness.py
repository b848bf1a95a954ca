"""One seed, many independent streams: each purpose has a generator of its own, so that seeds pair across variants."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived(seed: int, purpose: str, index: int = 0) -> int:
    """A 63-bit seed for one purpose ("latent", "train", "weights") and position."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, purpose: str, index: int = 0) -> torch.Generator:
    """A CPU generator that depends on nothing but its arguments."""
    return torch.Generator().manual_seed(derived(seed, purpose, index))


@contextmanager
def initial_weights(seed: int) -> Iterator[None]:
    """Networks built inside have the initial weights of `seed`; the global generators are left as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(derived(seed, "weights"))
        yield
