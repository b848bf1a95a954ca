"""How the Inception Score grows with the number of images, and what it would be of infinitely many.

The score of n images is exp of the mean divergence from q, the mean of those same n images' class probabilities, so it
is too low: images are nearer to their own mean than to their law's. A second-order expansion of the entropy of q gives

    E[IS_n] = IS_inf exp(-V / 2n) to first order in 1 / n, with V = sum_c Var(p_c) / q_c,

the bias that Miller, "Note on the bias of information estimates", 1955, found for entropies. V is K - 1 for a
classifier that is sure of K classes. k splits of n images are n / k images each: a split count is a hidden number of
images.

Two estimates of IS_inf follow. `score_at_infinity` corrects the score by the law, with V from the same images.
`extrapolated_score` fits a line to scores measured at several n, over 1 / n, as Chong and Forsyth do in "Effectively
Unbiased FID and Inception Score and Where to Find Them", CVPR 2020, https://arxiv.org/abs/1911.07023; here to their
logarithms, in which the law is a line, and weighted by n, for it is least true of few images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from ganbench.metrics.inception_score import inception_scores, probabilities


def class_variance(logits: Tensor) -> float:
    """V = sum_c Var(p_c) / q_c of class logits (n, classes), each variance unbiased; a class nobody has adds nothing.

    Raises:
        ValueError: where n < 2, or a logit is not finite.
    """
    p = probabilities(logits)
    if len(p) < 2:
        raise ValueError(f"found logits of {len(p)} image(s), wanted at least 2 to tell how they vary")
    q = p.mean(axis=0)
    return float((p.var(axis=0, ddof=1)[q > 0] / q[q > 0]).sum())


def expected_score(at_infinity: float, variance: float, n: float) -> float:
    """The score of n images to first order, where that of infinitely many is `at_infinity` and V is `variance`."""
    return at_infinity * math.exp(-variance / (2 * n))


def score_at_infinity(logits: Tensor) -> float:
    """IS_n exp(V / 2n) of class logits (n, classes).

    Raises:
        ValueError: as `class_variance`.
    """
    n = len(logits)
    return inception_scores(logits, (1,))[1] * math.exp(class_variance(logits) / (2 * n))


def extrapolated_score(curve: Mapping[float, float]) -> float:
    """Where the line through log scores over 1 / n meets 1 / n = 0; `curve` holds scores by n, at two or more n.

    Raises:
        ValueError: where there are fewer than two.
    """
    if len(curve) < 2:
        raise ValueError(f"found scores at {len(curve)} number(s) of images, wanted at least 2 to draw a line through")
    n = np.array(list(curve), dtype=np.float64)
    logarithms = np.log(list(curve.values()))
    line = np.polynomial.Polynomial.fit(1 / n, logarithms, deg=1, w=np.sqrt(n))
    return math.exp(line(0.0))
