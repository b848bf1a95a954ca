"""`ganbench evaluate` as a user meets it: numbers with what they depend on, and a mistake is one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ganbench.cli import main
from ganbench.datasets import digits
from ganbench.execution import execute
from ganbench.experiment import resolve
from ganbench.metrics.features import SHIPPED
from ganbench.record import CONTROLS, RunRecord
from ganbench.request import Request
from ganbench.store import Store

DIGITS = digits.load(None, None)
REQUEST = Request("nsgan", "digits", ("ema(decay=0.9)",), budget="640samples", points=1, samples=200)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `ganbench evaluate` in a folder of its own: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ganbench", "evaluate", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code or 0, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunRecord]:
    """A short run, and its record."""
    store = Store(tmp_path_factory.mktemp("runs"))
    template = resolve(REQUEST).spec(0, (0,))
    (record,) = execute(REQUEST, (0,), [template.id], store, False, lambda _: None)
    store.begin(record.spec)
    return store.folder(record.spec), record


def test_a_table_of_values_with_all_that_they_depend_on(tmp_path: Path, said) -> None:
    """Values beside those of held-out real images at the same n, then the extractor with its hash, and no picture."""
    np.save("x.npy", DIGITS.images("train")[:300].numpy())
    code, output, errors = said("x.npy", "--reference", "digits")
    assert (code, errors) == (0, "")
    assert "samples, n = 300 real, n = 300" in " ".join(output.split())
    assert "inception_score@1 ↑" in output
    assert "fid ↓ (n 300, floor " in output
    assert "probe_low" not in output
    assert "samples: read as uint8 in the range 'bytes'" in output
    assert f"extractor: digits-cnn, hash {SHIPPED['digits-cnn'].sha256[:12]}" in output
    assert f"reference: digits, fingerprint {DIGITS.fingerprint[:12]}; real: held out" in output
    assert "verdict" not in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.npy"]


def test_the_audit_writes_a_picture_and_a_verdict_of_three_lines(said) -> None:
    """Training images score like real ones, by every classifier, and are memorised: the verdict says all three."""
    np.save("x.npy", DIGITS.images("train")[:300].numpy())
    code, output, errors = said("x.npy", "-r", "digits", "--audit", "--out", "seen.png")
    assert (code, errors) == (0, "")
    verdict = [line for line in output.splitlines() if line.startswith("verdict: ")]
    assert len(verdict) == 3
    assert "like real images" in verdict[0]
    assert "digits-cnn-1 sees 9." in verdict[1]
    assert "they are MEMORISED, 100.0 % are near-copies" in verdict[2]
    assert output.endswith("wrote seen.png\n")
    with Image.open("seen.png") as image:
        assert image.width == 1400


def test_json_holds_everything(said) -> None:
    """Strict JSON on the standard output alone: both columns, the notes and the whole audit."""
    np.save("x.npy", DIGITS.images("held_out")[:100].numpy())
    code, output, errors = said("x.npy", "-r", "digits", "--audit", "--json")
    found = json.loads(output, parse_constant=pytest.fail)
    assert (code, errors) == (0, "wrote audit.png\n")
    assert found["generated"]["n"] == found["held_out_real"]["n"] == found["audit"]["n"] == 100
    assert found["generated"]["values"]["inception_score@1[digits-cnn]"] == found["audit"]["in_order"]["1"]
    assert {each["name"] for each in found["audit"]["statements"]} == {"digits-cnn-1", "digits-cnn-2"}
    assert (len(found["audit"]["verdict"]), found["audit"]["collapsed"]) == (3, False)
    assert found["extractor_hash"] == SHIPPED["digits-cnn"].sha256
    assert found["quantities"]["fid[digits-cnn]"]["direction"] == "lower"


def test_a_runs_folder_gives_the_numbers_of_its_record(said, trained: tuple[Path, RunRecord]) -> None:
    """The generator's running average is built again and draws the same samples: every value is equal, bit for bit."""
    folder, record = trained
    code, output, _ = said(str(folder), "-r", "digits", "--json")
    found = json.loads(output)
    assert code == 0
    assert found["read_as"] == "samples of a run"
    values = found["generated"]["values"]
    assert values == {name: record.values[name] for name in values}
    assert {"fid[digits-cnn]", "is_infinity[digits-cnn]", "is_v[digits-cnn]", "is_spread[digits-cnn]"} <= set(values)
    assert not any("code of the run" in note for note in found["notes"])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, RunRecord]]:
    """A short run of a variant or control, and its record."""
    store = Store(tmp_path_factory.mktemp("others"))

    def run(variant: str) -> tuple[Path, RunRecord]:
        request = Request(variant, "digits", budget="640samples", points=1, samples=200)
        (record,) = execute(request, (0,), [resolve(request).spec(0, (0,)).id], store, False, lambda _: None)
        store.begin(record.spec)
        return store.folder(record.spec), record

    return run


