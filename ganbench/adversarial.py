"""Recipe x Dataset x seeds -> Trainer: the one trainer in core, for many seeds at once.

Losses and penalties are written for one seed. For a group of several, the parameters of all its networks are stacked,
and the same functions run under `torch.func.vmap`; an elementwise optimiser on the stack is the optimiser of each seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from ganbench.assembly import seeded_pair
from ganbench.datasets.dataset import Dataset
from ganbench.dynamics import Dynamics, Game, Weights
from ganbench.ensemble import BoundNetwork, parameter_count
from ganbench.errors import PluginError
from ganbench.game import (
    Memory,
    WeightGame,
    discriminator_loss,
    generator_loss,
    recalled,
    remembering,
    renewed,
    scores,
    shown,
)
from ganbench.ingredient import Optimizer
from ganbench.ingredients import value_at
from ganbench.loss import Discriminator, Optimum
from ganbench.pair import Networks
from ganbench.randomness import initial_weights
from ganbench.side import Side, below, copied
from ganbench.supply import Supply
from ganbench.trainer import Trainer, Variant
from ganbench.variant import Recipe


def build_trainer(variant: Recipe | Variant, dataset: Dataset, seeds: Sequence[int], device: str) -> Trainer:
    """The trainer of a group of seeds; the global generator is left as it was."""
    if isinstance(variant, Recipe):
        return Adversarial(variant, dataset, seeds, device)
    (seed,) = seeds
    with initial_weights(seed):
        return variant.trainer(dataset, seed, device)


class Adversarial(Trainer):
    """Trains a recipe: `d_steps` updates of the discriminator, one of the generator, unless its dynamics differ."""

    def __init__(self, recipe: Recipe, dataset: Dataset, seeds: Sequence[int], device: str = "cpu") -> None:
        self.recipe, self.seeds = recipe, tuple(seeds)
        self._networks: Networks = recipe.networks or dataset.standard.networks
        self._batch_size = dataset.standard.batch_size
        generators, discriminators = zip(*(seeded_pair(recipe, dataset, seed) for seed in self.seeds), strict=True)
        self._counts = {
            "generator": parameter_count(generators[0]),
            "discriminator": parameter_count(discriminators[0]),
        }
        self._optimizer: Optimizer = recipe.optimizer or dataset.standard.optimizer
        self._d = Side("discriminator", discriminators, self._optimizer, device)
        self._g = Side("generator", generators, recipe.g_optimizer or self._optimizer, device)
        self._average = copied(self._g.state) if recipe.ema is not None else {}
        self._dynamics = recipe.dynamics or Dynamics()
        ahead = ("extrapolation",) if self._dynamics.extrapolates else ()
        self._turns = (*ahead, *("discriminator",) * recipe.d_steps, "generator")
        self._turn = 0
        self.updates = (*dict.fromkeys(self._turns), *(("pause",) if self._dynamics.pausing else ()))
        self._now = recipe.at(0.0)
        self._memory = self._initial_memory(device)
        self._real: Tensor | None = None
        self._answered: dict[str, Tensor] = {}
        """The discriminator's parameters that the generator answers, where those are not its last."""

    def _initial_memory(self, device: str) -> dict[str, Tensor]:
        shape = (len(self.seeds),) if self._d.stacked else ()
        start = {name: float(value_at(self.recipe, way)) for name, way in remembering(self.recipe).items()}
        return {name: torch.full(shape, value, device=device) for name, value in start.items()}

    def step(self, supply: Supply) -> str:
        """One update, of the side whose turn it is; a pause where it lets the turn pass."""
        self._now = self.recipe.at(supply.spent_fraction)
        kind: str = self._turns[self._turn]
        self._turn = (self._turn + 1) % len(self._turns)
        if kind == "generator":
            self._update_generator(supply.latent())
            return kind
        self._real, latent = supply.real(), supply.latent()
        with torch.no_grad():
            fake = self._run(lambda d, g, z: g(z), latent)
        if kind == "extrapolation":
            self._extrapolate(self._real, fake, latent)
        elif self._pauses(self._real, fake):
            return "pause"
        else:
            self._update_discriminator(self._real, fake, latent)
        return kind

    def _update_discriminator(self, real: Tensor, fake: Tensor, latent: Tensor) -> None:
        self._d.advance()
        if self._dynamics.simultaneous or self._dynamics.extrapolates:
            self._answered = copied(self._d.parameters)
        self._d.differentiate(self._discriminator_objective(real, fake, latent))
        self._d.step()
        self._project()
        if self._memory:
            with torch.no_grad():
                self._memory = self._run(self._remembered, real, fake, self._memory)

    def _update_generator(self, latent: Tensor) -> None:
        self._g.differentiate(self._generator_objective(latent))
        self._g.step()
        if self._average:
            self._update_average()

    def _extrapolate(self, real: Tensor, fake: Tensor, latent: Tensor) -> None:
        """Both sides look ahead at once, each from where both are."""
        self._d.advance()
        self._answered = {}
        self._d.differentiate(self._discriminator_objective(real, fake, latent))
        self._g.differentiate(self._generator_objective(latent))
        self._d.look_ahead()
        self._g.look_ahead()
        self._project()

    @torch.no_grad()
    def _pauses(self, real: Tensor, fake: Tensor) -> bool:
        """Whether the discriminator lets this turn pass; only a group of one seed may ask."""
        if not self._dynamics.pausing:
            return False
        now = self._now
        on_real, on_fake = (self._run(lambda d, g, x: d(shown(now, x)), x) for x in (real, fake))
        return self._dynamics.pauses(on_real, on_fake, self.threshold)

    def _project(self) -> None:
        if self.recipe.projection is not None:
            self._d.project(self.recipe.projection)

    def _discriminator_objective(self, real: Tensor, fake: Tensor, latent: Tensor) -> Tensor:
        def loss(d: Discriminator, _g: object, real: Tensor, fake: Tensor, memory: Memory) -> Tensor:
            return discriminator_loss(recalled(self._now, memory), d, real, fake)

        if _overrides(self._dynamics, "discriminator"):
            return self._run_game(self._dynamics.discriminator, real, latent, {})
        return self._scalar(self._run(loss, real, fake, self._memory))

    def _generator_objective(self, latent: Tensor) -> Tensor:
        def loss(
            d: Discriminator, g: Callable[[Tensor], Tensor], real: Tensor, latent: Tensor, memory: Memory
        ) -> Tensor:
            return generator_loss(recalled(self._now, memory), d, real, g(latent))

        assert self._real is not None, "the discriminator is always updated first"
        if _overrides(self._dynamics, "generator"):
            return self._run_game(self._dynamics.generator, self._real, latent, self._answered)
        return self._scalar(self._run(loss, self._real, latent, self._memory, answered=self._answered))

    def _remembered(self, d: Discriminator, g: object, real: Tensor, fake: Tensor, memory: Memory) -> Memory:
        return renewed(recalled(self._now, memory), d, real, fake)

    def _run(self, function: Callable[..., Any], *inputs: Any, answered: Weights | None = None) -> Any:
        """`function(d, g, *inputs)` for each seed of the group; `answered`: parameters for `d` in place of its own."""
        if not self._d.stacked:
            d_state = {**self._d.state, **answered} if answered else None
            return function(self._d.bound(d_state), self._g.bound(None), *inputs)

        def for_one_seed(d_state: Weights, g_state: Weights, *inputs: Any) -> Any:
            return function(self._d.bound(d_state), self._g.bound(g_state), *inputs)

        states = {**self._d.state, **(answered or {})}, self._g.state
        return vmap(for_one_seed, randomness="different")(*states, *inputs)

    def _run_game(
        self, objective: Callable[[Game, Weights, Weights], Tensor], real: Tensor, latent: Tensor, answered: Weights
    ) -> Tensor:
        """`objective(game, d, g)`, functions of both sides' parameters, for each seed of the group."""

        def for_one_seed(
            d: Weights, g: Weights, d_buffers: Weights, g_buffers: Weights, real: Tensor, latent: Tensor,
            memory: Memory, moments: Mapping[str, Weights],
        ) -> Tensor:  # fmt: skip
            d_network, g_network = (self._d.template, d_buffers), (self._g.template, g_buffers)
            now = recalled(self._now, memory)
            return objective(WeightGame(now, d_network, g_network, real, latent, moments, self._optimizer), d, g)

        run = vmap(for_one_seed, randomness="different") if self._d.stacked else for_one_seed
        d = {**self._d.parameters, **answered}
        buffers = self._d.buffers, self._g.buffers
        return self._scalar(run(d, self._g.parameters, *buffers, real, latent, self._memory, self._d.moments))

    def _scalar(self, loss: Tensor) -> Tensor:
        """`loss`, if it has one number for each seed."""
        if not isinstance(loss, Tensor):
            raise PluginError(
                f"{self.recipe.name}: found a loss of type {type(loss).__name__}, wanted a tensor: a scalar"
            )
        if loss.ndim != self._d.stacked:
            shape = tuple(loss.shape[self._d.stacked :])
            raise PluginError(
                f"{self.recipe.name}: found a loss of shape {shape} for one seed, wanted a scalar: its mean"
            )
        return loss

    @torch.no_grad()
    def _update_average(self) -> None:
        assert self.recipe.ema is not None
        for name, tensor in self._g.state.items():
            if tensor.is_floating_point():
                self._average[name].lerp_(tensor, 1 - self.recipe.ema)
            else:
                self._average[name].copy_(tensor)

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        """Samples of the generator, or of its running average where the recipe keeps one."""
        with self._g.evaluating():
            if self._average:
                call = vmap(self._sample_average) if self._g.stacked else self._sample_average
                return call(self._average, latent)
            out: Tensor = self._run(lambda d, g, z: g(z), latent)
            return out

    def _sample_average(self, state: Weights, latent: Tensor) -> Tensor:
        out: Tensor = BoundNetwork(self._g.template, state)(latent)
        return out

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor | None:
        """Scores of the discriminator, shown samples as in training; None where the loss leaves scores untrained."""
        if not self.recipe.loss.scored:
            return None
        batches = self._full_batches(x) if self._networks.couples else [x]
        with self._d.evaluating():
            found = torch.cat([self._run(self._scores, batch) for batch in batches], dim=-1)
        return found[..., : x.shape[int(self._d.stacked)]]

    def _scores(self, d: Discriminator, g: object, x: Tensor) -> Tensor:
        return scores(self._now, d, x)

    def _full_batches(self, x: Tensor) -> list[Tensor]:
        """`x` in batches of the training's size, the last filled up from the front."""
        axis, size = int(self._d.stacked), self._batch_size
        n = x.shape[axis]
        indices = torch.arange(math.ceil(n / size) * size, device=x.device) % n
        return [x.index_select(axis, chunk) for chunk in indices.reshape(-1, size)]

    @property
    def threshold(self) -> float | None:
        """The loss's decision threshold."""
        return self.recipe.loss.threshold

    @property
    def optimum(self) -> Optimum | None:
        """That of the loss; None where the discriminator is shown something else than single samples as they are."""
        return None if self.recipe.views or self._networks.couples else self.recipe.loss.optimum

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Of the generator and the discriminator, for one seed."""
        return self._counts

    def state_dict(self) -> dict[str, Tensor]:
        """Both sides with their optimisers, averages, memories, the last real batch and whose turn it is."""
        state = self._g.state_dict() | self._d.state_dict()
        state |= {f"average.{name}": tensor for name, tensor in self._average.items()}
        state |= {f"memory.{name}": tensor for name, tensor in self._memory.items()}
        state |= {f"answered.{name}": tensor for name, tensor in self._answered.items()}
        state |= {} if self._real is None else {"real": self._real}
        return copied(state) | {"turn": torch.tensor(self._turn)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        self._g.load_state_dict(state)
        self._d.load_state_dict(state)
        self._average, self._memory = below("average.", state), below("memory.", state)
        self._answered = below("answered.", state)
        self._real = state.get("real")
        self._turn = int(state["turn"])

    def checkpoints(self) -> list[dict[str, Tensor]]:
        """For each seed: generator, discriminator and, where kept, the generator's running average."""
        return [self._checkpoint(index) for index in range(len(self.seeds))]

    def _checkpoint(self, index: int) -> dict[str, Tensor]:
        tensors = {f"generator.{name}": tensor for name, tensor in self._g.for_seed(index).items()}
        tensors |= {f"discriminator.{name}": tensor for name, tensor in self._d.for_seed(index).items()}
        for name, tensor in self._average.items():
            own = tensor[index] if self._g.stacked else tensor
            tensors[f"average.{name.removeprefix('network.')}"] = own.clone()
        return tensors


def _overrides(dynamics: Dynamics, objective: str) -> bool:
    """Whether a side descends something else than its own loss."""
    return getattr(type(dynamics), objective) is not getattr(Dynamics, objective)
