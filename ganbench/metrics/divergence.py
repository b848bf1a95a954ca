"""The divergence that the discriminator's scores estimate, where theory says which, beside the truth where it is known.

Cross entropy: with D = sigmoid(log odds), the game's value E[log D(real)] + E[log(1 - D(fake))] is 2 JS - 2 log 2 for
the best D and less for every other (Goodfellow et al., "Generative Adversarial Nets", NIPS 2014,
https://arxiv.org/abs/1406.2661, section 4.1). So log 2 + value / 2 is a lower bound of the Jensen-Shannon divergence,
for any D, whatever taught it. It falls below 0 where D is worse than to say 1/2 of everything.

Potential: E[D(real)] - E[D(fake)] is at most K times the Wasserstein-1 distance, for scores whose slope nowhere exceeds
K (Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017, https://arxiv.org/abs/1701.07875, equation 3). K is not
known: clipped weights allow some K that depends on the network, a gradient penalty pulls it to about 1 where it looks,
a critic held by neither has none. So the estimate follows the distance in time at best, and exceeds it where K > 1.

Only held-out reals enter: on those that it trained on, a discriminator that has memorised them is worth nothing.

The true Wasserstein-1 distance is that of the best assignment (as in `assignment.py`, here of distances, not squares).
It errs upwards: its mean exceeds the distance between the laws, and is `w1_floor` for a perfect generator.
The true Jensen-Shannon divergence stands in `optimum.py`, from below, and in `jensen_shannon.py`, from a histogram.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor
from torch.nn.functional import logsigmoid

from ganbench.hooks import hookimpl
from ganbench.metrics.assignment import least_mean_cost
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity, Scores
from ganbench.metrics.truth import true_samples

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

REFERENCE, FLOOR = 3, 4
"""Numbers of the true draws that distances are taken from, and that stand for a perfect generator's."""


def jensen_shannon_bound(real: Tensor, fake: Tensor) -> float:
    """log 2 + (E[log D(real)] + E[log(1 - D(fake))]) / 2, in nats, from the log odds of D at reals (n,), fakes (m,)."""
    return math.log(2) + float(logsigmoid(real.double()).mean() + logsigmoid(-fake.double()).mean()) / 2


def wasserstein_1(a: Tensor, b: Tensor) -> float:
    """The least mean distance between samples a (n, d) and as many samples b (n, d), assigned to one another.

    Raises:
        ValueError: where there are not as many of each, or none, or one is not finite.
    """
    return least_mean_cost(a, b, "euclidean")


@dataclass(frozen=True)
class DivergenceEstimate(Metric):
    """The estimate that the loss's scores give, if they give one; for a potential, with the true distance."""

    most: int = 500
    """Samples that are assigned: the time grows as their cube."""

    name: ClassVar[str] = "divergence_estimate"
    reads: ClassVar[frozenset[Kind]] = frozenset({"scores"})
    reads_if_there: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        js = "Jensen-Shannon divergence as the discriminator sees it: a lower bound, below 0 where it misleads"
        critic = (
            "mean score of held-out reals less that of fakes: at most Wasserstein-1 times the scores' largest slope"
        )
        true = f"Wasserstein-1 distance of at most {self.most} fakes from as many true samples; errs upwards"
        floor = "w1 of as many draws of the truth"
        return (
            Quantity("js_estimate", "neither", "nats", None, math.log(2), js),
            Quantity("w1", "lower", lowest=0, meaning=true),
            Quantity("w1_floor", "neither", lowest=0, meaning=floor, beside="w1", role="floor"),
            Quantity("w1_estimate", "neither", meaning=critic),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        scores = evidence.scores
        if scores is None or min(len(scores.held_out), len(scores.fake)) == 0:
            return {}
        if scores.log_odds is not None:
            return {"js_estimate": jensen_shannon_bound(*scores.log_odds)}
        if scores.optimum != "potential":
            return {}
        return {**self._truth(evidence.samples, evidence.density), "w1_estimate": _gap(scores)}

    def _truth(self, samples: Tensor, density: GaussianMixture | None) -> dict[str, float]:
        n = min(self.most, len(samples))
        if density is None or n == 0:
            return {}
        reference = true_samples(density, n, REFERENCE)
        return {
            "w1": wasserstein_1(samples[:n], reference),
            "w1_floor": wasserstein_1(true_samples(density, n, FLOOR), reference),
        }


def _gap(scores: Scores) -> float:
    return float(scores.held_out.double().mean() - scores.fake.double().mean())


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the divergence that scores estimate."""
    register("divergence_estimate", DivergenceEstimate())
