"""The command line as a user meets it: outputs, errors, exit codes, and what is not loaded or written."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import click
import psutil
import pytest
from distributions import GANBENCH, SMALL, distribution, environment, ganbench, install_misfits, records
from PIL import Image

from ganbench import registry
from ganbench.cli import main
from ganbench.cli.names import separated
from ganbench.cli.run import exit_code
from ganbench.record import RunRecord, RunSpec
from ganbench.registry import Offer

HEAVY = ("torch", "torchvision", "pandas", "scipy", "matplotlib", "sklearn")
NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the misfits are installed."""
    folder = tmp_path_factory.mktemp("site")
    install_misfits(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the command, run in this process."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["ganbench", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code or 0, *capsys.readouterr()


def inside(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "-p", "wgan_pg"], "unknown variant 'wgan_pg': did you mean wgan_gp or wgan or gan?"),
        (["run", "-p", "nsgan", "-d", "rign8"], "unknown dataset 'rign8': did you mean ring8?"),
        (["run", "-p", "nsgan", "-t", "emma"], "unknown trick 'emma': did you mean ema?"),
        (["run", "-p", "ema"], "unknown variant 'ema': it is a trick; did you mean ebgan or began?"),
        (["run", "-p", "nsgan", "-t", "wgan"], "unknown trick 'wgan': it is a variant (`ganbench list` shows all)"),
        (["run", "-p", "a\x1b[2J\u202e"], "unknown variant 'a?[2J?': "),
        (["run", "-p", "nsgan", "-b", "lots"], "malformed budget 'lots': wanted a number and a unit"),
        (["run", "-p", "nsgan", "-b", "3foo"], "malformed budget '3foo': the unit 'foo' is unknown"),
        (["run", "-p", "nsgan", "-b", "0kimg"], "budget '0kimg' is 0 samples: wanted more than nothing"),
        (["run", "-p", "nsgan", "-s", "-1"], "Invalid value for '-s' / '--seeds': -1 is not in the range x>=1."),
        (["run", "-p", "nsgan", "-s", "0"], "Invalid value for '-s' / '--seeds': 0 is not in the range x>=1."),
        (["run", "-p", "nsgan", "-t", "ema("], "cannot read 'ema(': found no plain name; wanted a name with literals"),
        (["run", "-p", "nsgan", "-t", "ema(0.9)"], "cannot read 'ema(0.9)': found an argument without a name; wanted"),
        (["run", "-p", "nsgan", "--set", "weight"], "cannot read 'weight': found no address before an equals sign"),
        (["run", "-p", "nsgan", "--set", "a=b"], "cannot read 'a=b': found a value of a that is no literal; wanted"),
        (["run", "-p", "nsgan", "--device", "tpu"], "--device tpu: wanted cpu, cuda or cuda:N"),
        (["run", "-p", "nsgan", "--time-limit", "9"], "Invalid value for '--time-limit': found '9', wanted a positive"),
        (
            ["run", "-p", "nsgan", "--time-limit", "0s"],
            "Invalid value for '--time-limit': found '0s', wanted a positive",
        ),
        (["run", "-p", "nsgan", "--memory-limit", "2kg"], "Invalid value for '--memory-limit': found '2kg', wanted"),
        (["run", "-p", "nsgan", "--memory-limit", "9" * 400 + "GiB"], "Invalid value for '--memory-limit': found '999"),
        (["run", "-p", "nsgan", "--out", "file/below"], "--out file/below: "),
        (["run", "-p", "nsgan", "--out", "file"], "--out file: "),
        (["run", "-p", ","], "nothing to run: name a variant and a dataset"),
        (["run"], "Missing option '-p' / '--plugin'."),
        (["rnu"], "No such command 'rnu'."),
        (["list", "variant"], "Invalid value for '[KIND]': 'variant' is not one of"),
        (["show", "wgan_pg"], "unknown name 'wgan_pg': did you mean wgan_gp or wgan or gan?"),
        (["leaderboard"], "no finished run under 'runs': run some first"),
        (["leaderboard", "--out", "file/below"], "--out file/below: "),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """A mistake that can be seen at once is one line on the standard error, exit code 2, and nothing is written."""
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    code, output, errors = said(capsys, monkeypatch, *arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(f"ganbench: error: {message}")
    assert inside(tmp_path) == ["file"]


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CompletedProcess[str]]]:
    """Commands whose mistake shows only when plugin and data are looked at, two at a time."""
    folder = tmp_path_factory.mktemp("mistaken")
    for name, count in (("few", 3), ("broken", 25)):
        (folder / name).mkdir()
        for k in range(count):
            Image.new("RGB", (32, 32), (k, 0, 0)).save(folder / name / f"{k:02}.png")
    (folder / "broken" / "07.png").write_bytes(b"no image")
    (folder / "empty").mkdir()
    commands = {
        "no such field": ("-p", "wgan_gp", "-d", "ring8", "--set", "gradient_penalty.wieght=1"),
        "no data": ("-p", "nsgan", "-d", "mnist", "--data-root", "empty"),
        "few images": ("-p", "nsgan", "-d", "folder:few"),
        "broken image": ("-p", "nsgan", "-d", "folder:broken"),
        "no cuda": ("-p", "nsgan", "-d", "ring8", "--device", "cuda"),
    }

    def run(arguments: tuple[str, ...]) -> CompletedProcess[str]:
        return ganbench("run", *arguments, "--jobs", "1", cwd=folder, CUDA_VISIBLE_DEVICES="", **NO_NETWORK)

    with ThreadPoolExecutor(2) as threads:
        return folder, dict(zip(commands, threads.map(run, commands.values()), strict=True))


