"""Installed plugins: which do not load, and which share a name. They are loaded in a child process."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ganbench.diagnosis.finding import Finding
from ganbench.errors import one_line
from ganbench.loading import states
from ganbench.registry import Offer, offers
from ganbench.supervision import Limits, Pool

LOADING_SECONDS = 20.0
"""How long all plugins of one distribution may take to load."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def of_plugins() -> Iterator[Finding]:
    """Each distribution with what of it does not load, then every name that several offer."""
    everything = offers()
    by_source: dict[str, list[Offer]] = defaultdict(list)
    for offer in everything:
        by_source[offer.distribution].append(offer)
    with Pool(1, 1, Limits(LOADING_SECONDS)) as pool:
        found = states(everything, pool)
    for distribution, members in by_source.items():
        broken = [why for how, why in map(found.__getitem__, members) if how != "ok"]
        yield _of_distribution(distribution, members, broken)
    yield from clashes(everything)


def clashes(everything: Sequence[Offer]) -> Iterator[Finding]:
    """Every name of one kind that several distributions offer."""
    by_name: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for offer in everything:
        by_name[offer.kind, offer.name].append(offer)
    for (kind, name), members in by_name.items():
        if len(members) > 1:
            sources = " and ".join(f"{each.distribution} {each.version}" for each in members)
            about = f"offered by {sources}: say which, or uninstall one"
            mend = f"ganbench show {_quoted(f'{members[0].distribution}:{name}')}"
            yield Finding(one_line(f"{kind.removesuffix('s')} {name}"), "problem", one_line(about), mend)


def _of_distribution(distribution: str, members: Sequence[Offer], broken: Sequence[str]) -> Finding:
    needed = distribution == "ganbench"
    subject = one_line(f"plugins of {distribution}")
    if broken:
        more = f" ({len(broken) - 1} more: ganbench plugins --check)" if len(broken) > 1 else ""
        mend = f"pip install --upgrade {_quoted(distribution)}"
        return Finding(subject, "problem", one_line(broken[0]) + more, mend, needed)
    return Finding(subject, "ok", one_line(f"{members[0].version}: all {len(members)} load"), needed=needed)


def _quoted(text: str) -> str:
    """A name from elsewhere, fit for a shell's line; none that begins like an option."""
    return text if _PLAIN.fullmatch(text) else shlex.quote(one_line(f"./{text}" if text.startswith("-") else text))
