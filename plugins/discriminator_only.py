"""A generator made of a discriminator alone, which climbs its own score from noise.

Lee, Xu, Fan and Tu, "Wasserstein Introspective Neural Networks", CVPR 2018, https://arxiv.org/abs/1711.08875, Algorithm
1, in the form with a single classifier; after Tu, "Learning Generative Models via Discriminative Approaches", CVPR
2007, and Lazarow, Jin and Tu, "Introspective Generative Modeling: Decide Discriminatively", 2017,
https://arxiv.org/abs/1704.07820. A "discriminator" update lowers WGAN-GP's loss on a batch of reals, the positives,
and as many pseudo-negatives, drawn from all that are remembered. After `d_steps` of them a "synthesis" makes more
pseudo-negatives: from noise, Adam climbs each sample's score until it reaches a threshold between the least and the
greatest mean score of the positive batches since the last synthesis. Samples are made just so, with the thresholds
and the noise that their latents give.

Settings were read in the authors' code, https://github.com/kjunelee/WINN: three discriminator updates a synthesis, the
penalty's weight 10, Adam with rate 1e-4 and betas (0, 0.9) for the discriminator and (0.9, 0.999) for the climb.
The code's comments name Algorithm 1 and its k; the text of the algorithm itself was not at hand.

Deviations. There is one classifier, where the authors' code has a cascade of four, each of which starts from the
samples of the one before. The code climbs at a rate of 0.01 for up to 2,000 steps, and a whole batch stops at
once when its mean score is there; here a sample stops by itself, after `climbs` steps at most and at a rate that
depends on the spread of the data, and a synthesis always costs the same. It makes as many as one batch, of which the
last `remembered` are kept, not all. The rate of the discriminator does not decay. The noise has the mean and
spread of the first batch of reals, where the code's comes from a random convolutional network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import cast

import torch
from torch import Tensor, nn
from torch.func import grad

from ganbench import Dataset, Discriminator, Loss, Optimizer, Penalty, Supply, Trainer, Variant, hookimpl

from .noise import normals, uniform
from .weights import restore, saved
from .wgan_gp import ADAM, WGAN_GP

MEAN_DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-8
"""Adam's settings for the climb."""
OWN = ("centre", "spread", "thresholds", "negatives")
"""Tensors of the trainer itself that the next step depends on."""


@dataclass(frozen=True)
class DiscriminatorOnly(Variant):
    """Wasserstein introspective neural networks with a single classifier."""

    name = "discriminator_only"
    paper = "https://arxiv.org/abs/1711.08875"

    loss: Loss = WGAN_GP.loss
    penalty: Penalty = WGAN_GP.penalties[0]
    optimizer: Optimizer = ADAM
    d_steps: int = 3
    """k: updates of the discriminator before each synthesis"""
    climbs: int = 100
    """Most steps of a climb."""
    climbing: float = 0.02
    """Rate of a climb, in standard deviations of the data."""
    remembered: int = 5_000
    """Pseudo-negatives kept; the oldest give way."""

    def trainer(self, dataset: Dataset, seed: int, device: str) -> IntrospectiveTrainer:
        return IntrospectiveTrainer(self, dataset, device)


def climbed(
    score: Callable[[Tensor], Tensor], x: Tensor, threshold: Tensor, steps: int, rate: Tensor, limit: float | None
) -> Tensor:
    """Each of `x` (n, ...) after `steps` of Adam up its score, fewer where that reaches `threshold` (n,) before.

    `rate` is a scalar. With a `limit`, every number stays in [-limit, limit].
    """

    def summed(x: Tensor) -> tuple[Tensor, Tensor]:
        scores = score(x)
        return scores.sum(), scores

    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    for step in range(1, steps + 1):
        slope, scores = grad(summed, has_aux=True)(x)
        mean, square = mean.lerp(slope, 1 - MEAN_DECAY), square.lerp(slope.square(), 1 - SQUARE_DECAY)
        up = (mean / (1 - MEAN_DECAY**step)) / ((square / (1 - SQUARE_DECAY**step)).sqrt() + EPSILON)
        climbs = (scores < threshold).reshape(-1, *[1] * (x.ndim - 1))
        x = torch.where(climbs, x + rate * up, x)
        x = x if limit is None else x.clamp(-limit, limit)
    return x


