"""What must be the same for two runs to be compared."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from ganbench.record import RunSpec
from ganbench.strict import canonical

_SHARED_WITH_CONTROLS = ("dataset", "fingerprint", "standard", "extractor", "extractor_hash", "samples", "protocol")


@dataclass(frozen=True)
class Conditions:
    """What all variants on a board have in common; each field is the spec's of that name."""

    dataset: str
    fingerprint: str | None
    standard: str
    budget: str
    samples: int
    batch_size: int
    points: int
    extractor: str | None
    extractor_hash: str | None
    device: str
    threads: int
    machine: str
    protocol: int

    @classmethod
    def of(cls, spec: RunSpec) -> Conditions:
        """The conditions under which `spec` runs."""
        return cls(**{field.name: getattr(spec, field.name) for field in fields(cls)})

    def admits_control(self, spec: RunSpec) -> bool:
        """Whether a control's numbers can stand beside those of the board: a control spends no budget."""
        return all(getattr(self, name) == getattr(spec, name) for name in _SHARED_WITH_CONTROLS)

    @cached_property
    def columns(self) -> dict[str, Any]:
        """Every condition by its name, as each row of a table states them."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that tell these conditions from others."""
        return hashlib.sha256(canonical(self.columns).encode()).hexdigest()[:8]
