"""What a run writes for TensorBoard, read back by TensorBoard itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from distributions import SMALL, distribution, ganbench
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of nsgan, logged."""
    folder = tmp_path_factory.mktemp("logged")
    done = ganbench("run", "-p", "nsgan", *SMALL, "--seeds", "2", "--log", "tensorboard", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "runs"


def test_every_value_of_every_point_is_logged(runs: Path):
    """Each seed's curve stands in its own folder, against the real samples drawn, in single precision."""
    paths = sorted(runs.glob("ring8/nsgan/*/record.json"))
    assert len(paths) == 2
    for path in paths:
        record = json.loads(path.read_text())
        log = EventAccumulator(str(path.parent / "tensorboard")).Reload()
        logged = {tag: [(event.step, event.value) for event in log.Scalars(tag)] for tag in log.Tags()["scalars"]}
        assert set(logged) == {name for point in record["curve"] for name in point["values"]}
        for tag, events in logged.items():
            wanted = [(p["meters"]["samples"], p["values"][tag]) for p in record["curve"] if tag in p["values"]]
            assert events == [(step, pytest.approx(value, rel=1e-6)) for step, value in wanted]
        assert log.Tags()["images"] == ["curves", "samples"]
        assert log.Tags()["tensors"] == ["spec/text_summary", "status/text_summary"]


def test_a_logger_that_cannot_be_loaded_is_told_before_anything_runs(tmp_path: Path):
    """A usage error with its reason, and no run folder; so is a name that nobody offers."""
    distribution(tmp_path / "site", "acme-log", "raise ImportError('no wandb')", {"loggers": ["acme"]})
    done = ganbench("run", "-p", "nsgan", *SMALL, "--log", "acme", cwd=tmp_path, sites=[tmp_path / "site"])
    assert done.returncode == 2
    assert "--log acme: logger 'acme' of acme-log 1.0 (acme_log): importing it raised ImportError" in done.stderr
    done = ganbench("run", "-p", "nsgan", *SMALL, "--log", "tensorbord", cwd=tmp_path)
    assert done.returncode == 2
    assert "unknown logger 'tensorbord': did you mean tensorboard?" in done.stderr
    assert not (tmp_path / "runs").exists()
