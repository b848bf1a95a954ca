"""Whether two records of one run agree, number by number, and what else differs. Records in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any

from ganbench.errors import one_line
from ganbench.record import RunRecord

ALIKE = 1e-6
"""The tolerance where every bit is expected to be the same: on a CPU, of one platform and the same versions."""
ELSEWHERE = 0.1
"""The tolerance elsewhere: training makes last bits large, so no more than a number's first digit can be asked for."""
MEASURED = ("ok", "diverged")
"""How a run ends that was trained and measured as far as it goes."""
NOT_BEGUN = ("load_error", "not_applicable")
"""How a run ends before its spec is known."""
CLOCK = "seconds"
"""The meter, and the budget, that no two runs share."""


@dataclass(frozen=True)
class Row:
    """One number of both records."""

    name: str
    recorded: float | None
    """None where the record has no such number."""
    reproduced: float | None
    difference: float | None
    """As a share of the recorded number or, if that is larger, of the width of the quantity's bounds."""

    def within(self, tolerance: float) -> bool:
        """Whether the number is there again; one that the record lacks asks for nothing."""
        return self.recorded is None or (self.difference is not None and self.difference <= tolerance)


@dataclass(frozen=True)
class Agreement:
    """A record beside that of the same run, run again."""

    recorded: RunRecord
    reproduced: RunRecord
    stated_tolerance: float | None = None

    @property
    def rows(self) -> list[Row]:
        """The values of the last evaluation point, then the meters but for the clock's.

        None of a run that failed: how far that got when it was stopped is chance.
        """
        if self.recorded.status not in MEASURED:
            return []
        return [
            *_rows(self.recorded.values, self.reproduced.values, self.recorded.quantities),
            *_rows(_counted(self.recorded.meters), _counted(self.reproduced.meters), {}),
        ]

    @cached_property
    def surroundings(self) -> dict[str, tuple[str, str]]:
        """Versions, platform, build, device and threads that differ, recorded and now, where both records tell."""
        before, now = _surroundings(self.recorded.provenance), _surroundings(self.reproduced.provenance)
        return {name: (before[name], now[name]) for name in before if name in now and before[name] != now[name]}

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """The fields of the spec that differ, so that the id does: recorded and now."""
        before, now = self.recorded.spec.as_dict(), self.reproduced.spec.as_dict()
        return {name: (before[name], now[name]) for name in before if before[name] != now[name]}

    @property
    def changed_sources(self) -> list[str]:
        """The parts whose own source differs, as "variant nsgan": where both records tell."""
        before, now = _sources(self.recorded.provenance), _sources(self.reproduced.provenance)
        return [name for name in before if name in now and before[name] != now[name]]

    @property
    def excuses(self) -> list[str]:
        """Why the same bits are not to be expected; empty where they are."""
        found = ["platform or versions are other ones"] if self.surroundings else []
        if self.recorded.spec.budget.endswith(f" {CLOCK}"):
            found.append("the budget is of seconds, which no two runs spend alike")
        if any(record.spec.device != "cpu" for record in (self.recorded, self.reproduced)):
            found.append("a GPU sums in no fixed order")
        return found

    @property
    def tolerance(self) -> float:
        """The stated one; else what can be expected."""
        if self.stated_tolerance is not None:
            return self.stated_tolerance
        return ELSEWHERE if self.excuses else ALIKE

    @property
    def bit_equal(self) -> bool:
        """Whether status and every recorded number, of the whole curve too, are there again to the last bit.

        But for seconds; a number that the record lacks asks for nothing.
        """
        alike = self.recorded.status == self.reproduced.status
        if not alike or self.recorded.status not in MEASURED:
            return alike
        return all(
            _is_there(before, now) for before, now in zip_longest(_numbers(self.recorded), _numbers(self.reproduced))
        )

    @property
    def holds(self) -> bool:
        """Whether the run ended alike, and every recorded number is there again within the tolerance."""
        alike = self.recorded.status == self.reproduced.status
        return alike and all(row.within(self.tolerance) for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "reproduced": self.holds,
            "bit_equal": self.bit_equal,
            "tolerance": self.tolerance,
            "id": [self.recorded.id, self.reproduced.id],
            "status": [self.recorded.status, self.reproduced.status],
            "reason": [self.recorded.reason, self.reproduced.reason],
            "excuses": self.excuses,
            "changed_fields": self.changed,
            "changed_sources": self.changed_sources,
            "changed_surroundings": self.surroundings,
            "quantities": [asdict(row) | {"within": row.within(self.tolerance)} for row in self.rows],
        }


def _rows(
    recorded: Mapping[str, float], reproduced: Mapping[str, float], quantities: Mapping[str, Mapping[str, Any]]
) -> Iterator[Row]:
    for name in dict.fromkeys([*recorded, *reproduced]):
        before, now = recorded.get(name), reproduced.get(name)
        yield Row(name, before, now, _difference(before, now, quantities.get(name, {})))


def _difference(before: float | None, now: float | None, quantity: Mapping[str, Any]) -> float | None:
    if before is None or now is None:
        return None
    if before == now:
        return 0.0
    scale = max(abs(before), _width(quantity.get("lowest"), quantity.get("highest")))
    return abs(now - before) / (scale or abs(now))


def _width(lowest: object, highest: object) -> float:
    """Of a quantity's bounds; 0 where one is missing, or is no number."""
    if not isinstance(lowest, int | float) or not isinstance(highest, int | float):
        return 0.0
    return max(0.0, highest - lowest)


def _counted(meters: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in meters.items() if name != CLOCK}


def _numbers(record: RunRecord) -> Iterator[Mapping[str, float]]:
    """Those of the whole run, then those of each point of its curve."""
    yield {**_counted(record.meters), **{f"value {name}": value for name, value in record.values.items()}}
    for point in record.curve:
        values = {f"value {name}": value for name, value in point["values"].items()}
        yield {"fraction": point["fraction"], **_counted(point["meters"]), **values}


def _is_there(before: Mapping[str, float] | None, now: Mapping[str, float] | None) -> bool:
    return before is not None and now is not None and before.items() <= now.items()


_SCALARS = ("python", "platform", "device", "threads")
_GROUPS = ("versions", "torch", "used")


def _surroundings(provenance: Mapping[str, Any]) -> dict[str, str]:
    """What decides the last bits, by name. A record may come from anywhere, and hold anything."""
    found = {name: provenance[name] for name in _SCALARS if name in provenance}
    for group in _GROUPS:
        inside = provenance.get(group)
        if isinstance(inside, dict):
            found |= {name if group == "versions" else f"{group} {name}": value for name, value in inside.items()}
    return {one_line(name): one_line(value) for name, value in found.items()}


def _sources(provenance: Mapping[str, Any]) -> dict[str, str]:
    sources = provenance.get("sources")
    return {one_line(name): one_line(value) for name, value in sources.items()} if isinstance(sources, dict) else {}
