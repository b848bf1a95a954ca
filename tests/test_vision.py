"""torchvision and torch-fidelity can be imported, whatever build of torch stands beside them."""

import subprocess
import sys

import torch

from ganbench.vision import declare_missing_operators, torch_fidelity, torchvision


def test_both_are_whole() -> None:
    """Datasets, transforms and models of torchvision are there, and torch-fidelity's metrics."""
    assert all(hasattr(torchvision, part) for part in ("datasets", "transforms", "models", "ops"))
    assert callable(torch_fidelity.calculate_metrics)


def test_declaring_again_is_harmless() -> None:
    """An operator that is declared already is left alone, so nothing is raised."""
    declare_missing_operators()
    declare_missing_operators()
    assert hasattr(torch.ops.torchvision, "nms")


def test_it_works_after_another_import_failed() -> None:
    """In a fresh interpreter, warnings being errors, also where the user's own `import torchvision` failed before."""
    code = """
try:
    import torchvision
except RuntimeError:
    pass
from ganbench.vision import torchvision
import gc, importlib, ganbench.vision
importlib.reload(ganbench.vision)
gc.collect()
import torch
torchvision.datasets.MNIST, torch.ops.torchvision.nms, torch.ops.torchvision.qnms
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
