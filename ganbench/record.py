"""A run's specification and what it leaves, as strict JSON; and the id of a run.

The id is the SHA-256 of the specification's canonical JSON: two runs share an id exactly when everything that decides
their numbers is the same. Where the data or a plugin happens to lie on a machine is no part of it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, TypedDict, TypeVar, cast, get_args, get_type_hints

import msgspec

from ganbench.errors import RecordError
from ganbench.strict import canonical, parse_json, require_shallow, strict_json

PROTOCOL = 1
"""Raised whenever core changes what a number means; records of different protocols are never ranked together."""

Status = Literal["ok", "diverged", "timeout", "out_of_memory", "crashed", "load_error", "not_applicable", "interrupted"]
STATUSES: tuple[str, ...] = get_args(Status)
CONTROLS = ("held_out_real", "untrained")
"""Rows that are no variants: the held-out reals themselves, and the standard generator before training."""

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


Number = int | float


class Point(TypedDict):
    """An evaluation point of a run."""

    fraction: Number
    """Of the budget."""
    meters: dict[str, Number]
    values: dict[str, Number]


class Reading(TypedDict, total=False):
    """How to read a value."""

    direction: Literal["higher", "lower", "neither"]
    unit: str
    lowest: Number | None
    highest: Number | None
    meaning: str
    labels: list[str]
    """Words for 0, 1, ..."""
    beside: str
    role: str


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides the numbers of one run: one variant x tricks x dataset x budget x seed."""

    variant: str
    dataset: str
    budget: str
    """Canonical, as `str(Budget)`."""
    seed: int
    group: tuple[int, ...]
    """The seeds trained together with this one, itself included: floats differ between group sizes."""
    tricks: tuple[str, ...] = ()
    """Each as its constructor call, every field stated."""
    without: tuple[str, ...] = ()
    """Tricks whose ingredient was taken out of the variant, before any was applied."""
    settings: tuple[tuple[str, Any], ...] = ()
    """Fields of ingredients set by hand: ("gradient_penalty.weight", 0.1)."""
    standard: str = ""
    """The dataset's standard networks, optimiser and latents, which hold wherever the recipe says nothing."""
    batch_size: Count = 0
    points: Count = 0
    """Evaluation points, evenly spaced over the budget."""
    samples: Count = 0
    """n of the headline evaluation."""
    curve_samples: Count = 0
    """n of the evaluations before it."""
    metrics: tuple[str, ...] = ()
    extractor: str | None = None
    extractor_hash: str | None = None
    fingerprint: str | None = None
    """Of the data."""
    source_hash: str | None = None
    """Of the modules that define the recipe's parts; None where they could not be loaded."""
    device: str = "cpu"
    threads: Count = 1
    machine: str = ""
    """The platform, where seconds decide what a run may do; else empty."""
    protocol: int = PROTOCOL

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits."""
        return hashlib.sha256(canonical(self._plain()).encode()).hexdigest()[:16]

    @property
    def is_control(self) -> bool:
        """Whether this is one of the rows that are no variants."""
        return self.variant in CONTROLS

    @property
    def cell(self) -> str:
        """The variant with what was changed, as the board names it: "r3gan - r2 + ema(decay=0.99) [d_steps=2]"."""
        return " ".join([self.variant, *self.changes])

    @property
    def changes(self) -> tuple[str, ...]:
        """What was taken out, added and set: ("- r2", "+ ema(decay=0.99)", "[d_steps=2]")."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings)
        taken, added = [f"- {name}" for name in self.without], [f"+ {trick}" for trick in self.tricks]
        return (*taken, *added, *([f"[{settings}]"] if settings else []))

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        plain: dict[str, Any] = json.loads(canonical(self._plain()))
        return plain

    def _plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SPEC.__struct_fields__}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSpec:
        """The inverse of `as_dict`.

        Raises:
            RecordError: when a field is missing, unknown or of the wrong type.
        """
        return _spec(_decoded(strict_json(values), _SPEC))


