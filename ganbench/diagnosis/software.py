"""Python, the distributions that ganbench wants, and whether torch and torchvision can be imported."""

from __future__ import annotations

import importlib
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from itertools import groupby
from pathlib import Path

from ganbench.diagnosis.finding import Finding
from ganbench.errors import one_line

EXTRAS = {"parquet": "leaderboard --parquet", "tensorboard": "run --log tensorboard", "test": "the tests"}
"""What each optional extra is for."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
"""The versions that CI runs; in a clone alone."""
_REQUIREMENT = re.compile(r'([\w.-]+)(?:(>=|==)([0-9.]+?)(?:\.\*)?)?(?:; extra == "(\w+)")?')


@dataclass(frozen=True)
class Requirement:
    """A distribution that ganbench's metadata name: all that these say of versions are `>=1.2` and `==1.2.*`."""

    name: str
    exact: bool
    version: tuple[int, ...]
    extra: str

    @property
    def wanted(self) -> str:
        """As in "torch>=2.11"."""
        version = ".".join(map(str, self.version))
        return f"{self.name}=={version}.*" if self.exact else f"{self.name}>={version}" if version else self.name

    def fits(self, found: str) -> bool:
        """Whether the version `found` will do."""
        numbers = release(found)
        return numbers[: len(self.version)] == self.version if self.exact else numbers >= self.version


def release(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: "2.13.0+cpu" -> (2, 13, 0)."""
    match = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def requirements() -> list[Requirement]:
    """What ganbench's own metadata ask for, without what stands for several of them."""
    matches = (_REQUIREMENT.fullmatch(line) for line in metadata.requires("ganbench") or [])
    return [
        Requirement(match[1], match[2] == "==", release(match[3] or ""), match[4] or "") for match in matches if match
    ]


def lacking(requirement: Requirement) -> str:
    """What is wrong with the distribution, as "torch>=2.11 is not installed"; empty where it will do."""
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.wanted} is not installed"
    return "" if requirement.fits(found) else f"found {requirement.name} {found}, wanted {requirement.wanted}"


def install(*what: str) -> str:
    """The command that installs, at the versions of the clone if this is one."""
    pinned = ["-c", str(CONSTRAINTS)] if CONSTRAINTS.is_file() else []
    return shlex.join(["pip", "install", *pinned, *what])


def of_python() -> Finding:
    """The interpreter against what the metadata want."""
    wanted = metadata.metadata("ganbench")["Requires-Python"] or ""
    fits = sys.version_info[:2] >= release(wanted.removeprefix(">="))
    about = f"{platform.python_version()} at {sys.executable}, wanted {wanted}"
    mend = f"python{wanted.removeprefix('>=')} -m venv .venv"
    return Finding("Python", "ok", about, needed=True) if fits else Finding("Python", "problem", about, mend, True)


def of_libraries() -> Iterator[Finding]:
    """A line for each library that is missing or too old; else one for them all."""
    needed = [each for each in requirements() if not each.extra]
    wrong = [(each, why) for each in needed if (why := lacking(each))]
    for each, why in wrong:
        yield Finding(each.name, "missing", f"{why}; no run can do without", install(each.wanted), needed=True)
    if not wrong:
        yield Finding("libraries", "ok", f"all {len(needed)} that a run needs, {_against_constraints(needed)}")


def _against_constraints(needed: list[Requirement]) -> str:
    """How the installed versions compare with those of CI."""
    if not CONSTRAINTS.is_file():
        return "within the ranges that ganbench supports"
    lines = (line.split("==") for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines() if "==" in line)
    pinned = {_normal(name): version for name, version in lines}
    found = {each.name: metadata.version(each.name).partition("+")[0] for each in needed}
    other = [f"{name} {each}" for name, each in found.items() if pinned.get(_normal(name), each) != each]
    return f"at versions other than CI's: {', '.join(other)}" if other else "at the versions that CI runs"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def of_torch() -> Finding:
    """Whether torch can be imported, and what it was built for."""
    try:
        torch = importlib.import_module("torch")
    except Exception as error:  # noqa: BLE001 - a broken installation raises whatever it meets
        about = f"cannot be imported ({type(error).__name__}: {one_line(error)}); nothing can be trained"
        return Finding("torch", "problem", about, install("--force-reinstall", "torch"), needed=True)
    about = f"{torch.__version__}, {_build(torch.version)}, git {torch.version.git_version[:10]}"
    return Finding("torch", "ok", about, needed=True)


def _build(version: object) -> str:
    for name, of in (("cuda", "CUDA"), ("hip", "ROCm")):
        if number := getattr(version, name, None):
            return f"built for {of} {number}"
    return "built for the CPU alone"


def of_torchvision() -> Finding:
    """Whether torchvision can be imported, with what ganbench adds where its build is not torch's."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        plain = one_line(error)
    except Exception as error:  # noqa: BLE001 - as above
        return _no_torchvision(error)
    else:
        return Finding("torchvision", "ok", f"{metadata.version('torchvision')}, beside this torch", needed=True)
    try:
        importlib.import_module("ganbench.vision")
    except Exception as error:  # noqa: BLE001 - as above
        return _no_torchvision(error)
    about = (
        f"{metadata.version('torchvision')} is built for another torch, so that elsewhere it cannot be imported "
        f"({plain}); ganbench declares what is missing, and needs nothing of it"
    )
    return Finding("torchvision", "ok", about, needed=True)


def _no_torchvision(error: Exception) -> Finding:
    about = f"cannot be imported ({type(error).__name__}: {one_line(error)}); it has to be of torch's release"
    return Finding("torchvision", "problem", about, install("--force-reinstall", "torch", "torchvision"), needed=True)


def of_extras() -> Iterator[Finding]:
    """Each optional extra, and the browser that the page's tests drive."""
    wanted = sorted((each for each in requirements() if each.extra in EXTRAS), key=lambda each: each.extra)
    for extra, members in groupby(wanted, lambda each: each.extra):
        purpose = EXTRAS[extra]
        if lacks := [why for each in members if (why := lacking(each))]:
            about = f"{'; '.join(lacks)}: wanted for {purpose} alone"
            yield Finding(f"extra {extra}", "missing", about, install(_with_extra(extra)))
        else:
            yield Finding(f"extra {extra}", "ok", f"installed, for {purpose}")
    yield of_browser()


def _with_extra(extra: str) -> str:
    """What pip installs ganbench with: the clone's folder, or the name."""
    return f"{CONSTRAINTS.parent}[{extra}]" if CONSTRAINTS.is_file() else f"ganbench[{extra}]"


def of_browser() -> Finding:
    """A Chromium on the PATH."""
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return Finding("Chromium", "ok", f"{found}, for the tests of the boards' page")
    about = "no chromium or google-chrome on the PATH: wanted for the tests of the boards' page alone"
    return Finding("Chromium", "missing", about, "apt-get install chromium")
