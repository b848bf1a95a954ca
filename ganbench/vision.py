"""torchvision and torch-fidelity, importable also beside a CPU build of torch.

PyPI's torchvision is compiled for CUDA. Beside a CPU build of torch its operators cannot be loaded, and importing it
fails since it describes two of them all the same (up to torchvision 0.28: "operator torchvision::nms does not exist").
Here that very failure is answered by declaring the two without an implementation: datasets, transforms, models and
torch-fidelity then work, and calling a detection operator fails as it must. Any other torchvision is left as it is.

Write `from ganbench.vision import torchvision`, never `import torchvision`, and the same for `torch_fidelity`.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch

SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def import_torchvision() -> ModuleType:
    """The module `torchvision`, with its missing operators declared if it needs them to be imported."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    declare_missing_operators()
    _forget("torchvision")
    return importlib.import_module("torchvision")


def declare_missing_operators() -> None:
    """Declare those of torchvision's `nms` and `qnms` that nobody has declared yet."""
    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(f"torchvision::{operator}", SIGNATURE)


def _forget(package: str) -> None:
    """Drop what a failed import of `package` left behind: its submodules would not be bound to a second import."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


torchvision = import_torchvision()
torch_fidelity = importlib.import_module("torch_fidelity")

__all__ = ["torch_fidelity", "torchvision"]
