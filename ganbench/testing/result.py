"""What became of one check, as text; naming it loads no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["passed", "failed", "not_applicable"]


@dataclass(frozen=True)
class Result:
    """How one check of a plugin ended."""

    check: str
    """The check's name, such as "is_a_mean"."""
    status: Status
    claim: str
    """What holds of a plugin that passes."""
    found: str = ""
    """What was found instead; of a check that is not applicable, the reason; of one that passed, what is worth saying.

    One line, of other people's text."""
    why: str = ""
    """Why it matters."""
    mend: str = ""
    """How to mend it."""
    last: bool = False
    """Whether the checks after it were left out, since they need what this one found missing."""

    def as_dict(self) -> dict[str, object]:
        """As JSON holds it."""
        return asdict(self)