@dataclass(frozen=True)
class RunRecord:
    """What a run leaves, whatever became of it."""

    spec: RunSpec
    status: str
    reason: str = ""
    """One sentence; empty when all is well."""
    meters: dict[str, Number] = field(default_factory=dict)
    """What was spent, by unit."""
    values: dict[str, Number] = field(default_factory=dict)
    """The headline numbers: those of the last evaluation point."""
    curve: tuple[Point, ...] = ()
    quantities: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How to read each value: direction, unit, bounds, meaning."""
    headline: str = ""
    """The value that the board is sorted by."""
    recipe: str = ""
    """The recipe as a value, written out."""
    also: tuple[str, ...] = ()
    """Other cells that were asked for and turned out to be the same recipe: "wgan + gradient_penalty(weight=10.0)"."""
    parameters: dict[str, int] = field(default_factory=dict)
    """Parameters of each network."""
    seconds: dict[str, Number] = field(default_factory=dict)
    """Wall-clock seconds outside the training meter, also shared among the group: start, evaluation, saving."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Distributions and versions of the plugin, torch, Python and the platform; device and threads."""
    log_tail: str = ""
    """The last lines that a failed run printed."""

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.spec.id

    def to_json(self) -> str:
        """Strict JSON, one object; values stand in the order in which the metrics gave them.

        Raises:
            RecordError: when a number is not finite.
        """
        return strict_json(self._plain())

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        plain: dict[str, Any] = json.loads(self.to_json())
        return plain

    def _plain(self) -> dict[str, Any]:
        return {"id": self.id, **{f.name: getattr(self, f.name) for f in fields(self)}, "spec": self.spec.as_dict()}

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """The inverse of `to_json`.

        What an earlier ganbench did not write takes its default; of the spec, from which the id follows, nothing may
        be missing.

        Raises:
            RecordError: when the text is not a record, or its id does not follow from its spec.
        """
        line = _plainly(text) or _carefully(text)
        found = msgspec.structs.asdict(line)
        claimed = found.pop("id")
        require_shallow([found["provenance"], found["spec"].settings])  # what may nest and parse_json has not seen
        record = cls(**found | {"spec": _spec(found["spec"]), "quantities": _readings(bytes(found["quantities"]))})
        if record.status not in STATUSES:
            raise RecordError(f"unknown status '{record.status}': wanted one of {', '.join(STATUSES)}")
        if claimed != record.id:
            raise RecordError(f"the record's id '{claimed}' does not follow from its spec, which gives '{record.id}'")
        return record


class _Line(msgspec.Struct):
    """What a record's JSON has beside the fields of the record."""

    id: str


Form = TypeVar("Form", bound=msgspec.Struct)


def _form(cls: type, base: type[Form], **others: Any) -> type[Form]:
    """What JSON of the dataclass `cls` must hold: each of its fields, `others` of other types, and nothing else."""
    types = get_type_hints(cls, include_extras=True) | others
    named = [(f.name, types[f.name]) for f in fields(cls)]
    form: Any = msgspec.defstruct(cls.__name__, named, bases=(base,), forbid_unknown_fields=True)
    return cast(type[Form], form)


_SPEC = _form(RunSpec, msgspec.Struct)
_LINE = _form(RunRecord, _Line, spec=_SPEC, quantities=msgspec.Raw)
_REQUIRED = {"id", "spec", "status"}
_OPTIONAL = {
    name: value for name, value in RunRecord(RunSpec("", "", "", 0, ()), "")._plain().items() if name not in _REQUIRED
}
"""What an earlier ganbench may not have written."""


def _decoded(text: str, form: type[Form]) -> Form:
    """The strict JSON in `text` as `form` has it; RecordError where it does not fit."""
    try:
        return msgspec.json.decode(text, type=form)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RecordError(f"no {form.__name__}: {error}") from error


def _plainly(text: str) -> _Line | None:
    """The record's JSON in `text`, where it plainly is strict and complete; None where only a slower look can tell.

    Each key has a colon of its own, so that of a repeated or unknown one is missing from what is written again.
    """
    try:
        line = msgspec.json.decode(text, type=_LINE)
        again = msgspec.json.encode(line)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
    escaped = "\\u003" in text  # as a colon may be
    if escaped or text.count(":") != again.count(b":") or _TOO_LONG in again.translate(_ZEROS):
        return None
    return line


_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_TOO_LONG = b"0" * (sys.float_info.max_10_exp + 1)
"""A whole number of so many digits may be more than a float can hold."""


def _carefully(text: str) -> _Line:
    """The record's JSON in `text`, completed where an earlier ganbench wrote it; RecordError where it is none."""
    whole = _OPTIONAL | parse_json(text)
    line = _decoded(strict_json(whole), _LINE)
    if any(point.keys() != Point.__annotations__.keys() for point in whole["curve"]):
        raise RecordError(f"no RunRecord: wanted points of {', '.join(Point.__annotations__)} alone - at `$.curve`")
    return line


def _spec(found: msgspec.Struct) -> RunSpec:
    values = msgspec.structs.asdict(found)
    return RunSpec(**values | {"settings": _tupled(values["settings"])})


def _tupled(value: Any) -> Any:
    """The same with tuples for lists, those within included."""
    return tuple([_tupled(item) for item in value]) if isinstance(value, list | tuple) else value


@lru_cache(maxsize=256)
def _readings(text: bytes) -> dict[str, Any]:
    """The quantities in `text`, each a sound reading; one object for all records that say the same, as most do."""
    found = parse_json(text.decode())
    for name, how in found.items():
        try:
            msgspec.convert(how, Reading)
        except msgspec.ValidationError as error:
            raise RecordError(f"RunRecord.quantities: '{name}': {error}") from error
    return found
