"""One side of the game for a group of seeds: its networks in one stack, the optimiser, and how they move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.func import vmap

from ganbench.dynamics import Weights
from ganbench.ensemble import Ensemble
from ganbench.ingredient import Optimizer, Projection


class Side(Ensemble):
    """Networks that learn: a loss (seeds,), or a scalar for one seed, moves them along its gradient."""

    def __init__(self, name: str, networks: Sequence[nn.Module], optimizer: Optimizer, device: str) -> None:
        super().__init__(networks, device)
        self.name = name
        self._seeds = len(networks)
        self.optimizer = optimizer.build(self.parameters.values())
        self._start: dict[str, Tensor] = {}
        """The parameters that steps begin from since a look ahead; empty where they begin from those of the moment."""

    def differentiate(self, loss: Tensor) -> None:
        """Gives each parameter the gradient of `loss`, whose seeds depend on no parameters but their own."""
        for parameter in self.parameters.values():
            parameter.grad = None
        # backward lays each gradient out as its parameter; the fused optimiser reads memory in that order
        torch.autograd.backward(loss.sum(), inputs=list(self.parameters.values()))

    def step(self) -> None:
        """A step along the gradient."""
        with torch.no_grad():
            for name, start in self._start.items():
                self.parameters[name].copy_(start)
        self.optimizer.step()

    def look_ahead(self) -> None:
        """A step along the gradient from which later steps do not begin: they begin from here."""
        self._start = copied(self.parameters)
        self.optimizer.step()

    @torch.no_grad()
    def project(self, projection: Projection) -> None:
        """Puts the parameters back where the projection wants them."""
        call = vmap(projection) if self.stacked else projection
        for parameter in self.parameters.values():
            parameter.copy_(call(parameter))

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluation mode inside, training mode after."""
        self.train(False)
        try:
            yield
        finally:
            self.train(True)

    @property
    def moments(self) -> dict[str, dict[str, Tensor]]:
        """What the optimiser has gathered, by kind and parameter, for each seed of the group."""
        found: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, parameter in self.parameters.items():
            for kind, value in self.optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):  # counts of steps are one for the whole stack
                    shared = self.stacked and value.ndim == 0
                    found[kind][name] = value.expand(self._seeds) if shared else value
        return found

    def state_dict(self) -> dict[str, Tensor]:
        """Weights, buffers, the optimiser's moments and where steps begin, under names that begin with the side's."""
        slots = self.optimizer.state_dict()["state"]
        tensors = {f"{self.name}.{name}": tensor for name, tensor in self.state.items()}
        tensors |= {f"{self.name}_optimizer.{k}.{name}": x for k, slot in slots.items() for name, x in slot.items()}
        return tensors | {f"{self.name}_start.{name}": tensor for name, tensor in self._start.items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """The inverse of `state_dict`; what others have put into `state` is left alone."""
        for name, tensor in self.state.items():
            tensor.copy_(state[f"{self.name}.{name}"])
        self._start = below(f"{self.name}_start.", state)
        slots: dict[int, dict[str, Tensor]] = defaultdict(dict)
        for key, tensor in below(f"{self.name}_optimizer.", state).items():
            index, name = key.split(".", 1)
            slots[int(index)][name] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": dict(slots)})


def copied(tensors: Weights) -> dict[str, Tensor]:
    """Copies without gradient."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of the tensors whose names begin with `prefix`, under the rest of their names."""
    return copied({name.removeprefix(prefix): x for name, x in state.items() if name.startswith(prefix)})
