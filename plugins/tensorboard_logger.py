"""Runs in TensorBoard: `ganbench run --plugin nsgan --log tensorboard`, then `tensorboard --logdir runs`.

Every value of every evaluation point against the real samples drawn, the spec as text, and at the end the pictures that
the run left. The writer is torch's own; it needs the package tensorboard: `pip install ganbench[tensorboard]`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganbench import PluginError, hookimpl

try:
    from torch.utils.tensorboard import SummaryWriter
except ImportError as error:
    raise PluginError(f"logger 'tensorboard': {error}; install it with `pip install ganbench[tensorboard]`") from error

_FOLDERS: dict[int, Path] = {}
_WRITERS: dict[int, SummaryWriter] = {}
"""By seed: a process runs one group of seeds."""


@hookimpl
def run_started(spec: Mapping[str, Any], folder: Path) -> None:
    """Begins a log in the run's folder."""
    _FOLDERS[spec["seed"]] = folder
    writer = _WRITERS[spec["seed"]] = SummaryWriter(folder / "tensorboard")
    writer.add_text("spec", f"```json\n{json.dumps(spec, indent=2)}\n```")


@hookimpl
def run_progressed(spec: Mapping[str, Any], point: Mapping[str, Any]) -> None:
    """Logs the values of an evaluation point."""
    writer = _WRITERS[spec["seed"]]
    for name, value in point["values"].items():
        writer.add_scalar(name, value, point["meters"]["samples"])
    writer.flush()


@hookimpl
def run_finished(spec: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Logs how the run ended and its pictures, and closes the log."""
    writer, folder = _WRITERS.pop(spec["seed"]), _FOLDERS.pop(spec["seed"])
    writer.add_text("status", f"{record['status']} {record['reason']}".strip())
    for path in sorted(folder.glob("*.png")):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        writer.add_image(path.stem, pixels, record["meters"]["samples"], dataformats="HWC")
    writer.close()
