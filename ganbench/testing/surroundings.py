"""What a plugin shares with everything else in its process, and has to leave as it is."""

from __future__ import annotations

import hashlib
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Surroundings:
    """Global state, but for torch's own generator, from which plugins may draw."""

    default_dtype: torch.dtype
    default_device: str
    gradients: bool
    deterministic: bool
    threads: int
    folder: str
    python_random: int
    numpy_random: str

    @classmethod
    def now(cls) -> Surroundings:
        """As they are."""
        return cls(
            torch.get_default_dtype(),
            str(torch.get_default_device()),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_num_threads(),
            os.getcwd(),  # noqa: PTH109 - a string, to be compared and gone back to
            hash(random.getstate()),
            _digest(np.random.get_state()),
        )

    def changes(self) -> str:
        """What is different now, as "default_dtype: torch.float32 -> torch.float64"; empty where nothing is."""
        now = Surroundings.now()
        pairs = [(each.name, getattr(self, each.name), getattr(now, each.name)) for each in fields(self)]
        return ", ".join(
            f"{name} was drawn from or seeded" if name.endswith("random") else f"{name}: {old} -> {new}"
            for name, old, new in pairs
            if old != new
        )


def _digest(state: Any) -> str:
    return hashlib.sha256(repr((state[0], state[1].tobytes(), *state[2:])).encode()).hexdigest()


def torch_generator() -> Tensor:
    """The state of torch's generator on the CPU."""
    return torch.get_rng_state()


@contextmanager
def restored() -> Iterator[Surroundings]:
    """Whatever is changed inside, all that is shared is as before afterwards; warnings are nobody's failure."""
    before = Surroundings.now()
    ours, theirs = random.getstate(), np.random.get_state()
    device = torch.get_default_device()
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield before
        finally:
            torch.set_default_dtype(before.default_dtype)
            if str(torch.get_default_device()) != before.default_device:
                torch.set_default_device(device)
            torch.set_grad_enabled(before.gradients)
            torch.use_deterministic_algorithms(before.deterministic)
            if torch.get_num_threads() != before.threads:
                torch.set_num_threads(before.threads)
            os.chdir(before.folder)
            random.setstate(ours)
            np.random.set_state(theirs)
