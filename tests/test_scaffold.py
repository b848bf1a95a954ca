"""`ganbench new-plugin`: packages of every kind are written, built, installed, listed, checked, run and removed."""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from distributions import distribution, environment, ganbench, records

from ganbench.errors import UsageError
from ganbench.scaffold.package import KINDS, TEMPLATES, Package

ROOT = Path(__file__).parent.parent
OFFERED = {
    ("variants", "my_variant"),
    ("variants", "my_loss"),
    ("tricks", "my_trick"),
    ("datasets", "my_dataset"),
    ("metrics", "my_metric"),
    ("datasets", "my_metric"),
}
"""What the packages offer that are written here, one of each kind."""


@dataclass(frozen=True)
class Environment:
    """An environment of its own, which sees what is installed in the one that runs the tests."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Environment:
        """A new one in `folder`. Nothing is installed twice: a .pth file leads to the site-packages in use."""
        venv.create(folder, with_pip=False)
        in_use = sysconfig.get_path("purelib")
        site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        (site / "in_use.pth").write_text(f"import site; site.addsitedir({in_use!r})\n")
        return cls(folder)

    def run(self, *arguments: str | Path) -> CompletedProcess[str]:
        """Its Python with these arguments, to its end."""
        command = [str(self.folder / "bin" / "python"), *map(str, arguments)]
        return subprocess.run(command, cwd=self.folder, env=environment(), capture_output=True, text=True)

    def ganbench(self, *arguments: str | Path) -> CompletedProcess[str]:
        """The command line, to its end."""
        return self.run("-P", "-c", "from ganbench.cli import main; main()", *arguments)

    def pip(self, *arguments: str | Path) -> None:
        """pip for it, which asks no index."""
        command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.folder,
            "--disable-pip-version-check",
            "-q",
            *arguments,
        ]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def offered(self) -> set[tuple[str, str]]:
        """Kind and name of everything listed that is not ganbench's own."""
        found = json.loads(self.ganbench("list", "--json").stdout)
        return {(offer["kind"], offer["name"]) for offer in found if offer["distribution"] != "ganbench"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of every kind."""
    folder = tmp_path_factory.mktemp("written")
    for kind in KINDS:
        Package(f"my_{kind}", kind).write(folder)
    return folder


@pytest.fixture(scope="module")
def wheels(written: Path) -> list[Path]:
    """A wheel of each package."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-build-isolation"]
    packages = sorted(written.iterdir())
    done = subprocess.run(
        [*command, "--no-deps", "--no-index", "-w", "wheels", *map(str, packages)],
        cwd=written,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = sorted((written / "wheels").iterdir())
    assert [path.name for path in found] == [f"ganbench_my_{kind}-0.1.0-py3-none-any.whl" for kind in sorted(KINDS)]
    return found


@pytest.fixture(scope="module")
def installed(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with all of them."""
    found = Environment.made(tmp_path_factory.mktemp("installed"))
    found.pip("install", "--no-deps", "--no-index", *wheels)
    return found


def test_what_is_installed_is_listed(installed: Environment) -> None:
    """`list` names each under its kind; a loss is offered as a variant, a metric beside a dataset."""
    assert installed.offered() == OFFERED


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_installed_keeps_the_contract(installed: Environment, kind: str) -> None:
    """`check` passes everything that a package offers, as it was written."""
    done = installed.ganbench("check", f"my_{kind}", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {(each["kind"], each["name"]) for each in found} == {each for each in OFFERED if each[1] == f"my_{kind}"}
    assert {check["status"] for each in found for check in each["checks"]} <= {"passed", "not_applicable"}


def test_what_is_installed_runs(installed: Environment) -> None:
    """Variants train with the trick, on the datasets, and the metric judges its own."""
    cells = ("--plugin", "my_variant,my_loss", "--trick", "my_trick", "--dataset", "my_dataset,my_metric")
    budget = ("--budget", "512samples", "--points", "1", "--samples", "200", "--seeds", "1", "--jobs", "1")
    done = installed.ganbench("run", *cells, *budget, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = records(installed.folder / "runs").values()
    assert {record["status"] for record in found} == {"ok"}
    assert sorted(
        (record["spec"]["dataset"], record["spec"]["variant"], *record["spec"]["tricks"]) for record in found
    ) == [
        (dataset, variant, *trick)
        for dataset in ("my_dataset", "my_metric")
        for variant, trick in [
            ("held_out_real", ()),
            ("my_loss", ("my_trick(weight=0.001)",)),
            ("my_variant", ("my_trick(weight=0.001)",)),
            ("untrained", ()),
        ]
    ]
    judged = {r["spec"]["variant"]: r["values"]["my_metric"] for r in found if r["spec"]["dataset"] == "my_metric"}
    assert 0 < judged["held_out_real"] < 10 / 200 < judged["untrained"] < 1


def test_the_tests_that_come_along_pass(installed: Environment, written: Path) -> None:
    """Each package has a test that it conforms; those with an equation or a density, one of that too."""
    folders = [written / f"ganbench-my-{kind}" / "tests" for kind in KINDS]
    done = installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *folders)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^10 passed", done.stdout, re.MULTILINE)


def test_what_is_removed_is_not_listed(wheels: list[Path], tmp_path: Path) -> None:
    """pip removes a package whole."""
    empty = Environment.made(tmp_path)
    empty.pip("install", "--no-deps", "--no-index", *wheels)
    assert empty.offered() == OFFERED
    empty.pip("uninstall", "-y", *(f"ganbench-my-{kind}" for kind in KINDS))
    assert empty.offered() == set()


def test_a_variant_is_fifteen_lines_of_its_author() -> None:
    """Imports counted, and neither blank lines nor the docstring that every module has."""
    text = Package("my_gan", "variant").files()["ganbench_my_gan.py"]
    docstring = ast.parse(text).body[0]
    assert docstring.end_lineno is not None
    own = [line for line in text.splitlines()[docstring.end_lineno :] if line.strip()]
    assert len(own) <= 15


def test_a_package_has_all_that_publishing_takes(tmp_path: Path) -> None:
    """The command writes metadata with entry points, tests, documents and workflows, and says what to do next."""
    done = ganbench("new-plugin", "mode_share", "--kind", "metric", "--out", "new/packages", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "new" / "packages" / "ganbench-mode-share"
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    first, *middle, last = done.stdout.splitlines()
    assert first == "wrote new/packages/ganbench-mode-share"
    assert sorted(line.strip() for line in middle) == found
    assert found == [
        ".github/workflows/publish.yml",
        ".github/workflows/tests.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "ganbench_mode_share.py",
        "pyproject.toml",
        "tests/test_mode_share.py",
    ]
    assert last == (
        "next: cd new/packages/ganbench-mode-share && pip install -e '.[test]' && ganbench check mode_share && "
        "ganbench run --plugin nsgan --dataset mode_share"
    )
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "ganbench-mode-share"
    assert project["entry-points"] == {
        "ganbench.metrics": {"mode_share": "ganbench_mode_share"},
        "ganbench.datasets": {"mode_share": "ganbench_mode_share"},
    }
    publish = (folder / ".github" / "workflows" / "publish.yml").read_text()
    assert "id-token: write" in publish
    assert "secrets." not in publish


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(kind: str) -> None:
    """Every name is the plugin's own; nothing is written that is not filled in."""
    text = "\n".join(f"{path}\n{text}" for path, text in Package("spiral", kind).files().items())
    assert re.findall(r"my.plugin|@\w+@", text) == []


def test_ganbench_is_published_as_its_plugins_are() -> None:
    """By the same workflow, which stores no secret; a wheel is tried in its own way."""
    theirs = Package("my_gan", "variant").files()[".github/workflows/publish.yml"].splitlines()
    ours = (ROOT / ".github" / "workflows" / "publish.yml").read_text().splitlines()
    differing = [line.strip() for line in difflib.ndiff(theirs, ours) if line[0] in "+-"]
    assert [(line[0], line.split()[-1]) for line in differing] == [
        ("-", "contract"),
        ("-", "my_gan"),
        ("+", "runs"),
        ("+", "variant"),
    ]
    assert "run: .ci/scaffold dist variant" in differing[-1]


def test_every_kind_is_tried_beside_a_wheel_alone() -> None:
    """CI gives the wheel to the script that installs, runs and removes a package of each kind, unless told of fewer."""
    assert "run: .ci/scaffold dist\n" in (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    script = (ROOT / ".ci" / "scaffold").read_text()
    assert re.search(r"kinds=\((\w.*)\)", script)[1].split() == [*KINDS]


STUBS = {
    "python3": "#!/bin/sh\n",
    "pip": r"""#!/usr/bin/env bash
last=$(basename "${@: -1}")
name=$(sed 's/-[0-9].*//; s/_/-/g' <<<"$last")
case "$1" in
freeze) sort -u "$STATE" ;;
wheel) touch "${last//-/_}-0.1.0-py3-none-any.whl" ;;
install) printf '%s\n' ganbench "$name" >>"$STATE" && if [[ $name == *my* ]]; then echo "$LITTER" >>"$STATE"; fi ;;
uninstall) [ "$name" = "$STUCK" ] || sed -i "/^$name\$/d" "$STATE" ;;
esac
""",
    "ganbench": r"""#!/usr/bin/env bash
case "$1" in
new-plugin) mkdir "ganbench-my-$4" && echo "next: pip install && ganbench run --plugin $2" ;;
check | run) echo "$1 ${3:-$2}" >>"$STATE.said" ;;
list) sed -n 's/^ganbench-my-/  my_/p' "$STATE" ;;
esac
""",
}
"""Commands that pretend: what is installed is the lines of a file."""


@pytest.mark.parametrize(
    ("harm", "code"), [({}, 0), ({"LITTER": "left-behind"}, 1), ({"STUCK": "ganbench-my-metric"}, 1)]
)
def test_every_kind_leaves_the_environment_as_it_was(tmp_path: Path, harm: dict[str, str], code: int) -> None:
    """CI checks and runs a package of each, and fails where one is not removed whole, or what came with it stays."""
    for name, text in STUBS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "ganbench-0.1.0-py3-none-any.whl").touch()
    state = tmp_path / "state"
    state.write_text("\npip\n")
    changes = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STATE": str(state), "LITTER": "", "STUCK": "", **harm}
    done = subprocess.run([ROOT / ".ci" / "scaffold", tmp_path], env={**os.environ, **changes}, capture_output=True)
    assert done.returncode == code, done.stderr
    if not harm:
        said = (tmp_path / "state.said").read_text().splitlines()
        assert said == [f"{command} my_{kind}" for kind in KINDS for command in ("check", "run")]
        assert sorted({*state.read_text().split()}) == ["ganbench", "pip"]


def test_every_template_is_used() -> None:
    """The templates beside the code are those that packages are made from, each for one kind or for all."""
    wanted = {file.replace("@kind@", kind) for file in TEMPLATES.values() for kind in KINDS}
    found = {path.name for path in files("ganbench.scaffold").iterdir() if path.name.endswith(".txt")}
    assert found == wanted


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("My-Gan", "my_gan"),
        ("MyGAN2", "my_gan2"),
        ("../escape", "escape"),
        ("/tmp/escape", "tmp_escape"),
        ("a__b", "a_b"),
        ("_a", "a"),
        ("a_", "a"),
        ("2gan", "gan"),
        ("", "my_gan"),
        ("class", "my_gan"),
        ("gän", "g_n"),
        ("gan\n", "gan"),
        ("gan\x1b[2J", "gan_2_j"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, instead: str) -> None:
    """What is no plain lower-case identifier, or leads out of the folder, is refused with a name that would do."""
    with pytest.raises(UsageError) as refused:
        Package(name, "variant")
    assert str(refused.value).startswith(f"a plugin cannot be called {name!r}: wanted lower-case letters, digits")
    assert str(refused.value).endswith(f"such as '{instead}'")
    assert Package(instead, "variant").name == instead


@pytest.mark.parametrize("name", ["none", "untrained", "held_out_real"])
def test_a_name_with_a_meaning_is_refused(name: str) -> None:
    """`--trick none` is no trick, and two rows of every board are no variants."""
    with pytest.raises(UsageError, match=f"'{name}': ganbench has a meaning for it; choose another"):
        Package(name, "trick")


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("torch", "it is a library that ganbench builds on"),
        ("scikit_learn", "it is a library that ganbench builds on"),
        ("pytest", "it is a library that ganbench builds on"),
        ("ganbench", "it is a library that ganbench builds on"),
        ("statistics", "it is a module of Python's standard library"),
        ("sklearn", "it is a module of scikit-learn, which is installed"),
        ("pil", "it is a module of pillow, which is installed"),
    ],
)
def test_a_name_of_somebody_else_is_refused(name: str, meaning: str) -> None:
    """ganbench-torch would be taken for a part of both; no such name is proposed either.

    A library may be imported by another name than it is installed by.
    """
    with pytest.raises(UsageError, match=f"^a plugin cannot be called '{name}': {meaning}; choose another$"):
        Package(name, "loss")
    with pytest.raises(UsageError, match=r"such as 'my_gan'$"):
        Package(name.title(), "loss")