@pytest.mark.parametrize(
    ("which", "pattern"),
    [
        (
            "no such field",
            r"cannot set 'gradient_penalty.wieght' of wgan_gp: there is none, "
            r"did you mean 'gradient_penalty.weight'\?; one can set .*gradient_penalty\.weight=10\.0.*",
        ),
        ("no data", r"dataset 'mnist': .* MNIST/raw/ with the four files .*"),
        ("few images", r"found 3 images in .*/few, wanted at least 20 .*"),
        ("broken image", r"image '07\.png' cannot be used: .*"),
        ("no cuda", r"--device cuda: this machine's torch sees no CUDA device; name --device cpu"),
    ],
)
def test_a_mistake_that_shows_late_is_one_line_too(
    mistaken: tuple[Path, dict[str, CompletedProcess[str]]], which: str, pattern: str
) -> None:
    """A wrong field, missing or broken data and a missing device are one line as well, and nothing is written."""
    folder, commands = mistaken
    done = commands[which]
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert re.fullmatch(f"ganbench: error: {pattern}\n", done.stderr)
    assert inside(folder) == ["broken", "empty", "few"]


def test_each_command_loads_little() -> None:
    """Help, lists and completion load neither torch nor pandas nor anything else that is slow; nor does the package."""
    script = """
import sys
import ganbench
from ganbench.cli import main
for arguments in ("--help", "run --help", "list", "list --json", "plugins", "plugins --json", "-V"):
    sys.argv = ["ganbench", *arguments.split()]
    try:
        main()
    except SystemExit as left:
        assert not left.code, arguments
    print("LOADED", arguments, [name for name in %r if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script % (HEAVY,)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    loaded = [line.rpartition(" [")[2] for line in done.stdout.splitlines() if line.startswith("LOADED")]
    assert loaded == ["]"] * 7


def test_no_argument_is_help(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bare command prints what --help prints: every command in a line of its own, and the exit codes."""
    bare = said(capsys, monkeypatch)
    assert bare == said(capsys, monkeypatch, "--help")
    assert (bare[0], bare[2]) == (0, "")
    for name in ("check", "doctor", "leaderboard", "list", "plugins", "reproduce", "run", "show"):
        assert re.search(rf"^  {name} +[A-Z][^.]*[^.]\.$", bare[1], re.MULTILINE)
    text = " ".join(bare[1].split())
    assert "Exit codes: 0 all is well, 2 usage error and nothing was done, 3 some runs failed, 4 nothing ran" in text


def test_help_keeps_examples_apart(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`run --help` shows each example on a line of its own, and units in place of types."""
    code, output, _ = said(capsys, monkeypatch, "run", "--help")
    assert code == 0
    assert "\n  ganbench run --plugin wgan_gp\n  ganbench run --plugin nsgan --trick gradient_penalty " in output
    assert re.search(r"--time-limit Ns\|Nmin\|Nh +For each group of seeds: 90s, 10min, 2h\.", output)


def test_list_names_everything(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`list` prints each kind with its names and distributions, `list KIND` one kind, --json the same as objects."""
    _, everything, _ = said(capsys, monkeypatch, "list")
    _, tricks, _ = said(capsys, monkeypatch, "list", "tricks")
    _, as_json, _ = said(capsys, monkeypatch, "list", "--json")
    found = json.loads(as_json)
    assert tricks.splitlines()[0] == "tricks"
    assert [line.split() for line in tricks.splitlines()[1:]] == [
        [offer["name"], offer["distribution"], offer["version"]] for offer in found if offer["kind"] == "tricks"
    ]
    assert tricks in everything
    nsgan = next(offer for offer in found if offer["name"] == "nsgan")
    assert (nsgan["kind"], nsgan["module"], nsgan["distribution"]) == ("variants", "ganbench_plugins.nsgan", "ganbench")
    assert len(everything.splitlines()) == len(found) + len({offer["kind"] for offer in found})


def test_hostile_names_of_distributions_reach_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a terminal would act on is a question mark in lists and errors."""
    hostile = [Offer("variants", "a\x1b[1m", "b\u202e", "c\x1b]0;title\x07", "1\u202e"), *registry.offers("tricks")]
    for module in ("ganbench.registry", "ganbench.cli.list", "ganbench.cli.plugins"):
        monkeypatch.setattr(f"{module}.offers", lambda kind=None: hostile)
    for arguments in (["list"], ["plugins"], ["show", "a[1m"]):
        code, output, errors = said(capsys, monkeypatch, *arguments)
        assert "a?[1m" in output + errors, code
        assert (output + errors).replace("\n", "").isprintable()


def test_plugins_check_finds_the_broken_one(site: Path, tmp_path: Path) -> None:
    """`plugins --check` loads everything, exits with 3 when something is broken, and gives the reason on its line."""
    plain = ganbench("plugins", cwd=tmp_path, sites=[site])
    checked = ganbench("plugins", "--check", "--json", cwd=tmp_path, sites=[site])
    assert (plain.returncode, checked.returncode, checked.stderr) == (0, 3, "")
    assert re.search(r"^acme-broken 1\.0\n  variant    broken +acme_broken +not loaded$", plain.stdout, re.MULTILINE)
    broken = [each for each in json.loads(checked.stdout) if each["state"] != "ok"]
    assert [(each["name"], each["state"]) for each in broken] == [("broken", "broken")]
    assert "importing it raised ImportError: no module named jax" in broken[0]["reason"]


@pytest.mark.parametrize(
    ("name", "first", "line"),
    [
        ("wgan_gp", "variant wgan_gp, from ganbench 0.1.0", "  --set gradient_penalty.weight=10.0"),
        ("ema", "trick ema, from ganbench 0.1.0", "  --trick 'ema(decay=0.999)'"),
        ("ganbench:gradient_penalty", "trick gradient_penalty, from ganbench 0.1.0", "  --trick 'gradient_penalty"),
        ("ring8", "dataset ring8, from ganbench 0.1.0", "Srivastava, Valkov, Russell"),
        ("fid", "metric fid, from ganbench 0.1.0", "  fid: Frechet distance between Gaussians"),
    ],
)
def test_show_tells_what_stands_behind_a_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, first: str, line: str
) -> None:
    """`show` prints kind and distribution, the module's text with its paper, and what can be set as it is typed."""
    code, output, errors = said(capsys, monkeypatch, "show", name)
    assert (code, errors, output.splitlines()[0]) == (0, "", first)
    assert f"\n{line}" in output
    _, as_json, _ = said(capsys, monkeypatch, "show", name, "--json")
    assert [f"{each['kind'][:-1]} {each['name']}, from {each['distribution']}" for each in json.loads(as_json)] == [
        first
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import ctypes\nctypes.string_at(0)", "crashed: the process was ended by SIGSEGV"),
        ("import os\nos._exit(0)", "crashed: the process left with exit status 0 before it had finished"),
        ("while True:\n    pass", "timeout: took longer than the time limit of 2 s"),
    ],
)
def test_show_outlives_what_it_is_to_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    """A stranger's module that crashes, exits or hangs is not loaded here; the reason is the one line that is said."""
    distribution(tmp_path, "acme-misfit", source, {"tricks": ["misfit"]})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("ganbench.cli.show.LOADING_SECONDS", 2.0)
    about = f"trick 'misfit' of acme-misfit 1.0 (acme_misfit): loading it ended in {reason}"
    code, output, errors = said(capsys, monkeypatch, "show", "misfit")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(f"ganbench: error: {about}; see it alone by `")
    assert errors.endswith("`; update or uninstall acme-misfit, or tell its authors\n")


def test_show_can_be_interrupted(tmp_path: Path) -> None:
    """While a plugin hangs, Ctrl-C ends the command and the child, and proposes no option that is not there."""
    source = "from pathlib import Path\nPath('loading').touch()\nwhile True:\n    pass"
    distribution(tmp_path, "acme-misfit", source, {"tricks": ["misfit"]})
    with subprocess.Popen(
        [*GANBENCH, "show", "misfit"], cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    ) as command:
        while not (tmp_path / "loading").exists():
            time.sleep(0.02)
        offspring = psutil.Process(command.pid).children(recursive=True)
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate()
    _, outlived = psutil.wait_procs(offspring, timeout=5)
    assert (command.returncode, errors, outlived) == (130, "\nganbench: error: interrupted\n", [])
    assert len(offspring) >= 2


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("run", "; the same command with --resume continues"),
        ("nightly", "; the same command continues"),
        ("check", ""),
        ("reproduce", ""),
    ],
)
def test_an_interrupted_command_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    """Where that is possible: `run` has --resume, a night goes on by itself, and others begin anew."""

    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"ganbench.cli.{name}.command", interrupted)
    assert said(capsys, monkeypatch, name) == (130, "", f"\nganbench: error: interrupted{advice}\n")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """Alternatives, composition and a setting in one command, its records printed as JSON."""
    folder = tmp_path_factory.mktemp("played")
    tricks = ("-t", "none,ema", "-t", "label_smoothing(epsilon=0.2)")
    done = ganbench("run", "-p", "nsgan", *tricks, *SMALL, "-s", "1", "--json", cwd=folder)
    ganbench("run", "-p", "nsgan", "--set", "d_steps=2", *SMALL, "-s", "1", cwd=folder)
    return folder, done


def test_the_json_of_a_run_is_its_records(played: tuple[Path, CompletedProcess[str]]) -> None:
    """`run --json` prints a list whose objects equal the record files in the folders that they name."""
    folder, done = played
    assert (done.returncode, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    assert len(printed) == 4
    for record in printed:
        path = folder / record.pop("folder") / "record.json"
        assert record == json.loads(path.read_text())


def test_tricks_are_alternatives_and_compose(played: tuple[Path, CompletedProcess[str]]) -> None:
    """Commas make cells of their own, "none" leaving the recipe alone; a second --trick is applied after the first."""
    cells = {tuple(record["spec"]["tricks"]) for record in json.loads(played[1].stdout)}
    smooth = next(trick for each in cells for trick in each if trick.startswith("label_smoothing(epsilon=0.2"))
    assert cells == {(), (smooth,), ("ema(decay=0.999)", smooth)}


def test_a_setting_is_a_cell_of_its_own(played: tuple[Path, CompletedProcess[str]]) -> None:
    """What --set changes stands in the spec and in the cell's name, and the board ranks it apart."""
    folder, _ = played
    board = json.loads(ganbench("leaderboard", "--json", cwd=folder).stdout)
    names = [row["cell"] for row in board]
    assert "nsgan [d_steps=2]" in names
    assert len(names) == len(set(names)) == 5
    found = [record for record in records(folder / "runs").values() if record["spec"]["settings"]]
    assert [(record["spec"]["settings"], record["meters"]["g_steps"]) for record in found] == [([["d_steps", 2]], 7)]


def test_the_leaderboard_writes_csv_markdown_and_a_page(
    played: tuple[Path, CompletedProcess[str]], tmp_path: Path
) -> None:
    """`leaderboard --out` prints the board, writes it as CSV, Markdown and a web page, and names the files."""
    done = ganbench("leaderboard", "--out", tmp_path / "boards", cwd=played[0])
    assert (done.returncode, done.stderr) == (0, "")
    written = [Path(line.removeprefix("wrote ")) for line in done.stdout.splitlines() if line.startswith("wrote ")]
    assert sorted(written) == sorted((tmp_path / "boards").iterdir())
    (page_path,) = (path for path in written if path.suffix == ".md")
    suffixes = {path.name.removeprefix(page_path.stem) for path in written}
    assert suffixes == {".csv", ".md", "-pairs.csv", "-trajectory.csv", "index.html"}
    table = page_path.with_suffix(".csv")
    with table.open(newline="") as file:
        cells = {row["cell"] for row in csv.DictReader(file)}
    page = page_path.read_text()
    assert "nsgan [d_steps=2]" in cells
    assert all(cell in page.replace("\\", "") for cell in cells)


def test_a_finished_run_is_printed_again(played: tuple[Path, CompletedProcess[str]]) -> None:
    """The same command afterwards runs nothing, prints the table, and names the folder of each run."""
    folder, _ = played
    times = {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*")}
    done = ganbench("run", "-p", "nsgan", "--set", "d_steps=2", *SMALL, "-s", "1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*")} == times
    named = re.findall(r"^  (runs/ring8/\S+)  \((.*), seed 0: ok\)$", done.stdout, re.MULTILINE)
    assert [cell for _, cell in named] == ["nsgan [d_steps=2]", "held_out_real", "untrained"]
    assert all((folder / path / "record.json").is_file() for path, _ in named)


def test_a_dry_run_writes_nothing(played: tuple[Path, CompletedProcess[str]], site: Path, tmp_path: Path) -> None:
    """--dry-run says what would run and for how long, what has finished and what cannot begin, and writes nothing."""
    arguments = ("run", "-p", "nsgan,broken", *SMALL, "-s", "1", "--dry-run", "--jobs", "2", "--out")
    fresh = ganbench(*arguments, "fresh", cwd=tmp_path, sites=[site])
    assert (fresh.returncode, fresh.stderr) == (0, "")
    variant, *controls, failure, total = fresh.stdout.splitlines()
    took = r"(\d+ s|\d+ min|\d+ h \d+ min)"
    assert re.fullmatch(rf"ring8: nsgan, 2000 samples in batches of 128, seed 0, about {took} on one worker", variant)
    assert controls == ["ring8: held_out_real, trains nothing, seed 0", "ring8: untrained, trains nothing, seed 0"]
    assert failure.startswith("ring8: broken: load_error: variant 'broken' of acme-broken 1.0 (acme_broken)")
    assert failure.endswith("(1 seed)")
    assert re.fullmatch(rf"2 cells: 1 to run, 1 that cannot begin; about {took} with --jobs 2", total)
    assert inside(tmp_path) == []
    known = ganbench(*arguments, played[0] / "runs", cwd=tmp_path, sites=[site])
    assert known.stdout.splitlines()[1] == "ring8: held_out_real, trains nothing, seed 0 (1 of 1 finished already)"


def test_a_dry_run_shows_the_grid(tmp_path: Path) -> None:
    """Of two variants and two alternatives: the cells, a second name, and a combination that makes no sense."""
    arguments = ("-p", "wgan,wgan_gp", "-t", "none,gradient_penalty", "--without", "none,weight_clipping")
    done = ganbench("run", *arguments, *SMALL, "-s", "2", "--dry-run", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert "  the same recipe: wgan + gradient_penalty(weight=10.0)" in lines
    assert [line.split(",")[0] for line in lines if "on one worker" in line] == [
        "ring8: wgan",
        "ring8: wgan_gp",
        "ring8: wgan - weight_clipping",
        "ring8: wgan - weight_clipping + gradient_penalty(weight=10.0)",
    ]
    assert (
        "ring8: wgan_gp + gradient_penalty(weight=10.0): not_applicable: wgan_gp has GradientPenalty already (2 seeds)"
    ) in lines
    assert lines[-1].startswith("8 cells: 4 to run, 3 that cannot begin, 1 that is another under a second name; about")


def test_nothing_that_runs_is_exit_code_4(site: Path, tmp_path: Path) -> None:
    """When no variant loads or applies, the records say why, the controls still run, and the exit code is 4."""
    done = ganbench("run", "-p", "broken", *SMALL, "-s", "1", "--json", cwd=tmp_path, sites=[site])
    assert (done.returncode, done.stderr) == (4, "")
    statuses = {record["spec"]["variant"]: record["status"] for record in json.loads(done.stdout)}
    assert statuses == {"broken": "load_error", "held_out_real": "ok", "untrained": "ok"}


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ({"nsgan": "ok", "held_out_real": "ok"}, 0),
        ({"nsgan": "ok", "wgan": "diverged"}, 3),
        ({"nsgan": "ok", "wgan": "load_error"}, 3),
        ({"nsgan": "crashed"}, 3),
        ({"nsgan": "not_applicable", "wgan": "load_error", "untrained": "ok"}, 4),
    ],
)
def test_the_exit_code_sums_up(statuses: Mapping[str, str], code: int) -> None:
    """0 when every variant's run is ok, 4 when none could begin, 3 otherwise; control rows do not count."""
    made = [RunRecord(RunSpec(name, "ring8", "1 samples", 0, (0,)), status) for name, status in statuses.items()]
    assert exit_code(made) == code


