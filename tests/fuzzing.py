"""Everything of ganbench that reads what came from elsewhere, and damaged and hostile versions of real files for it.

A reader answers bytes with a value, which it checks, or with one of the project's own errors; anything else is a bug.
"""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from records import failed, ok
from safetensors.torch import save
from toys import assert_same_bits, ring_dataset

from ganbench.archive import Archive, current
from ganbench.budget import Budget, Meters
from ganbench.datasets import digits
from ganbench.errors import GanbenchError
from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import board_texts
from ganbench.literals import parse_call, parse_setting
from ganbench.metrics.inception import _tensors
from ganbench.nightly.suite import read_suite
from ganbench.record import RunRecord, RunSpec
from ganbench.resumption import NAME, Snapshot, generator_states, load_snapshot, save_snapshot
from ganbench.samples.source import read_samples
from ganbench.strict import canonical, parse_json
from ganbench.training import Ledger

SUITE = b"""
[cpu]
about = "a night"
seeds = 5
threads = 2
[[cpu.grid]]
plugins = ["nsgan", "wgan_gp"]
tricks = [["none", "ema(decay=0.9)"]]
datasets = ["ring8"]
settings = ["gradient_penalty.weight=0.1"]
budget = "60kimg"
[[cpu.grid]]
plugins = ["gan"]
datasets = ["digits"]
points = 3
"""
HOSTILE = [
    *(None, True, False, 0, -1, 1, 2**63, 10**400, -(10**400), 0.5, -0.0, 1e308, 5e-324, float("nan"), float("inf")),
    *("", "x", "NaN", "../../etc/passwd", "a\0b", "\ud800", "\x1b[2J", "<script>", "__import__('os')", "9" * 5000),
    *("é" * 300, [], {}, [[]], [None], {"": {}}, {"__class__": 1}, ["ring8"] * 300),
]
TEXTS = [
    *("ema", "ema(decay=0.999)", "acme:label_smoothing(epsilon=0.2)", "f(a=(1, [2.5, 'x'], {3: None}), b=-1e9)"),
    *("gradient_penalty.weight=0.1", "optimizer.betas=(0.5, 0.9)", "x=True", "400kimg", "1.5Tflops", "90s", "2e3 s"),
    *("x=__import__('os').system('true')", "f(a=lambda: 0)", "x=1e999", "x=" + "9" * 5000, "x=" + "(" * 500, "f(**{})"),
]


@dataclass(frozen=True)
class Reader:
    """One way in, with real input for it."""

    name: str
    wholes: tuple[bytes, ...]
    read: Callable[[bytes], object]
    """Raises GanbenchError for what it refuses, and AssertionError where what it gives is no sound value."""
    spoil: Callable[[bytes, Random], bytes]
    """A version that is whole in form and wrong in content."""

    def refuses(self, content: bytes) -> bool:
        """Whether the reader has an error for it."""
        try:
            self.read(content)
        except GanbenchError as error:
            assert str(error).strip()
            return True
        return False


def case(reader: Reader, random: Random) -> bytes:
    """One damaged or hostile input for the reader."""
    content = random.choice(reader.wholes)
    if random.random() < 0.5:
        content = reader.spoil(content, random)
    for _ in range(random.choice([0, 1, 1, 2, 8])):
        content = damaged(content, random.choice(reader.wholes), random)
    return content


def damaged(content: bytes, other: bytes, random: Random) -> bytes:
    """The bytes with some flipped, cut off, cut out, repeated, overwritten, or replaced by some of another file."""
    at, end = sorted((random.randint(0, len(content)), random.randint(0, len(content))))
    start = random.randint(0, len(other))
    piece = other[start : start + random.choice([1, 4, 32, 1000])]
    noise = bytes(random.randrange(256) for _ in range(random.choice([1, 2, 8])))
    kind = random.randrange(7)
    if kind == 0 and content:
        at = min(at, len(content) - 1)
        return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]
    return [
        content[:at],
        content[:at] + content[end:],
        content[:end] + content[at:],
        content[:at] + noise + content[at:],
        content[:at] + noise + content[at + len(noise) :],
        content[:at] + piece + content[end:],
        content[:at] + piece + content[at:],
    ][kind]


def spoiled(value: Any, random: Random) -> Any:
    """JSON with one thing in it replaced by something hostile, left out, added or moved."""
    value = copy.deepcopy(value)
    inside = value
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return value
        key = random.choice(keys)
        if isinstance(inside[key], dict | list) and inside[key] and random.random() < 0.7:
            inside = inside[key]
            continue
        kind = random.randrange(6)
        if kind == 0:
            del inside[key]
        elif kind == 1 and isinstance(inside, dict):
            inside[random.choice(["", "id", "seconds", "x", "é", *keys])] = random.choice(HOSTILE)
        elif kind == 2:
            inside[key] = inside[random.choice(keys)]
        elif kind == 3:
            inside[key] = nested(random.choice([3, 30, 90]))
        else:
            inside[key] = random.choice(HOSTILE)
        return value


