"""`ganbench check` and what it finds in a package: real throw-away distributions, checked in child processes."""

from __future__ import annotations

import importlib
import json
import sys
from itertools import chain
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from distributions import distribution, ganbench

from ganbench.registry import Offer, find
from ganbench.testing.check import aimed, results
from ganbench.testing.documentation import OF_METHODS
from ganbench.testing.loading import LOADING
from ganbench.testing.report import markdown_report, terminal_report
from ganbench.testing.result import Result
from ganbench.testing.surroundings import restored

HEAD = '''"""A loss for tests, https://example.org, equation 1."""

import os
from dataclasses import dataclass
import torch
from ganbench import Recipe, Trick, hookimpl
from ganbench_plugins.nsgan import NonSaturating

class Odd(NonSaturating):
    """The non-saturating loss."""
'''
VARIANT = """
@hookimpl
def register_variants(register):
    register("odd", Recipe(name="odd", paper="https://example.org", loss=Odd()))
"""
TRICK = '''
@dataclass(frozen=True)
class Flat(Trick):
    """One step more."""
    name, paper = "flat", "https://example.org"
    def __call__(self, recipe):
        return recipe

@hookimpl
def register_tricks(register):
    register("flat", Flat)
'''
SOURCES = {
    "sound": HEAD + VARIANT,
    "hidden": HEAD + VARIANT + TRICK,
    "undocumented": HEAD.replace('"""A loss for tests, https://example.org, equation 1."""', "").replace(
        '"""The non-saturating loss."""', "pass"
    )
    + VARIANT.replace("https://example.org", "somewhere"),
    "drawing": HEAD + "DATA = torch.randn(100, 2)\n" + VARIANT,
    "doubling": HEAD + "torch.set_default_dtype(torch.float64)\n" + VARIANT,
    "seeding": HEAD + "torch.manual_seed(0)\n" + VARIANT,
    "future": HEAD + "ganbench_api = 2\n" + VARIANT,
    "misnamed": HEAD + VARIANT.replace('register("odd"', 'register("even"'),
    "raising": HEAD + "raise ImportError('no module named jax')",
    "leaving": HEAD + "    def generator(self, d, real, fake):\n        os._exit(7)\n" + VARIANT,
    "hanging": HEAD + "    def generator(self, d, real, fake):\n        while True: pass\n" + VARIANT,
}
FINDS: dict[str, list[str]] = {
    "sound": [],
    "hidden": ["everything_has_an_entry_point"],
    "undocumented": [
        "says_what_it_is",
        "cites_its_source",
        "says_which_equation",
        "paper_is_a_link",
        "every_part_says_what_it_is",
    ],
    "drawing": ["imports_without_side_effects"],
    "doubling": ["imports_without_side_effects"],
    "seeding": ["imports_without_side_effects"],
    "future": ["loads"],
    "misnamed": ["loads"],
    "raising": ["loads"],
    "leaving": ["gives_a_finite_scalar"],
    "hanging": ["gives_a_finite_scalar"],
}
IN_THIS_PROCESS = ("hidden", "undocumented", "drawing", "doubling", "seeding", "future", "misnamed", "raising")


