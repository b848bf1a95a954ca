"""A run's specification and what it leaves, as strict JSON; and the id of a run.

The id is the SHA-256 of the specification's canonical JSON: two runs share an id exactly when everything that decides
their numbers is the same. Where the data or a plugin happens to lie on a machine is no part of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, cached_property, lru_cache, partial
from typing import Any, Literal, get_args

import msgspec

from ganbench.errors import RecordError

PROTOCOL = 1
"""Raised whenever core changes what a number means; records of different protocols are never ranked together."""

Status = Literal["ok", "diverged", "timeout", "out_of_memory", "crashed", "load_error", "not_applicable", "interrupted"]
STATUSES: tuple[str, ...] = get_args(Status)
CONTROLS = ("held_out_real", "untrained")
"""Rows that are no variants: the held-out reals themselves, and the standard generator before training."""


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
    batch_size: int = 0
    points: int = 0
    """Evaluation points, evenly spaced over the budget."""
    samples: int = 0
    """n of the headline evaluation."""
    curve_samples: int = 0
    """n of the evaluations before it."""
    metrics: tuple[str, ...] = ()
    extractor: str | None = None
    extractor_hash: str | None = None
    fingerprint: str | None = None
    """Of the data."""
    source_hash: str | None = None
    """Of the modules that define the recipe's parts; None where they could not be loaded."""
    device: str = "cpu"
    threads: int = 1
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
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSpec:
        """The inverse of `as_dict`.

        Raises:
            RecordError: when a field is missing, unknown or of the wrong type.
        """
        spec = cls(**_checked(cls, values))
        spec._check_inside()
        return spec

    def _check_inside(self) -> None:
        for name, wanted in (("group", int), ("tricks", str), ("without", str), ("metrics", str)):
            _require_members(f"RunSpec.{name}", getattr(self, name), wanted)
        for name in ("batch_size", "points", "samples", "curve_samples", "threads"):
            if not 0 <= (found := getattr(self, name)) < 2**31:
                raise RecordError(f"RunSpec.{name}: found {str(found)[:40]}, wanted a count")
        for setting in self.settings:
            if not (isinstance(setting, tuple) and len(setting) == 2 and isinstance(setting[0], str)):
                raise RecordError(f"RunSpec.settings: found {setting!r}, wanted pairs of an address and a value")


@dataclass(frozen=True)
class RunRecord:
    """What a run leaves, whatever became of it."""

    spec: RunSpec
    status: str
    reason: str = ""
    """One sentence; empty when all is well."""
    meters: dict[str, Any] = field(default_factory=dict)
    """What was spent, by unit."""
    values: dict[str, float] = field(default_factory=dict)
    """The headline numbers: those of the last evaluation point."""
    curve: tuple[dict[str, Any], ...] = ()
    """One {fraction, meters, values} an evaluation point."""
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
    seconds: dict[str, float] = field(default_factory=dict)
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

    def _check_inside(self) -> None:
        for name in ("meters", "values", "parameters", "seconds"):
            _require_numbers(f"RunRecord.{name}", getattr(self, name))
        _require_members("RunRecord.also", self.also, str)
        for point in self.curve:
            if not isinstance(point, dict) or set(point) != {"fraction", "meters", "values"}:
                raise RecordError("RunRecord.curve: wanted points of fraction, meters and values")
            _require_numbers("RunRecord.curve", {"fraction": point["fraction"]})
            _require_numbers("RunRecord.curve.meters", point["meters"])
            _require_numbers("RunRecord.curve.values", point["values"])

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
        values = parse_json(text)
        claimed = values.pop("id", None)
        spec = RunSpec.from_dict(values.pop("spec", {}))
        checked = _checked(cls, _completed(cls, values), skip=("spec",))
        checked["quantities"] = _readings(checked["quantities"])
        record = cls(spec=spec, **checked)
        if record.status not in STATUSES:
            raise RecordError(f"unknown status '{record.status}': wanted one of {', '.join(STATUSES)}")
        record._check_inside()
        if claimed != record.id:
            raise RecordError(f"the record's id '{claimed}' does not follow from its spec, which gives '{record.id}'")
        return record


def canonical(value: Any) -> str:
    """The one JSON text of `value`: keys sorted, no spaces, no NaN or Infinity.

    Raises:
        RecordError: when `value` holds a number that is not finite, or a type that JSON lacks.
    """
    return strict_json(value, sort_keys=True)


def strict_json(value: Any, sort_keys: bool = False) -> str:
    """JSON without spaces, NaN or Infinity.

    Raises:
        RecordError: as `canonical`.
    """
    try:
        text = json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is a str, but no UTF-8
    except (TypeError, ValueError) as error:
        raise RecordError(f"not expressible as strict JSON: {error}") from error
    return text


