"""Whether what is on offer loads, found out in child processes: what hangs or exits is broken, and nothing else is."""

from __future__ import annotations

import shlex
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ganbench.inquiry import found_out
from ganbench.registry import Offer
from ganbench.supervision import Outcome, Pool

LOADING_SECONDS = 60.0
"""How long loading takes at most where no limit was given."""
State = tuple[str, str]
"""As `registry.state`: ("ok", ""), or "broken" or "incomplete" with the reason."""


def states(offers: Sequence[Offer], pool: Pool) -> dict[Offer, State]:
    """The state of each offer; those of one distribution are loaded in one process, where that goes well."""
    by_source: dict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_source[offer.distribution].append(offer)
    found = found_out(pool, list(by_source.values()), _task, LOADING_SECONDS)
    return {offer: _state(offer, found[offer]) for offer in offers}


def _task(offers: Sequence[Offer]) -> dict[str, Any]:
    return {"task": "states", "offers": [vars(offer) for offer in offers]}


def _state(offer: Offer, outcome: Outcome) -> State:
    if outcome.status == "ok":
        how, why = outcome.result
        return how, why
    alone = shlex.join([sys.executable, "-X", "faulthandler", "-c", f"import {offer.module}"])
    mend = f"see it alone by `{alone}`; update or uninstall {offer.distribution}, or tell its authors"
    return "broken", f"{offer}: loading it ended in {outcome.status}: {outcome.reason}; {mend}"
