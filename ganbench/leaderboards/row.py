"""One row of a board: the runs of one cell, one a seed, and what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganbench.record import STATUSES, RunRecord
from ganbench.statistics import mean, t_interval

METERS = {"real_samples": "samples", "d_steps": "d_steps", "g_steps": "g_steps", "flops": "flops"}
"""Cost columns, and the meter that each averages."""


class Estimate(NamedTuple):
    """What the ok seeds of a row say of one quantity."""

    mean: float | None
    """None where no ok seed has the quantity."""
    half_width: float | None
    """Of the 95 % t-interval; None below two seeds."""
    seeds: int
    """How many ok seeds have the quantity."""


@dataclass(frozen=True)
class Row:
    """The runs of one cell under the conditions of one board, by seed; no seed stands twice."""

    cell: str
    """As printed: the variant with its tricks and settings, or the name of the control."""
    records: tuple[RunRecord, ...]
    names: tuple[str, ...] = ()
    """Every cell that is this row, the simplest first; none where other versions of the code stand on the board too."""

    def __hash__(self) -> int:
        """What is worked out of a row is worked out once."""
        return hash((self.cell, self.ids))

    @cached_property
    def ok(self) -> tuple[RunRecord, ...]:
        """The runs whose numbers count."""
        return tuple(record for record in self.records if record.status == "ok")

    @property
    def failed(self) -> tuple[RunRecord, ...]:
        """The runs that are counted, and enter no mean."""
        return tuple(record for record in self.records if record.status != "ok")

    @property
    def failures(self) -> str:
        """How many runs failed in which way: "2 diverged, 1 timeout"; empty where none did."""
        counts = Counter(record.status for record in self.failed)
        return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])

    @cached_property
    def ids(self) -> str:
        """The ids of the runs, by seed, separated by spaces."""
        return " ".join(record.id for record in self.records)

    def estimate(self, quantity: str) -> Estimate:
        """Mean and interval of `quantity` over the ok seeds that have it."""
        if quantity not in self._estimates:
            values = _present([record.values.get(quantity) for record in self.ok])
            found = Estimate(*t_interval(values), len(values)) if len(values) else Estimate(None, None, 0)
            self._estimates[quantity] = found
        return self._estimates[quantity]

    @cached_property
    def _estimates(self) -> dict[str, Estimate]:
        return {}

    def words(self, quantity: str) -> str:
        """What the ok seeds say of a quantity whose numbers stand for words: "converges", "3 converges, 2 cycles".

        Empty where its numbers are numbers.
        """
        found = [
            labels[int(value)]
            for record in self.ok
            if (labels := record.quantities.get(quantity, {}).get("labels"))
            and (value := record.values.get(quantity)) is not None
            and value in range(len(labels))
        ]
        counts = Counter(map(str, found)).most_common()
        return str(found[0]) if len(counts) == 1 else ", ".join(f"{count} {word}" for word, count in counts)

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks whose parameters are counted."""
        return tuple(dict.fromkeys(name for record in self.ok for name in record.parameters))

    def parameters(self, network: str) -> float | None:
        """Parameters of one seed's `network`."""
        return _mean([record.parameters.get(network) for record in self.ok])

    @cached_property
    def costs(self) -> dict[str, float | None]:
        """What one seed cost, as a mean over the ok seeds: counts, FLOPs and wall-clock seconds."""
        meters = {name: _mean([record.meters.get(meter) for record in self.ok]) for name, meter in METERS.items()}
        if meters["real_samples"] and not meters["flops"]:
            meters["flops"] = None  # what computes outside torch is not metered
        training = _mean([record.meters.get("seconds") for record in self.ok])
        evaluation = _mean([record.seconds.get("evaluation") for record in self.ok])
        step = _mean([_seconds_a_step(record) for record in self.ok])
        return {**meters, "training_seconds": training, "step_seconds": step, "evaluation_seconds": evaluation}


def _seconds_a_step(record: RunRecord) -> float | None:
    """Training seconds by the updates of either side; None where there were none."""
    steps = record.meters.get("d_steps", 0) + record.meters.get("g_steps", 0)
    return record.meters.get("seconds", 0.0) / steps if steps else None


def _present(values: Sequence[Any]) -> NDArray[np.float64]:
    return np.array([value for value in values if value is not None], dtype=np.float64)


def _mean(values: Sequence[Any]) -> float | None:
    present = _present(values)
    return mean(present) if len(present) else None
