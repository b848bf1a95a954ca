"""What an audit found, in three lines: what the score is, whose it is, and what it does not see."""

from __future__ import annotations

from collections.abc import Mapping

from ganbench.metrics.audit import Audit
from ganbench.metrics.memorisation import FEWEST
from ganbench.metrics.second_opinion import COLLAPSE

CONVENTION = 10
"""The number of splits that papers report."""
AGREEING = 1.05
"""The ratio up to which two estimates of the score of infinitely many images say the same."""
LIKE_REAL = 0.03
"""The share of the way from the floor to the ceiling within which a score counts as that of real images."""


def verdict(audit: Audit, memorisation: Mapping[str, float]) -> tuple[str, str, str]:
    """Three lines on `audit`; `memorisation` holds that metric's values, or nothing where it could not be measured."""
    return _score(audit), _classifiers(audit), _blind_spots(audit, memorisation)


def _score(audit: Audit) -> str:
    splits = max((k for k in audit.shuffled if k <= CONVENTION), default=1)
    hidden = f" The same images read {audit.shuffled[splits].mean:.2f} at {splits} splits" if splits > 1 else ""
    endless = f"{' and' if hidden else ' They would read'} {_endless(audit)} if there were no end of them."
    return (
        f"{audit.score:.2f} at one split of {audit.n:,} images, {_beside_real(audit)}: {audit.ceiling_n:,} held-out "
        f"real images score {audit.ceiling:.2f}, the floor is 1.{hidden}{endless}"
    )


def _endless(audit: Audit) -> str:
    """One number where both estimates agree; else both, the score being the least that it can be."""
    low, high = sorted(max(audit.score, estimate) for estimate in (audit.at_infinity, audit.extrapolated))
    if high <= AGREEING * low:
        return f"{audit.at_infinity:.2f}"
    return f"anything from {low:.2f} to {high:.2f}, for there are too few to tell,"


def _beside_real(audit: Audit) -> str:
    if audit.ceiling <= 1:
        return "which real images do not exceed"
    way = (audit.score - 1) / (audit.ceiling - 1)
    if way > 1 + LIKE_REAL:
        return "above real images, which is reason to doubt it"
    if way > 1 - LIKE_REAL:
        return "like real images"
    return f"{100 * way:.0f} % of the way from the floor to real images"


def _classifiers(audit: Audit) -> str:
    if not audit.statements:
        return f"No second classifier of the domain of {audit.extractor} ships, so nobody can tell whose score this is."
    fallen = [statement for statement in audit.statements if statement.opinion.collapsed]
    if fallen:
        named = " and ".join(f"{each.name} sees {each.opinion.score:.2f}" for each in fallen)
        return (
            f"It COLLAPSES under another classifier: {named} where {audit.extractor} sees {audit.score:.2f}. The score "
            "is of that network's weights, not of the images: adversarial, or like nothing that it was trained on."
        )
    named = " and ".join(f"{each.name} sees {each.opinion.score:.2f}" for each in audit.statements)
    if audit.disputed:
        return (
            f"Classifiers DISAGREE, though they differ in their seed alone: {named} where {audit.extractor} sees "
            f"{audit.score:.2f}. "
            "So much of it is of a network's weights, as for images unlike those that it was trained on."
        )
    return (
        f"Trained with other seeds, classifiers confirm it: {named}, which leaves {100 * _worst(audit):.1f} % of its "
        f"logarithm unconfirmed; {100 * COLLAPSE:.0f} % would be a collapse."
    )


def _worst(audit: Audit) -> float:
    return max(0.0, *(statement.opinion.unconfirmed for statement in audit.statements))


def _blind_spots(audit: Audit, memorisation: Mapping[str, float]) -> str:
    return " ".join((_order(audit), _missing(audit), _copies(memorisation)))


def _order(audit: Audit) -> str:
    if not audit.order_matters:
        return "The order of the images does not matter."
    k = max(audit.in_order, key=lambda splits: abs(audit.shuffled[splits].mean - audit.in_order[splits]))
    return (
        f"The images come in an ORDER: {k} splits read {audit.in_order[k]:.2f} as given and "
        f"{audit.shuffled[k].mean:.2f} shuffled; shuffle them before any score in splits."
    )


def _missing(audit: Audit) -> str:
    if not audit.missing:
        return "No class is missing."
    classes = ", ".join(map(str, audit.missing))
    return f"MISSING, by {audit.extractor}: class{'es' * (len(audit.missing) > 1)} {classes} of {audit.classes}."


def _copies(memorisation: Mapping[str, float]) -> str:
    if "near_copies" not in memorisation:
        return (
            "Copies of training images were not counted: no metric of this dataset does, or it holds out fewer than "
            f"{FEWEST} images."
        )
    share = f"{100 * memorisation['near_copies']:.1f} % are near-copies of training images, 1 % by chance"
    if memorisation["memorises"]:
        return f"Which the score cannot see: they are MEMORISED, {share}."
    return f"Nothing seems memorised: {share}."
