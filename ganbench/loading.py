"""Whether what is on offer loads, found out in child processes: what hangs or exits is broken, and nothing else is."""

from __future__ import annotations

import shlex
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ganbench.registry import Offer
from ganbench.supervision import Job, Outcome, Pool

State = tuple[str, str]
"""As `registry.state`: ("ok", ""), or "broken" or "incomplete" with the reason."""


def states(offers: Sequence[Offer], pool: Pool) -> dict[Offer, State]:
    """The state of each offer.

    Those of one distribution are loaded in one process. Where that does not end well, each is loaded in a process of
    its own, so that it is nobody else's fault.
    """
    by_source: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_source[offer.distribution].append(offer)
    groups = list(by_source.values())
    found: dict[Offer, State] = {}
    for group, outcome in zip(groups, _outcomes(groups, pool), strict=True):
        if outcome.status == "ok":
            found |= {offer: (how, why) for offer, (how, why) in zip(group, outcome.result, strict=True)}
        elif len(group) == 1:
            found[group[0]] = _broken(group[0], outcome)
    apart = [offer for offer in offers if offer not in found]
    for offer, outcome in zip(apart, _outcomes([[offer] for offer in apart], pool), strict=True):
        found[offer] = tuple(outcome.result[0]) if outcome.status == "ok" else _broken(offer, outcome)
    return {offer: found[offer] for offer in offers}


def _broken(offer: Offer, outcome: Outcome) -> State:
    alone = shlex.join([sys.executable, "-X", "faulthandler", "-c", f"import {offer.module}"])
    mend = f"see it alone by `{alone}`; update or uninstall {offer.distribution}, or tell its authors"
    return "broken", f"{offer}: loading it ended in {outcome.status}: {outcome.reason}; {mend}"


def _outcomes(groups: Sequence[Sequence[Offer]], pool: Pool) -> list[Outcome]:
    with TemporaryDirectory() as folder:
        jobs = [
            Job(k, {"task": "states", "offers": [vars(offer) for offer in group]}, Path(folder) / f"{k}.txt")
            for k, group in enumerate(groups)
        ]
        found = dict(pool.perform(jobs))
    return [found[k] for k in range(len(groups))]