@pytest.mark.parametrize("variant", ["vae", "autoencoder", "discriminator_only", "kde", "gaussian_mixture", *CONTROLS])
def test_runs_that_are_of_no_recipe_give_the_numbers_of_their_record_too(said, ran, variant: str) -> None:
    """Their trainer is built again, filled with what was kept, and draws the same samples: equal, bit for bit."""
    folder, record = ran(variant)
    code, output, errors = said(str(folder), "-r", "digits", "--json")
    assert (code, errors) == (0, "")
    values = json.loads(output)["generated"]["values"]
    assert values == {name: record.values[name] for name in values}
    assert "fid[digits-cnn]" in values


def test_a_checkpoint_that_is_not_of_its_trainers_state_is_refused(said, ran) -> None:
    """What is kept under other names than those of the state cannot be put back, and the line names them."""
    folder, _ = ran("kde")
    save_file({"samples": torch.zeros(1, 2)}, folder / "checkpoint.safetensors")
    code, output, errors = said(str(folder), "-r", "digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "does not fit the trainer of kde as it is installed here (KernelTrainer keeps samples, which" in errors


def test_a_trainers_damaged_checkpoint_is_refused(said, ran) -> None:
    """Whatever the trainer raises is one line."""
    folder, _ = ran("vae")
    tensors = load_file(folder / "checkpoint.safetensors")
    save_file({name: x.flatten()[:1] for name, x in tensors.items()}, folder / "checkpoint.safetensors")
    code, output, errors = said(str(folder), "-r", "digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "does not fit the trainer of vae as it is installed here (" in errors


@pytest.mark.parametrize(
    ("spoil", "reference", "message"),
    [
        ("", "ring8", "found a run on digits, wanted one on ring8; name it with --reference digits"),
        ("spec", "digits", "spec.json: cannot be read as a run's spec (not strict JSON: "),
        ("samples", "digits", "spec.json: found a run of 1000000000 samples, wanted 2 to 10,000,000"),
        ("checkpoint", "digits", "checkpoint.safetensors: cannot be read ("),
        ("shapes", "digits", "checkpoint.safetensors: does not fit the generator of nsgan as it is installed here ("),
        ("nan", "digits", "found NaN or infinity in "),
    ],
)
def test_a_run_that_cannot_be_sampled_is_refused(
    tmp_path: Path, said, trained: tuple[Path, RunRecord], spoil: str, reference: str, message: str
) -> None:
    """Of another dataset, damaged, without checkpoint, of other networks, or diverged."""
    folder = tmp_path / "run"
    folder.mkdir()
    spec, tensors = (trained[0] / "spec.json").read_text(), load_file(trained[0] / "checkpoint.safetensors")
    if spoil == "samples":
        spec = json.dumps(json.loads(spec) | {"samples": 10**9})
    (folder / "spec.json").write_text(spec[:50] if spoil == "spec" else spec)
    if spoil == "shapes":
        tensors = {name: x.flatten()[:1] for name, x in tensors.items()}
    if spoil == "nan":
        tensors = {name: x * torch.nan if x.is_floating_point() else x for name, x in tensors.items()}
    if spoil != "checkpoint":
        save_file(tensors, folder / "checkpoint.safetensors")
    code, output, errors = said(str(folder), "-r", reference)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert message in errors


def test_a_run_on_a_folder_of_images_is_told_where_that_lies(tmp_path: Path, said) -> None:
    """The record knows the folder's name alone; --reference says where it is."""
    photos = tmp_path / "somewhere" / "photos"
    photos.mkdir(parents=True)
    for k, image in enumerate(DIGITS.images("train")[:40]):
        Image.fromarray(image[0].numpy()).resize((16, 16)).save(photos / f"{k:02}.png")
    reference, store = f"folder:{photos}@16", Store(tmp_path / "runs")
    request = Request("nsgan", reference, budget="64samples", points=1, extractor="none")
    template = resolve(request).spec(0, (0,))
    (record,) = execute(request, (0,), [template.id], store, False, lambda _: None)
    store.begin(record.spec)
    code, output, errors = said(str(store.folder(record.spec)), "-r", reference, "--extractor", "none")
    assert (code, errors) == (0, "")
    assert "samples: read as samples of a run" in output


def test_code_that_changed_since_the_run_is_noted(tmp_path: Path, said, trained: tuple[Path, RunRecord]) -> None:
    """A run whose source hash is not today's is still sampled, and the reader is told."""
    spec = json.loads((trained[0] / "spec.json").read_text()) | {"source_hash": "0" * 64}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    save_file(load_file(trained[0] / "checkpoint.safetensors"), tmp_path / "checkpoint.safetensors")
    code, output, _ = said(str(tmp_path), "-r", "digits")
    assert code == 0
    assert "note: the code of the run's variant, dataset or metrics has changed since" in output


def test_points_are_measured_against_a_mixture(said) -> None:
    """Without an extractor, and without anything that is about images."""
    np.save("x.npy", np.zeros((50, 2), dtype=np.float32))
    code, output, _ = said("x.npy", "-r", "ring8")
    assert code == 0
    assert "high_quality" in output
    assert "note: CONSTANT: all 50 samples are one and the same" in output
    assert "extractor" not in output


@pytest.mark.parametrize(
    ("array", "notes"),
    [
        (np.zeros((40, 1, 8, 8)) - 1, ["CONSTANT: all 40 samples are one and the same", "FEW: 40 samples span fewer"]),
        (
            np.random.default_rng(0).uniform(-1, 1, (20, 8, 8)),
            ["not measured, for want of more samples", "inception_score@50[digits"],
        ),
        (
            DIGITS.images("train")[DIGITS.labels("train") != 3].numpy(),
            ["MISSING: no sample is given class 3 of 10, by the extractor"],
        ),
    ],
)
def test_odd_samples_have_numbers_and_a_note(said, array: np.ndarray, notes: list[str]) -> None:
    """Constant images, fewer images than splits or features, an absent class: defined, and told."""
    np.save("x.npy", array)
    code, output, errors = said("x.npy", "-r", "digits")
    assert (code, errors) == (0, "")
    assert "inception_score@1 ↑" in output
    for note in notes:
        assert note in output
    assert "nan" not in output.lower().replace("nsgan", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.npy", "-r", "digits"], "found nothing at absent.npy, wanted a folder or .zip of images"),
        (["x.npy", "-r", "digit"], "unknown dataset 'digit': did you mean digits"),
        (["x.npy", "-r", "digits", "--device", "tpu"], "--device tpu: wanted cpu, cuda or cuda:N"),
        (["x.npy"], "Missing option '-r' / '--reference'."),
        (["x.npy", "-r", "digits", "--range", "percent"], "Invalid value for '--range': 'percent' is not one of"),
        (["x.npy", "-r", "digits", "--range", "signed"], "x.npy: found pixels from 0 to 255, wanted -1 to 1"),
        (["x.npy", "-r", "digits", "--extractor", "vgg"], "unknown extractor 'vgg': known: "),
        (["x.npy", "-r", "digits", "--extractor", "mnist-cnn"], "extractor 'mnist-cnn': found torch.uint8 of shape"),
        (["x.npy", "-r", "digits", "--audit", "--extractor", "none"], "--audit: wanted images and an extractor"),
        (["few.npy", "-r", "digits", "--audit"], "few.npy: found 3 samples, wanted at least 4 to audit their score"),
        (["points.npy", "-r", "ring8", "--audit"], "--audit: wanted images and an extractor"),
        (["points.npy", "-r", "digits"], "points.npy: found an array of shape (9, 2), wanted (n, 1, 8, 8)"),
        (["x.npy", "-r", "digits", "--audit", "-o", "file/below.png"], "file: "),
    ],
)
def test_a_mistake_is_one_line(said, arguments: list[str], message: str) -> None:
    """Exit code 2, nothing on the standard output, and the error says what was found and wanted."""
    np.save("x.npy", DIGITS.images("train")[:20].numpy())
    np.save("points.npy", np.zeros((9, 2)))
    np.save("few.npy", DIGITS.images("train")[:3].numpy())
    Path("file").touch()
    code, output, errors = said(*arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(f"ganbench: error: {message}")


def test_non_finite_samples_give_no_number(said) -> None:
    """Not even those that would still be defined."""
    x = DIGITS.images("train")[:20].double().numpy() / 127.5 - 1
    x[4, 0, 0, 0] = np.nan
    np.save("x.npy", x)
    code, output, errors = said("x.npy", "-r", "digits", "--audit")
    assert (code, output) == (2, "")
    assert "found NaN or infinity in 1 of 20 samples, first in number 4 (from 0)" in errors
    assert not Path("audit.png").exists()
