"""The tutorial for plugin authors prints what it says and shows what is written; the reference is up to date."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributions import distribution, ganbench

import ganbench as public
from ganbench.reference import reference
from ganbench.scaffold.package import KINDS, Package

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
PACKAGES = [
    Package("calm", "loss"),
    Package("flat_gan", "variant"),
    Package("no_drift", "trick"),
    Package("cross", "dataset"),
    Package("energy", "metric"),
]
EXCERPTS = re.findall(r"<!-- excerpt: (\w+) --kind (\w+)(?:, its (\w+))? -->\n```\w+\n(.*?)```", PAGE, flags=re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the packages of the page are installed, to be imported here too."""
    folder = tmp_path_factory.mktemp("site")
    for package in PACKAGES:
        source = package.files()[f"{package.module}.py"]
        offers = {kind: [package.name] for kind in KINDS[package.kind].offers}
        distribution(folder, package.distribution, source, offers, version="0.1.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder
    for package in PACKAGES:
        sys.modules.pop(package.module, None)


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=" ".join)
def test_the_page_shows_what_is_written(excerpt: tuple[str, str, str, str]) -> None:
    """Each excerpt stands, word for word, in the package that `new-plugin` writes."""
    name, kind, which, text = excerpt
    package = Package(name, kind)
    files = {"": f"{package.module}.py", "test": f"tests/test_{name}.py", "metadata": "pyproject.toml"}
    assert text in package.files()[files[which]]
    assert package in PACKAGES


def test_every_kind_is_shown() -> None:
    """No code of the page stands there unmarked, and every kind of package has an excerpt."""
    assert len(blocks("python")) == sum(which != "metadata" for *_, which, _ in EXCERPTS)
    assert {kind for _, kind, *_ in EXCERPTS} == set(KINDS)


def test_the_page_prints_what_it_says(site: Path) -> None:
    """The interpreter's sessions, one after the other, print what is printed on the page."""
    session = doctest.DocTestParser().get_doctest("\n".join(blocks("pycon")), {}, "plugins.md", "plugins.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    said: list[str] = []
    runner.run(session, out=said.append)
    assert "".join(said) == ""
    assert runner.summarize(verbose=False).attempted == len(session.examples) > 20


def printed(text: str) -> str:
    """What a command prints, on whatever machine: any number for another, a column as wide as it likes."""
    return re.sub("─+", "─", re.sub(r"\d[\d.,]*(e[-+]\d+)?", "0", text))


@pytest.mark.parametrize("session", blocks("console"), ids=lambda block: block.split()[2])
def test_the_commands_print_what_the_page_says(site: Path, tmp_path: Path, session: str) -> None:
    """Three dots stand for lines left out, and a run's numbers are the machine's; all else is as it is printed.

    `new-plugin` comes before anything is installed.
    """
    command, wanted = session.removeprefix("$ ganbench ").split("\n", 1)
    name, *_ = arguments = shlex.split(command)
    done = ganbench(*arguments, cwd=tmp_path, sites=[site] * (name != "new-plugin"))
    assert (done.returncode, done.stderr) == (0, "")
    if name in ("new-plugin", "show"):
        assert done.stdout.rstrip() == wanted.rstrip()
    else:
        wanted, found = (printed(text) if name == "run" else text for text in (wanted, done.stdout))
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert doctest.OutputChecker().check_output(wanted, found, options), found


def test_the_page_runs_the_commands_of_an_author() -> None:
    """From a new package to a row on a board."""
    sessions = [session.split()[2] for session in blocks("console")]
    assert sessions == ["new-plugin", "show", "check", "run"]


def test_the_packages_have_the_metadata_that_is_installed_here() -> None:
    """The entry points of the page's packages are those that the tests above install."""
    for package in PACKAGES:
        project = tomllib.loads(package.files()["pyproject.toml"])["project"]
        wanted = {f"ganbench.{kind}": {package.name: package.module} for kind in KINDS[package.kind].offers}
        assert project["entry-points"] == wanted


def test_the_reference_is_what_is_documented() -> None:
    """`docs/reference.md` is what `python -m ganbench.reference` prints now, and has every public name."""
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert page == reference()
    headings = set(re.findall(r"^#### `(\w+)", page, flags=re.MULTILINE))
    defined = {name for name in public.__all__ if name != "hookimpl"}
    assert headings >= defined


@pytest.mark.parametrize("page", ["README.md", "docs/plugins.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link, and every file of this repository that the page names, is there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert ((ROOT / page).parent / link).exists(), link
    for path in re.findall(r"`((?:plugins|leaderboards|docs|benchmarks)/\w+\.\w+)`", text):
        assert (ROOT / path).exists(), path
