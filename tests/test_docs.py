"""The tutorial for plugin authors prints what it says and shows what is written; the reference is up to date."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from distributions import distribution, environment, ganbench

import ganbench as public
from ganbench.reference import reference
from ganbench.scaffold.package import KINDS, Package

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
GROWN = Package("calm", "loss")
"""The package that the page changes, step by step."""
FINISHED = [
    Package("flat_gan", "variant"),
    Package("no_drift", "trick"),
    Package("cross", "dataset"),
    Package("energy", "metric"),
]
"""Those that it shows as they are written."""
EXCERPTS = re.findall(r"<!-- excerpt: (\w+) --kind (\w+)(?:, its (\w+))? -->\n```\w+\n(.*?)```", PAGE, flags=re.DOTALL)
_BLOCK = re.compile(r"(?:<!-- change: (\S+) -->\n)?```(\w+)\n(.*?)```", flags=re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Code on the page, with what the package has become where it stands."""

    language: str
    text: str
    files: Mapping[str, str]
    """The text of each file of the package, by its path."""


def grown() -> Iterator[Block]:
    """The blocks of the page, in order; each diff changes the package for those after it."""
    files = GROWN.files()
    for path, language, text in _BLOCK.findall(PAGE):
        assert bool(path) == (language == "diff")
        if path:
            files = files | {path: changed(files[path], text)}
        yield Block(language, text, files)


def changed(text: str, diff: str) -> str:
    """The text with the lines of `diff` in place of those that it takes out, which stand there once."""
    lines = [" \n" if line == "\n" else line for line in diff.splitlines(keepends=True)]
    before, after = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
    assert text.count(before) == 1, before
    return text.replace(before, after)


BLOCKS = list(grown())


def blocks(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def install(site: Path, package: Package, files: Mapping[str, str]) -> Path:
    """The package as it is in `files`, as pip would install it into a folder of its own, which is returned."""
    folder = site / f"{package.module}-{sha256(repr(files).encode()).hexdigest()[:8]}"
    if not folder.exists():
        found = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]
        offers = {group.removeprefix("ganbench."): [*names] for group, names in found.items()}
        assert {module for names in found.values() for module in names.values()} == {package.module}
        source = files[f"{package.module}.py"]
        distribution(folder, package.distribution, source, offers, version="0.1.0")
    return folder


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Block], list[Path]]:
    """Where the packages of the page are installed, as they are at a block."""
    folder = tmp_path_factory.mktemp("sites")
    finished = [install(folder, package, package.files()) for package in FINISHED]
    return lambda block: [install(folder, GROWN, block.files), *finished]


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=" ".join)
def test_the_page_shows_what_is_written(excerpt: tuple[str, str, str, str]) -> None:
    """Each excerpt stands, word for word, in the package that `new-plugin` writes."""
    name, kind, which, text = excerpt
    package = Package(name, kind)
    files = {"": f"{package.module}.py", "test": f"tests/test_{name}.py"}
    assert text in package.files()[files[which]]
    assert package in [GROWN, *FINISHED]


def test_every_kind_is_shown() -> None:
    """No code of the page stands there unmarked, and every kind of package has an excerpt."""
    assert len(blocks("python")) == len(EXCERPTS)
    assert {kind for _, kind, *_ in EXCERPTS} == set(KINDS)


def test_the_page_prints_what_it_says(sites: Callable[[Block], list[Path]]) -> None:
    """The interpreter's sessions, one after the other, print what is printed on the page, of the package as it is."""
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    said: list[str] = []
    names: dict[str, object] = {}
    for block in blocks("pycon"):
        with pytest.MonkeyPatch.context() as patch:
            for folder in sites(block):
                patch.syspath_prepend(folder)
            session = doctest.DocTestParser().get_doctest(block.text, names, "plugins.md", "plugins.md", 0)
            runner.run(session, out=said.append, clear_globs=False)
            names = session.globs
        for package in [GROWN, *FINISHED]:
            sys.modules.pop(package.module, None)
    assert "".join(said) == ""
    assert runner.summarize(verbose=False).attempted > 20


def test_its_own_test_grows_along(sites: Callable[[Block], list[Path]], tmp_path: Path) -> None:
    """What the page makes of the test that came along tests what it makes of the module, and did not before."""
    statements = [block.files["tests/test_calm.py"] for block in BLOCKS]
    for tested, module, code in ((-1, -1, 0), (0, 0, 0), (0, -1, 1)):
        (tmp_path / "test_calm.py").write_text(statements[tested])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "equation", "test_calm.py"],
            cwd=tmp_path,
            env=environment(*sites(BLOCKS[module])),
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout


def printed(text: str) -> str:
    """What a command prints, on whatever machine: any number for another, a column as wide as it likes."""
    return re.sub("─+", "─", re.sub(r"\d[\d.,]*(e[-+]\d+)?", "0", text))


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: "-".join(block.text.split()[2:4]))
def test_the_commands_print_what_the_page_says(
    sites: Callable[[Block], list[Path]], tmp_path: Path, block: Block
) -> None:
    """Three dots stand for lines left out, and a run's numbers are the machine's; all else is as it is printed.

    `new-plugin` comes before anything is installed.
    """
    command, wanted = block.text.removeprefix("$ ganbench ").split("\n", 1)
    name, *_ = arguments = shlex.split(command)
    done = ganbench(*arguments, cwd=tmp_path, sites=sites(block) * (name != "new-plugin"))
    assert (done.returncode, done.stderr) == (0, "")
    if name in ("new-plugin", "show"):
        assert done.stdout.rstrip() == wanted.rstrip()
    else:
        wanted, found = (printed(text) if name == "run" else text for text in (wanted, done.stdout))
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert doctest.OutputChecker().check_output(wanted, found, options), found


def test_the_page_runs_the_commands_of_an_author() -> None:
    """From a new package, which is changed again and again, to a row on a board."""
    steps = [
        block.text.split()[2] if block.language == "console" else block.language
        for block in BLOCKS
        if block.language in ("console", "diff", "toml")
    ]
    loss, trick = ["diff"] * 3, ["diff"] * 3
    assert steps == ["new-plugin", "run", *loss, "run", *trick, "show", "run", "check", "toml"]


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
