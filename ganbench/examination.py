"""The checks of `ganbench.testing`, made of what is on offer in a child process: one that hangs or exits has failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ganbench.errors import UsageError
from ganbench.registry import Offer
from ganbench.supervision import Job, Limits, Outcome, Pool
from ganbench.testing.result import Result

NOT_BEGUN = {
    "check": "can_be_checked",
    "claim": "Its checks can be begun.",
    "why": "Nothing can be said of a plugin that ends or holds up the process between two checks.",
    "mend": "Run `ganbench plugins --check`, and look at what the module does when it is loaded.",
}


@dataclass
class Examination:
    """What became of the checks of one offer, as far as they were made."""

    offer: Offer
    results: list[Result] = field(default_factory=list)
    making: dict[str, Any] | None = None
    """The check that is being made."""

    def hear(self, news: dict[str, Any]) -> None:
        """Takes in what the child says: that it begins a check, or what became of it."""
        if "making" in news:
            self.making = news["making"]
        else:
            self.results.append(Result(**news["made"]))
            self.making = None

    def end(self, outcome: Outcome) -> None:
        """Takes in how the child ended.

        Raises:
            UsageError: where the user has to mend something first, such as data that are missing.
        """
        if outcome.status == "usage":
            raise UsageError(outcome.reason)
        if outcome.status != "ok":
            about = self.making or NOT_BEGUN
            found = f"{outcome.status}: {outcome.reason}; the last that it printed: {outcome.log_tail[-300:].strip()!r}"
            self.results.append(Result(**about, status="failed", found=found, last=True))


def examine(
    offer: Offer,
    argument: str | None = None,
    data_root: Path | None = None,
    limits: Limits = Limits(300.0),  # noqa: B008 - a frozen value
    heard: Callable[[Examination], None] = lambda examination: None,
) -> list[Result]:
    """Makes every check of the offer; `heard` is told of each as it begins and ends.

    Raises:
        UsageError: where the user has to mend something first, such as data that are missing.
    """
    found = Examination(offer)

    def told(_key: str, news: dict[str, Any]) -> None:
        found.hear(news)
        heard(found)

    payload = {
        "task": "check",
        "offer": vars(offer),
        "argument": argument,
        "data_root": str(data_root) if data_root else None,
    }
    with TemporaryDirectory() as folder, Pool(1, 1, limits) as pool:
        for _, outcome in pool.perform([Job(offer.name, payload, Path(folder) / "log.txt")], told):
            found.end(outcome)
    return found.results
