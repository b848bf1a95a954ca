"""Parzen windows: a Gaussian on every sample that is kept.

Rosenblatt, "Remarks on Some Nonparametric Estimates of a Density Function", Annals of Mathematical Statistics 27(3),
1956, https://doi.org/10.1214/aoms/1177728190; Parzen, "On Estimation of a Probability Density Function and Mode",
Annals of Mathematical Statistics 33(3), 1962, https://doi.org/10.1214/aoms/1177704472: the density is the mean of one
kernel of the same bandwidth h about each sample, Parzen's equation of the estimator, here with the Gaussian kernel.

The bandwidth is that of maximum likelihood on a tenth of what is kept, which is held out of the density meanwhile.
It is found by EM, since Gaussians on fixed centres with one variance are a mixture: h^2 <- the mean, over held-out
samples and dimensions, of the squared distance to the centres, each weighted with its posterior. Every such
"bandwidth" update raises the held-out likelihood; they are spread evenly over the budget, of which a "collection"
spends a batch. Samples come from all that is kept, with noise of that bandwidth; those of images are cut to [-1, 1].

What its numbers mean. This is a memory. On images each sample is a training image with noise, so it wins what asks for
variety and class alone: recall, coverage, modes, and the Inception Score where the noise is small. Its noise shows,
and costs it precision and FID, the more the higher the dimension. It generalises by that noise and no further, and a
measure of memorisation says so. On mixtures that are drawn afresh without end nothing can be memorised, and its numbers
are those of an honest density estimate, whose modes are wider than the true ones by the bandwidth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from ganbench import Dataset, Supply, Trainer, Variant, hookimpl

from .collection import Collection
from .noise import normals, uniform


@dataclass(frozen=True)
class KernelDensity(Variant):
    """A Gaussian kernel on each of a bounded collection of what was drawn."""

    name = "kde"
    paper = "https://doi.org/10.1214/aoms/1177704472"

    kept: int = 10_000
    """Most samples kept."""
    judges: int = 200
    """Most held-out samples whose likelihood decides on the bandwidth."""
    iterations: int = 100
    """Updates of the bandwidth over the whole budget."""

    def trainer(self, dataset: Dataset, seed: int, device: str) -> KernelTrainer:
        return KernelTrainer(self, dataset, seed)


def better_bandwidth(bandwidth: Tensor, judges: Tensor, centres: Tensor, is_centre: Tensor) -> Tensor:
    """The bandwidth after one iteration of EM, at which the `judges` are at least as likely: a scalar.

    `judges` are (n, dimensions), `centres` (m, dimensions) of which those count that `is_centre` (m,) says.
    """
    squares = judges.square().sum(1)[:, None] + centres.square().sum(1) - 2 * judges @ centres.T
    squares = squares.clamp(min=0)
    posterior = (-squares / (2 * bandwidth**2)).masked_fill(~is_centre, -torch.inf).softmax(1)
    return ((posterior * squares).sum() / judges.numel()).sqrt()


class KernelTrainer(Trainer):
    """Collects, and brings the bandwidth nearer to its best."""

    updates = ("collection", "bandwidth")

    def __init__(self, settings: KernelDensity, dataset: Dataset, seed: int) -> None:
        self._settings, self._shape, self._is_image = settings, dataset.sample_shape, dataset.is_image
        self._collection = Collection(settings.kept, self._shape, seed)
        self.bandwidth = torch.tensor(1.0, dtype=torch.float64)
        self._iterations = 0

    def step(self, supply: Supply) -> str:
        """Improves the bandwidth where that is due, else collects a batch."""
        due = len(self._collection) > 0 and self._iterations <= supply.spent_fraction * self._settings.iterations
        if due:
            self._improve()
            self._iterations += 1
            return "bandwidth"
        self._collection.add(supply.real())
        return "collection"

    def _improve(self) -> None:
        """Works on arrays of one size, however few samples there are, so that every update costs the same."""
        held_out, points = self._collection.held_out, self._collection.places
        is_centre = self._collection.occupied & ~held_out
        judging = held_out.double().topk(min(self._settings.judges, self._collection.capacity)).indices
        counts = held_out[judging]
        if counts.any() and is_centre.any():
            judges = points[judging]
            judges = torch.where(counts[:, None], judges, judges[0])
            self.bandwidth = better_bandwidth(self.bandwidth, judges, points, is_centre)

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        """Each latent's noise says which kept sample, and how far from it."""
        noise = normals(latent, 1 + prod(self._shape))
        centres = self._collection.samples if len(self._collection) else torch.zeros(1, prod(self._shape))
        chosen = (uniform(noise[:, 0]) * len(centres)).long().clamp(max=len(centres) - 1)
        x = centres[chosen] + self.bandwidth * noise[:, 1:]
        x = x.clamp(-1, 1) if self._is_image else x
        return x.reshape(-1, *self._shape).to(latent.device, torch.float32)

    def score(self, x: Tensor) -> None:
        """None: there is no discriminator."""

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Every number of what is kept, and the bandwidth."""
        return {"kernels": self._settings.kept * prod(self._shape) + 1}

    def state_dict(self) -> dict[str, Tensor]:
        """What is kept, the bandwidth, and how often it was improved."""
        state = {f"collection.{name}": tensor for name, tensor in self._collection.state().items()}
        return state | {"bandwidth": self.bandwidth.clone(), "iterations": torch.tensor(self._iterations)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        self._collection.load_state({name: state[f"collection.{name}"] for name in ("keys", "samples")})
        self.bandwidth, self._iterations = state["bandwidth"].clone(), int(state["iterations"])


@hookimpl
def register_variants(register: Callable[[str, Variant], None]) -> None:
    """Offers `kde`."""
    register("kde", KernelDensity())
