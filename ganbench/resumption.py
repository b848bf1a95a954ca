"""Where an unfinished group of runs can continue, bit for bit: one safetensors file, which runs no code when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganbench.atomic import replacing
from ganbench.budget import Meters
from ganbench.cache import digest
from ganbench.errors import RecordError
from ganbench.strict import canonical, parse_json
from ganbench.training import Ledger

NAME = "state.safetensors"


@dataclass(frozen=True)
class Snapshot:
    """Everything that the rest of a run depends on, at an evaluation point."""

    ledger: Ledger
    supply: dict[str, int]
    trainer: dict[str, Tensor]
    progress: list[dict[str, Any]]
    """What each seed has shown so far."""
    seconds: dict[str, float]
    """Wall-clock seconds outside training so far."""
    rng: dict[str, Tensor]
    """torch's global generators, which penalties draw from: "cpu", and "cuda:0" and so on where there are any."""


def save_snapshot(folder: Path, ids: Sequence[str], snapshot: Snapshot) -> None:
    """Replaces the snapshot in `folder`; `ids` are the runs of the group."""
    about = {
        "ids": list(ids),
        "ledger": asdict(snapshot.ledger),
        "supply": snapshot.supply,
        "progress": snapshot.progress,
        "seconds": snapshot.seconds,
    }
    tensors = {f"trainer.{name}": tensor for name, tensor in snapshot.trainer.items()}
    tensors |= {f"rng.{name}": state for name, state in snapshot.rng.items()}
    kept, text = owned(tensors), canonical(about)
    with replacing(folder / NAME) as path:
        save_file(kept, path, {"ganbench": text, "sha256": digest(text, kept)})


def load_snapshot(folder: Path, ids: Sequence[str]) -> Snapshot | None:
    """The snapshot of the group `ids`; None when there is none, or when it is damaged or another group's."""
    try:
        with safe_open(folder / NAME, framework="pt") as file:
            metadata = file.metadata() or {}
            text = metadata.get("ganbench", "")
            about = parse_json(text)
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, RecordError):
        return None
    if about.get("ids") != list(ids) or metadata.get("sha256") != digest(text, tensors):
        return None  # one flipped bit would train on to numbers of something else
    try:
        return _read(about, tensors)
    except (KeyError, TypeError):  # another version of ganbench wrote it
        return None


def _read(about: dict[str, Any], tensors: dict[str, Tensor]) -> Snapshot:
    ledger, rng = about["ledger"], _below("rng.", tensors)
    if "cpu" not in rng:
        raise KeyError("rng.cpu")
    return Snapshot(
        ledger=Ledger(**{**ledger, "meters": Meters(**ledger["meters"])}),
        supply=about["supply"],
        trainer=_below("trainer.", tensors),
        progress=about["progress"],
        seconds=about["seconds"],
        rng=rng,
    )


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def owned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU that share no memory, which safetensors would refuse: a trainer may tie weights."""
    return {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }


def generator_states() -> dict[str, Tensor]:
    """The states of torch's global generators, by device."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state()} | {f"cuda:{index}": state for index, state in enumerate(cuda)}


def set_generator_states(states: Mapping[str, Tensor]) -> None:
    """The inverse of `generator_states`."""
    for device, state in states.items():
        if device == "cpu":
            torch.set_rng_state(state)
        else:
            torch.cuda.set_rng_state(state, device)
