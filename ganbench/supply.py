"""A trainer's only source of data, latents and progress; it counts what is drawn.

Each seed of a group has streams of its own, made of blocks that depend on nothing but (seed, purpose, block number).
So a stream's whole state is its position, and a resumed run draws what the undisturbed one would have drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ganbench.datasets.dataset import Dataset
from ganbench.randomness import generator

LATENT_BLOCK = 16_384


class Stream:
    """An endless sequence of items, made block by block, read n at a time.

    `make(k)` gives block k as a tensor (..., items, *shape), its items along `axis`.
    """

    def __init__(self, make: Callable[[int], Tensor], axis: int) -> None:
        self._make, self._axis = make, axis
        self.position = 0
        self._block: Tensor | None = None
        self._number, self._offset = 0, 0

    def take(self, n: int) -> Tensor:
        """The next n items (..., n, *shape)."""
        parts = []
        self.position += n
        while n > 0:
            part = self._read(n)
            parts.append(part)
            n -= part.shape[self._axis]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=self._axis)

    def _read(self, n: int) -> Tensor:
        if self._block is None:
            self._block = self._make(self._number)
        length = min(n, self._block.shape[self._axis] - self._offset)
        part = self._block.narrow(self._axis, self._offset, length)
        self._offset += length
        if self._offset == self._block.shape[self._axis]:
            self._block, self._number, self._offset = None, self._number + 1, 0
        return part

    def seek(self, position: int) -> None:
        """Continues as if `position` items had been taken; every block has the same length."""
        self.position = position
        length = self._make(0).shape[self._axis]
        self._block, self._number, self._offset = None, position // length, position % length


class Supply:
    """Real samples and latents for the seeds of a group.

    Tensors are (n, ...) for a group of one seed and (seeds, n, ...) for a larger one.
    """

    def __init__(self, dataset: Dataset, seeds: Sequence[int], batch_size: int, device: str) -> None:
        self.batch_size = batch_size
        self.spent_fraction = 0.0
        """How much of the budget is spent: schedules read this."""
        self.seeds = tuple(seeds)
        self._dataset, self._device = dataset, device
        axis = 0 if len(self.seeds) == 1 else 1
        self._reals = Stream(self._shuffled, axis)
        self._latents = Stream(self._normal, axis)

    @property
    def drawn(self) -> int:
        """Real samples drawn so far, for each seed."""
        return self._reals.position

    def real(self, n: int | None = None) -> Tensor:
        """The next n real training samples of each seed; a batch when n is not given."""
        return self._dataset.fetch("train", self._reals.take(self.batch_size if n is None else n))

    def latent(self, n: int | None = None) -> Tensor:
        """The next n latents of each seed, standard normal; a batch when n is not given."""
        return self._latents.take(self.batch_size if n is None else n)

    def state(self) -> dict[str, int]:
        """Where every stream stands."""
        return {"latent": self._latents.position, "real": self._reals.position}

    def load_state(self, state: Mapping[str, int]) -> None:
        """Continues from what `state` returned."""
        self._latents.seek(state["latent"])
        self._reals.seek(state["real"])

    def _shuffled(self, block: int) -> Tensor:
        return self._for_each_seed(lambda seed: self._dataset.shuffled("train", generator(seed, "train", block)))

    def _normal(self, block: int) -> Tensor:
        size = (LATENT_BLOCK, self._dataset.standard.latent_dim)
        return self._for_each_seed(lambda seed: torch.randn(size, generator=generator(seed, "latent", block)))

    def _for_each_seed(self, draw: Callable[[int], Tensor]) -> Tensor:
        draws = [draw(seed) for seed in self.seeds]
        return (draws[0] if len(draws) == 1 else torch.stack(draws)).to(self._device)