def nested(depth: int) -> list[Any]:
    """A list in a list, so deep."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _spoil_json(content: bytes, random: Random) -> bytes:
    return _json(spoiled(json.loads(content), random))


def _spoil_record(content: bytes, random: Random) -> bytes:
    """With an id that follows from the spec, as a forger would make it."""
    value = spoiled(spoiled(json.loads(content), random), random)
    with suppress(Exception):  # the reader meets it again
        value["id"] = RunSpec.from_dict(value["spec"]).id
    return _json(value)


def _read_record(content: bytes) -> None:
    record = RunRecord.from_json(content.decode(errors="surrogateescape"))
    try:
        assert RunRecord.from_json(record.to_json()) == record
    except GanbenchError as error:
        raise AssertionError("what was read cannot be written") from error
    numbers = [*record.values.values(), *(value for point in record.curve for value in point["values"].values())]
    assert np.isfinite(np.array(numbers, dtype=float)).all()


def _read_spec(content: bytes) -> None:
    spec = RunSpec.from_dict(parse_json(content.decode(errors="replace")))
    assert RunSpec.from_dict(spec.as_dict()) == spec
    assert len(spec.id) == 16
    assert isinstance(spec.cell, str)


def _spoil_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines()
    at = random.randrange(len(lines))
    return b"\n".join([*lines[:at], _spoil_record(lines[at], random), *lines[at + 1 :]]) + b"\n"


def _archive_reader(folder: Path) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        (folder / "ring8.jsonl").write_bytes(content)
        found = list(Archive(folder).records())
        records = [each for each in found if isinstance(each, RunRecord)]
        assert len(records) <= len(content.splitlines())
        for text in board_texts(boards(current(records))).values():
            text.encode()
        errors = [each for each in found if not isinstance(each, RunRecord)]
        if errors:
            raise errors[0]

    return read


def toml(value: Any) -> str:
    """JSON as TOML has it, tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def _spoil_suite(_content: bytes, random: Random) -> bytes:
    grid = {"plugins": ["nsgan"], "tricks": [["none", "ema"]], "datasets": ["ring8"], "settings": [], "points": 3}
    suite = {"cpu": {"about": "a", "seeds": 5, "threads": 2, "budget": "60kimg", "grid": [grid, dict(grid)]}}
    return "\n".join(f"{json.dumps(k)} = {toml(v)}" for k, v in spoiled(suite, random).items()).encode(errors="replace")


def _suite_reader(path: Path) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        path.write_bytes(content)
        suite = read_suite(path, "cpu", data_root=None)
        for entry in suite.entries:
            assert entry.seeds is None or type(entry.seeds) is int
            assert all(isinstance(name, str) for each in entry.requests for name in (each.variant, *each.tricks))

    return read


def _samples_reader(path: Path, dataset: Any) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        path.write_bytes(content)
        samples = read_samples(path, dataset).x
        assert samples.shape[1:] == dataset.sample_shape
        assert len(samples) >= 2
        assert samples.dtype == torch.float32
        assert samples.isfinite().all()
        assert not dataset.is_image or samples.abs().max() <= 1

    return read


def _spoil_npy(content: bytes, random: Random) -> bytes:
    shape = random.choice(["(20, 2)", "(2,)", "()", "(-1, 2)", "(10**9, 2)", f"({2**62}, 2)", "(True, 2)", "'x'"])
    kind = random.choice(["<f4", ">f8", "<f2", "|O", "|b1", "<c8", "<M8[s]", "|V8", "<U3", "<f16", "|u1", "<u8", "("])
    header = f"{{'descr': {kind!r}, 'fortran_order': {random.choice(['False', 'True', '3'])}, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n" + content[128:]


def _spoil_safetensors(content: bytes, random: Random) -> bytes:
    size = int.from_bytes(content[:8], "little")
    header = _spoil_json(content[8 : 8 + size], random)
    return len(header).to_bytes(8, "little") + header + content[8 + size :]


def _spoil_zip(content: bytes, random: Random) -> bytes:
    """The same members, some with another content or name, packed again; what is no zip is damaged as it is."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return damaged(content, content, random)
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            inner = old.read(name)
            if random.random() < 0.2:
                inner = random.choice([pickle.dumps(print), _spoil_npy(inner, random), damaged(inner, inner, random)])
            new.writestr(random.choice([name] * 9 + [f"../../{name}", "a\0b", f"/{name}"]), inner)
    return made.getvalue()


def _snapshot_reader(folder: Path, whole: Snapshot) -> Callable[[bytes], None]:
    """What is read is the snapshot that was saved, to the last bit, or nothing."""

    def read(content: bytes) -> None:
        (folder / NAME).write_bytes(content)
        found = load_snapshot(folder, ["a", "b"])
        if found is None:
            raise GanbenchError("no snapshot")
        assert_same_bits(found.trainer, whole.trainer)
        assert_same_bits(found.rng, whole.rng)
        for name in ("ledger", "supply", "progress", "seconds"):
            assert getattr(found, name) == getattr(whole, name)

    return read


def _run_reader(folder: Path) -> Callable[[bytes], None]:
    """A run's folder whose spec was altered; it holds a control, which needs no checkpoint."""
    dataset = ring_dataset()

    def read(content: bytes) -> None:
        (folder / "spec.json").write_bytes(content)
        assert read_samples(folder, dataset).x.isfinite().all()

    return read


