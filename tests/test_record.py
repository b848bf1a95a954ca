"""Specs, records and their JSON: what decides an id, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from typing import Any

import pytest
from records import failed, ok, spec

from ganbench.errors import RecordError
from ganbench.record import CONTROLS, STATUSES, RunRecord, RunSpec
from ganbench.strict import canonical, parse_json

OTHERS: dict[str, Any] = {
    "variant": "lsgan",
    "dataset": "grid25",
    "budget": "1281 samples",
    "seed": 1,
    "group": (0, 1),
    "tricks": ("ema(decay=0.9)",),
    "settings": (("ema", 0.5),),
    "standard": "MLPPair(width=64)",
    "without": ("r1",),
    "batch_size": 64,
    "points": 3,
    "samples": 1001,
    "curve_samples": 251,
    "metrics": ("fid",),
    "extractor": "digits-cnn",
    "extractor_hash": "b" * 64,
    "fingerprint": "c" * 64,
    "source_hash": "d" * 64,
    "device": "cuda",
    "threads": 2,
    "machine": "Plan9",
    "protocol": 2,
}
FULL = replace(
    ok("nsgan", 0, 7.5, settings=(("optimizer.betas", (0.5, 0.9)), ("ema", None)), tricks=("ema(decay=0.9)",)),
    curve=({"fraction": 0.5, "meters": {"samples": 640}, "values": {"modes_covered": 3.0}},),
    log_tail='a "quoted" line\nµ',
)


@pytest.mark.parametrize("name", [f.name for f in fields(RunSpec)])
def test_every_field_decides_the_id(name: str):
    """A spec that differs in one field, whichever, has another id; an equal one has the same."""
    assert replace(spec(), **{name: OTHERS[name]}).id != spec().id
    assert replace(spec(), **{name: getattr(spec(), name)}).id == spec().id


def test_the_id_is_the_hash_of_the_canonical_json():
    """Sixteen hexadecimal digits of the SHA-256 of sorted JSON without spaces, in Python's or anybody's hands."""
    text = json.dumps(spec().as_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert spec().id == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_where_the_data_lie_is_no_part_of_a_spec():
    """No field of a spec is a path: the fingerprint stands for the data."""
    assert {f.name for f in fields(RunSpec)} == set(OTHERS)


@pytest.mark.parametrize("record", [ok(), FULL, failed("crashed", reason="it ended")])
def test_records_come_back_from_json(record: RunRecord):
    """from_json is the inverse of to_json, tuples inside settings included, in the order that was written."""
    back = RunRecord.from_json(record.to_json())
    assert back == record
    assert back.to_json() == record.to_json()
    assert list(back.values) == list(record.values)
    assert RunSpec.from_dict(record.spec.as_dict()) == record.spec


def test_a_record_is_one_line():
    """So that records can be published as lines of a file."""
    assert "\n" not in FULL.to_json()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_not_written(number: float):
    """Strict JSON has no NaN and no Infinity."""
    with pytest.raises(RecordError, match="not expressible as strict JSON"):
        replace(ok(), values={"fid": number}).to_json()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_are_not_read(number: str):
    """The error names what was found."""
    with pytest.raises(RecordError, match=f"found {number}, which strict JSON does not have"):
        RunRecord.from_json(ok(modes=7).to_json().replace('"modes_covered":7', f'"modes_covered":{number}'))


def test_a_number_too_large_is_not_read():
    """1e999 would become infinity in silence."""
    with pytest.raises(RecordError, match="found 1e999, which no float can hold"):
        parse_json('{"a":1e999}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":1,"a":2}', "found a key twice in one object"),
        ('{"a":{"b":1,"b":1}}', "found a key twice in one object"),
        ('{"a":1,"a":2,"b" :3}', "found a key twice in one object"),
        ('{"a":1,"a":2,"b":"\\u003a"}', "found a key twice in one object"),
        ('{"a":1,"a":2,"b":"\\u003A"}', "found a key twice in one object"),
        ("[1]", "found JSON of type list: wanted an object"),
        ("", "not strict JSON: Expecting value"),
        ('{"a":1', "not strict JSON"),
        ("[" * 100_000, "not strict JSON"),
    ],
)
def test_what_is_no_strict_object_is_refused(text: str, message: str):
    """The error says what was found."""
    with pytest.raises(RecordError, match=message):
        parse_json(text)


def altered(**changes: Any) -> str:
    """A record's JSON with these fields; a field of the spec is written spec__name; ... removes one."""
    plain = FULL.as_dict()
    for name, value in changes.items():
        owner = plain["spec"] if name.startswith("spec__") else plain
        key = name.removeprefix("spec__")
        if value is ...:
            del owner[key]
        else:
            owner[key] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spec__seed": "0"}, r"no RunRecord: Expected `int`, got `str` - at `\$.spec.seed`"),
        ({"spec__seed": 0.0}, r"Expected `int`, got `float` - at `\$.spec.seed`"),
        ({"spec__seed": True}, r"Expected `int`, got `bool` - at `\$.spec.seed`"),
        ({"spec__variant": None}, r"Expected `str`, got `null` - at `\$.spec.variant`"),
        ({"spec__extractor": 3}, r"Expected `str \| null`, got `int` - at `\$.spec.extractor`"),
        ({"spec__group": 0}, r"Expected `array`, got `int` - at `\$.spec.group`"),
        ({"spec__group": ["0"]}, r"Expected `int`, got `str` - at `\$.spec.group\[0\]`"),
        ({"spec__tricks": [1]}, r"Expected `str`, got `int` - at `\$.spec.tricks\[0\]`"),
        ({"spec__settings": [["ema"]]}, r"Expected `array` of length 2 - at `\$.spec.settings\[0\]`"),
        ({"spec__settings": [1]}, r"Expected `array`, got `int` - at `\$.spec.settings\[0\]`"),
        ({"spec__samples": -1}, r"Expected `int` >= 0 - at `\$.spec.samples`"),
        ({"spec__threads": 2**31}, r"Expected `int` <= 2147483647 - at `\$.spec.threads`"),
        ({"spec__colour": "red"}, r"Object contains unknown field `colour` - at `\$.spec`"),
        ({"spec__points": ...}, r"Object missing required field `points` - at `\$.spec`"),
        ({"spec": []}, r"Expected `object`, got `array` - at `\$.spec`"),
        ({"spec": ...}, "Object missing required field `spec`"),
        ({"mood": "good"}, "Object contains unknown field `mood`"),
        ({"status": ...}, "Object missing required field `status`"),
        ({"status": "fine"}, "unknown status 'fine': wanted one of ok, diverged"),
        ({"values": {"fid": "3"}}, r"Expected `int \| float`, got `str` - at `\$.values"),
        ({"values": {"fid": True}}, r"Expected `int \| float`, got `bool` - at `\$.values"),
        ({"values": [3]}, r"Expected `object`, got `array` - at `\$.values`"),
        ({"curve": [{"fraction": 0.5}]}, r"missing required field `meters` - at `\$.curve\[0\]`"),
        ({"curve": [{"fraction": 0.5, "meters": [], "values": {}}]}, r"got `array` - at `\$.curve\[0\].meters`"),
        (
            {"curve": [{"fraction": 0.5, "meters": {}, "values": {}, "x": 1}]},
            "wanted points of fraction, meters, values",
        ),
        ({"quantities": {"fid": 3}}, "RunRecord.quantities: 'fid': Expected `object`, got `int`"),
        (
            {"quantities": {"fid": {"direction": "sideways"}}},
            r"'fid': Invalid enum value 'sideways'",
        ),
        (
            {"quantities": {"fid": {"lowest": "0"}}},
            r"'fid': Expected `int \| float \| null`, got `str` - at `\$.lowest`",
        ),
        ({"quantities": {"fid": {"labels": [1]}}}, r"'fid': Expected `str`, got `int` - at `\$.labels\[0\]`"),
        ({"quantities": [1]}, "found JSON of type list: wanted an object"),
        ({"meters": {"flops": 10**400}}, "found 1000.*, which no float can hold"),
        ({"values": {"fid": 10**400, "x": 0.5}}, "found 1000.*, which no float can hold"),
        ({"reason": "\ud800"}, "not expressible as strict JSON: .* surrogates not allowed"),
        ({"id": "0" * 16}, "the record's id '0000000000000000' does not follow from its spec, which gives"),
        ({"id": ...}, "Object missing required field `id`"),
        ({"spec__seed": 5}, "does not follow from its spec"),
        ({"spec__variant": "\ud800"}, "not expressible as strict JSON: .* surrogates not allowed"),
    ],
)
def test_altered_records_are_refused(changes: dict[str, Any], message: str):
    """Whatever does not fit the format, or the id, is a RecordError that names the field."""
    with pytest.raises(RecordError, match=message):
        RunRecord.from_json(altered(**changes))