@pytest.mark.parametrize("which", IN_THIS_PROCESS)
def test_a_package_is_looked_at(which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with how it loads, what it offers and what it says of itself is found by the check of that."""
    module = distribution(tmp_path, f"acme-{which}", SOURCES[which], {"variants": ["odd"]})
    monkeypatch.syspath_prepend(str(tmp_path))
    offer = find("variants", "odd")
    made = list(results(chain(aimed(LOADING, offer), aimed(OF_METHODS, offer))))
    sys.modules.pop(module, None)
    failed = {each.check: each.found for each in made if each.status == "failed"}
    assert list(failed) == FINDS[which]
    if which == "hidden":
        assert failed["everything_has_an_entry_point"] == "acme_hidden registers trick 'flat' without an entry point"
    if which == "drawing":
        assert failed["imports_without_side_effects"].startswith("importing acme_drawing draws from torch's global")
    if which == "doubling":
        assert failed["imports_without_side_effects"] == (
            "after importing acme_doubling, default_dtype: torch.float32 -> torch.float64"
        )


@pytest.mark.parametrize("which", ["drawing", "doubling", "seeding"])
def test_side_effects_show_where_a_module_is_imported_already(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is in its author's tests: what it did there is done, and left in place."""
    module = distribution(tmp_path, f"acme-again-{which}", SOURCES[which], {"variants": ["odd"]})
    monkeypatch.syspath_prepend(str(tmp_path))
    offer = find("variants", "odd")
    with restored():
        imported = importlib.import_module(module)
        (failed,) = (each for each in results(aimed(LOADING, offer)) if each.status == "failed")
        assert sys.modules.pop(module) is imported
    assert failed.check == "imports_without_side_effects"


def checked(which: str, tmp_path: Path, *options: str) -> CompletedProcess[str]:
    """`ganbench check` of the variant of that package."""
    distribution(tmp_path / "site", f"acme-{which}", SOURCES[which], {"variants": ["odd"]})
    return ganbench("check", "odd", *options, cwd=tmp_path, sites=[tmp_path / "site"])


@pytest.mark.parametrize("which", ["sound", "leaving", "hanging"])
def test_a_package_is_checked(which: str, tmp_path: Path) -> None:
    """All of it, in a child: one that ends its process, or never ends, fails the check that was being made."""
    done = checked(which, tmp_path, "--json", *(("--time-limit", "15s") if which == "hanging" else ()))
    (found,) = json.loads(done.stdout)
    failed = [each for each in found["checks"] if each["status"] == "failed"]
    assert [each["check"] for each in failed] == FINDS[which]
    assert (done.returncode, done.stderr) == (3 if failed else 0, "")
    assert (found["kind"], found["distribution"]) == ("variants", f"acme-{which} 1.0")
    assert all(each["found"] and each["why"] and each["mend"] and each["last"] for each in failed)
    if which == "leaving":
        assert failed[0]["found"].startswith("crashed: the process left with exit status 7 before it had finished")
    if which == "hanging":
        assert failed[0]["found"].startswith("timeout: took longer than the time limit of 15 s")
    if which == "sound":
        assert found["checks"][-1]["check"] == "keeps_to_theory_on_dirac"


def test_plugins_check_finds_a_hook_without_an_entry_point(tmp_path: Path) -> None:
    """A name that is registered and never offered makes its package incomplete, with the reason."""
    distribution(tmp_path / "site", "acme-hidden", SOURCES["hidden"], {"variants": ["odd"]})
    done = ganbench("plugins", "--check", "--json", cwd=tmp_path, sites=[tmp_path / "site"])
    states = {each["name"]: (each["state"], each["reason"]) for each in json.loads(done.stdout)}
    assert done.returncode == 3
    assert states.pop("odd") == (
        "incomplete",
        "variant 'odd' of acme-hidden 1.0 (acme_hidden): it registers trick 'flat' without an entry point; "
        "wanted an entry point for every name, in the group of its kind; update acme-hidden, or tell its authors",
    )
    assert {*states.values()} == {("ok", "")}


def test_what_runs_can_be_shown(tmp_path: Path) -> None:
    """A module that registers more than it offers loads, so `show` describes what it offers, as `run` trains it."""
    distribution(tmp_path / "site", "acme-hidden", SOURCES["hidden"], {"variants": ["odd"]})
    shown = ganbench("show", "odd", cwd=tmp_path, sites=[tmp_path / "site"])
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("variant odd, from acme-hidden 1.0\n")
    planned = ganbench("run", "-p", "odd", "-d", "dirac", "--dry-run", cwd=tmp_path, sites=[tmp_path / "site"])
    assert (planned.returncode, planned.stderr) == (0, "")


def test_an_unknown_name_is_a_usage_error(tmp_path: Path) -> None:
    """With the nearest names, and nothing on the standard output."""
    done = ganbench("check", "wgan_pg", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ganbench: error: unknown name 'wgan_pg': did you mean wgan_gp")


def test_missing_data_are_a_usage_error(tmp_path: Path) -> None:
    """A dataset whose files the user has not named is not at fault."""
    done = ganbench("check", "folder", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ganbench: error: ")


def test_a_report_is_written_as_markdown(tmp_path: Path) -> None:
    """To the file that is named, beside what is printed."""
    done = ganbench("check", "dirac", "--markdown", "report.md", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("dataset dirac, from ganbench 0.1.0\n  passed          imports_without_side_effects")
    report = (tmp_path / "report.md").read_text()
    assert report.startswith(
        "## dataset dirac, from ganbench 0.1.0\n\n9 passed, 3 not applicable. Under ganbench 0.1.0,"
    )


def test_a_report_is_printed_as_markdown(tmp_path: Path) -> None:
    """In place of the lines for a terminal; a package that cannot be imported has one failure, and the reason."""
    done = checked("raising", tmp_path, "--markdown", "-")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("## variant odd, from acme-raising 1.0\n\n1 passed, 1 failed. The checks after")
    assert "\n### loads\n\n- wanted: It loads" in done.stdout
    assert "importing it raised ImportError: no module named jax; wanted no exception" in done.stdout


OFFER = Offer("tricks", "flat", "acme_flat", "acme-flat", "1.0")
RESULTS = [
    Result("loads", "passed", "It loads."),
    Result("is_a_mean", "not_applicable", "It is.", "no | loss"),
    Result("is_frozen", "failed", "It is frozen.", "found <script> | `x`", "It matters.", "Mend it.", last=True),
]


def test_a_failure_says_what_why_and_how_in_the_terminal() -> None:
    """A line for each check, four more for a failure, and the sum."""
    assert terminal_report(OFFER, RESULTS) == (
        "trick flat, from acme-flat 1.0\n"
        "  passed          loads\n"
        "  not applicable  is_a_mean: no | loss\n"
        "  FAILED          is_frozen\n"
        "    wanted: It is frozen.\n"
        "    found: found <script> | `x`\n"
        "    why it matters: It matters.\n"
        "    how to mend it: Mend it.\n"
        "1 passed, 1 failed, 1 not applicable. The checks after the last one need it, and were left out."
    )


def test_other_peoples_text_is_escaped_in_markdown() -> None:
    """No text of a plugin breaks the table or becomes markup."""
    report = markdown_report(OFFER, RESULTS, {"ganbench": "0.1.0"})
    assert "- found: found &lt;script&gt; &#124; &#96;x&#96;\n" in report
    assert "| is_a_mean | not applicable | no &#124; loss |\n" in report
    assert report.endswith("| is_frozen | FAILED | It is frozen. |\n")
