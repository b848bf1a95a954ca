"""Checks that every plugin must pass, built-in or a stranger's, for plugin authors' own tests: see `assertions.py`.

They are loaded when first used, so that naming this package loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganbench.testing.assertions import (
        check_dataset,
        check_loss,
        check_metric,
        check_trainer,
        check_trick,
        check_variant,
        trials,
    )

__all__ = [
    "check_dataset",
    "check_loss",
    "check_metric",
    "check_trainer",
    "check_trick",
    "check_variant",
    "trials",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'ganbench.testing' has no attribute '{name}'")
    return getattr(importlib.import_module("ganbench.testing.assertions"), name)
