"""How often the discriminator is right: on the reals it trained on, on held-out reals, on fakes; and the AUC.

A real sample is called correctly when its score is above the threshold, a fake when it is at or below. The threshold
is that of the loss. Where the loss has none (Wasserstein, relativistic) it is midway between the mean score of the
training reals and the mean score of the first half of the fakes; the accuracy on fakes is then measured on the second
half, so that no fake both sets the threshold and is judged by it.

The AUC needs no threshold: it is the probability that a held-out real scores above a fake, ties counting half (Mann and
Whitney, 1947). Binomial intervals are Wilson's, "Probable inference, the law of succession, and statistical inference",
1927, which stay inside [0, 1] and do not vanish when every call is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar

from scipy.stats import rankdata
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity, Scores


def auc(real: Tensor, fake: Tensor) -> float:
    """P(real > fake) + P(real = fake) / 2 over all pairs of scores (n,) and (m,); NaN where there is no pair."""
    pairs = len(real) * len(fake)
    if pairs == 0:
        return math.nan
    ranks = rankdata([*real.tolist(), *fake.tolist()])[: len(real)]
    return float((ranks.sum() - len(real) * (len(real) + 1) / 2) / pairs)


def threshold_and_judged(scores: Scores) -> tuple[float, Tensor]:
    """The threshold, and the fakes (m,) that it may be judged on: all of them, or the half that did not set it."""
    if scores.threshold is not None:
        return scores.threshold, scores.fake
    half = len(scores.fake) // 2
    setting, judged = scores.fake.double().tensor_split([half])
    return float(scores.train.double().mean() + setting.mean()) / 2, judged


def wilson_interval(correct_share: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval in which the true share lies with `confidence`, where `correct_share` of n calls were correct.

    Raises:
        ValueError: where there is no call, or the share or the confidence is no probability.
    """
    if n < 1 or not 0 <= correct_share <= 1 or not 0 < confidence < 1:
        raise ValueError(
            f"found a share of {correct_share} of {n} calls at confidence {confidence}, "
            "wanted a share in [0, 1] of at least one call at a confidence in (0, 1)"
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = correct_share + z**2 / (2 * n)
    spread = z * math.sqrt(correct_share * (1 - correct_share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@dataclass(frozen=True)
class DiscriminatorAccuracy(Metric):
    """Accuracy on training reals, held-out reals and fakes, with the threshold that was used, and the AUC.

    A number is left out where there is no score to take it from.
    """

    name: ClassVar[str] = "discriminator_accuracy"
    reads: ClassVar[frozenset[Kind]] = frozenset({"scores"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        ranked = "probability that a held-out real scores above a fake; 1/2 where it cannot tell them apart"
        used = "score above which a sample is called real"
        return (
            Quantity("accuracy_train", "neither", "", 0, 1, "training reals that are called real"),
            Quantity("accuracy_held_out", "neither", "", 0, 1, "held-out reals that are called real"),
            Quantity("accuracy_fake", "neither", "", 0, 1, "fakes that are called fake"),
            Quantity("accuracy_balanced", "neither", "", 0, 1, "mean of the accuracies on held-out reals and on fakes"),
            Quantity("accuracy_calls", "neither", "scores", 0, meaning="the least that any of the accuracies rests on"),
            Quantity("auc", "neither", "", 0, 1, ranked),
            Quantity("threshold", "neither", "score", meaning=used),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if evidence.scores is None:
            return {}
        scores = evidence.scores
        threshold, fake = threshold_and_judged(scores)
        on_held_out, on_fake = _share_above(scores.held_out, threshold), 1 - _share_above(fake, threshold)
        values = {
            "accuracy_train": _share_above(scores.train, threshold),
            "accuracy_held_out": on_held_out,
            "accuracy_fake": on_fake,
            "accuracy_balanced": (on_held_out + on_fake) / 2,
            "accuracy_calls": float(min(map(len, (scores.train, scores.held_out, fake)))) or math.nan,
            "auc": auc(scores.held_out, scores.fake),
            "threshold": threshold,
        }
        found = {name: value for name, value in values.items() if not math.isnan(value)}
        if "threshold" not in found:
            found.pop("accuracy_calls", None)
        return found


def _share_above(scores: Tensor, threshold: float) -> float:
    """The share of `scores` (n,) above the threshold; NaN where there is no score or no threshold."""
    return math.nan if math.isnan(threshold) else float((scores > threshold).double().mean())


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the discriminator's accuracy."""
    register("discriminator_accuracy", DiscriminatorAccuracy())
