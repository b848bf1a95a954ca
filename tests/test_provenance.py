"""Which source a run's numbers come from."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import ganbench_plugins.gan
import ganbench_plugins.nsgan
import pytest
import torch
from distributions import distribution
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.wgan_gp import WGAN_GP
from toys import ADAM

import ganbench.optimizers
from ganbench.provenance import provenance
from ganbench.registry import Offer, find
from ganbench.sources import source_hash

BASE = "from dataclasses import dataclass\nfrom ganbench import Halves\n\nclass Base(Halves):\n    scale = {scale}\n"
LOSS = """
from dataclasses import dataclass
from acme_base import Base

@dataclass(frozen=True)
class Odd(Base):
    inner: object = None
    def on_real(self, score): return {value} * score
    def on_fake(self, score): return score
    def on_generated(self, score): return score
"""
Write = Callable[..., Any]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes the modules acme_base and acme_loss with these numbers, and returns the loss's class."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget() -> None:
        sys.modules.pop("acme_loss", None)
        sys.modules.pop("acme_base", None)

    def write(value: int = 1, scale: int = 1) -> Any:
        (tmp_path / "acme_base.py").write_text(BASE.format(scale=scale))
        (tmp_path / "acme_loss.py").write_text(LOSS.format(value=value))
        forget()
        importlib.invalidate_caches()
        return importlib.import_module("acme_loss").Odd

    yield write
    forget()


def test_the_hash_is_of_the_sources(acme: Write):
    """SHA-256 over file name, zero byte, source, zero byte of each file, sorted by name."""
    digest = hashlib.sha256()
    for name, module in (("gan.py", ganbench_plugins.gan), ("nsgan.py", ganbench_plugins.nsgan)):
        digest.update(name.encode() + b"\0" + inspect.getsource(module).encode() + b"\0")
    assert source_hash(NSGAN, ["ganbench_plugins.nsgan"]) == digest.hexdigest()


def test_the_hash_changes_with_a_parts_source(acme: Write):
    """The loss's own module, wherever in the recipe it stands: at the top, or inside another loss."""
    recipes = [replace(NSGAN, loss=acme(value)()) for value in (1, 2, 1)]
    hashes = []
    for value, recipe in zip((1, 2, 1), recipes, strict=True):
        acme(value)
        hashes.append((source_hash(recipe, []), source_hash(replace(NSGAN, loss=type(recipe.loss)(recipe.loss)), [])))
    assert hashes[0] == hashes[2]
    assert all(one != other for one, other in zip(hashes[0], hashes[1], strict=True))


def test_the_hash_changes_with_an_inherited_source(acme: Write):
    """A class that a loss derives from decides its numbers as much as its own module."""
    hashes = [source_hash(replace(NSGAN, loss=acme(1, scale)()), []) for scale in (1, 2)]
    assert hashes[0] != hashes[1]


def test_the_hash_changes_with_a_named_module(acme: Write):
    """As that of a trick, which leaves nothing of its own in the recipe."""
    hashes = []
    for value in (1, 2):
        acme(value)
        hashes.append(source_hash(NSGAN, ["acme_loss"]))
    assert len({*hashes, source_hash(NSGAN, [])}) == 3


def test_core_does_not_count(monkeypatch: pytest.MonkeyPatch):
    """A recipe that states core's optimiser has the hash of one that leaves it to the dataset."""
    assert source_hash(replace(NSGAN, optimizer=ADAM), ["ganbench.optimizers"]) == source_hash(NSGAN, [])
    monkeypatch.setattr(ganbench.optimizers, "__file__", __file__)
    assert source_hash(replace(NSGAN, optimizer=ADAM), []) == source_hash(NSGAN, [])


def test_the_hash_is_of_the_source_not_the_fields():
    """Fields are in the recipe and the settings already."""
    assert source_hash(replace(WGAN_GP, d_steps=1), []) == source_hash(WGAN_GP, [])
    assert source_hash(WGAN_GP, []) != source_hash(NSGAN, [])


