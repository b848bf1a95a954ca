"""What is missing on this machine, what that means, and how to get it. Downloads nothing and needs no network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganbench.diagnosis.finding import Finding
from ganbench.diagnosis.software import of_extras, of_libraries, of_python, of_torch, of_torchvision


def diagnose(runs: Path, data_root: Path | None) -> Iterator[Finding]:
    """Each finding as it is made; without a torch that can be imported, those of the software alone."""
    yield of_python()
    libraries = list(of_libraries())
    yield from libraries
    yield (torch := of_torch())
    yield (torchvision := of_torchvision())
    yield from of_extras()
    if not any(found.blocks for found in (*libraries, torch, torchvision)):
        yield from _with_torch(runs, data_root)


def _with_torch(runs: Path, data_root: Path | None) -> Iterator[Finding]:
    from ganbench.diagnosis.plugins import of_plugins

    with ThreadPoolExecutor(1) as meanwhile:
        loading = meanwhile.submit(lambda: list(of_plugins()))  # in a process of its own, which is the slowest of all
        yield from _of_this_machine(runs, data_root)
        yield from loading.result()


def _of_this_machine(runs: Path, data_root: Path | None) -> Iterator[Finding]:
    from ganbench.diagnosis.data import of_datasets, of_extractors
    from ganbench.diagnosis.machine import of_cores, of_device, of_folders, of_memory

    yield of_device()
    yield of_cores()
    yield of_memory()
    yield from of_folders(runs)
    yield from of_datasets(data_root)
    yield from of_extractors()
