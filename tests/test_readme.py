"""What the README tells a newcomer to paste is what CI runs, and its plugin is a plugin."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.r1 import R1

from ganbench import Recipe
from ganbench.adversarial import Adversarial
from ganbench.datasets.dataset import Dataset
from ganbench.experiment import resolve, with_standard
from ganbench.request import Request
from ganbench.testing import check_trick, check_variant

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def marked(name: str) -> str:
    """The command under a marker, found as CI finds it."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    function = script[script.index("command_of() {") : script.index("\n}\n") + 3]
    return subprocess.run(
        ["bash", "-c", f"{function}\ncommand_of {name}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_there_are_exactly_two_set_up_commands_of_one_line_each():
    """One command installs and runs the main job, one installs and passes the tests; CI takes both from the README."""
    assert re.findall(r"<!-- command: (\w+) -->", README) == ["run", "test"]
    assert marked("run").count("\n") == marked("test").count("\n") == 1
    assert marked("run").endswith("ganbench run --plugin wgan_gp\n")
    assert marked("test").endswith("pytest -q -n auto --dist loadfile --no-loadscope-reorder\n")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'bash -c "$tests"' in script
    assert 'bash -c "$main --out $out/runs"' in script


@pytest.fixture
def example() -> Iterator[types.ModuleType]:
    """The README's plugin, as it stands there, as a module."""
    module = types.ModuleType("ganbench_robust")
    sys.modules["ganbench_robust"] = module
    try:
        exec(compile(next(b for b in blocks("python") if "Recipe" in b), "README.md", "exec"), module.__dict__)
        yield module
    finally:
        del sys.modules["ganbench_robust"]


def test_the_variant_of_the_readme_costs_what_its_equation_says(example: types.ModuleType):
    """Undecided at the threshold 1/2, an error of 1/2 costs 1/4 / (1/4 + 1) = 1/5, twice for the discriminator."""
    found: dict[str, Recipe] = {}
    example.register_variants(found.__setitem__)
    loss = found["robust"].loss
    undecided, x = lambda x: x.sum(dim=1) * 0 + 0.5, torch.randn(8, 2)
    assert loss.threshold == 0.5
    torch.testing.assert_close(loss.discriminator(undecided, x, x), torch.tensor(0.4))
    torch.testing.assert_close(loss.generator(undecided, x, x), torch.tensor(0.2))
    dataset: Dataset = resolve(Request("nsgan", "ring8")).dataset
    assert Adversarial(found["robust"], dataset, (0, 1)).parameter_counts["discriminator"] == 33_537


def test_the_trick_of_the_readme_adds_its_penalty(example: types.ModuleType):
    """R1 with the weight 0.1, to a recipe of the README's own or of anybody else."""
    found: dict[str, Any] = {}
    example.register_tricks(found.__setitem__)
    dataset = resolve(Request("nsgan", "ring8")).dataset
    assert found["flat"]()(with_standard(NSGAN, dataset.standard)).penalties == (R1(0.1),)


def test_the_plugin_of_the_readme_conforms(example: types.ModuleType):
    """As the README says that `ganbench check` and `ganbench.testing` would find."""
    found: dict[str, Any] = {}
    example.register_variants(found.__setitem__)
    example.register_tricks(found.__setitem__)
    check_variant(found["robust"])
    check_trick(found["flat"])


def test_the_package_of_the_readme_has_an_entry_point_for_each_name():
    """The README's pyproject puts the example's names into the groups that ganbench reads."""
    project = tomllib.loads(next(iter(blocks("toml"))))["project"]
    assert project["entry-points"] == {
        "ganbench.variants": {"robust": "ganbench_robust"},
        "ganbench.tricks": {"flat": "ganbench_robust"},
    }
