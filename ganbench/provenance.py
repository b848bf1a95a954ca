"""Where a run's numbers come from: versions, machine, and the source of what was used."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import torch

from ganbench.registry import Offer, offers
from ganbench.sources import is_core, source_hash

_LIBRARIES = ("ganbench", "numpy", "scikit-learn", "scipy", "torch", "torch-fidelity", "torchvision")


def provenance(used: Iterable[Offer], device: str) -> dict[str, Any]:
    """Versions, platform, torch's build, device, threads, and the plugin distributions that were used and installed.

    `sources` holds the hash of each used part's own source, which tells the one that changed; of what else is installed
    nothing is imported. Data and extractor are in the spec.
    """
    used = list(used)
    return {
        "versions": {name: metadata.version(name) for name in _LIBRARIES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch": _torch_build(),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else (platform.processor() or "cpu"),
        "threads": torch.get_num_threads(),
        "used": {offer.name: f"{offer.distribution} {offer.version}" for offer in used},
        "sources": {
            f"{offer.kind.removesuffix('s')} {offer.name}": source_hash((), [offer.module])
            for offer in used
            if not is_core(offer.module)
        },
        "installed": {offer.distribution: offer.version for offer in offers()},
    }


def _torch_build() -> dict[str, str]:
    """What torch was built for and from, and which instructions of this CPU it uses: they decide the last bits."""
    hip = getattr(torch.version, "hip", None)
    return {
        "build": f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {hip}" if hip else "CPU",
        "git": torch.version.git_version,
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }
