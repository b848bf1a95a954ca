"""Whether plugins load: what hangs or leaves is named, and its neighbours of the same distribution are not."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from distributions import distribution

from ganbench.loading import states
from ganbench.registry import offers
from ganbench.supervision import Limits, Pool

FINE = """
from dataclasses import dataclass
from ganbench import Trick, hookimpl


@dataclass(frozen=True)
class Fine(Trick):
    name = "fine"

    def __call__(self, recipe):
        return recipe


@hookimpl
def register_tricks(register):
    register("fine", Fine)
"""


def test_what_leaves_the_process_is_broken_and_its_neighbours_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one distribution one part exits, one raises and one is fine; each has its own state."""
    distribution(tmp_path, "acme-mixed", "", {})
    (tmp_path / "acme_leaves.py").write_text("import os\nos._exit(7)\n")
    (tmp_path / "acme_raises.py").write_text("raise ImportError('no jax')\n")
    (tmp_path / "acme_fine.py").write_text(FINE)
    (tmp_path / "acme_mixed-1.0.dist-info" / "entry_points.txt").write_text(
        "[ganbench.tricks]\nleaves = acme_leaves\nraises = acme_raises\nfine = acme_fine\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    mixed = [offer for offer in offers("tricks") if offer.distribution == "acme-mixed"]
    with Pool(1, 1, Limits(30.0)) as pool:
        found = {offer.name: state for offer, state in states(mixed, pool).items()}
    assert found["fine"] == ("ok", "")
    assert found["leaves"] == (
        "broken",
        "trick 'leaves' of acme-mixed 1.0 (acme_leaves): loading it ended in crashed: "
        "the process left with exit status 7 before it had finished; see it alone by "
        f"`{sys.executable} -X faulthandler -c 'import acme_leaves'`; update or uninstall acme-mixed, "
        "or tell its authors",
    )
    command = shlex.split(found["leaves"][1].split("`")[1])
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 7
    assert found["raises"][0] == "broken"
    assert "importing it raised ImportError: no jax" in found["raises"][1]


def test_a_module_that_hangs_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no limit was given; a pool's own limit, once given, is the one that holds."""
    distribution(tmp_path, "acme-sleeper", "import time\ntime.sleep(600)\n", {"tricks": ["sleeper"]})
    monkeypatch.syspath_prepend(str(tmp_path))
    (sleeper,) = (offer for offer in offers("tricks") if offer.distribution == "acme-sleeper")
    monkeypatch.setattr("ganbench.loading.LOADING_SECONDS", 3.0)
    for limits, seconds in ((Limits(), 3), (Limits(2.0), 2)):
        with Pool(1, 1, limits) as pool:
            ((state, why),) = states([sleeper], pool).values()
        assert state == "broken"
        assert f"loading it ended in timeout: took longer than the time limit of {seconds} s" in why
