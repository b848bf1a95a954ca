"""Recipe x Dataset x seeds -> Trainer: the one trainer in core, for many seeds at once.

Losses and penalties are written for one seed. For a group of several, the parameters of all its networks are stacked,
and the same functions run under `torch.func.vmap`; an elementwise optimiser on the stack is the optimiser of each seed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from ganbench.datasets.dataset import Dataset
from ganbench.dynamics import Dynamics, Game, Weights
from ganbench.ensemble import BoundNetwork, Ensemble, parameter_count
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
    shown_shape,
)
from ganbench.ingredient import Optimizer, Projection
from ganbench.ingredients import value_at
from ganbench.loss import Discriminator
from ganbench.pair import Networks
from ganbench.randomness import initial_weights
from ganbench.supply import Supply
from ganbench.trainer import Trainer, Variant
from ganbench.variant import Recipe

GROUP = 5
"""Seeds trained together where that pays."""
STACKING_PAYS_BELOW = 150_000
"""Parameters of one network above which a stack of perceptrons is no faster than a loop."""


def build_trainer(variant: Recipe | Variant, dataset: Dataset, seeds: Sequence[int], device: str) -> Trainer:
    """The trainer of a group of seeds; the global generator is left as it was."""
    if isinstance(variant, Recipe):
        return Adversarial(variant, dataset, seeds, device)
    (seed,) = seeds
    with initial_weights(seed):
        return variant.trainer(dataset, seed, device)


def group_size(variant: Recipe | Variant, dataset: Dataset) -> int:
    """How many seeds to train together: several for small perceptrons, one for anything else.

    A convolution under vmap is slower than a loop, and so are wide layers; a variant's own trainer knows one seed, and
    seeds that may let a turn pass go their own ways.

    Raises:
        NotApplicable: where the recipe's networks or views are not for the dataset's samples.
    """
    if not isinstance(variant, Recipe):
        return 1
    with torch.device("meta"):
        modules = build_pair(variant.networks or dataset.standard.networks, dataset, variant)
    convolutional = any(isinstance(m, nn.modules.conv._ConvNd) for module in modules for m in module.modules())
    largest = max(parameter_count(module) for module in modules)
    pausing = variant.dynamics is not None and variant.dynamics.pausing
    return 1 if convolutional or pausing or largest > STACKING_PAYS_BELOW else GROUP


def build_pair(networks: Networks, dataset: Dataset, recipe: Recipe | None = None) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator for the dataset's shapes; the latter for what the recipe's views show of them."""
    generator = networks.generator(dataset.standard.latent_dim, dataset.sample_shape)
    shape = dataset.sample_shape if recipe is None else shown_shape(recipe, dataset.sample_shape)
    return generator, networks.discriminator(shape)


