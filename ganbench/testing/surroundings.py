"""What a plugin shares with everything else in its process, and has to leave as it is."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Those that ask a process to end."""
PLAIN = 20_260
"""A seed that nobody sets."""


@dataclass(frozen=True)
class Surroundings:
    """Global state, but for torch's own generator, from which plugins may draw."""

    default_dtype: torch.dtype
    default_device: str
    gradients: bool
    deterministic: bool
    matmul_precision: str
    detects_anomalies: bool
    threads: int
    folder: str
    environment: dict[str, str]
    signal_handlers: tuple[Any, ...]
    running: frozenset[threading.Thread]
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
            torch.get_float32_matmul_precision(),
            torch.is_anomaly_enabled(),
            torch.get_num_threads(),
            os.getcwd(),  # noqa: PTH109 - a string, to be compared and gone back to
            dict(os.environ),
            tuple(map(signal.getsignal, SIGNALS)),
            frozenset(threading.enumerate()),
            hash(random.getstate()),
            _digest(np.random.get_state()),
        )

    def changes(self, *but: str) -> str:
        """What else than `but` is different now: "default_dtype: torch.float32 -> torch.float64"; "" if nothing is."""
        now, names = Surroundings.now(), [each.name for each in fields(self) if each.name not in but]
        told = (_told(name, getattr(self, name), getattr(now, name)) for name in names)
        return ", ".join(text for text in told if text)


def _told(name: str, old: Any, new: Any) -> str:
    """What became of one thing; empty where nothing did. Values of the environment are nobody's business."""
    if name == "running":
        left = sorted(thread.name for thread in new - old)
        return f"threads left running: {', '.join(left)}" if left else ""
    if old == new:
        return ""
    if name == "environment":
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return f"os.environ: {', '.join(changed)} changed"
    if name == "signal_handlers":
        changed = [which.name for which, one, other in zip(SIGNALS, old, new, strict=True) if one != other]
        return f"another handler of {', '.join(changed)}"
    return f"{name} was drawn from or seeded" if name.endswith("random") else f"{name}: {old} -> {new}"


def _digest(state: Any) -> str:
    return hashlib.sha256(repr((state[0], state[1].tobytes(), *state[2:])).encode()).hexdigest()


def torch_generator() -> Tensor:
    """The state of torch's generator on the CPU."""
    return torch.get_rng_state()


def made_plain() -> None:
    """Sets what plugins may not to what it is in a fresh process, so that whoever sets it again is seen to.

    To be called where all is `restored` afterwards.
    """
    torch.set_default_dtype(torch.float32)
    if torch.get_default_device().type != "cpu":
        torch.set_default_device("cpu")
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("highest")
    torch.autograd.set_detect_anomaly(False)
    for seeded in (torch.manual_seed, random.seed, np.random.seed):
        seeded(PLAIN)


@contextmanager
def restored() -> Iterator[Surroundings]:
    """Whatever is changed inside, all that is shared is as before afterwards; warnings are nobody's failure."""
    before = Surroundings.now()
    ours, theirs = random.getstate(), np.random.get_state()
    device, check_nan = torch.get_default_device(), torch.is_anomaly_check_nan_enabled()
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
            torch.set_float32_matmul_precision(before.matmul_precision)
            torch.autograd.set_detect_anomaly(before.detects_anomalies, check_nan)
            if torch.get_num_threads() != before.threads:
                torch.set_num_threads(before.threads)
            os.chdir(before.folder)
            if os.environ != before.environment:
                os.environ.clear()
                os.environ.update(before.environment)
            for which, handler in zip(SIGNALS, before.signal_handlers, strict=True):
                if signal.getsignal(which) != handler:
                    signal.signal(which, handler)
            random.setstate(ours)
            np.random.set_state(theirs)