def test_names_that_are_taken_are_refused(tmp_path: Path) -> None:
    """An installed plugin, distribution or module is not doubled; a thing of another kind by that name is told of."""
    site = tmp_path / "site"
    distribution(site, "ganbench-acme", "", {"variants": ["other"]})
    (site / "ganbench_lone.py").write_text("")
    for arguments, message in (
        (["wgan_gp"], "there is a variant 'wgan_gp' of ganbench 0.1.0 (ganbench_plugins.wgan_gp) already: choose"),
        (
            ["other", "--kind", "loss"],
            "there is a variant 'other' of ganbench-acme 1.0 (ganbench_acme) already: choose",
        ),
        (["acme"], "ganbench-acme (ganbench_acme) is installed already: uninstall it, or choose another name"),
        (["lone"], "ganbench-lone (ganbench_lone) is installed already: uninstall it, or choose another name"),
        (["plugins"], "ganbench-plugins (ganbench_plugins) is installed already: uninstall it, or choose another"),
    ):
        done = ganbench("new-plugin", *arguments, "--out", tmp_path / "out", cwd=tmp_path, sites=[site])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"ganbench: error: {message}")
        assert not (tmp_path / "out").exists()
    done = ganbench("new-plugin", "other", "--kind", "trick", cwd=tmp_path, sites=[site])
    assert done.returncode == 0
    assert (
        done.stderr
        == "ganbench: note: there is a variant 'other' of ganbench-acme 1.0 (ganbench_acme) of the same name\n"
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that is there, even empty, or a link that leads nowhere, stays as it is."""
    package = Package("my_gan", "variant")
    folder = package.write(tmp_path)
    (folder / "README.md").write_text("mine")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "ganbench-my-gan").symlink_to("nowhere")
    for out in (tmp_path, tmp_path / "linked"):
        with pytest.raises(UsageError, match="exists, and nothing is overwritten; choose another name or --out"):
            package.write(out)
    with pytest.raises(UsageError, match="exists, and nothing is overwritten"):
        package.write(folder / "LICENSE")
    with pytest.raises(UsageError, match="Not a directory; name a folder that can be written"):
        package.write(folder / "LICENSE" / "below")
    assert (folder / "README.md").read_text() == "mine"
