"""An interrupted run continues bit for bit; a state that does not fit is as good as none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from ganbench_plugins.wgan_gp import GradientPenalty
from safetensors.torch import save_file
from toys import WIDTH, Adversarial, adversarial, assert_same_bits, recipe

from ganbench import Budget, Meters
from ganbench.networks.mlp import MLPPair
from ganbench.resumption import (
    NAME,
    Snapshot,
    generator_states,
    load_snapshot,
    save_snapshot,
    set_generator_states,
)
from ganbench.strict import canonical
from ganbench.training import Ledger, training

TOY = recipe(
    networks=MLPPair(width=WIDTH, depth=2, batch_norm=True), penalties=(GradientPenalty(),), ema=0.9, d_steps=2
)
BUDGET, POINTS = Budget(8, "g_steps"), 4
PROGRESS = [{"curve": [{"fraction": 0.5, "meters": {}, "values": {"fid": 3.25}}], "diverged": "", "left_out": ["kid"]}]
SECONDS = {"start": 0.5, "evaluation": 1.25, "saving": 0.0}


def interrupted(seeds: tuple[int, ...], stop: int, folder: Path) -> None:
    """Trains to point `stop`, keeps a snapshot and trains on a little, as a run that is killed later would have."""
    torch.manual_seed(11)
    trainer, supply = adversarial(seeds, TOY)
    ledger = Ledger()
    for _ in training(trainer, supply, BUDGET, POINTS, len(seeds), ledger):
        if ledger.point == stop:
            snapshot = Snapshot(ledger, supply.state(), trainer.state_dict(), PROGRESS, SECONDS, generator_states())
            save_snapshot(folder, ["a", "b"], snapshot)
        elif ledger.point > stop:
            return


def undisturbed(seeds: tuple[int, ...]) -> tuple[Adversarial, Ledger]:
    torch.manual_seed(11)
    trainer, supply = adversarial(seeds, TOY)
    ledger = Ledger()
    list(training(trainer, supply, BUDGET, POINTS, len(seeds), ledger))
    return trainer, ledger


@pytest.mark.parametrize("seeds", [(0,), (2, 5)])
@pytest.mark.parametrize("stop", [1, 3])
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path: Path, seeds: tuple[int, ...], stop: int):
    """Rebuilt objects that load the snapshot end as the undisturbed run: weights, moments, averages, batch norm's
    statistics, the gradient penalty's draws from the global generator, and every meter but the clock.
    """
    interrupted(seeds, stop, tmp_path)
    torch.manual_seed(999)
    snapshot = load_snapshot(tmp_path, ["a", "b"])
    trainer, supply = adversarial(seeds, TOY)
    trainer.load_state_dict(snapshot.trainer)
    supply.load_state(snapshot.supply)
    set_generator_states(snapshot.rng)
    points = [ledger.point for ledger in training(trainer, supply, BUDGET, POINTS, len(seeds), snapshot.ledger)]
    wanted, ledger = undisturbed(seeds)
    assert points == list(range(stop + 1, POINTS + 1))
    assert_same_bits(trainer.state_dict(), wanted.state_dict())
    assert replace(snapshot.ledger.meters, seconds=0) == replace(ledger.meters, seconds=0)


def snapshot() -> Snapshot:
    ledger = Ledger(Meters(64, 2, 1, 300, 0.1), {"discriminator": 100, "generator": 100}, 3)
    trainer = {"w": torch.arange(6.0).reshape(2, 3).T, "turn": torch.tensor(1)}
    return Snapshot(ledger, {"latent": 96, "real": 64}, trainer, PROGRESS, SECONDS, generator_states())


def test_a_snapshot_comes_back_as_it_was(tmp_path: Path):
    """Ledger, positions, tensors, progress and the generator's state; floats to the last bit."""
    saved = snapshot()
    save_snapshot(tmp_path, ["a"], saved)
    found = load_snapshot(tmp_path, ["a"])
    assert asdict(found.ledger) == asdict(saved.ledger)
    assert found.supply == saved.supply
    assert found.progress == saved.progress
    assert found.seconds == saved.seconds
    assert_same_bits(found.rng, saved.rng)
    assert_same_bits(found.trainer, saved.trainer)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_tied_weights_can_be_kept(tmp_path: Path):
    """A trainer's tensors may share memory, or be views of one."""
    weight = torch.arange(6.0).reshape(2, 3)
    tied = {"encoder": weight, "decoder": weight, "turned": weight.T, "row": weight[1]}
    save_snapshot(tmp_path, ["a"], replace(snapshot(), trainer=tied))
    assert_same_bits(load_snapshot(tmp_path, ["a"]).trainer, tied)


def test_a_later_snapshot_replaces_the_earlier(tmp_path: Path):
    """There is one a group."""
    save_snapshot(tmp_path, ["a"], snapshot())
    save_snapshot(tmp_path, ["a"], replace(snapshot(), supply={"latent": 1, "real": 1}))
    assert load_snapshot(tmp_path, ["a"]).supply == {"latent": 1, "real": 1}


@pytest.mark.parametrize("ids", [[], ["b"], ["a", "b"], ["b", "a", "c"]])
def test_another_groups_snapshot_is_none(tmp_path: Path, ids: list[str]):
    """The ids must be the same, in the same order."""
    save_snapshot(tmp_path, ["b", "a"], snapshot())
    assert load_snapshot(tmp_path, ids) is None
    assert load_snapshot(tmp_path, ["b", "a"]) is not None


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def header_alone(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 8)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def somebody_elses(path: Path) -> None:
    save_file({"x": torch.zeros(2)}, path)


def another_format(path: Path) -> None:
    save_file({"x": torch.zeros(2)}, path, {"ganbench": "NaN"})


def older_version(path: Path) -> None:
    about = {
        "ids": ["a"],
        "ledger": {"meters": {"steps": 3}, "flops": {}, "point": 1},
        "supply": {},
        "progress": [],
        "seconds": {},
    }
    save_file({"rng.cpu": torch.get_rng_state()}, path, {"ganbench": canonical(about)})


def without_generator(path: Path) -> None:
    about = {"ids": ["a"], "ledger": asdict(snapshot().ledger), "supply": {}, "progress": [], "seconds": {}}
    save_file({"x": torch.zeros(2)}, path, {"ganbench": canonical(about)})


def without_a_ledger(path: Path) -> None:
    save_file({"rng.cpu": torch.get_rng_state()}, path, {"ganbench": canonical({"ids": ["a"]})})


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        header_alone,
        emptied,
        noise,
        folder,
        somebody_elses,
        another_format,
        older_version,
        without_generator,
        without_a_ledger,
    ],
)
def test_a_damaged_or_foreign_state_is_none(tmp_path: Path, damage: Callable[[Path], None]):
    """The run then starts anew, instead of failing at every attempt."""
    save_snapshot(tmp_path, ["a"], snapshot())
    damage(tmp_path / NAME)
    assert load_snapshot(tmp_path, ["a"]) is None


def test_no_state_is_none(tmp_path: Path):
    """Of a run that was not interrupted."""
    assert load_snapshot(tmp_path, ["a"]) is None
