"""The best that any discriminator could do on a mixture of known density p, and how far the trained one is from it.

Against a generator of density q the best is D* = p / (p + q) (Goodfellow et al., "Generative Adversarial Nets", NIPS
2014, https://arxiv.org/abs/1406.2661, proposition 1). It is right with probability 1/2 + TV(p, q) / 2, the Bayes
accuracy, reals and fakes counting half each. A trained discriminator that is right half of the time has nothing left to
see where the Bayes accuracy is 1/2 too, and does not see it where the Bayes accuracy is higher.

q is not known. It is estimated from where fakes have their k-th nearest neighbour, at distance r in d dimensions:
(k - 1) / (n |ball of r|) (Loftsgaarden and Quesenberry, "A nonparametric estimate of a multivariate density function",
The Annals of Mathematical Statistics 36(3), 1965, with k - 1, which makes it unbiased where q is even). A ball fits
itself to narrow modes and to wide spreads, as no one bandwidth does. k is the square root of the fakes a mode has.

The estimate is cross-fitted: no sample is judged by a density that it helped to make. So the accuracy found is that of
one fixed rule on fresh samples, which no rule exceeds but by the chance of a binomial: it errs downwards. Its mean is
exactly 1/2 for a perfect generator. It loses most where the generator's modes are much narrower than p's; for half the
width on `ring8`, 0.70 is found of 0.74 at n = 2,500. The Jensen-Shannon divergence errs downwards too, likewise below 0
for a perfect generator. D* errs by chance even then: `optimum_error_floor` is how much.

Where p is not known, as for images, neither is D*: nothing is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from scipy.spatial import KDTree
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.divergence import jensen_shannon_bound
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.truth import require_finite, true_samples

if TYPE_CHECKING:
    from ganbench.datasets.density import GaussianMixture

LEAST = 8
"""Fakes that are needed, half of them for either density."""
REALS, FLOOR = 1, 2
"""Numbers of the true draws that stand for reals, and for the fakes of a perfect generator."""


def bayes_accuracy(real: Tensor, fake: Tensor) -> float:
    """How often the sign of log p/q is right, from its values at reals (n,) and at fakes (m,): half of each counts."""
    return (float((real > 0).double().mean()) + float((fake <= 0).double().mean())) / 2


def mean_difference(real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor]) -> float:
    """E |D - D*|, half over reals and half over fakes, each a pair of log odds (n,): the one's and the other's."""
    return sum(float((a.double().sigmoid() - b.sigmoid()).abs().mean()) for a, b in (real, fake)) / 2


def neighbour_log_density(points: Tensor, at: Tensor, k: int) -> Tensor:
    """log q(x) (m,), float64, at x = `at` (m, d), of the density that `points` (n, d) are from; infinite on k of them.

    Raises:
        ValueError: where k is not from 2 to n.
    """
    n, dimensions = points.shape
    if not 2 <= k <= n:
        raise ValueError(f"found k = {k} neighbours of {n} points, wanted k from 2 to {n}")
    radii, _ = KDTree(points.double().numpy()).query(at.double().numpy(), [k])
    unit_ball = dimensions / 2 * math.log(math.pi) - math.lgamma(dimensions / 2 + 1)
    return math.log((k - 1) / n) - unit_ball - dimensions * torch.from_numpy(radii[:, 0]).log()


def log_ratios(density: GaussianMixture, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """log p/q at each of `real` (n, d) and of `fake` (m, d), q from that half of the fakes in which it is not.

    Raises:
        ValueError: where there are fewer than 8 fakes, or a sample is not finite.
    """
    if len(fake) < LEAST:
        raise ValueError(f"found {len(fake)} generated samples, wanted at least {LEAST}")
    for samples in (real, fake):
        require_finite(samples)
    found = density.log_density(real), density.log_density(fake)
    halves = tuple(_random_halves(len(samples)) for samples in (real, fake))
    for half in (0, 1):
        known = fake[halves[1] != half]
        k = max(2, math.ceil(math.sqrt(len(known) / len(density.means))))
        for samples, ratios, own in zip((real, fake), found, halves, strict=True):
            ratios[own == half] -= neighbour_log_density(known, samples[own == half], k)
    return found


def _random_halves(n: int) -> Tensor:
    """The half (n,), 0 or 1, of each; the same for the same n, and no order of samples is mistaken for chance."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(0)) % 2


@dataclass(frozen=True)
class DiscriminatorOptimum(Metric):
    """The Bayes accuracy; the divergence that D* attains; where scores are log odds, how far their D is from D*.

    The reals are those that were scored, so that the accuracy compares with the discriminator's on the same samples.
    """

    name: ClassVar[str] = "discriminator_optimum"
    reads: ClassVar[frozenset[Kind]] = frozenset({"samples", "density"})
    reads_if_there: ClassVar[frozenset[Kind]] = frozenset({"scores"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        best = "the most that accuracy_balanced can be, 1/2 + TV/2, from below: the generator's density is estimated"
        js = "Jensen-Shannon divergence from the same estimate: a lower bound, a little below 0 for a perfect generator"
        error = "mean |D - D*|, of the trained discriminator's probability of real from the best one's"
        floor = "optimum_error of D = 1/2 for a perfect generator, where it is right: the error of the estimate itself"
        return (
            Quantity("accuracy_bayes", "neither", "", 0, 1, best),
            Quantity("js_bayes", "lower", "nats", None, math.log(2), js),
            Quantity("optimum_error", "neither", "", 0, 1, error),
            Quantity("optimum_error_floor", "neither", "", 0, 1, floor, beside="optimum_error", role="floor"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        density, scores, fake = evidence.density, evidence.scores, evidence.samples
        if density is None or len(fake) < LEAST:
            return {}
        scored = None if scores is None else scores.reals
        real = true_samples(density, len(fake), REALS) if scored is None else scored
        on_real, on_fake = log_ratios(density, real, fake)
        values = {
            "accuracy_bayes": bayes_accuracy(on_real, on_fake),
            "js_bayes": jensen_shannon_bound(on_real, on_fake),
        }
        odds = None if scores is None or scored is None else scores.log_odds
        if odds is None:
            return values
        floor = log_ratios(density, real, true_samples(density, len(fake), FLOOR))
        return {
            **values,
            "optimum_error": mean_difference((odds[0], on_real), (odds[1], on_fake)),
            "optimum_error_floor": mean_difference(*((torch.zeros(()), ratios) for ratios in floor)),
        }


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the comparison with the best discriminator."""
    register("discriminator_optimum", DiscriminatorOptimum())
