"""Recipe x Dataset x seeds -> Trainer: the one trainer in core, for many seeds at once.

Losses and penalties are written for one seed. For a group of several, the parameters of all its networks are stacked,
and the same functions run under `torch.func.vmap`; an elementwise optimiser on the stack is the optimiser of each seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import vmap

from ganbench.datasets.dataset import Dataset
from ganbench.ensemble import BoundNetwork, Ensemble, parameter_count
from ganbench.errors import PluginError
from ganbench.randomness import initial_weights
from ganbench.supply import Supply
from ganbench.trainer import Trainer, Variant
from ganbench.variant import Discriminator, Networks, Optimizer, Recipe

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

    A convolution under vmap is slower than a loop, and so are wide layers; a variant's own trainer knows one seed.
    """
    if not isinstance(variant, Recipe):
        return 1
    with torch.device("meta"):
        modules = build_pair(variant.networks or dataset.standard.networks, dataset)
    convolutional = any(isinstance(m, nn.modules.conv._ConvNd) for module in modules for m in module.modules())
    largest = max(parameter_count(module) for module in modules)
    return 1 if convolutional or largest > STACKING_PAYS_BELOW else GROUP


def build_pair(networks: Networks, dataset: Dataset) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator for the dataset's shapes."""
    generator = networks.generator(dataset.standard.latent_dim, dataset.sample_shape)
    return generator, networks.discriminator(dataset.sample_shape)


class Adversarial(Trainer):
    """Alternates `d_steps` updates of the discriminator with one of the generator."""

    def __init__(self, recipe: Recipe, dataset: Dataset, seeds: Sequence[int], device: str = "cpu") -> None:
        self.recipe = recipe
        self.seeds = tuple(seeds)
        networks = recipe.networks or dataset.standard.networks
        pairs = [_seeded_pair(networks, dataset, seed) for seed in self.seeds]
        self._counts = {
            name: parameter_count(module) for name, module in zip(("generator", "discriminator"), pairs[0], strict=True)
        }
        self._g, self._d = (Ensemble(side, device) for side in zip(*pairs, strict=True))
        standard: Optimizer = dataset.standard.optimizer
        self._d_optimizer = (recipe.optimizer or standard).build(self._d.parameters.values())
        self._g_optimizer = (recipe.g_optimizer or recipe.optimizer or standard).build(self._g.parameters.values())
        self._average = (
            {name: tensor.detach().clone() for name, tensor in self._g.state.items()} if recipe.ema is not None else {}
        )
        self._turn = 0
        self._real: Tensor | None = None

    def step(self, supply: Supply) -> str:
        """One update: the discriminator's `d_steps` times, then the generator's."""
        if self._turn < self.recipe.d_steps:
            self._turn += 1
            self._update_discriminator(supply.real(), supply.latent())
            return "discriminator"
        self._turn = 0
        self._update_generator(supply.latent())
        return "generator"

    def _update_discriminator(self, real: Tensor, latent: Tensor) -> None:
        with torch.no_grad():
            fake = self._run(lambda d, g, z: g(z), latent)
        self._descend(self._run(self._discriminator_loss, real, fake), self._d, self._d_optimizer)
        self._real = real
        if self.recipe.projection is not None:
            self._project()

    def _update_generator(self, latent: Tensor) -> None:
        assert self._real is not None, "the discriminator is always updated first"
        self._descend(self._run(self._generator_loss, self._real, latent), self._g, self._g_optimizer)
        if self._average:
            self._update_average()

    def _discriminator_loss(
        self, d: Discriminator, g: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor
    ) -> Tensor:
        loss = self.recipe.loss.discriminator(d, real, fake)
        for penalty in self.recipe.penalties:
            loss = loss + penalty(d, real, fake)
        return loss

    def _generator_loss(self, d: Discriminator, g: Callable[[Tensor], Tensor], real: Tensor, latent: Tensor) -> Tensor:
        return self.recipe.loss.generator(d, real, g(latent))

    def _run(self, function: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        """`function(d, g, *inputs)` for each seed of the group."""
        if not self._d.stacked:
            return function(self._d.bound(None), self._g.bound(None), *inputs)

        def for_one_seed(d_state: Mapping[str, Tensor], g_state: Mapping[str, Tensor], *inputs: Tensor) -> Tensor:
            return function(self._d.bound(d_state), self._g.bound(g_state), *inputs)

        out: Tensor = vmap(for_one_seed, randomness="different")(self._d.state, self._g.state, *inputs)
        return out

    def _descend(self, loss: Tensor, side: Ensemble, optimizer: torch.optim.Optimizer) -> None:
        if loss.ndim != self._d.stacked:
            shape = tuple(loss.shape[self._d.stacked :])
            raise PluginError(
                f"{self.recipe.name}: found a loss of shape {shape} for one seed, wanted a scalar: its mean"
            )
        # backward lays each gradient out as its parameter; the fused optimiser reads memory in that order
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.sum(), inputs=list(side.parameters.values()))
        optimizer.step()

    @torch.no_grad()
    def _project(self) -> None:
        assert self.recipe.projection is not None
        project = vmap(self.recipe.projection) if self._d.stacked else self.recipe.projection
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

    def _sample_average(self, state: Mapping[str, Tensor], latent: Tensor) -> Tensor:
        out: Tensor = BoundNetwork(self._g.template, state)(latent)
        return out

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor:
        """Scores of the discriminator."""
        return self._evaluated(self._d, lambda: self._run(lambda d, g, samples: d(samples), x))

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

    def state_dict(self) -> dict[str, Tensor]:
        """Weights, averages, optimiser moments, the last real batch and whose turn it is."""
        state = {f"generator.{name}": tensor for name, tensor in self._g.state.items()}
        state |= {f"discriminator.{name}": tensor for name, tensor in self._d.state.items()}
        state |= {f"average.{name}": tensor for name, tensor in self._average.items()}
        state |= _optimizer_state("g_optimizer", self._g_optimizer) | _optimizer_state("d_optimizer", self._d_optimizer)
        state |= {} if self._real is None else {"real": self._real}
        return {name: tensor.detach().clone() for name, tensor in state.items()} | {"turn": torch.tensor(self._turn)}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        for prefix, tensors in (
            ("generator", self._g.state),
            ("discriminator", self._d.state),
            ("average", self._average),
        ):
            for name, tensor in tensors.items():
                tensor.copy_(state[f"{prefix}.{name}"])
        _load_optimizer_state("g_optimizer", self._g_optimizer, state)
        _load_optimizer_state("d_optimizer", self._d_optimizer, state)
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


def _seeded_pair(networks: Networks, dataset: Dataset, seed: int) -> tuple[nn.Module, nn.Module]:
    """The pair with the initial weights of `seed`; the global generator is left as it was."""
    with initial_weights(seed):
        return build_pair(networks, dataset)


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
