"""Floating point operations of one update, counted from torch's own registry.

`torch.utils.flop_counter.FlopCounterMode` cannot follow `torch.func.grad` inside a backward pass; looking each
operation up as it is dispatched can, double backward included, and gives the same count per seed stacked as separate.
"""

from __future__ import annotations

from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class FlopCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the FLOPs of everything run inside `with FlopCount() as count:`, in `count.total`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.total += int(formula(*args, **(kwargs or {}), out_val=out))
        return out