def parse_json(text: str) -> dict[str, Any]:
    """A JSON object, strictly: NaN, Infinity, repeated keys and anything but an object are refused.

    Raises:
        RecordError: saying what was found.
    """
    try:
        value = _quickly(text)
        if value is None:
            hooks: dict[str, Any] = {"parse_constant": _refuse_constant, "parse_float": _finite}
            value = json.loads(text, object_pairs_hook=_no_repeats, **hooks)
            strict_json(value)  # half of a surrogate pair can be read, but no file can be written from it
    except (ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"not strict JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"found JSON of type {type(value).__name__}: wanted an object")
    return value


def _quickly(text: str) -> Any:
    """What the JSON in `text` says, where it plainly repeats no key; None where only a slower look can tell.

    Each key has a colon of its own, so that of a repeated key is missing from what is written again. Numbers that no
    float can hold, NaN and Infinity are errors here.
    """
    try:
        value = msgspec.json.decode(text)
        again = msgspec.json.encode(value)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
    escaped = "\\u003" in text  # as a colon may be
    return value if not escaped and text.count(":") == again.count(b":") else None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"found {name}, which strict JSON does not have")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"found {text}, which no float can hold")
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("found a key twice in one object")
    return found


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "str | None": (str, type(None)),
    "tuple": (list, tuple),
    "dict": (dict,),
}


def _checked(cls: type, values: Mapping[str, Any], skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """`values` as keyword arguments of the dataclass `cls`, lists made tuples; RecordError where they do not fit."""
    if not isinstance(values, Mapping):
        raise RecordError(f"found {type(values).__name__} where a {cls.__name__} was wanted")
    wanted = _types(cls, skip)
    if odd := wanted.keys() ^ values.keys():
        raise RecordError(f"{cls.__name__}: missing or unknown fields: {', '.join(sorted(map(str, odd)))}")
    checked = dict(values)
    for name, (type_name, types) in wanted.items():
        value = values[name]
        if type(value) not in types:
            raise RecordError(f"{cls.__name__}.{name}: found {type(value).__name__}, wanted {type_name}")
        if list in types:
            checked[name] = _tupled(value)
    return checked


@cache
def _types(cls: type, skip: tuple[str, ...]) -> dict[str, tuple[str, tuple[type, ...]]]:
    """The type of every field of the dataclass `cls` but those, as written and as JSON has it."""
    names = {f.name: str(f.type) for f in fields(cls) if f.name not in skip}
    return {name: (type_name, _JSON_TYPES[type_name.split("[")[0]]) for name, type_name in names.items()}


def _completed(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """The same with the default of every field of the dataclass `cls` that is not there."""
    return {name: make() for name, make in _defaults(cls).items() if name not in values} | values


@cache
def _defaults(cls: type) -> dict[str, Callable[[], Any]]:
    """What makes the default of every field of the dataclass `cls` that has one."""
    plain = {f.name: partial(_same, f.default) for f in fields(cls) if f.default is not MISSING}
    return plain | {f.name: f.default_factory for f in fields(cls) if f.default_factory is not MISSING}


def _same(value: Any) -> Any:
    return value


def _require_members(where: str, values: tuple[Any, ...], wanted: type) -> None:
    for value in values:
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise RecordError(f"{where}: found {type(value).__name__} among them, wanted {wanted.__name__}")


_NUMBERS = {int, float}


def _require_numbers(where: str, values: Any) -> None:
    if not isinstance(values, dict):
        raise RecordError(f"{where}: found {type(values).__name__}, wanted an object of numbers")
    types = set(map(type, values.values()))
    if types <= {float} or (types <= _NUMBERS and max(map(abs, values.values())) <= sys.float_info.max):
        return
    for name, value in values.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise RecordError(f"{where}.{name}: found {type(value).__name__}, wanted a number")
        if abs(value) > sys.float_info.max:
            raise RecordError(f"{where}.{name}: found a number that no float can hold")


_READING: dict[str, tuple[type, ...]] = {
    "direction": (str,),
    "unit": (str,),
    "lowest": (int, float, type(None)),
    "highest": (int, float, type(None)),
    "meaning": (str,),
    "labels": (list,),
    "beside": (str,),
    "role": (str,),
}


def _readings(quantities: dict[str, Any]) -> dict[str, Any]:
    """The same `quantities`, each a sound reading; one object for all records that say the same, as most do."""
    try:
        text = msgspec.json.encode(quantities)
    except OverflowError as error:
        raise RecordError(f"RunRecord.quantities: found a number that no float can hold ({error})") from error
    return _readings_in(text)


@lru_cache(maxsize=256)
def _readings_in(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(text)
    for name, how in found.items():
        _require_reading(f"RunRecord.quantities.{name}", how)
    return found


def _require_reading(where: str, how: Any) -> None:
    """That `how` says in words and bounds how a value is to be read, as far as it says so."""
    if not isinstance(how, dict):
        raise RecordError(f"{where}: found {type(how).__name__}, wanted an object")
    for name, types in _READING.items():
        if name in how and type(how[name]) not in types:
            raise RecordError(f"{where}.{name}: found {type(how[name]).__name__}, which it cannot be")
    _require_members(f"{where}.labels", tuple(how.get("labels", ())), str)
    if how.get("direction", "neither") not in ("higher", "lower", "neither"):
        raise RecordError(f"{where}.direction: found '{how['direction']}', wanted higher, lower or neither")
    _require_numbers(where, {name: bound for name in ("lowest", "highest") if (bound := how.get(name)) is not None})


def _tupled(value: Any) -> Any:
    if type(value) not in (list, tuple):
        return value
    return tuple([_tupled(item) if type(item) in (list, tuple) else item for item in value])
