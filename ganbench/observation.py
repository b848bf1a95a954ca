"""What is observed of a trainer at an evaluation point: samples and scores, for every seed of the group.

Nothing here touches the training: latents and reals have streams of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.datasets.dataset import Dataset, Split
from ganbench.errors import PluginError
from ganbench.metrics.metric import Scores
from ganbench.randomness import derived, generator
from ganbench.supply import Stream
from ganbench.trainer import Trainer

SPLITS: tuple[Split, Split] = ("train", "held_out")
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
        probe = () if self.scores is None or self.scores.probe is None else (self.scores.probe,)
        return all(bool(torch.isfinite(tensor).all()) for tensor in (self.samples, *scores, *probe))


def observe(trainer: Trainer, dataset: Dataset, seeds: Sequence[int], n: int, device: str) -> list[Observation]:
    """n samples of each seed, from the same latents at every point, and the scores of as many reals and fakes."""
    latents = torch.stack([evaluation_latents(dataset, seed, n) for seed in seeds]).to(device)
    samples = _in_chunks(trainer.sample, latents)
    _require_shape(trainer, "sample", samples, (len(seeds), n, *dataset.sample_shape))
    scores = _scores(trainer, dataset, samples)
    return [Observation(samples[k].cpu(), scores[k]) for k in range(len(seeds))]


def evaluation_latents(dataset: Dataset, seed: int, n: int) -> Tensor:
    """The latents (n, latent dim) from which that seed's samples are drawn, the same at every point."""
    return torch.randn(n, dataset.standard.latent_dim, generator=generator(seed, "evaluation"))


def _scores(trainer: Trainer, dataset: Dataset, samples: Tensor) -> list[Scores] | list[None]:
    seeds, n = samples.shape[:2]
    reals = [
        real_samples(dataset, split, n, 0, "scored").to(samples.device).expand(seeds, -1, *dataset.sample_shape)
        for split in SPLITS
    ]
    if trainer.score(reals[0][0, :1] if seeds == 1 else reals[0][:, :1]) is None:
        return [None] * seeds
    train, held_out, fake = (_scored(trainer, x) for x in (*reals, samples))
    probe = _probed(trainer, dataset, seeds, samples.device)
    return [
        Scores(
            train[k],
            held_out[k],
            fake[k],
            trainer.threshold,
            None if probe is None else probe[k],
            trainer.optimum,
            None if dataset.density is None else reals[1][0].cpu(),
        )
        for k in range(seeds)
    ]


def _probed(trainer: Trainer, dataset: Dataset, seeds: int, device: torch.device) -> Tensor | None:
    """The scores (seeds, k) of the dataset's probe points, each the mean over a batch of nothing but copies of it.

    So a discriminator that judges samples together sees the point alone, and noise that a view draws, the same for
    every point, drops out of differences.
    """
    if dataset.probe is None:
        return None
    copies = min(dataset.standard.batch_size, CHUNK)
    scores = []
    for point in dataset.probe.to(device):
        with torch.random.fork_rng():
            torch.manual_seed(derived(0, "probe"))
            scores.append(_scored(trainer, point.expand(seeds, copies, *dataset.sample_shape)).double().mean(dim=1))
    return torch.stack(scores, dim=1)


def _scored(trainer: Trainer, x: Tensor) -> Tensor:
    def score(chunk: Tensor) -> Tensor:
        scores = trainer.score(chunk)
        if scores is None:
            raise PluginError(f"{type(trainer).__name__}.score gave scores once and None later: wanted always or never")
        return scores

    scores = _in_chunks(score, x).cpu()
    _require_shape(trainer, "score", scores, tuple(x.shape[:2]))
    return scores


def real_samples(dataset: Dataset, split: Split, n: int, seed: int, purpose: str) -> Tensor:
    """n distinct reals, the same whenever seed and purpose are; all of a split that holds fewer."""
    blocks = Stream(lambda k: dataset.shuffled(split, generator(seed, f"{purpose} {split}", k)), axis=0)
    return dataset.fetch(split, blocks.take(min(n, dataset.size(split) or n)))


def _require_shape(trainer: Trainer, method: str, found: Tensor, wanted: tuple[int, ...]) -> None:
    if tuple(found.shape) != wanted:
        raise PluginError(
            f"{type(trainer).__name__}.{method} gave {tuple(found.shape)} in all, wanted {wanted}: "
            "seeds, samples, and what the dataset says of one"
        )


def _in_chunks(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`function` over `x` (seeds, n, ...), a chunk of n at a time; a group of one is passed without its seed axis."""
    parts = [function(chunk[0])[None] if len(x) == 1 else function(chunk) for chunk in torch.split(x, CHUNK, dim=1)]
    return torch.cat(parts, dim=1)
