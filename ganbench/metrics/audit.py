"""The Inception Score, audited: how far one number depends on splits, on n, on order, on one classifier, on copies.

Barratt and Sharma, "A Note on the Inception Score", 2018, https://arxiv.org/abs/1801.01973, list what is wrong with it:
it moves with the weights of the classifier and with the splits, it can be optimised, it does not see that images are
copies. Here each is measured. `InceptionScoreAudit` puts the cheap half into every record of images; `audited` is all
of it, for `ganbench evaluate --audit`. The ceiling is the score of held-out real images at the same n, the floor is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar

import torch
from torch import Tensor

from ganbench.hooks import hookimpl
from ganbench.metrics.inception_law import class_variance, expected_score, extrapolated_score, score_at_infinity
from ganbench.metrics.inception_score import inception_scores
from ganbench.metrics.metric import Evidence, Kind, Metric, Quantity
from ganbench.metrics.second_opinion import Opinion, second_opinion

SPLITS = (1, 2, 5, 10, 20, 50)
FEWEST = 4
"""Images that an audit needs: a line through scores at two sizes, of at least two images each."""
SHUFFLES = 20
"""Random orders over which a curve is averaged."""


@dataclass(frozen=True)
class Range:
    """A score over the random orders."""

    mean: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, scores: Sequence[float]) -> Range:
        """Of at least one score."""
        return cls(fmean(scores), min(scores), max(scores))


@dataclass(frozen=True, eq=False)
class Witness:
    """A classifier, and its logits of the generated (n, classes) and of held-out real images (m, classes)."""

    name: str
    sha256: str
    generated: Tensor
    held_out: Tensor


@dataclass(frozen=True)
class Statement:
    """What one of the other classifiers says."""

    name: str
    sha256: str
    opinion: Opinion
    ceiling: float
    """Its score of the held-out real images."""


@dataclass(frozen=True)
class Audit:
    """All that the audit found of n images."""

    extractor: str
    sha256: str
    n: int
    classes: int
    in_order: Mapping[int, float]
    """The score by number of splits, in the order in which the images came."""
    shuffled: Mapping[int, Range]
    """The same over random orders."""
    by_n: Mapping[int, Range]
    """The score at one split of the first n images of each random order."""
    variance: float
    """V."""
    at_infinity: float
    """The score of infinitely many images, by the first-order law."""
    extrapolated: float
    """The same by a line through the measured points; equal to it as far as the law holds."""
    ceiling: float
    """The score of `ceiling_n` held-out real images, which are n or, where fewer are held out, all."""
    ceiling_n: int
    ceiling_by_n: Mapping[int, Range]
    statements: tuple[Statement, ...]
    missing: tuple[int, ...]
    """Classes that the extractor gives none of the images, though real ones have them in such numbers that this is no
    chance."""

    @property
    def score(self) -> float:
        """At one split."""
        return self.in_order[1]

    @property
    def collapsed(self) -> bool:
        """Whether the score collapses under another classifier."""
        return any(statement.opinion.collapsed for statement in self.statements)

    @property
    def disputed(self) -> bool:
        """Whether another classifier sees far more than the extractor: such a score owes as much to the weights."""
        return any(statement.opinion.exceeds for statement in self.statements)

    @property
    def order_matters(self) -> bool:
        """Whether splits of the images as they came score a tenth below or above those of every random order."""
        given = ((score, self.shuffled[k]) for k, score in self.in_order.items() if k > 1)
        return any(score < 0.9 * any_order.lowest or score > 1.1 * any_order.highest for score, any_order in given)

    def expected(self, n: float) -> float:
        """What the first-order law says of n images."""
        return expected_score(self.at_infinity, self.variance, n)


def audited(witness: Witness, others: Sequence[Witness], splits: Sequence[int] = SPLITS) -> Audit:
    """The audit of the images that `witness` was shown, with the opinions of the other classifiers.

    Raises:
        ValueError: where there are fewer than four generated or two held-out images, or a logit is not finite.
    """
    logits, n, m = witness.generated, len(witness.generated), len(witness.held_out)
    if n < FEWEST or m < 2:
        raise ValueError(
            f"found {n} generated and {m} held-out images, wanted at least {FEWEST} and 2 to audit a score"
        )
    curve = {k: Range.of(scores) for k, scores in _over_orders(logits, splits).items()}
    sizes = _sizes(n)
    by_n = size_curve(logits, sizes)
    real = witness.held_out[:n]
    return Audit(
        extractor=witness.name,
        sha256=witness.sha256,
        n=n,
        classes=logits.shape[1],
        in_order=inception_scores(logits, splits),
        shuffled=curve,
        by_n=by_n,
        variance=class_variance(logits),
        at_infinity=score_at_infinity(logits),
        extrapolated=extrapolated_score({n / k: scores.mean for k, scores in curve.items() if n / k >= 2}),
        ceiling=inception_scores(real, (1,))[1],
        ceiling_n=len(real),
        ceiling_by_n=size_curve(real, [size for size in sizes if size < len(real)] + [len(real)]),
        statements=tuple(_heard(witness, other) for other in others),
        missing=missing_classes(logits, witness.held_out),
    )


def _over_orders(logits: Tensor, splits: Sequence[int]) -> dict[int, list[float]]:
    """The score by number of splits, in each of the random orders."""
    curves = [inception_scores(order, splits) for order in _orders(logits)]
    return {k: [curve[k] for curve in curves] for k in curves[0]}


def size_curve(logits: Tensor, sizes: Sequence[int]) -> dict[int, Range]:
    """The score at one split by number of images: of the first so many of `logits` (n, classes), in random orders."""
    orders = list(_orders(logits))
    return {n: Range.of([inception_scores(order[:n], (1,))[1] for order in orders]) for n in sizes}


def _orders(logits: Tensor) -> list[Tensor]:
    random = torch.Generator().manual_seed(0)
    return [logits[torch.randperm(len(logits), generator=random)] for _ in range(SHUFFLES)]


def _sizes(n: int) -> list[int]:
    """n, and what halving it again and again leaves, down to ten images."""
    return sorted({n >> halvings for halvings in range(n.bit_length()) if n >> halvings >= 10} | {n})


def _heard(witness: Witness, other: Witness) -> Statement:
    real = other.held_out[: len(other.generated)]
    return Statement(
        other.name, other.sha256, second_opinion(witness.generated, other.generated), inception_scores(real, (1,))[1]
    )


def missing_classes(logits: Tensor, real: Tensor, chance: float = 0.001) -> tuple[int, ...]:
    """Classes that no image (n, classes) is given, where n draws from the shares of `real` (m, classes) leave one out
    with a probability below `chance`.
    """
    counts = logits.argmax(dim=1).bincount(minlength=logits.shape[1])
    shares = real.argmax(dim=1).bincount(minlength=real.shape[1]) / len(real)
    absent = (counts == 0) & ((1 - shares) ** len(logits) < chance)
    return tuple(int(c) for c in absent.nonzero().flatten())


@dataclass(frozen=True)
class InceptionScoreAudit(Metric):
    """V, the score at infinity, and how far other classifiers' scores spread, at the last evaluation."""

    name: ClassVar[str] = "inception_score_audit"
    reads: ClassVar[frozenset[Kind]] = frozenset({"features", "second_opinions"})

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        endless = "inception_score@1 of infinitely many images, to first order: IS_n exp(V / 2n)"
        v = "sum over classes of Var p(y|x) / p(y): splits of n images lower the score by the factor exp(-V / 2n)"
        spread = (
            "highest less lowest inception_score@1 over classifiers that differ in the seed of their training alone"
        )
        unconfirmed = "largest share of the log score that another such classifier does not see; above 0.1 it collapses"
        return (
            Quantity("is_infinity", "higher", "", 1.0, meaning=endless),
            Quantity("is_v", "neither", "", 0.0, meaning=v),
            Quantity("is_spread", "neither", "", 0.0, meaning=spread),
            Quantity("is_unconfirmed", "neither", "", None, 1.0, unconfirmed),
        )

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if not evidence.final or evidence.features is None or len(evidence.features.logits) < 2:
            return {}
        logits = evidence.features.logits
        values = {"is_infinity": score_at_infinity(logits), "is_v": class_variance(logits)}
        opinions = [second_opinion(logits, other) for other in evidence.second_opinions]
        if opinions:
            scores = [inception_scores(logits, (1,))[1], *(opinion.score for opinion in opinions)]
            values["is_spread"] = max(scores) - min(scores)
            values["is_unconfirmed"] = max(opinion.unconfirmed for opinion in opinions)
        return values


@hookimpl
def register_metrics(register: Callable[[str, Metric], None]) -> None:
    """Offer the audit's cheap half."""
    register("inception_score_audit", InceptionScoreAudit())