class IntrospectiveTrainer(Trainer):
    """Learns to tell reals from what it made of noise, in turns with making more."""

    updates = ("discriminator", "synthesis")

    def __init__(self, settings: DiscriminatorOnly, dataset: Dataset, device: str) -> None:
        self._settings, self._shape = settings, dataset.sample_shape
        self._limit = 1.0 if dataset.is_image else None
        standard = dataset.standard
        standard.networks.generator(standard.latent_dim, self._shape)  # so that weights are those of every variant
        self.discriminator: nn.Module = standard.networks.discriminator(self._shape).to(device)
        optimizer = standard.optimizer if standard.binding_optimizer else settings.optimizer
        self._optimizer = optimizer.build(self.discriminator.parameters())
        self._centre, self._spread = torch.zeros((), device=device), torch.zeros((), device=device)
        """Mean and standard deviation of all numbers of the first batch; zero before."""
        self._negatives = torch.zeros(settings.remembered, *self._shape, device=device)
        self._thresholds = torch.zeros(settings.d_steps, device=device)
        """The mean score of each positive batch since the last synthesis."""
        self._turn = self._made = 0

    def step(self, supply: Supply) -> str:
        """`d_steps` updates of the discriminator, then a synthesis."""
        if self._turn == self._settings.d_steps:
            self._turn = 0
            self._remember(self.sample(supply.latent()))
            return "synthesis"
        self._update(supply)
        self._turn += 1
        return "discriminator"

    def _update(self, supply: Supply) -> None:
        real = supply.real()
        if self._spread == 0:
            self._begin(real, supply.latent())
        known = min(self._made, self._settings.remembered)
        fake = self._negatives[torch.randint(known, (len(real),)).to(real.device)]
        self._optimizer.zero_grad()
        loss = self._settings.loss.discriminator(self._network, real, fake)
        (loss + self._settings.penalty(self._network, real, fake)).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        with torch.no_grad():
            self._thresholds[self._turn] = self.discriminator(real).mean()

    @property
    def _network(self) -> Discriminator:
        return cast(Discriminator, self.discriminator)

    def _begin(self, real: Tensor, latent: Tensor) -> None:
        """Learns the scale of the data, and takes noise for the first pseudo-negatives."""
        self._centre, self._spread = real.mean(), real.std(correction=0)
        self._remember(self._start(self._noise(latent)))

    def _remember(self, x: Tensor) -> None:
        places = (self._made + torch.arange(len(x), device=x.device)) % self._settings.remembered
        self._negatives[places] = x
        self._made += len(x)

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        """Climbs from the noise of each latent to the threshold that it gives."""
        noise, of = self._noise(latent), self._settings
        threshold = torch.lerp(self._thresholds.min(), self._thresholds.max(), uniform(noise[:, 0]))
        rate = of.climbing * self._spread
        return climbed(self.discriminator, self._start(noise), threshold, of.climbs, rate, self._limit)

    def _noise(self, latent: Tensor) -> Tensor:
        return normals(latent, 1 + prod(self._shape)).to(latent)

    def _start(self, noise: Tensor) -> Tensor:
        """Where a climb begins: all but the first of each one's `noise`, on the scale of the data."""
        x = (self._centre + self._spread * noise[:, 1:]).reshape(-1, *self._shape)
        return x if self._limit is None else x.clamp(-self._limit, self._limit)

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor:
        """The discriminator's scores."""
        scores: Tensor = self.discriminator(x)
        return scores

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Of the discriminator, which is all there is."""
        return {"discriminator": sum(parameter.numel() for parameter in self.discriminator.parameters())}

    def state_dict(self) -> dict[str, Tensor]:
        """The discriminator, its moments, the pseudo-negatives, and whose turn it is."""
        own = {name: getattr(self, f"_{name}").clone() for name in OWN}
        progress = torch.tensor([self._turn, self._made])
        return saved({"discriminator": self.discriminator}, self._optimizer) | own | {"progress": progress}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        restore(state, {"discriminator": self.discriminator}, self._optimizer)
        for name in OWN:
            getattr(self, f"_{name}").copy_(state[name])
        self._turn, self._made = map(int, state["progress"])

    def checkpoints(self) -> list[dict[str, Tensor]]:
        """What samples depend on: the discriminator, the scale of the data and the thresholds."""
        state = self.state_dict()
        return [{name: x for name, x in state.items() if name in OWN[:-1] or name.startswith("discriminator.")}]


@hookimpl
def register_variants(register: Callable[[str, Variant], None]) -> None:
    """Offers `discriminator_only`."""
    register("discriminator_only", DiscriminatorOnly())
