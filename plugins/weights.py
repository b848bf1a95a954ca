"""Networks and their optimiser as named tensors, and back: what a trainer of its own needs to continue bit for bit."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def saved(networks: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copies of every parameter, buffer and moment."""
    tensors = {f"{name}.{key}": x for name, network in networks.items() for key, x in network.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": x for key, x in moments.items()}
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def restore(state: Mapping[str, Tensor], networks: Mapping[str, nn.Module], optimizer: torch.optim.Optimizer) -> None:
    """Puts back what `saved` returned."""
    for name, network in networks.items():
        network.load_state_dict(_below(f"{name}.", state))
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in _below("optimizer.", state).items():
        index, name = key.split(".", 1)
        moments.setdefault(int(index), {})[name] = tensor.clone()  # or the optimiser would step in the caller's
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
