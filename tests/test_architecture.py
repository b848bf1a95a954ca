"""Who may import whom: the ranks of DESIGN section 3, read from the source, and what is loaded at run time."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ganbench

ROOT = Path(__file__).parents[1]
RANKS = [
    "errors ingredient trainer hooks atomic cache sources claim vision randomness statistics aggregates flops",
    "ranks budget strict literals loss dynamics pair optimizers",
    "networks variant record",
    "request store datasets metrics leaderboards agreement",
    "archive keeper registry supply ensemble evaluation pictures ingredients ablation",
    "figures provenance game observation training audit_figure description scaffold",
    "assembly side phase",
    "adversarial",
    "controls resumption",
    "experiment",
    "forecast samples",
    "execution judgement testing",
    "worker supervision",
    "inquiry",
    "planning examination loading",
    "diagnosis",
    "campaign",
    "notebook nightly reproduction",
    "publication",
    "cli",
]
"""Modules and packages, lowest first: each imports from lower ranks, and from its own package."""
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names.split()}
SCRIPTS = {"ganbench.metrics.train_classifier", "ganbench.reference"}
"""Run by hand to make what the package ships or its documents say, imported by nothing."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / "ganbench").rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports anywhere, but for type checkers alone."""
    tree = ast.parse(path.read_text())
    for_checkers = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in for_checkers:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = "." * node.level + (node.module or "")
                yield f"{module}.{alias.name}" if f"{module}.{alias.name}" in MODULES else module


@cache
def own_imports(module: str) -> frozenset[str]:
    """What a module of ganbench imports of ganbench."""
    return frozenset(name for name in imports(MODULES[module]) if name.split(".")[0] == "ganbench") - {"ganbench"}


def unit(module: str) -> str:
    """The module or package, right below ganbench, that has a rank."""
    return module.split(".")[1]


RANKED = [module for module in MODULES if module != "ganbench" and module not in SCRIPTS]


def test_every_module_has_a_rank():
    """And every rank its module: this list is the map of the code."""
    assert {unit(module) for module in RANKED} == set(RANK)


@pytest.mark.parametrize("module", RANKED)
def test_a_module_imports_from_lower_ranks(module: str):
    """Or from its own package; imports inside functions count too."""
    wrong = [
        name for name in own_imports(module) if unit(name) != unit(module) and RANK[unit(name)] >= RANK[unit(module)]
    ]
    assert wrong == []


def test_no_imports_go_round():
    """Within packages too, every module can be put after all that it imports."""
    placed: set[str] = set()
    waiting = set(RANKED)
    while ready := {module for module in waiting if own_imports(module) & set(RANKED) <= placed}:
        placed |= ready
        waiting -= ready
    assert waiting == set()


def test_nothing_imports_a_script():
    """Scripts that make what is shipped are no part of what runs."""
    assert [module for module in RANKED if own_imports(module) & SCRIPTS] == []


def test_metrics_never_see_a_trainer_nor_training_a_metric():
    """One way for data: metrics import metrics, cache, errors, hooks, vision alone; training reaches no metric."""
    of_metrics = {unit(name) for module in RANKED if unit(module) == "metrics" for name in own_imports(module)}
    assert of_metrics <= {"metrics", "cache", "errors", "hooks", "vision"}
    for module in ("ganbench.training", "ganbench.adversarial", "ganbench.supply"):
        assert [name for name in reached(module) if unit(name) == "metrics"] == []


def reached(module: str) -> set[str]:
    """Everything that a module imports, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        new = own_imports(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def test_core_knows_no_variant():
    """ganbench never imports ganbench_plugins, which come in by their entry points like a stranger's."""
    assert [
        module for module, path in MODULES.items() if any("ganbench_plugins" in name for name in imports(path))
    ] == []


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").glob("*.py")), ids=lambda path: path.stem)
def test_plugins_import_public_names_alone(path: Path):
    """ganbench itself, what it depends on, one another, and Python's own library: what a stranger can import."""
    allowed = {"PIL", "ganbench_plugins", "numpy", "sklearn", "torch", *sys.stdlib_module_names}
    odd = [
        name
        for name in imports(path)
        if name != "ganbench" and not name.startswith(".") and name.split(".")[0] not in allowed
    ]
    assert odd == []


LIGHT = [
    "ganbench",
    "ganbench.leaderboards.board",
    "ganbench.leaderboards.files",
    "ganbench.leaderboards.frame",
    "ganbench.campaign",
    "ganbench.registry",
    "ganbench.variant",
    "ganbench.cli",
]


def test_boards_and_commands_load_no_torch():
    """Boards are made, and commands answer, without torch or a plugin in the process."""
    program = f"import sys, {', '.join(LIGHT)}\nprint(sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"torch", "torchvision", "ganbench_plugins"} & set(ast.literal_eval(done.stdout)) == set()


def test_every_package_is_installed():
    """setuptools' list is every folder of ganbench that has an __init__.py, and the plugins."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {module_name(path) for path in (ROOT / "ganbench").rglob("__init__.py")}
    assert sorted(settings["packages"]) == sorted({*folders, "ganbench_plugins"})
    with_modules = {module_name(path.parent / "__init__.py") for path in (ROOT / "ganbench").rglob("*.py")}
    assert with_modules == folders


def test_public_names_load():
    """Each from its home, which defines it or names it; and they are sorted without regard to case."""
    for name in ganbench.__all__:
        thing = getattr(ganbench, name)
        assert thing is getattr(importlib.import_module(ganbench._HOME_OF[name]), name)
    assert ganbench.__all__ == sorted(ganbench.__all__, key=str.lower)
    assert len(set(ganbench.__all__)) == len(ganbench.__all__)
    assert set(ganbench.__all__) == set(ganbench._HOME_OF)


def test_type_checkers_see_the_public_names():
    """What is imported for type checkers is what is loaded on demand, from the same modules."""
    tree = ast.parse((ROOT / "ganbench" / "__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (alias.name, node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == set(ganbench._HOME_OF.items())


def test_an_unknown_public_name_is_an_attribute_error():
    """With the name that was asked for."""
    with pytest.raises(AttributeError, match=re.escape("module 'ganbench' has no attribute 'Gan'")):
        getattr(ganbench, "Gan")  # noqa: B009 - a type checker would see it
