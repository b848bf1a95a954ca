"""The cache: it saves work, and whatever is wrong with it costs work and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ganbench.cache import cache_root, cached, file_name

VALUES = {"bytes": torch.arange(6, dtype=torch.uint8).reshape(2, 3), "floats": torch.tensor([0.5, -1.0])}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def make() -> Callable[[], dict[str, Tensor]]:
    def counted() -> dict[str, Tensor]:
        counted.calls += 1
        return VALUES

    counted.calls = 0
    return counted


def assert_values(found: dict[str, Tensor]) -> None:
    assert found.keys() == VALUES.keys()
    for name, value in VALUES.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_the_same_key_is_made_once(root: Path, make: Callable[[], dict[str, Tensor]]):
    """A second call returns equal tensors without making them, and the order of the key's names does not count."""
    assert_values(cached("kind", {"a": 1, "b": [2, "x"]}, make))
    assert_values(cached("kind", {"b": [2, "x"], "a": 1}, make))
    assert make.calls == 1


def test_another_key_or_kind_is_another_file(root: Path, make: Callable[[], dict[str, Tensor]]):
    """Keys that differ in a value, its type or the kind do not share what they hold."""
    for kind, key in [("kind", {"a": 1}), ("kind", {"a": "1"}), ("kind", {"a": 2}), ("other", {"a": 1})]:
        cached(kind, key, make)
    assert make.calls == len(list(root.iterdir())) == 4


def test_a_damaged_file_is_replaced(root: Path, make: Callable[[], dict[str, Tensor]]):
    """A truncated file is made anew, once."""
    path = root / file_name("kind", {"a": 1})
    cached("kind", {"a": 1}, make)
    path.write_bytes(path.read_bytes()[:-3])
    for _ in range(2):
        assert_values(cached("kind", {"a": 1}, make))
    assert make.calls == 2


def test_a_flipped_bit_is_no_entry(root: Path, make: Callable[[], dict[str, Tensor]]):
    """Numbers that are not those that were kept are made anew, once."""
    path = root / file_name("kind", {"a": 1})
    cached("kind", {"a": 1}, make)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for _ in range(2):
        assert_values(cached("kind", {"a": 1}, make))
    assert make.calls == 2


def test_what_was_kept_without_a_hash_or_for_another_key_is_no_entry(root: Path, make: Callable[[], dict[str, Tensor]]):
    """Nothing says that such a file is what this key asks for."""
    root.mkdir()
    path = root / file_name("kind", {"a": 1})
    save_file({"bytes": torch.zeros(2)}, path)
    assert_values(cached("kind", {"a": 1}, make))
    other = root / file_name("kind", {"a": 2})
    cached("kind", {"a": 2}, lambda: {"bytes": torch.zeros(2)})
    other.replace(path)
    assert_values(cached("kind", {"a": 1}, make))
    assert make.calls == 2


def test_a_cache_that_cannot_be_written_is_no_error(root: Path, make: Callable[[], dict[str, Tensor]]):
    """Where a file stands in the folder's place, the tensors are made every time."""
    root.write_text("not a folder")
    for _ in range(2):
        assert_values(cached("kind", {"a": 1}, make))
    assert make.calls == 2
    assert root.read_text() == "not a folder"


def test_only_whole_files_are_left(root: Path, make: Callable[[], dict[str, Tensor]]):
    """After a write the folder holds the file under its final name and nothing unfinished."""
    cached("kind", {"a": 1}, make)
    assert [path.name for path in root.iterdir()] == [file_name("kind", {"a": 1})]


def test_views_and_shared_tensors_can_be_kept(root: Path):
    """Tensors that are transposed, or share their memory, come back as they were."""
    base = torch.arange(6.0).reshape(2, 3)
    for _ in range(2):
        found = cached("kind", {}, lambda: {"base": base, "turned": base.T, "row": base[1]})
        assert torch.equal(found["turned"], base.T)
        assert torch.equal(found["row"], base[1])


def test_a_key_that_json_cannot_hold_is_refused(root: Path, make: Callable[[], dict[str, Tensor]]):
    """NaN equals nothing, itself included, so it can name nothing."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        cached("kind", {"a": float("nan")}, make)


def test_the_cache_has_a_default_place(monkeypatch: pytest.MonkeyPatch):
    """GANBENCH_CACHE goes first, then ~/.cache/ganbench."""
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("GANBENCH_CACHE", "/elsewhere")
    assert cache_root() == Path("/elsewhere")
    monkeypatch.delenv("GANBENCH_CACHE")
    assert cache_root() == Path("/home/someone/.cache/ganbench")
