"""What last night's boards show and the archive lacks."""

from __future__ import annotations

from pathlib import Path

from records import ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import write_boards
from ganbench.nightly.vanished import Vanished, vanished


def test_a_vanished_run_is_told_with_its_dataset_cell_and_seeds(tmp_path: Path):
    """As on the boards; tables of effects hold the same runs, and the controls stand on both boards."""
    plain = [ok("nsgan", seed, 6) for seed in range(3)]
    others = [ok("nsgan", seed, 7, tricks=("ema()",)) for seed in range(3)] + [ok("nsgan", 0, 8, budget="99 samples")]
    reals = ok("held_out_real", 0, 8, budget="", points=0, batch_size=0)
    found = boards([*plain, *others, reals])
    write_boards(found, tmp_path)
    assert len(list(tmp_path.glob("*-effects.csv"))) == 1
    assert [len(board.controls) for board in found] == [1, 1]
    kept = {plain[1].id, *(record.id for record in others[1:])}
    assert set(vanished(tmp_path, kept)) == {
        Vanished("ring8", "nsgan", 3, (plain[0].id, plain[2].id)),
        Vanished("ring8", "nsgan + ema()", 3, (others[0].id,)),
        Vanished("ring8", "control: held-out real data", 1, (reals.id,)),
    }
    assert len(vanished(tmp_path, kept)) == 3


def test_what_is_all_there_has_not_vanished(tmp_path: Path):
    """Nor has anything where there are no boards yet."""
    runs = [ok("nsgan", seed, 6) for seed in range(3)]
    assert vanished(tmp_path, set()) == []
    write_boards(boards(runs), tmp_path)
    assert vanished(tmp_path, {run.id for run in runs}) == []
