"""One group of seeds from its request to its records, in this process."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from toys import Scripted

from ganbench import NotApplicable, PluginError, Variant
from ganbench.execution import GroupRun, execute
from ganbench.experiment import resolve
from ganbench.request import Request
from ganbench.store import Store
from ganbench.training import Ledger

WEIGHT = torch.arange(6.0).reshape(2, 3)


class Tied(Scripted):
    """A trainer whose two networks share a weight."""

    def state_dict(self) -> dict[str, Tensor]:
        return {"encoder": WEIGHT, "decoder": WEIGHT.T, **super().state_dict()}


class OnlyGenerator(Tied):
    updates = ("generator",)


class Stranger(Variant):
    """Builds the trainer that it was made with."""

    name, paper = "stranger", ""

    def __init__(self, trainer: Scripted) -> None:
        self._trainer = trainer

    def trainer(self, dataset: Any, seed: int, device: str) -> Scripted:
        return self._trainer


def group_run(root: Path, trainer: Scripted, budget: str = "4d_steps") -> GroupRun:
    experiment = resolve(Request("nsgan", "ring8", budget=budget, points=2, samples=50))
    return GroupRun(replace(experiment, variant=Stranger(trainer)), (0,), Store(root), lambda news: None)


def test_tied_weights_are_kept(tmp_path: Path):
    """A trainer whose tensors share memory can be interrupted and saved; each name holds its own values."""
    run = group_run(tmp_path, Tied())
    (record,) = run.finish()
    assert (record.status, record.meters["d_steps"]) == ("ok", 4)
    kept = load_file(run.folders[0] / "checkpoint.safetensors")
    assert torch.equal(kept["encoder"], WEIGHT)
    assert torch.equal(kept["decoder"], WEIGHT.T)
    assert run.store.find(record.spec) == record
    assert not (run.folders[0] / "state.safetensors").exists()


def test_a_budget_that_cannot_be_spent_is_not_applicable(tmp_path: Path):
    """Steps of a discriminator that there is none of: the run ends before its first update and leaves no record."""
    run = group_run(tmp_path, OnlyGenerator("g"))
    with pytest.raises(NotApplicable, match="OnlyGenerator never spends d_steps"):
        run.finish()
    assert list(run.store.records()) == []


def test_what_is_measured_touches_no_training(tmp_path: Path):
    """Samples may be drawn from torch's global generator, and so may metrics; it stands afterwards where it stood."""

    class Random(Scripted):
        def sample(self, latent: Tensor) -> Tensor:
            return torch.randn(len(latent), 2)

    run = group_run(tmp_path, Random())
    before = torch.get_rng_state()
    run._measure(Ledger(point=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_specs_that_do_not_last_are_refused(tmp_path: Path):
    """A run whose spec is not the one that was planned would leave its record where nobody looks."""
    with pytest.raises(PluginError, match="wanted 0123456789abcdef: what they depend on changed since"):
        execute(Request("nsgan", "ring8"), [0], ["0123456789abcdef"], Store(tmp_path), False, lambda news: None)
    assert list(tmp_path.iterdir()) == []


def test_metrics_see_the_points_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """At each of four points the evaluator is given the values of those before it, and whether it is the last."""
    run = group_run(tmp_path, Tied())
    run = GroupRun(
        replace(run.experiment, template=replace(run.experiment.template, points=4)),
        (0,), Store(tmp_path), lambda news: None,
    )  # fmt: skip
    seen = []

    def evaluate(
        self: object, samples: Tensor, scores: object, history: list[Any], final: bool
    ) -> tuple[dict[str, float], list[str]]:
        seen.append((list(history), final))
        return {"count": float(len(history))}, []

    monkeypatch.setattr(type(run.experiment.evaluator), "__call__", evaluate)
    run._train()
    assert seen == [([{"count": float(k)} for k in range(point)], point == 3) for point in range(4)]


def test_snapshots_take_a_tenth_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a snapshot takes 0.1 s, the next is not made within the second: of four quick points, one is kept."""
    kept = []

    def slow(*state: object) -> None:
        kept.append(state)
        time.sleep(0.1)

    monkeypatch.setattr("ganbench.execution.save_snapshot", slow)
    run = group_run(tmp_path, Tied())
    points = replace(run.experiment.template, points=4)
    GroupRun(replace(run.experiment, template=points), (0,), Store(tmp_path), lambda news: None)._train()
    assert len(kept) == 1
