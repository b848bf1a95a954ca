"""What the README tells a newcomer to paste is what CI runs, and its plugin is a plugin."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from pathlib import Path

import torch

from ganbench.adversarial import Adversarial
from ganbench.datasets.dataset import Dataset
from ganbench.experiment import resolve
from ganbench.request import Request

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
    assert marked("test").endswith("pytest -q\n")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'bash -c "$tests"' in script
    assert 'bash -c "$main --out $out/runs"' in script


def test_the_plugin_of_the_readme_registers_a_recipe_whose_loss_is_log_two_for_an_undecided_discriminator():
    """The README's plugin, as it stands there, is a working variant: softplus(0) = log 2 on both sides."""
    example = types.ModuleType("ganbench_rsgan")
    sys.modules["ganbench_rsgan"] = example
    try:
        exec(compile(next(b for b in blocks("python") if "Recipe" in b), "README.md", "exec"), example.__dict__)
    finally:
        del sys.modules["ganbench_rsgan"]
    found = {}
    example.register_variants(found.__setitem__)
    recipe = found["rsgan"]
    undecided, x = lambda x: x.sum(dim=1) * 0, torch.randn(8, 2)
    for loss in (recipe.loss.discriminator, recipe.loss.generator):
        torch.testing.assert_close(loss(undecided, x, x), torch.tensor(2.0).log())
    dataset: Dataset = resolve(Request("nsgan", "ring8")).dataset
    assert Adversarial(recipe, dataset, (0, 1)).parameter_counts == {"generator": 33_666, "discriminator": 33_537}


def test_the_package_of_the_readme_names_its_module_in_the_group_of_variants():
    """The README's pyproject puts the example's name into the entry-point group that ganbench reads."""
    import tomllib

    project = tomllib.loads(next(iter(blocks("toml"))))["project"]
    assert project["entry-points"] == {"ganbench.variants": {"rsgan": "ganbench_rsgan"}}
