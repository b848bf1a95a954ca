"""What became of all checks of a plugin, as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ganbench.leaderboards.markdown import escaped
from ganbench.registry import Offer
from ganbench.testing.result import Result

WORDS = {"passed": "passed", "failed": "FAILED", "not_applicable": "not applicable"}


def terminal_report(offer: Offer, results: Sequence[Result]) -> str:
    """A line for each check, more for one that failed, and the sum."""
    kind = offer.kind.removesuffix("s")
    lines = [f"{kind} {offer.name}, from {offer.distribution} {offer.version}"]
    for result in results:
        note = f": {result.found}" if result.found and result.status != "failed" else ""
        lines.append(f"  {WORDS[result.status]:<15} {result.check}{note}")
        if result.status == "failed":
            lines += [f"    {name}: {text}" for name, text in _about(result).items()]
    return "\n".join([*lines, total(results)])


def markdown_report(offer: Offer, results: Sequence[Result], versions: Mapping[str, str]) -> str:
    """The sum, what failed with why and how to mend it, and a table of all checks; ends in a newline."""
    kind = offer.kind.removesuffix("s")
    heading = f"## {kind} {escaped(offer.name)}, from {escaped(offer.distribution)} {escaped(offer.version)}"
    under = ", ".join(f"{name} {escaped(version)}" for name, version in versions.items())
    failures = [
        f"### {result.check}\n\n" + "\n".join(f"- {name}: {escaped(text)}" for name, text in _about(result).items())
        for result in results
        if result.status == "failed"
    ]
    rows = [f"| {each.check} | {WORDS[each.status]} | {_cell(each)} |" for each in results]
    table = "\n".join(["| check | result | |", "|---|---|---|", *rows])
    return "\n\n".join([heading, f"{total(results)} Under {under}.", *failures, table]) + "\n"


def total(results: Sequence[Result]) -> str:
    """How many passed, failed and do not apply, and whether some were left out."""
    counts: Counter[str] = Counter(result.status for result in results)
    parts = [f"{counts[status]} {word.lower()}" for status, word in WORDS.items() if counts[status]]
    left_out = " The checks after the last one need it, and were left out." if results and results[-1].last else ""
    return f"{', '.join(parts)}.{left_out}"


def _about(result: Result) -> dict[str, str]:
    return {
        "wanted": result.claim,
        "found": result.found,
        "why it matters": result.why,
        "how to mend it": result.mend,
    }


def _cell(result: Result) -> str:
    return escaped(result.claim if result.status == "failed" else result.found)
