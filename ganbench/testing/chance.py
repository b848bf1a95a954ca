"""The same chance for each copy of a batch, so that what is drawn does not hide how a loss grows with the batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Chance(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers what is drawn inside its first `with`; in later ones, what is drawn for many copies is that, repeated.

    So every copy of a sample meets the same draws, and a mean over copies is the mean over one. Indices that are drawn
    lead into the first copy, which is as good as any.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alike = True
        """Whether all that was drawn later could be had from what was drawn first."""
        self._drawn: list[Any] = []
        self._next: int | None = None

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)  # type: ignore[no-untyped-call]
        self.alike = self.alike and self._next in (None, len(self._drawn))
        self._next = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return found
        if self._next is None:
            self._drawn.append(found.clone() if isinstance(found, Tensor) else None)
            return found
        self._next += 1
        wanted = _repeated(self._drawn[self._next - 1], found) if self._next <= len(self._drawn) else None
        if wanted is None:
            self.alike = False
            return found
        return found.copy_(wanted)


def _repeated(drawn: Any, found: Any) -> Tensor | None:
    """`drawn`, repeated along its first dimension to the shape of `found`; None where that cannot be."""
    if not (isinstance(drawn, Tensor) and isinstance(found, Tensor)):
        return None
    if drawn.shape == found.shape:
        return drawn
    if drawn.shape[1:] != found.shape[1:] or drawn.ndim == 0 or len(found) % len(drawn):
        return None
    return drawn.repeat(len(found) // len(drawn), *[1] * (drawn.ndim - 1))
