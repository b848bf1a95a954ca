"""The same network once for each seed of a group, as one stack of weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap


class _Reachable(nn.Module):
    """A network whose methods can be reached through `functional_call`, which knows only `forward`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor | None, method: str) -> Tensor:
        if method == "advance":
            for module in advancing(self.network):
                module.advance()
            return torch.zeros(())
        out: Tensor = getattr(self.network, method)(x)
        return out


def advancing(network: nn.Module) -> list[Any]:
    """The modules inside that bring their buffers up to date before each of the network's updates."""
    return [module for module in network.modules() if hasattr(module, "advance")]


class BoundNetwork:
    """A network with given weights, as losses see it: `d(x)` and `d.features(x)`."""

    def __init__(self, template: nn.Module, state: Mapping[str, Tensor]) -> None:
        self._template, self._state = template, dict(state)

    def __call__(self, x: Tensor) -> Tensor:
        out: Tensor = functional_call(self._template, self._state, (x, "forward"))
        return out

    def features(self, x: Tensor) -> Tensor:
        out: Tensor = functional_call(self._template, self._state, (x, "features"))
        return out


class Ensemble:
    """The same network once for each seed of a group. A group of one is the plain module; a larger one is stacked."""

    def __init__(self, networks: Sequence[nn.Module], device: str) -> None:
        wrapped = [_Reachable(network.to(device)) for network in networks]
        self.stacked = len(wrapped) > 1
        self._advances = bool(advancing(wrapped[0]))
        self.template: nn.Module = wrapped[0]
        if self.stacked:
            self.parameters, self.buffers = stack_module_state(wrapped)
            self.template = copy.deepcopy(wrapped[0]).to("meta")
        else:
            self.parameters, self.buffers = dict(wrapped[0].named_parameters()), dict(wrapped[0].named_buffers())

    @property
    def state(self) -> dict[str, Tensor]:
        """Parameters and buffers by name, each (seeds, ...) when stacked."""
        return {**self.parameters, **self.buffers}

    def bound(self, state: Mapping[str, Tensor] | None) -> Any:
        """The network with one seed's weights; with its own when `state` is None."""
        return self.template.network if state is None else BoundNetwork(self.template, state)

    @torch.no_grad()
    def advance(self) -> None:
        """Lets the modules that have buffers to bring up to date do so, for each seed."""
        if not self._advances:
            return
        call = vmap(self._advance_one) if self.stacked else self._advance_one
        call(self.state)

    def _advance_one(self, state: Mapping[str, Tensor]) -> Tensor:
        out: Tensor = functional_call(self.template, dict(state), (None, "advance"))
        return out

    def train(self, mode: bool) -> None:
        """Training or evaluation mode."""
        self.template.train(mode)

    def for_seed(self, index: int) -> dict[str, Tensor]:
        """One seed's weights, named as in the network itself."""
        return {
            name.removeprefix("network."): (tensor[index] if self.stacked else tensor).detach().clone()
            for name, tensor in self.state.items()
        }


def parameter_count(module: nn.Module) -> int:
    """Numbers to be learnt."""
    return sum(parameter.numel() for parameter in module.parameters())
