"""Whatever stands in a file or a text from elsewhere, it gives a sound value or an error of ganbench's own.

A few hundred cases each, the same every time; `benchmarks/fuzz.py` makes as many as wanted.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fuzzing import Reader, case, readers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import ok, spec

from ganbench.errors import RecordError, SettingError
from ganbench.literals import parse_call, parse_setting
from ganbench.record import RunRecord, RunSpec
from ganbench.store import Store
from ganbench.strict import canonical, parse_json

FEW = settings(
    max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
NAMES = [
    *("record", "spec", "archive", "suite", "npy", "npz", "pt", "safetensors", "pictures", "snapshot", "run", "text"),
    *("weights", "safe weights"),
]
COSTLY = {"archive": 50, "run": 50}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Reader]:
    """Every reader."""
    return {reader.name: reader for reader in readers(tmp_path_factory.mktemp("read"))}


def test_every_reader_is_tried(by_name: Mapping[str, Reader]):
    """The names below are those of all readers."""
    assert list(by_name) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_real_thing_is_read(by_name: Mapping[str, Reader], name: str):
    """Of each reader's real files the first is read, so that refusing everything would not do."""
    reader = by_name[name]
    assert not reader.refuses(reader.wholes[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_damage_is_refused_or_does_not_matter(by_name: Mapping[str, Reader], name: str):
    """Flipped, cut, repeated and spliced bytes, and hostile content in a whole form; some of it is refused."""
    reader = by_name[name]
    refused = []

    @settings(FEW, max_examples=COSTLY.get(name, 200))
    @given(st.integers(0, 2**32))
    def trial(seed: int) -> None:
        refused.append(reader.refuses(case(reader, Random(seed))))

    trial()
    assert any(refused)


@FEW
@given(st.sampled_from([field.name for field in fields(RunRecord)]), JSON)
def test_any_json_in_a_record_is_sound_or_refused(name: str, value: Any):
    """Whatever stands in a field, what is read can be written, and reads as the same again."""
    try:
        record = RunRecord.from_json(json.dumps(ok().as_dict() | {name: value}))
    except RecordError:
        return
    assert RunRecord.from_json(record.to_json()) == record


@FEW
@given(st.sampled_from([field.name for field in fields(RunSpec)]), JSON)
def test_any_json_in_a_spec_is_sound_or_refused(name: str, value: Any):
    """Its id follows from what it says, and what it says survives being written."""
    try:
        read = RunSpec.from_dict(parse_json(json.dumps(spec().as_dict() | {name: value})))
    except RecordError:
        return
    assert RunSpec.from_dict(parse_json(canonical(read.as_dict()))).id == read.id


@pytest.mark.parametrize("depth", [90, 900, 9_000, 90_000])
def test_depth_is_no_way_in(depth: int):
    """A value may be nested as deep as anyone likes: what is too deep to be read is refused."""
    deep = "[" * depth + "]" * depth
    for text in (f'{{"also": {deep}}}', f'{{"spec": {{"settings": {deep}}}}}', deep):
        with pytest.raises(RecordError):
            RunRecord.from_json(text)
    for read in (parse_call, parse_setting):
        with pytest.raises(SettingError):
            read(f"f(x={deep}" if depth < 100 else f"x={deep})")


@FEW
@given(st.text(), st.text())
def test_any_name_stays_in_its_folder(variant: str, dataset: str):
    """A run lies three folders below the root, whatever its variant and its dataset are called."""
    folder = Store(Path("/root/of/runs")).folder(spec(variant, dataset=dataset))
    assert folder.parts[:4] == ("/", "root", "of", "runs")
    assert len(folder.parts) == 7
    assert all(part.strip(".") for part in folder.parts)
    assert not any(set(part) & set("/\\\0") for part in folder.parts[1:])


@FEW
@given(st.text())
def test_any_text_is_a_literal_or_refused(text: str):
    """What is read of a setting is a plain value, equal to itself when written out and read again."""
    try:
        address, value = parse_setting(f"a={text}")
    except SettingError:
        return
    assert address == "a"
    assert repr(parse_setting(f"a={value!r}")[1]) == repr(value)


def test_a_pickle_is_never_opened(tmp_path: Path):
    """Under every name that samples or weights may have, a file that would leave a mark when unpickled leaves none."""
    content = pickle.dumps(Mark(tmp_path / "mark"))
    for reader in readers(tmp_path):
        if reader.name not in ("text", "suite"):
            assert reader.refuses(content)
    assert not (tmp_path / "mark").exists()
    pickle.loads(content)
    assert (tmp_path / "mark").exists()


class Mark:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)
