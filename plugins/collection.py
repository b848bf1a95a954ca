"""A bounded collection of what was drawn: each distinct sample at most once, and any as likely to be in it as another.

Every sample has a key, a hash of its bytes, and the smallest keys stay: the bottom-k sketch of Cohen and Kaplan,
"Summarizing data using bottom-k sketches", PODC 2007, https://doi.org/10.1145/1281100.1281133. What is kept depends on
which samples were drawn, neither on their order nor on how often; so where a small dataset is drawn many times over, no
sample is kept twice, and none that was held out to choose a setting is also among those that it is chosen for.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import torch
from torch import Tensor

EMPTY = 2**63 - 1
"""The key of a place that holds no sample yet."""
ONE_IN = 10
"""One sample in so many is held out."""


class Collection:
    """At most `capacity` distinct samples of `shape`, on the CPU. Seeds keep different ones."""

    def __init__(self, capacity: int, shape: tuple[int, ...], seed: int) -> None:
        self._salt = seed.to_bytes(16, "little", signed=True)
        self._keys = torch.full((capacity,), EMPTY)
        self._samples = torch.zeros(capacity, *shape)

    def add(self, x: Tensor) -> None:
        """Keeps those of `x` (n, *shape) that belong to the collection, in place of those that no longer do."""
        x = x.detach().cpu()
        new = torch.tensor([self._key(sample) for sample in x])
        new, places = _first_of_each(new)
        fresh = (new < self._keys.max()) & ~torch.isin(new, self._keys)
        new, x = new[fresh][: len(self._keys)], x[places[fresh]][: len(self._keys)]
        largest = self._keys.topk(len(new)).indices
        stays = new < self._keys[largest]  # smallest of the new against largest of the old, until the old are smaller
        self._keys[largest[stays]] = new[stays]
        self._samples[largest[stays]] = x[stays]

    def _key(self, sample: Tensor) -> int:
        digest = blake2b(sample.numpy().tobytes(), digest_size=8, salt=self._salt).digest()
        return min(int.from_bytes(digest, "little") >> 1, EMPTY - 1)

    def __len__(self) -> int:
        return int(self.occupied.sum())

    @property
    def capacity(self) -> int:
        """How many samples it can hold."""
        return len(self._keys)

    @property
    def occupied(self) -> Tensor:
        """For each place, whether it holds a sample: (capacity,)."""
        return self._keys != EMPTY

    @property
    def held_out(self) -> Tensor:
        """For each place, whether it holds one of the tenth that is held out: (capacity,)."""
        return self.occupied & (self._keys % ONE_IN == 0)

    @property
    def places(self) -> Tensor:
        """Every place's sample, zeros where there is none: (capacity, dimensions), in double precision."""
        return self._samples.flatten(1).double()

    @property
    def samples(self) -> Tensor:
        """What is kept: (n, dimensions), in double precision."""
        return self._samples[self.occupied].flatten(1).double()

    def state(self) -> dict[str, Tensor]:
        """Keys and samples."""
        return {"keys": self._keys.clone(), "samples": self._samples.clone()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state` returned."""
        self._keys.copy_(state["keys"])
        self._samples.copy_(state["samples"])


def _first_of_each(keys: Tensor) -> tuple[Tensor, Tensor]:
    """The distinct keys, ascending, and a place of each in `keys`."""
    distinct, inverse = torch.unique(keys, return_inverse=True)
    places = torch.empty_like(distinct).scatter_(0, inverse, torch.arange(len(keys)))
    return distinct, places