def _read_text(content: bytes) -> None:
    text = content.decode(errors="surrogateescape")
    refusals = 0
    for read in (parse_call, parse_setting, Budget.parse):
        try:
            assert read(text) is not None
        except GanbenchError:
            refusals += 1
    if refusals == 3:
        raise GanbenchError("refused by all")


def _spoil_text(_content: bytes, random: Random) -> bytes:
    tokens = [
        *"()[]{}=,.:-+*'\"\\#\n\0 19eE_jLx",
        "ema",
        "decay",
        "**",
        "1e999",
        "lambda",
        "None",
        "b''",
        "...",
        "\ud800",
    ]
    return "".join(random.choices(tokens, k=random.randrange(40))).encode(errors="surrogatepass")


def _weights_reader(path: Path) -> Callable[[bytes], None]:
    def read(content: bytes) -> None:
        assert all(isinstance(each, torch.Tensor) for each in _tensors(path, content).values())

    return read


def _saved(write: Callable[[Any], object]) -> bytes:
    made = io.BytesIO()
    write(made)
    return made.getvalue()


def _pictures(images: torch.Tensor) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for k, kind in enumerate(("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")):
            image = Image.fromarray(images[k, 0].numpy())
            archive.writestr(f"{k}.{kind.lower()}", _saved(lambda file, image=image, kind=kind: image.save(file, kind)))
    return made.getvalue()


def readers(folder: Path) -> list[Reader]:
    """All of them; they write what they are to read into `folder`."""
    points, images = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)), digits.load(None, None)
    ring = ring_dataset()
    lines = tuple(
        each.to_json().encode() for each in (ok("nsgan", 0, 6), ok("wgan", 1, 3), failed("timeout", "gän", 1, "vorbei"))
    )
    control = ok("held_out_real", 0, samples=50, curve_samples=50, points=1, batch_size=0).spec
    snapshot = Snapshot(
        Ledger(Meters(64, 2, 1, 300, 0.1), {"discriminator": 100}, 3),
        {"latent": 96, "real": 64},
        {"w": torch.arange(6.0).reshape(2, 3), "turn": torch.tensor(1)},
        [{"curve": [{"fraction": 0.5, "meters": {}, "values": {"fid": 3.25}}], "diverged": "", "left_out": []}] * 2,
        {"start": 0.5, "evaluation": 1.25},
        {"cpu": generator_states()["cpu"][:64]},
    )
    save_snapshot(folder, ["a", "b"], snapshot)
    (folder / "run").mkdir()
    npy = _saved(lambda file: np.save(file, points.numpy()))
    npz = _saved(lambda file: np.savez(file, samples=points.numpy(), other=np.arange(3)))
    pt = _saved(lambda file: torch.save({"samples": points, "other": torch.arange(3)}, file))
    tensors = save({"samples": points, "other": torch.arange(3)})
    read = {end: _samples_reader(folder / f"samples.{end}", ring) for end in ("npy", "npz", "pt", "safetensors")}
    return [
        Reader("record", lines, _read_record, _spoil_record),
        Reader("spec", (canonical(ok().spec.as_dict()).encode(),), _read_spec, _spoil_json),
        Reader("archive", (b"\n".join(lines) + b"\n",), _archive_reader(folder), _spoil_lines),
        Reader("suite", (SUITE,), _suite_reader(folder / "suite.toml"), _spoil_suite),
        Reader("npy", (npy, pickle.dumps(print)), read["npy"], _spoil_npy),
        Reader("npz", (npz,), read["npz"], _spoil_zip),
        Reader("pt", (pt,), read["pt"], _spoil_zip),
        Reader("safetensors", (tensors,), read["safetensors"], _spoil_safetensors),
        Reader(
            "pictures", (_pictures(images.images("held_out")),), _samples_reader(folder / "p.zip", images), _spoil_zip
        ),
        Reader("snapshot", ((folder / NAME).read_bytes(),), _snapshot_reader(folder, snapshot), _spoil_safetensors),
        Reader("run", (canonical(control.as_dict()).encode(),), _run_reader(folder / "run"), _spoil_json),
        Reader("text", tuple(text.encode() for text in TEXTS), _read_text, _spoil_text),
        Reader("weights", (pt, pickle.dumps(print)), _weights_reader(folder / "w.pth"), _spoil_zip),
        Reader("safe weights", (tensors,), _weights_reader(folder / "w.safetensors"), _spoil_safetensors),
    ]
