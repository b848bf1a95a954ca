"""Does a second classifier see what the first one saw? A score that it does not confirm is the classifier's own.

The Inception Score asks one network for its opinion, and images can be made that please that network and no eye:
Barratt and Sharma, "A Note on the Inception Score", 2018, https://arxiv.org/abs/1801.01973, come near the highest
possible score by optimising pixels. What pleases one network pleases another less, though both were trained alike.

So the classifiers that differ from the extractor in nothing but the seed of their training are asked too. The share of
the log score that one of them does not confirm is 1 - log IS' / log IS. The rule: a score has COLLAPSED where for any
of them that share is above a tenth, and above three standard errors of the images' paired difference. By the shipped
classifiers, held-out digits lose 1 % at most, also under noise that lets them be read. Images that gradient ascent drew
out of noise, up to a score of 5 and more, lose 12 to 30 % at 8 x 8 pixels and 80 to 99 % at 28 x 28.

A collapse need not be an attack: images that are like nothing a classifier was trained on have scores of chance.

It shows no attack on all of the classifiers at once, for whoever holds their weights may optimise against all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy
from torch import Tensor

from ganbench.metrics.inception_score import Floats, probabilities

CLAIM = 0.1
"""The log score below which nothing is claimed that could be unconfirmed: a score of 1.1."""
COLLAPSE = 0.1
"""The share of the log score that may be unconfirmed."""
STANDARD_ERRORS = 3.0
"""How many of them the share must exceed, so that few images cannot condemn by chance."""


@dataclass(frozen=True)
class Opinion:
    """What a second classifier makes of a score."""

    score: float
    """Its own, of the same images at one split."""
    unconfirmed: float
    """The share of the first classifier's log score that it does not confirm; below 0 where it sees more."""
    standard_error: float
    """Of that share."""

    @property
    def collapsed(self) -> bool:
        """Whether the score collapses under this classifier."""
        return self.unconfirmed > self._bound

    @property
    def exceeds(self) -> bool:
        """Whether this classifier sees as much more as would be a collapse if it were less."""
        return -self.unconfirmed > self._bound

    @property
    def _bound(self) -> float:
        return max(COLLAPSE, STANDARD_ERRORS * self.standard_error)


def second_opinion(first: Tensor, second: Tensor) -> Opinion:
    """What the second classifier's logits (n, classes) say of the score by the first's (n, classes); images pair.

    A score near 1 claims nothing, so none of it is unconfirmed.

    Raises:
        ValueError: where there are not as many of both, there are none, or a logit is not finite.
    """
    if len(first) != len(second) or len(first) == 0:
        raise ValueError(f"found logits of {len(first)} and of {len(second)} images, wanted the same images for both")
    claimed, seen = divergences(first), divergences(second)
    claim = float(claimed.mean())
    if claim < CLAIM:
        return Opinion(math.exp(seen.mean()), 0.0, 0.0)
    scatter = float((claimed - seen).std(ddof=1)) if len(claimed) > 1 else math.inf
    return Opinion(math.exp(seen.mean()), 1 - float(seen.mean()) / claim, scatter / math.sqrt(len(claimed)) / claim)


def divergences(logits: Tensor) -> Floats:
    """KL(p || q), in nats, of each image's class probabilities (n,) from their mean; the log score is their mean.

    Raises:
        ValueError: where a logit is not finite.
    """
    p = probabilities(logits)
    q = p.mean(axis=0)
    logarithm = np.log(q, out=np.zeros_like(q), where=q > 0)  # where q is 0, so is every p
    kl: Floats = xlogy(p, p).sum(axis=1) - p @ logarithm
    return kl.clip(min=0)