def test_names_are_separated_by_commas_outside_parentheses() -> None:
    """Commas separate names, but belong to a call's arguments, and to a dataset's argument after its colon."""
    assert separated(("a,b(x=(1, 2), y=3)", "acme:c, d,")) == [["a", "b(x=(1, 2), y=3)"], ["acme:c", "d"]]
    assert separated(("ring8,folder:x,y",), colon=True) == [["ring8", "folder:x,y"]]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("ganbench run --plugin wg", ["wgan", "wgan_gp"]),
        ("ganbench run --plugin nsgan,ls", ["nsgan,lsgan"]),
        ("ganbench run --trick em", ["ema"]),
        ("ganbench show rin", ["ring8"]),
    ],
)
def test_the_shell_completes_names(words: str, completed: list[str], tmp_path: Path) -> None:
    """Names are completed from metadata, also after a comma."""
    count = str(len(words.split()) - 1)
    done = ganbench(cwd=tmp_path, _GANBENCH_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
    assert done.stdout.split() == [f"plain,{name}" for name in completed]


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    """On a terminal, the standard error shows a bar with the cell's name and its newest values; brackets survive."""
    ours, theirs = pty.openpty()
    arguments = ("run", "-p", "nsgan", "--set", "d_steps=2", *SMALL, "-s", "1")
    env = environment(TERM="xterm", COLUMNS="160")
    with subprocess.Popen([*GANBENCH, *arguments], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs) as run:
        os.close(theirs)
        drawn = b""
        while chunk := _read(ours):
            drawn += chunk
        output, _ = run.communicate()
    os.close(ours)
    assert run.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())
    assert re.search(r"ring8 · nsgan \[d_steps=2\] · seed 0 [━ ]+100% .*modes_covered \d", text)
    assert "━" not in output.decode()


def _read(terminal: int) -> bytes:
    """What comes next; empty when the other side is closed."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