def test_provenance_names_versions_and_plugins():
    """Each library with the version that its metadata gives, and the distributions that offered what was used."""
    found = provenance([find("variants", "nsgan"), find("tricks", "ema")], "cpu")
    assert found["versions"]["torch"] == metadata.version("torch")
    assert found["versions"]["ganbench"] == metadata.version("ganbench")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["threads"] == torch.get_num_threads()
    ganbench_with_version = f"ganbench {metadata.version('ganbench')}"
    assert found["used"] == {"nsgan": ganbench_with_version, "ema": ganbench_with_version}
    assert found["installed"]["ganbench"] == metadata.version("ganbench")


def test_provenance_names_torchs_build():
    """What it was built for and from, and the CPU's instructions that it uses: they decide the last bits."""
    found = provenance([], "cpu")["torch"]
    assert found["git"] == torch.version.git_version
    assert found["instructions"] == torch.backends.cpu.get_cpu_capability()
    assert found["build"] == (f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU")


def test_provenance_has_the_source_of_each_part():
    """The hash of what is used, kind by kind; core's own modules have none, as in the hash of them all."""
    used = [find("variants", "nsgan"), find("tricks", "ema"), find("datasets", "ring8")]
    assert provenance(used, "cpu")["sources"] == {
        "variant nsgan": source_hash((), ["ganbench_plugins.nsgan"]),
        "trick ema": source_hash((), ["ganbench_plugins.ema"]),
    }


def test_provenance_imports_nothing_else(acme: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of installed plugins that are not used it takes name and version from their metadata alone."""
    acme()
    trap = f"from pathlib import Path\nPath({str(tmp_path / 'imported')!r}).touch()\nraise SystemExit"
    for name in ("acme-bystander", "acme-other"):
        distribution(tmp_path / "site", name, trap, {"variants": [name], "extensions": [name]})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    used = Offer("variants", "odd", "acme_loss", "acme", "2.0")
    found = provenance([used], "cpu")
    assert found["installed"].items() >= {"acme-bystander": "1.0", "acme-other": "1.0"}.items()
    assert found["used"] == {"odd": "acme 2.0"}
    files = [tmp_path / f"{name}.py" for name in ("acme_base", "acme_loss")]
    source = b"".join(path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in files)
    assert found["sources"] == {"variant odd": hashlib.sha256(source).hexdigest()}
    assert not (tmp_path / "imported").exists()
    assert {"acme_bystander", "acme_other"} & set(sys.modules) == set()


def test_what_a_built_in_plugin_imports_counts():
    """A baseline's numbers depend on the files that it shares with others, and on what these share in turn."""
    digest = hashlib.sha256()
    names = ("collection", "gaussian_mixture", "noise")
    for name in names:
        source = Path(importlib.import_module(f"ganbench_plugins.{name}").__file__ or "").read_bytes()
        digest.update(f"{name}.py".encode() + b"\0" + source + b"\0")
    assert source_hash((), ["ganbench_plugins.gaussian_mixture"]) == digest.hexdigest()


@pytest.mark.parametrize(
    "files",
    [
        {
            "odd_one.py": "import numpy, odd_two\n",
            "odd_two.py": "import odd_three.deep\n",
            "odd_three/deep.py": "X = {}\n",
        },
        {"odd_one/losses.py": "X = {}\n"},
        {"odd_one/__init__.py": "", "odd_one/table.csv": "{}\n"},
    ],
    ids=["modules beside it", "a package without __init__", "data in a package"],
)
def test_every_file_of_a_stranger_counts(files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the module imports of those that lie beside it, and all that its package holds; nothing of libraries."""
    monkeypatch.syspath_prepend(str(tmp_path))
    hashes = []
    for value in (1, 2, 1):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text.format(value))
        (tmp_path / "odd_other.py").write_text(f"X = {len(hashes)}\n")
        importlib.invalidate_caches()
        hashes.append(source_hash((), ["odd_one"]))
        for name in [name for name in sys.modules if name.startswith("odd_")]:
            del sys.modules[name]
    assert hashes[0] == hashes[2] != hashes[1]
