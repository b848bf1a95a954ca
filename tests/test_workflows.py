"""The workflows: who may write, where strangers' code runs, and what reaches the job that opens a pull request."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from hashlib import sha256
from pathlib import Path

import pytest

WORKFLOWS = Path(__file__).parent.parent / ".github" / "workflows"


def jobs(workflow: str) -> dict[str, str]:
    """The text of each job, by its name."""
    text = (WORKFLOWS / f"{workflow}.yml").read_text().partition("\njobs:\n")[2]
    _, *parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def script(job: str, mark: str) -> str:
    """What the step of the job runs whose text has that mark."""
    (step,) = (step for step in job.split("      - ") if mark in step)
    return textwrap.dedent(step.partition("run: |\n")[2])


def test_nobody_may_write_but_who_runs_nothing() -> None:
    """Everywhere else the token reads: of a night, one job opens a pull request and runs neither Python nor pip."""
    writers = {}
    for path in WORKFLOWS.glob("*.yml"):
        assert "\npermissions:\n  contents: read\n\n" in path.read_text()
        for name, job in jobs(path.stem).items():
            if found := re.findall(r"^      ([\w-]+): write\b", job, flags=re.MULTILINE):
                writers[path.stem, name] = found
                assert not re.search(r"\b(pip|python|ganbench)\b", job)
    assert writers == {("nightly", "proposal"): ["contents", "pull-requests"], ("publish", "publish"): ["id-token"]}


def test_a_strangers_code_runs_in_one_job_without_credentials() -> None:
    """Packages of others are installed where they are tried, and nowhere else."""
    night = jobs("nightly")
    assert [name for name, job in night.items() if "$DISTRIBUTION" in job] == ["guests"]
    checked_out = [job for name, job in night.items() if name != "proposal"]
    assert all("          persist-credentials: false\n" in job for job in checked_out)


@pytest.mark.parametrize("workflow", ["nightly", "publish"])
def test_what_publishes_restores_no_code_from_a_cache(workflow: str) -> None:
    """A stranger's code in one job could write into the branch's cache under any key that another would restore."""
    for job in jobs(workflow).values():
        for cached in job.split("actions/cache")[1:]:
            assert "          path: data\n" in cached.partition("      - ")[0]
        assert not re.search(r"^ +cache:", job, flags=re.MULTILINE)


def test_no_group_of_seeds_lasts_as_long_as_the_night() -> None:
    """What hangs costs its own record: every night limits each group, to less than the hours that it has."""
    nights = [text for job in jobs("nightly").values() for text in job.split("      - ") if "ganbench nightly" in text]
    limits = [re.findall(r"--time-limit (\d+)(min|h)\b", text) for text in nights]
    hours = [re.findall(r"--hours (\d+)|HOURS: .*'(\d+)'", text) for text in nights]
    assert limits == [[("30", "min")], [("2", "h")]]
    assert hours == [[("2", "")], [("", "5")]]


def test_a_bad_night_is_published_too() -> None:
    """The job fails for a score that moved only after the boards have left it, and the next goes on all the same."""
    night = jobs("nightly")
    steps = night["boards"].split("      - ")
    assert "exit ${{ steps.night.outputs.code }}" in steps[-1]
    assert "name: boards" in steps[-2]
    assert "set +e" in script(night["boards"], "id: night")
    packing = [step for step in steps if "id: pack" in step or "actions/upload-artifact" in step]
    assert len(packing) == 2
    assert all("        if: ${{ !cancelled() }}\n" in step for step in packing)
    assert "if: ${{ !cancelled() && needs.boards.outputs.sha256 != '' }}" in night["proposal"]


@pytest.mark.parametrize(("changed", "tampered"), [(True, False), (True, True), (False, False)])
def test_boards_are_proposed_as_they_were_packed(tmp_path: Path, changed: bool, tampered: bool) -> None:
    """What was regenerated, and only that, is in the pull request; an artifact of somebody else's opens none.

    Nor does a night of which the summary alone is new, as it is every night.
    """
    night, origin = jobs("nightly"), tmp_path / "origin"
    bare, (made, proposing) = tmp_path / "bare", (tmp_path / "made", tmp_path / "proposing")
    (origin / "leaderboards").mkdir(parents=True)
    for name in ("README.md", "leaderboards/old.csv", "leaderboards/summary.md"):
        (origin / name).write_text("before")
    git = ("git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "init.defaultBranch=main")

    def shell(text: str, cwd: Path, **env: str) -> int:
        found = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", **env}
        return subprocess.run(["bash", "-e", "-c", text], cwd=cwd, env=found, capture_output=True).returncode

    for arguments in (["init"], ["add", "."], ["commit", "-m", "before"]):
        subprocess.run([*git, *arguments], cwd=origin, check=True, capture_output=True)
    subprocess.run([*git, "clone", "--bare", origin, bare], check=True, capture_output=True)
    for clone in (made, proposing):
        subprocess.run([*git, "clone", bare, clone], check=True, capture_output=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "gh").chmod(0o755)

    (made / "leaderboards" / "summary.md").write_text("after")
    if changed:
        (made / "leaderboards" / "old.csv").unlink()
        (made / "leaderboards" / "new.csv").write_text("after")
    (made / "elsewhere").write_text("not to be published")
    assert shell(script(night["boards"], "id: pack"), made, GITHUB_OUTPUT=str(tmp_path / "output")) == 0
    packed = (made / "boards.tar.gz").read_bytes()
    assert (tmp_path / "output").read_text() == f"sha256={sha256(packed).hexdigest()}\n"
    (proposing / "boards.tar.gz").write_bytes(packed + b"x" * tampered)
    text = script(night["proposal"], "gh pr create").replace("${{ github.run_id }}", "7")
    assert (shell(text, proposing, SHA256=sha256(packed).hexdigest()) != 0) == tampered
    listed = [*git, "for-each-ref", "--format=%(refname:short)", "refs/heads"]
    heads = subprocess.run(listed, cwd=bare, check=True, capture_output=True, text=True).stdout.split()
    proposed = [name for name in heads if name != "main"]
    assert len(proposed) == (changed and not tampered)
    for branch in proposed:
        names = [*git, "diff", "--name-status", "main", branch]
        found = subprocess.run(names, cwd=bare, check=True, capture_output=True, text=True).stdout
        assert found.split("\n")[:-1] == [
            "A\tleaderboards/new.csv", "D\tleaderboards/old.csv", "M\tleaderboards/summary.md"
        ]  # fmt: skip
