"""What is observed of a trainer at an evaluation point: samples and scores, for every seed of the group.

Nothing here touches the training: latents and reals have streams of their own, the global generator is put back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.datasets.dataset import Dataset, Split
from ganbench.metrics.metric import Scores
from ganbench.randomness import generator
from ganbench.trainer import Trainer

CHUNK = 500
"""Samples that go through a network at once."""


@dataclass(frozen=True)
class Observation:
    """One seed's samples (n, *sample shape) and scores, on the CPU."""

    samples: Tensor
    scores: Scores | None

    @property
    def finite(self) -> bool:
        """Whether every number in it is finite."""
        scores = () if self.scores is None else (self.scores.train, self.scores.held_out, self.scores.fake)
        return all(bool(torch.isfinite(tensor).all()) for tensor in (self.samples, *scores))


def observe(trainer: Trainer, dataset: Dataset, seeds: Sequence[int], n: int, device: str) -> list[Observation]:
    """n samples of each seed, from the same latents at every point, and the scores of as many reals and fakes."""
    with torch.random.fork_rng(enabled=True):
        latents = torch.stack([_latents(dataset, seed, n) for seed in seeds]).to(device)
        samples = _in_chunks(trainer.sample, latents)
        scores = _scores(trainer, dataset, samples)
    return [Observation(samples[k].cpu(), scores[k]) for k in range(len(seeds))]


def _latents(dataset: Dataset, seed: int, n: int) -> Tensor:
    return torch.randn(n, dataset.standard.latent_dim, generator=generator(seed, "evaluation"))


def _scores(trainer: Trainer, dataset: Dataset, samples: Tensor) -> list[Scores] | list[None]:
    seeds, n = samples.shape[:2]
    reals = [
        _reals(dataset, split, n).to(samples.device).expand(seeds, -1, *dataset.sample_shape)
        for split in ("train", "held_out")
    ]
    if trainer.score(reals[0][0, :1] if seeds == 1 else reals[0][:, :1]) is None:
        return [None] * seeds
    train, held_out, fake = (_in_chunks(_required_score(trainer), x).cpu() for x in (*reals, samples))
    return [Scores(train[k], held_out[k], fake[k], trainer.threshold) for k in range(seeds)]


def _required_score(trainer: Trainer) -> Callable[[Tensor], Tensor]:
    def score(x: Tensor) -> Tensor:
        scores = trainer.score(x)
        assert scores is not None, "a trainer scores always or never"
        return scores

    return score


def _reals(dataset: Dataset, split: Split, n: int) -> Tensor:
    """The same reals for every variant, seed and point; all of a split that holds fewer than n."""
    handles = dataset.shuffled(split, generator(0, f"scored {split}"))[:n]
    return dataset.fetch(split, handles)


def _in_chunks(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`function` over `x` (seeds, n, ...), a chunk of n at a time; a group of one is passed without its seed axis."""
    parts = [function(chunk[0])[None] if len(x) == 1 else function(chunk) for chunk in torch.split(x, CHUNK, dim=1)]
    return torch.cat(parts, dim=1)