class Adversarial(Trainer):
    """Trains a recipe: `d_steps` updates of the discriminator, one of the generator, unless its dynamics differ."""

    def __init__(self, recipe: Recipe, dataset: Dataset, seeds: Sequence[int], device: str = "cpu") -> None:
        self.recipe = recipe
        self.seeds = tuple(seeds)
        self._networks: Networks = recipe.networks or dataset.standard.networks
        self._batch_size = dataset.standard.batch_size
        pairs = [_seeded_pair(recipe, dataset, seed) for seed in self.seeds]
        self._counts = {
            name: parameter_count(module) for name, module in zip(("generator", "discriminator"), pairs[0], strict=True)
        }
        self._g, self._d = (Ensemble(side, device) for side in zip(*pairs, strict=True))
        standard: Optimizer = dataset.standard.optimizer
        self._d_optimizer = (recipe.optimizer or standard).build(self._d.parameters.values())
        self._g_optimizer = (recipe.g_optimizer or recipe.optimizer or standard).build(self._g.parameters.values())
        self._average = _copied(self._g.state) if recipe.ema is not None else {}
        self._dynamics = recipe.dynamics or Dynamics()
        self._turns = (
            ("extrapolation",) * self._dynamics.extrapolates + ("discriminator",) * recipe.d_steps + ("generator",)
        )
        self.updates = (*dict.fromkeys(self._turns), *(("pause",) if self._dynamics.pausing else ()))
        self._turn = 0
        self._now = recipe.at(0.0)
        self._memory = self._initial_memory(device)
        self._real: Tensor | None = None
        self._answered: dict[str, Tensor] = {}
        """The discriminator's parameters that the generator answers, where those are not its last."""
        self._start: dict[str, Tensor] = {}
        """Both sides' parameters before the extrapolation."""

    def _initial_memory(self, device: str) -> dict[str, Tensor]:
        shape = (len(self.seeds),) if self._d.stacked else ()
        start = {name: float(value_at(self.recipe, way)) for name, way in remembering(self.recipe).items()}
        return {name: torch.full(shape, value, device=device) for name, value in start.items()}

    def step(self, supply: Supply) -> str:
        """One update: the discriminator's `d_steps` times, then the generator's."""
        self._now = self.recipe.at(supply.spent_fraction)
        kind = self._turns[self._turn]
        self._turn = (self._turn + 1) % len(self._turns)
        if kind == "extrapolation":
            self._extrapolate(supply.real(), supply.latent())
        elif kind == "generator":
            self._update_generator(supply.latent())
        else:
            return self._update_discriminator(supply.real(), supply.latent())
        return kind

    def _update_discriminator(self, real: Tensor, latent: Tensor) -> str:
        with torch.no_grad():
            fake = self._run(lambda d, g, z: g(z), latent)
            self._real = real
            if self._pauses(real, fake):
                return "pause"
            self._d.advance()
        if self._dynamics.simultaneous or self._dynamics.extrapolates:
            self._answered = _copied(self._d.parameters)
        self._differentiate(self._discriminator_objective(real, fake, latent), self._d)
        self._move(self._d, self._d_optimizer, "discriminator")
        if self.recipe.projection is not None:
            self._project(self.recipe.projection)
        if self._memory:
            with torch.no_grad():
                self._memory = self._run(self._remembered, real, fake, self._memory)
        return "discriminator"

    def _update_generator(self, latent: Tensor) -> None:
        self._differentiate(self._generator_objective(latent), self._g)
        self._move(self._g, self._g_optimizer, "generator")
        if self._average:
            self._update_average()

    def _extrapolate(self, real: Tensor, latent: Tensor) -> None:
        """Both sides step at once, and remember where they stood: their next updates begin there."""
        with torch.no_grad():
            fake = self._run(lambda d, g, z: g(z), latent)
            self._d.advance()
        self._real, self._answered = real, {}
        self._differentiate(self._discriminator_objective(real, fake, latent), self._d)
        self._differentiate(self._generator_objective(latent), self._g)
        self._start = {}
        start = self._weights()
        self._move(self._d, self._d_optimizer, "discriminator")
        self._move(self._g, self._g_optimizer, "generator")
        self._start = start
        if self.recipe.projection is not None:
            self._project(self.recipe.projection)

    def _pauses(self, real: Tensor, fake: Tensor) -> bool:
        """Whether the discriminator lets this turn pass; only a group of one seed may ask."""
        if not self._dynamics.pausing:
            return False
        now = self._now
        on_real, on_fake = (self._run(lambda d, g, x: d(shown(now, x)), x) for x in (real, fake))
        return self._dynamics.pauses(on_real, on_fake, self.threshold)

    def _discriminator_objective(self, real: Tensor, fake: Tensor, latent: Tensor) -> Tensor:
        if _overrides(self._dynamics, "discriminator"):
            return self._run_game(self._dynamics.discriminator, real, latent, {})

        def loss(d: Discriminator, _g: object, real: Tensor, fake: Tensor, memory: Memory) -> Tensor:
            return discriminator_loss(recalled(self._now, memory), d, real, fake)

        out: Tensor = self._run(loss, real, fake, self._memory)
        return out

    def _generator_objective(self, latent: Tensor) -> Tensor:
        assert self._real is not None, "the discriminator is always updated first"
        if _overrides(self._dynamics, "generator"):
            return self._run_game(self._dynamics.generator, self._real, latent, self._answered)

        def loss(
            d: Discriminator, g: Callable[[Tensor], Tensor], real: Tensor, latent: Tensor, memory: Memory
        ) -> Tensor:
            return generator_loss(recalled(self._now, memory), d, real, g(latent))

        out: Tensor = self._run(loss, self._real, latent, self._memory, answered=self._answered)
        return out

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
            return objective(WeightGame(now, d_network, g_network, real, latent, moments), d, g)

        run = vmap(for_one_seed, randomness="different") if self._d.stacked else for_one_seed
        out: Tensor = run(
            {**self._d.parameters, **answered}, self._g.parameters, self._d.buffers, self._g.buffers,
            real, latent, self._memory, self._moments(),
        )  # fmt: skip
        return out

    def _moments(self) -> dict[str, dict[str, Tensor]]:
        """What the discriminator's optimiser has gathered, by kind and parameter, for each seed of the group."""
        found: dict[str, dict[str, Tensor]] = defaultdict(dict)
        for name, parameter in self._d.parameters.items():
            for kind, value in self._d_optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):  # counts of steps are one for the whole stack
                    shared = self._d.stacked and value.ndim == 0
                    found[kind][name] = value.expand(len(self.seeds)) if shared else value
        return found

    def _differentiate(self, loss: Tensor, side: Ensemble) -> None:
        if loss.ndim != self._d.stacked:
            shape = tuple(loss.shape[self._d.stacked :])
            raise PluginError(
                f"{self.recipe.name}: found a loss of shape {shape} for one seed, wanted a scalar: its mean"
            )
        # backward lays each gradient out as its parameter; the fused optimiser reads memory in that order
        for parameter in side.parameters.values():
            parameter.grad = None
        torch.autograd.backward(loss.sum(), inputs=list(side.parameters.values()))

    def _move(self, side: Ensemble, optimizer: torch.optim.Optimizer, name: str) -> None:
        """Steps along the gradient; from where the extrapolation began, if there was one."""
        with torch.no_grad():
            for key, parameter in side.parameters.items() if self._start else ():
                parameter.copy_(self._start[f"{name}.{key}"])
        optimizer.step()

    @torch.no_grad()
    def _project(self, projection: Projection) -> None:
        project = vmap(projection) if self._d.stacked else projection
        for parameter in self._d.parameters.values():
            parameter.copy_(project(parameter))

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
        if not self._average:
            return self._evaluated(self._g, lambda: self._run(lambda d, g, z: g(z), latent))
        call = vmap(self._sample_average, in_dims=(0, 0)) if self._g.stacked else self._sample_average
        return self._evaluated(self._g, lambda: call(self._average, latent))

    def _sample_average(self, state: Weights, latent: Tensor) -> Tensor:
        out: Tensor = BoundNetwork(self._g.template, state)(latent)
        return out

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor | None:
        """Scores of the discriminator, shown samples as in training; None where the loss leaves scores untrained."""
        if not self.recipe.loss.scored:
            return None
        batches = self._full_batches(x) if self._networks.couples else [x]
        found = self._evaluated(self._d, lambda: torch.cat([self._run(self._scores, part) for part in batches], dim=-1))
        return found[..., : x.shape[int(self._d.stacked)]]

    def _scores(self, d: Discriminator, g: object, x: Tensor) -> Tensor:
        return scores(self._now, d, x)

    def _full_batches(self, x: Tensor) -> list[Tensor]:
        """`x` in batches of the training's size, the last filled up from the front."""
        axis, size = int(self._d.stacked), self._batch_size
        n = x.shape[axis]
        indices = torch.arange(math.ceil(n / size) * size, device=x.device) % n
        return [x.index_select(axis, chunk) for chunk in indices.reshape(-1, size)]

    def _evaluated(self, side: Ensemble, run: Callable[[], Tensor]) -> Tensor:
        side.train(False)
        try:
            return run()
        finally:
            side.train(True)

    @property
    def threshold(self) -> float | None:
        """The loss's decision threshold."""
        return self.recipe.loss.threshold

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Of the generator and the discriminator, for one seed."""
        return self._counts

    def _weights(self) -> dict[str, Tensor]:
        """A copy of both sides' parameters."""
        sides = (("discriminator", self._d), ("generator", self._g))
        return _copied({f"{name}.{key}": x for name, side in sides for key, x in side.parameters.items()})

    def state_dict(self) -> dict[str, Tensor]:
        """Weights, averages, memories, optimiser moments, the last real batch and whose turn it is."""
        state = {f"generator.{name}": tensor for name, tensor in self._g.state.items()}
        state |= {f"discriminator.{name}": tensor for name, tensor in self._d.state.items()}
        state |= {f"average.{name}": tensor for name, tensor in self._average.items()}
        state |= _optimizer_state("g_optimizer", self._g_optimizer) | _optimizer_state("d_optimizer", self._d_optimizer)
        state |= {f"memory.{name}": tensor for name, tensor in self._memory.items()}
        state |= {f"answered.{name}": tensor for name, tensor in self._answered.items()}
        state |= {f"start.{name}": tensor for name, tensor in self._start.items()}
        state |= {} if self._real is None else {"real": self._real}
        return {name: tensor.detach().clone() for name, tensor in state.items()} | {"turn": torch.tensor(self._turn)}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        for prefix, tensors in (
            ("generator", self._g.state),
            ("discriminator", self._d.state),
            ("average", self._average),
            ("memory", self._memory),
        ):
            for name, tensor in tensors.items():
                tensor.copy_(state[f"{prefix}.{name}"])
        _load_optimizer_state("g_optimizer", self._g_optimizer, state)
        _load_optimizer_state("d_optimizer", self._d_optimizer, state)
        self._answered, self._start = _below("answered.", state), _below("start.", state)
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


def _seeded_pair(recipe: Recipe, dataset: Dataset, seed: int) -> tuple[nn.Module, nn.Module]:
    """The pair with the initial weights of `seed`; the global generator is left as it was."""
    with initial_weights(seed):
        return build_pair(recipe.networks or dataset.standard.networks, dataset, recipe)


def _overrides(dynamics: Dynamics, objective: str) -> bool:
    """Whether a side descends something else than its own loss."""
    return getattr(type(dynamics), objective) is not getattr(Dynamics, objective)


def _copied(tensors: Weights) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor.clone() for name, tensor in state.items() if name.startswith(prefix)}


def _optimizer_state(prefix: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {f"{prefix}.{index}.{name}": tensor for index, slots in state.items() for name, tensor in slots.items()}


def _load_optimizer_state(prefix: str, optimizer: torch.optim.Optimizer, state: Mapping[str, Tensor]) -> None:
    slots: dict[int, dict[str, Tensor]] = {}
    for key, tensor in state.items():
        if key.startswith(prefix + "."):
            index, name = key.removeprefix(prefix + ".").split(".", 1)
            slots.setdefault(int(index), {})[name] = tensor.clone()  # or the optimiser would step in the caller's
    optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
