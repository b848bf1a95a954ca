"""RunSpec -> RunRecord: the one file that knows the whole chain.

plugin -> spec -> training -> observation -> evaluation -> record
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ganbench.atomic import replacing
from ganbench.errors import PluginError
from ganbench.experiment import Experiment, resolve
from ganbench.figures import draw_curves, draw_samples, save
from ganbench.observation import Observation, observe
from ganbench.phase import draw_phase, has_phase
from ganbench.provenance import provenance
from ganbench.randomness import derived
from ganbench.record import Point, RunRecord, RunSpec
from ganbench.registry import Audience, notify
from ganbench.request import Request
from ganbench.resumption import NAME as SNAPSHOT
from ganbench.resumption import (
    Snapshot,
    generator_states,
    load_snapshot,
    owned,
    save_snapshot,
    set_generator_states,
)
from ganbench.store import Store
from ganbench.strict import canonical
from ganbench.supply import Supply
from ganbench.trainer import Trainer
from ganbench.training import Ledger, training

EVERYONE = Audience()
SAVING = 0.1
"""The share of the time that may go into snapshots."""
Report = Callable[[dict[str, Any]], None]
"""Told how far a group is: the spent fraction, the meters, and the newest values of its first seed."""


@dataclass
class Progress:
    """What one seed of a group has shown so far."""

    curve: list[Point] = field(default_factory=list)
    diverged: str = ""
    """Where its numbers stopped being finite; empty while they are."""
    meters: dict[str, Any] = field(default_factory=dict)
    """What was spent when its last point was measured."""
    left_out: list[str] = field(default_factory=list)
    """Values of the last point that were not finite."""


def execute(
    request: Request,
    seeds: Sequence[int],
    ids: Sequence[str],
    store: Store,
    resume: bool,
    report: Report,
    also: Sequence[str] = (),
    audience: Audience = EVERYONE,
) -> list[RunRecord]:
    """Trains and measures a group of seeds, leaves a record for each, and returns them.

    `also` are other cells of the same recipe, which the records will name; `audience` hears how it goes.

    Raises:
        PluginError: when the specs are not those of `ids`, which were worked out before from the same request.
    """
    started = time.perf_counter()
    run = GroupRun(resolve(request), tuple(seeds), store, report, tuple(also), audience)
    if (found := [spec.id for spec in run.specs]) != list(ids):
        raise PluginError(
            f"found the runs {', '.join(found)}, wanted {', '.join(ids)}: what they depend on changed since they were "
            "planned, or has no lasting text; make the parts of plugin and dataset frozen dataclasses"
        )
    if resume:
        run.restore()
    run.seconds["start"] += time.perf_counter() - started
    return run.finish()


class GroupRun:
    """A group of seeds on its way from specs to records."""

    def __init__(
        self,
        experiment: Experiment,
        seeds: tuple[int, ...],
        store: Store,
        report: Report,
        also: tuple[str, ...] = (),
        audience: Audience = EVERYONE,
    ) -> None:
        self.experiment, self.seeds, self.store, self.report = experiment, seeds, store, report
        self.also, self.audience = also, audience
        self.specs = [experiment.spec(seed, seeds) for seed in seeds]
        self.folders = [store.folder(spec) for spec in self.specs]
        self.seconds = {"start": 0.0, "evaluation": 0.0, "saving": 0.0}
        self._next_snapshot = 0.0
        self.progress = [Progress() for _ in seeds]
        self.ledger = Ledger()
        self.trainer: Trainer = experiment.trainer(seeds)
        self.supply = Supply(
            experiment.dataset, seeds, max(1, experiment.template.batch_size), experiment.request.device
        )
        self.observations: list[Observation] = []
        torch.manual_seed(derived(seeds[0], f"training {seeds}"))

    def restore(self) -> None:
        """Continues from the snapshot that a killed run of the same specs left, if there is one."""
        snapshot = load_snapshot(self.folders[0], [spec.id for spec in self.specs])
        if snapshot is None:
            return
        self.ledger = snapshot.ledger
        self.supply.load_state(snapshot.supply)
        self.trainer.load_state_dict(snapshot.trainer)
        self.progress = [Progress(**progress) for progress in snapshot.progress]
        self.seconds = dict(snapshot.seconds)
        set_generator_states(snapshot.rng)

    def finish(self) -> list[RunRecord]:
        """Trains to the end, measuring at every evaluation point; then saves everything."""
        for spec, folder in zip(self.specs, self.folders, strict=True):
            self._announce("run_started", spec=spec.as_dict(), folder=folder)
        self._train()
        return self._save()

    def _train(self) -> None:
        template, budget = self.experiment.template, self.experiment.budget
        if budget is None:
            self._measure(Ledger(point=template.points))
            return
        points = training(self.trainer, self.supply, budget, template.points, len(self.seeds), self.ledger, self._tell)
        for ledger in points:
            self._measure(ledger)
            if all(progress.diverged for progress in self.progress):
                return
            if ledger.point < template.points:
                self._snapshot()

    def _measure(self, ledger: Ledger) -> None:
        """Observes and evaluates every seed at an evaluation point; a seed that is not finite has diverged for good."""
        started = time.perf_counter()
        template = self.experiment.template
        n = template.samples if ledger.point == template.points else template.curve_samples
        with torch.random.fork_rng():
            self.observations = observe(self.trainer, self.experiment.dataset, self.seeds, n, template.device)
            for spec, progress, observation in zip(self.specs, self.progress, self.observations, strict=True):
                if not progress.diverged:
                    self._judge(spec, progress, observation, ledger)
        self.seconds["evaluation"] += time.perf_counter() - started
        self._tell(ledger.point / template.points)

    def _judge(self, spec: RunSpec, progress: Progress, observation: Observation, ledger: Ledger) -> None:
        fraction = ledger.point / self.experiment.template.points
        progress.meters = ledger.meters.as_dict()
        if not observation.finite:
            progress.diverged = f"samples or scores were not finite at {fraction:.0%} of the budget"
            return
        history = [point["values"] for point in progress.curve]
        values, progress.left_out = self.experiment.evaluator(
            observation.samples, observation.scores, history, final=ledger.point == self.experiment.template.points
        )
        point: Point = {"fraction": fraction, "meters": progress.meters, "values": values}
        progress.curve.append(point)
        self._announce("run_progressed", spec=spec.as_dict(), point=point)

    def _tell(self, fraction: float) -> None:
        curve = self.progress[0].curve
        newest = curve[-1]["values"] if curve else {}
        self.report({"fraction": fraction, "meters": self.ledger.meters.as_dict(), "values": newest})

    def _snapshot(self) -> None:
        """Keeps what a killed run continues from; not at every point where that would take a tenth of the time."""
        started = time.perf_counter()
        if started < self._next_snapshot:
            return
        snapshot = Snapshot(
            ledger=self.ledger,
            supply=self.supply.state(),
            trainer=dict(self.trainer.state_dict()),
            progress=[vars(progress) for progress in self.progress],
            seconds=dict(self.seconds),
            rng=generator_states(),
        )
        save_snapshot(self.folders[0], [spec.id for spec in self.specs], snapshot)
        took = time.perf_counter() - started
        self._next_snapshot = started + took / SAVING
        self.seconds["saving"] += took

    def _save(self) -> list[RunRecord]:
        started = time.perf_counter()
        for spec, folder, tensors in zip(self.specs, self.folders, self.trainer.checkpoints(), strict=True):
            if tensors:
                with replacing(folder / "checkpoint.safetensors") as path:
                    save_file(owned(tensors), path, {"spec": canonical(spec.as_dict())})
        self.seconds["saving"] += time.perf_counter() - started
        records = [self._record(index) for index in range(len(self.seeds))]
        for record, observation, folder in zip(records, self.observations, self.folders, strict=True):
            _draw(record, observation, folder, self.experiment)
            self.store.commit(record)
            self._announce("run_finished", spec=record.spec.as_dict(), record=record.as_dict())
        (self.folders[0] / SNAPSHOT).unlink(missing_ok=True)
        return records

    def _record(self, index: int) -> RunRecord:
        progress, evaluator = self.progress[index], self.experiment.evaluator
        ended_well = not progress.diverged
        values = dict(progress.curve[-1]["values"]) if ended_well else {}
        return RunRecord(
            spec=self.specs[index],
            status="ok" if ended_well else "diverged",
            reason=progress.diverged or _about_left_out(progress.left_out),
            meters=progress.meters,
            values=values,
            curve=tuple(progress.curve),
            quantities={name: how for name, how in evaluator.quantities.items() if name in values or not ended_well},
            headline=evaluator.headline,
            recipe=self.experiment.recipe,
            also=self.also,
            parameters=self.trainer.parameter_counts,
            seconds={name: seconds / len(self.seeds) for name, seconds in self.seconds.items()},
            provenance=provenance(self.experiment.used, self.experiment.request.device),
        )

    def _announce(self, hook: str, **facts: Any) -> None:
        """Tells extensions and loggers, which get copies and cannot disturb the training's randomness."""
        with torch.random.fork_rng():
            notify(hook, self.audience, **copy.deepcopy(facts))


def _about_left_out(names: list[str]) -> str:
    return f"left out, because not finite: {', '.join(names)}" if names else ""


def _draw(record: RunRecord, observation: Observation, folder: Path, experiment: Experiment) -> None:
    title = f"{record.spec.cell} on {record.spec.dataset}, seed {record.spec.seed}"
    if observation.finite:
        save(draw_samples(observation.samples, experiment.dataset.density, title), folder / "samples.png")
    if record.curve:
        save(draw_curves(record), folder / "curves.png")
    if has_phase(record):
        save(draw_phase(record), folder / "phase.png")
