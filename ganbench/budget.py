"""How much a run may spend, what it has spent, and the points of the budget where it is evaluated."""

from __future__ import annotations

import math
import platform
import re
from dataclasses import asdict, dataclass
from typing import Any

from ganbench.errors import BudgetError

UNITS = ("samples", "d_steps", "g_steps", "flops", "seconds")
_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_ALIASES = {
    "img": "samples",
    "sample": "samples",
    "samples": "samples",
    "d_step": "d_steps",
    "d_steps": "d_steps",
    "g_step": "g_steps",
    "g_steps": "g_steps",
    "flop": "flops",
    "flops": "flops",
    "s": "seconds",
    "second": "seconds",
    "seconds": "seconds",
}
_MINUTES_AND_HOURS = {"min": 60, "minutes": 60, "h": 3600, "hours": 3600}
_FORM = re.compile(r"(?P<number>[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?) *(?P<unit>[A-Za-z_]+)")
_WANTED = "wanted a number and a unit, as in 400kimg, 5000g_steps, 20kd_steps, 1.5Tflops, 90s or 10min"


@dataclass
class Meters:
    """What one seed has spent so far; every meter runs, whatever the budget's unit."""

    samples: int = 0
    """Real samples drawn."""
    d_steps: int = 0
    """Updates of the discriminator."""
    g_steps: int = 0
    """Updates of the generator."""
    flops: int = 0
    """Operations of matrix products, convolutions and attention, as torch's flop registry counts them."""
    seconds: float = 0.0
    """Training time alone, divided by the number of seeds trained together."""

    def as_dict(self) -> dict[str, Any]:
        """The meters by name."""
        return asdict(self)


@dataclass(frozen=True)
class Budget:
    """One declared limit: training ends with the first update that reaches it."""

    limit: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Reads "200kimg", "5000g_steps", "1.5Tflops", "90s".

        Raises:
            BudgetError: when the text is not a positive number with a known unit.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise BudgetError(f"malformed budget '{text}': {_WANTED}")
        factor, unit = _factor_and_unit(match["unit"], text)
        limit = float(match["number"]) * factor
        if not 0 < limit < math.inf:
            raise BudgetError(f"budget '{text}' is {limit:g} {unit}: wanted more than nothing, and a finite number")
        if unit == "seconds":
            return cls(limit, unit)
        if round(limit) < 1:
            raise BudgetError(f"budget '{text}' is {limit:g} {unit}: wanted at least one")
        return cls(round(limit), unit)

    @property
    def machine(self) -> str:
        """The platform that the budget is bound to: this one where seconds are spent, else none."""
        return platform.platform() if self.unit == "seconds" else ""

    def spent_fraction(self, meters: Meters) -> float:
        """The share of the limit that is spent: 1 or more at the end."""
        spent: float = getattr(meters, self.unit)
        return spent / self.limit

    def point_reached(self, meters: Meters, point: int, points: int) -> bool:
        """Whether evaluation point `point` of `points` evenly spaced ones is reached; exact for counts."""
        spent: float = getattr(meters, self.unit)
        return spent * points >= self.limit * point

    def __str__(self) -> str:
        """The canonical text, which `parse` reads back: "400000 samples"."""
        return f"{self.limit!r} {self.unit}"


def _factor_and_unit(text: str, budget: str) -> tuple[float, str]:
    if text in _ALIASES:
        return 1, _ALIASES[text]
    if text in _MINUTES_AND_HOURS:
        return _MINUTES_AND_HOURS[text], "seconds"
    prefix, rest = text[0], text[1:]
    if prefix in _FACTORS and rest in _ALIASES:
        return _FACTORS[prefix], _ALIASES[rest]
    raise BudgetError(f"malformed budget '{budget}': the unit '{text}' is unknown; {_WANTED}")