def test_canonical_json_sorts_its_keys():
    """Two mappings that are equal give one text."""
    assert canonical({"b": 1, "a": [1, 2.5, None, "µ"]}) == '{"a":[1,2.5,null,"µ"],"b":1}'


def test_a_cell_names_variant_tricks_and_settings():
    """As the board writes it."""
    assert spec("gan").cell == "gan"
    assert FULL.spec.cell == "nsgan + ema(decay=0.9) [optimizer.betas=(0.5, 0.9), ema=None]"


def test_controls_are_told_from_variants():
    """Two rows are no variants."""
    assert [spec(name).is_control for name in (*CONTROLS, "gan")] == [True, True, False]


def test_a_record_has_the_id_of_its_spec():
    """Whatever became of the run."""
    assert [failed(status).id for status in STATUSES] == [spec().id] * len(STATUSES)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": [1e400]}}',
        '{"a": [{"b": 1}, {"c": -1e400}]}',
        '{"a": 1, "a": 2}',
        '{"a":{"b":1,"b":2}}',
        '{"a":"\\":","a":3}',
        '[{"a":1,"a":2}]',
    ],
)
def test_what_no_strict_json_holds_is_found_at_any_depth(text: str):
    """Numbers beyond any float and repeated keys, also where a text looks like a key."""
    with pytest.raises(RecordError):
        parse_json(text)


def test_texts_that_look_like_keys_are_texts():
    """A quote before a colon, or sums that overflow though no number does, cost a second look and nothing else."""
    text = '{"a":"\\":","b":[1e308,1e308]}'
    assert parse_json(text) == {"a": '":', "b": [1e308, 1e308]}


def test_what_an_earlier_version_did_not_write_takes_its_default():
    """A record without the names of its recipe is still a record."""
    record = json.loads(FULL.to_json())
    del record["also"], record["log_tail"]
    assert RunRecord.from_json(json.dumps(record)) == replace(FULL, also=(), log_tail="")
