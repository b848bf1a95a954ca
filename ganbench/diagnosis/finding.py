"""What was found of one thing that ganbench needs or can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing, in one line; `about` and `mend` may hold other people's text, which is on one line too."""

    subject: str
    """ "torch", "dataset mnist"."""
    state: State
    about: str
    """What was found, and what it means."""
    mend: str = ""
    """The command that mends it; empty where nothing is to be mended."""
    needed: bool = False
    """Whether no run can do without."""

    @property
    def blocks(self) -> bool:
        """Whether no run can be made before it is mended."""
        return self.needed and self.state != "ok"
