"""Which classes a generator's images cover, by a classifier that may decline, and how evenly: modes of labelled images.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017,
https://arxiv.org/abs/1611.02163, counts the classes that a classifier sees in generated images and takes the reverse KL
of their histogram from the data's. Three deviations, each for honesty:

- An image whose most likely class has a probability below 0.9 counts for no class (Chow, "On optimum recognition error
  and reject tradeoff", IEEE Transactions on Information Theory 16(1), 1970). A classifier names whatever it
  is shown. Of the means of two digits a third (digits) to a half (mnist) are turned away at 0.9, less than a tenth at
  0.5; it costs 4 and 2 % of real held-out digits, and of those let through less than 1 in 200 is misread. Pure noise
  may well be let through: a classifier is sure of what it never saw. FID is there to see that.
- The histogram of the data is that of the same classifier with the same threshold on training images, so that its
  errors and refusals weigh on both sides alike.
- A class is covered by a tenth of its share of the samples, as with mixtures, not by a single one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import binom
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def class_counts(logits: Tensor, threshold: float) -> Counts:
    """How many images fall to each class (classes,), from logits (n, classes); those below `threshold` to none.

    Raises:
        ValueError: where a logit is not finite.
    """
    if not bool(logits.isfinite().all()):
        raise ValueError("logits hold NaN or infinity: wanted the finite outputs of a classifier")
    probability, label = logits.softmax(dim=1).max(dim=1)
    counts: Counts = label[probability >= threshold].bincount(minlength=logits.shape[1]).numpy()
    return counts


def required(shares: Floats, n: int, share: float) -> Counts:
    """How many of n images cover each class (classes,) whose share of the data is `shares`: at least one."""
    return np.maximum(1, np.ceil(share * n * shares)).astype(np.int64)


def reverse_kl(counts: Counts, reference: Counts) -> float:
    """KL, in nats, from the histogram `counts` (classes,) to `reference`; infinite where the latter lacks a class."""
    p, q = counts / counts.sum(), reference / reference.sum()
    with np.errstate(divide="ignore"):
        return float(np.sum(xlogy(p, p) - xlogy(p, q)))


def reverse_kl_floor(reference: Counts, n: int) -> float:
    """The mean of `reverse_kl`, in nats, over n images of the law that `reference` (classes,) was itself drawn from.

    Exact for the roughness of the n images, whose counts are binomial; (classes - 1) / 2 n of the reference, the first
    order, is added for its own. The sum is about (classes - 1) / 2 (1 / n + 1 / n of the reference).
    """
    q = reference / reference.sum()
    counts = np.arange(int(binom.isf(1e-12, n, q.max())) + 1)[:, None]
    negentropy = binom.pmf(counts, n, q) * xlogy(counts / n, counts / n)
    return float(negentropy.sum() - xlogy(q, q).sum() + (len(q) - 1) / (2 * reference.sum()))


@dataclass(frozen=True)
class ClassModes(Metric):
    """Classes covered, with what as many real images would cover; reverse KL, with its floor; images rejected."""

    threshold: float = 0.9
    """The probability of its class below which an image counts for none."""
    share: float = 0.1
    """Of the data's share of a class, what covers it."""

    name: ClassVar[str] = "class_modes"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        covered = f"classes with at least {self.share:.0%} of their share, images surer than {self.threshold:g} alone"
        ceiling = "modes_covered of as many real images, on average: below the number of classes where images are few"
        divergence = (
            "divergence of the classes of generated images from those of training images: reverse_kl_floor for reals"
        )
        floor = (
            "reverse_kl of as many real images, on average: about (classes - 1) / 2 (1 / n + 1 / n of the reference)"
        )
        rejected = f"images whose class has a probability below {self.threshold:g}"
        return (
            Quantity("modes_covered", "higher", "modes", lowest=0, meaning=covered),
            Quantity(
                "modes_ceiling", "neither", "modes", lowest=0, meaning=ceiling, beside="modes_covered", role="ceiling"
            ),
            Quantity("reverse_kl", "lower", "nats", lowest=0, meaning=divergence),
            Quantity("reverse_kl_floor", "neither", "nats", lowest=0, meaning=floor, beside="reverse_kl", role="floor"),
            Quantity("rejected", "lower", "", 0, 1, f"generated {rejected}: rejected_real for reals"),
            Quantity("rejected_real", "neither", "", 0, 1, f"training {rejected}", beside="rejected", role="real"),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.features is None or evidence.reference is None or len(evidence.features.logits) == 0:
            return {}
        counts = class_counts(evidence.features.logits, self.threshold)
        reference = class_counts(evidence.reference.logits, self.threshold)
        n, n_reference = len(evidence.features.logits), len(evidence.reference.logits)
        shares = reference[reference > 0] / n_reference
        needed = required(shares, n, self.share)
        values = {
            "modes_covered": float((counts[reference > 0] >= needed).sum()),
            "modes_ceiling": float(binom.sf(needed - 1, n, shares).sum()),
            "rejected": float(n - counts.sum()) / n,
            "rejected_real": float(n_reference - reference.sum()) / n_reference,
        }
        if counts.any() and not counts[reference == 0].any():
            values["reverse_kl"] = reverse_kl(counts, reference)
            values["reverse_kl_floor"] = reverse_kl_floor(reference[reference > 0], int(counts.sum()))
        return values


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the modes of labelled images."""
    register("class_modes", ClassModes())
