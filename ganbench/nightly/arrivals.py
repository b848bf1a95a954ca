"""What is let in of the records that guests' own nights leave.

They come from a place that runs a stranger's code, so they are looked through: only of the guest's own variants, by its
own version, as they are, and with nothing by which a row or a board of others would be taken over. Names, recipes and
sources join rows; headlines and readings are those of a whole board. What numbers such a record holds is taken on
trust, but for sizes that overflow where they are squared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench.archive import Archive
from ganbench.errors import StoreError
from ganbench.leaderboards.conditions import Conditions
from ganbench.nightly.guests import Guest
from ganbench.record import PROTOCOL, Number, RunRecord

LARGEST = 1e100
"""In size, of a number in a record: the squares of many of these have a finite sum."""
_HOW = ("direction", "labels", "lowest", "highest")
"""What of a reading decides ranks, words and axes."""


@dataclass(frozen=True)
class Arrivals:
    """What guests' own nights left."""

    records: tuple[RunRecord, ...] = ()
    refused: tuple[str, ...] = ()
    """What was not let in, and why, a line each."""


def arrivals(folder: Path, guests: Sequence[Guest], published: Iterable[RunRecord]) -> Arrivals:
    """What is let in of the records in `folder`/<distribution>/<dataset>.jsonl, beside those published already.

    A guest's folder may hold records of others too, such as control rows: they are passed over.
    """
    known = _Known(published)
    records: list[RunRecord] = []
    refused: list[str] = []
    for guest in guests:
        for found in Archive(folder / guest.distribution).records():
            if isinstance(found, StoreError):
                refused.append(str(found))
            elif found.spec.variant in guest.variants:
                objections = [*_unasked(found, guest), *_claims(found, guest, known), *_readings(found, known)]
                objections += _sizes(found)
                refused += [f"{guest.distribution}: run {found.id} of {found.spec.cell}: {each}" for each in objections]
                if not objections:
                    records.append(found)
                    known.learn(found)
    return Arrivals(tuple(records), tuple(refused))


class _Known:
    """What has been let onto the boards, by what could be taken from it."""

    def __init__(self, records: Iterable[RunRecord]) -> None:
        self.recipes: dict[str, list[RunRecord]] = defaultdict(list)
        """By the text, and by the cell, which stands for the recipe where its texts differ."""
        self.sources: dict[str, list[RunRecord]] = defaultdict(list)
        self._boards: dict[Conditions, list[RunRecord]] = defaultdict(list)
        self._controls: list[RunRecord] = []
        for record in records:
            self.learn(record)

    def learn(self, record: RunRecord) -> None:
        spec = record.spec
        if spec.is_control:
            self._controls.append(record)
            return
        self._boards[Conditions.of(spec)].append(record)
        for text in {record.recipe, spec.cell} - {""}:
            self.recipes[text].append(record)
        if spec.source_hash:
            self.sources[spec.source_hash].append(record)

    def beside(self, record: RunRecord) -> list[RunRecord]:
        """The runs of the board that the record would stand on, controls included."""
        conditions = Conditions.of(record.spec)
        controls = (control for control in self._controls if conditions.admits_control(control.spec))
        return [*self._boards.get(conditions, ()), *controls]


def _maker(record: RunRecord) -> str | None:
    """The distribution and version that the record's variant came from; None where it does not tell, as of failures."""
    used = record.provenance.get("used")
    found = used.get(record.spec.variant) if isinstance(used, dict) else None
    return None if found is None else str(found)


def _foreign(records: Iterable[RunRecord], guest: Guest) -> RunRecord | None:
    """The first of the records that is none of the guest's: by its distribution, else by the name of its variant."""
    for record in records:
        maker = _maker(record)
        own = record.spec.variant in guest.variants if maker is None else maker.split(" ")[0] == guest.distribution
        if not own:
            return record
    return None


def _unasked(record: RunRecord, guest: Guest) -> Iterator[str]:
    spec, wanted, by = record.spec, f"{guest.distribution} {guest.version}", _maker(record)
    if spec.dataset not in guest.datasets:
        yield f"found the dataset {spec.dataset!r}, wanted {' or '.join(guest.datasets)}"
    if spec.changes:
        yield f"found {' '.join(spec.changes)}, wanted the variant as it is"
    if spec.protocol != PROTOCOL:
        yield f"found protocol {spec.protocol}, wanted {PROTOCOL}"
    if by != wanted and (by is not None or record.status in ("ok", "diverged")):
        yield f"found it made by {by!r}, wanted {wanted!r}"


def _claims(record: RunRecord, guest: Guest, known: _Known) -> Iterator[str]:
    """What would join its row with one of another package."""
    for name in record.also:
        if name not in guest.variants:
            yield f"found the second name {name!r}, wanted none but {' or '.join(guest.variants)}"
    other = _foreign(known.recipes.get(record.recipe, ()), guest)
    if other is not None:
        yield f"found the recipe of {other.spec.cell}, whose run {other.id} is published; wanted one of its own"
    other = _foreign(known.sources.get(record.spec.source_hash or "", ()), guest)
    if other is not None:
        yield f"found the source of {other.spec.cell}, whose run {other.id} is published; wanted its own"


def _readings(record: RunRecord, known: _Known) -> Iterator[str]:
    """Where it says otherwise than the runs beside it what the board is sorted by, or how a number is read."""
    beside = known.beside(record)
    headlines = {other.headline: None for other in beside if other.headline}
    if record.headline and headlines and record.headline not in headlines:
        yield f"found the headline {record.headline!r}, wanted {' or '.join(headlines)} as the runs beside it have"
    for name, how in record.quantities.items():
        wanted = [_how(other.quantities[name]) for other in beside if name in other.quantities]
        if wanted and _how(how) not in wanted:
            yield f"found {name} read by {_how(how)}, wanted {wanted[0]} as the runs beside it have"


def _how(reading: dict[str, Any]) -> dict[str, Any]:
    return {key: reading[key] for key in _HOW if reading.get(key) is not None}


def _sizes(record: RunRecord) -> Iterator[str]:
    """Its numbers that are too large, each name once."""
    curve = [part for point in record.curve for part in (point["meters"], point["values"])]
    numbers: list[Mapping[str, Number]] = [record.values, record.meters, record.seconds, record.parameters, *curve]
    large = {name: value for part in numbers for name, value in part.items() if abs(value) > LARGEST}
    for name, value in large.items():
        yield f"found {name} = {value:.3g}, wanted at most {LARGEST:.0e} in size"
