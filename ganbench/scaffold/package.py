"""A new plugin as a package: what it is called, what is in it, and whether its names are free."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from ganbench import __version__
from ganbench.errors import UsageError
from ganbench.record import CONTROLS
from ganbench.registry import Offer, offers

RESERVED = ("none", *CONTROLS)
"""Words that the command line and the boards need for themselves."""


@dataclass(frozen=True)
class Kind:
    """What a new plugin can be."""

    offers: tuple[str, ...]
    """The kinds of things that it offers, as entry-point groups name them."""
    command: str
    """What runs it."""


KINDS = {
    "variant": Kind(("variants",), "ganbench run --plugin my_plugin"),
    "loss": Kind(("variants",), "ganbench run --plugin my_plugin"),
    "trick": Kind(("tricks",), "ganbench run --plugin nsgan --trick none,my_plugin"),
    "dataset": Kind(("datasets",), "ganbench run --plugin nsgan --dataset my_plugin"),
    "metric": Kind(("metrics", "datasets"), "ganbench run --plugin nsgan --dataset my_plugin"),
}
"""A loss is offered as a variant that trains by it, a metric beside a dataset that is judged by it."""

TEMPLATES = {
    ".github/workflows/publish.yml": "publish.yml.txt",
    ".github/workflows/tests.yml": "tests.yml.txt",
    ".gitignore": "gitignore.txt",
    "LICENSE": "LICENSE.txt",
    "README.md": "README.md.txt",
    "ganbench_my_plugin.py": "@kind@.py.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "tests/test_my_plugin.py": "test_@kind@.py.txt",
}
"""The files of a package, by path, and what each is made from."""


@dataclass(frozen=True)
class Package:
    """A package that offers one plugin.

    Raises:
        UsageError: where no plugin can have that name.
    """

    name: str
    kind: str
    """One of `KINDS`."""

    def __post_init__(self) -> None:
        if meaning := _meaning(self.name):
            raise UsageError(f"a plugin cannot be called '{self.name}': {meaning}; choose another")
        if keyword.iskeyword(self.name) or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", self.name):
            raise UsageError(
                f"a plugin cannot be called {self.name!r}: wanted lower-case letters, digits and single underscores, "
                f"a letter first and no word of Python, such as '{_nearest(self.name)}'"
            )

    @property
    def distribution(self) -> str:
        """As on the package index: ganbench-my-plugin."""
        return self._named("ganbench-my-plugin")

    @property
    def module(self) -> str:
        """As in Python: ganbench_my_plugin."""
        return self._named("ganbench_my_plugin")

    @property
    def command(self) -> str:
        """What runs the plugin once it is installed."""
        return self._named(KINDS[self.kind].command)

    def files(self) -> dict[str, str]:
        """The text of each file, by its path."""
        return {self._named(path): self._named(self._template(file)) for path, file in TEMPLATES.items()}

    def write(self, out: Path) -> Path:
        """Writes the files into a new folder in `out`, called as the distribution, and returns it.

        Raises:
            UsageError: where there is such a folder, or it cannot be written.
        """
        folder = out / self.distribution
        try:
            out.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            for name, text in self.files().items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except FileExistsError as error:
            found = f"'{error.filename}' exists, and nothing is overwritten"
            raise UsageError(f"{found}; choose another name or --out") from error
        except OSError as error:
            found = f"--out {out}: '{error.filename}': {error.strerror}"
            raise UsageError(f"{found}; name a folder that can be written") from error
        return folder

    def require_free(self) -> None:
        """Raises UsageError where something that is installed would be overwritten, or could no longer be named."""
        taken = next((offer for offer in self.namesakes() if offer.kind in KINDS[self.kind].offers), None)
        if taken is not None:
            raise UsageError(f"there is a {taken} already: choose another name")
        if _is_installed(self.distribution) or find_spec(self.module) is not None:
            raise UsageError(
                f"{self.distribution} ({self.module}) is installed already: uninstall it, or choose another name"
            )

    def namesakes(self) -> list[Offer]:
        """Whatever installed plugins offer under the same name, of any kind."""
        return [offer for offer in offers() if offer.name == self.name]

    def _template(self, file: str) -> str:
        text = files(__package__).joinpath(file.replace("@kind@", self.kind)).read_text(encoding="utf-8")
        return (
            text.replace("@kind@", self.kind)
            .replace("@command@", KINDS[self.kind].command)
            .replace("@version@", __version__)
            .replace("@entry_points@", "\n\n".join(self._entry_points()))
        )

    def _entry_points(self) -> Iterator[str]:
        for kind in KINDS[self.kind].offers:
            yield f'[project.entry-points."ganbench.{kind}"]\nmy_plugin = "ganbench_my_plugin"'

    def _named(self, text: str) -> str:
        return text.replace("my_plugin", self.name).replace("my-plugin", self.name.replace("_", "-"))


def _nearest(name: str) -> str:
    """A name that is allowed, like `name` where that can be."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", words).lstrip("_0123456789").rstrip("_")
    return plain if plain and not keyword.iskeyword(plain) and not _meaning(plain) else "my_gan"


def _meaning(name: str) -> str:
    """What `name`, or ganbench-NAME, would be mistaken for; empty where that is nothing."""
    if name in RESERVED:
        return "ganbench has a meaning for it"
    if name in sys.stdlib_module_names:
        return "it is a module of Python's standard library"
    if name in (re.split("[^a-z0-9_]", each.lower().replace("-", "_"))[0] for each in requires("ganbench") or []):
        return "it is a library that ganbench builds on"
    if installed := _modules().get(name):
        return f"it is a module of {installed}, which is installed"
    return ""


@cache
def _modules() -> dict[str, str]:
    """The distribution that each importable name is of, in small letters: {"pil": "pillow"}; a look at every one."""
    return {name.lower(): sources[0] for name, sources in packages_distributions().items()}


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
