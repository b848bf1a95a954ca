"""What last night's boards show and the archive lacks."""

from __future__ import annotations

from pathlib import Path

from records import ok

from ganbench.leaderboards.board import boards
from ganbench.leaderboards.files import write_boards
from ganbench.nightly.vanished import Shown, Vanished, last_boards, vanished


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
    rows, unread = last_boards(tmp_path)
    assert unread == []
    assert set(vanished(rows, kept)) == {
        Vanished("ring8", "nsgan", 3, (plain[0].id, plain[2].id)),
        Vanished("ring8", "nsgan + ema()", 3, (others[0].id,)),
        Vanished("ring8", "control: held-out real data", 1, (reals.id,)),
    }
    assert len(vanished(rows, kept)) == 3


def test_what_is_all_there_has_not_vanished(tmp_path: Path):
    """Nor has anything where there are no boards yet."""
    runs = [ok("nsgan", seed, 6) for seed in range(3)]
    assert last_boards(tmp_path) == ([], [])
    write_boards(boards(runs), tmp_path)
    assert vanished(last_boards(tmp_path)[0], {run.id for run in runs}) == []


def test_only_what_is_called_as_a_boards_is_read(tmp_path: Path):
    """Somebody's own table, or a folder, beside the boards is no board, whatever stands in it."""
    (tmp_path / "mine.csv").write_bytes(b"cell,runs\nnsgan,0123\n\xff\xfe")
    (tmp_path / "ring8-1280-samples-01234567.csv").mkdir()
    assert last_boards(tmp_path) == ([], [])


def test_a_damaged_table_is_named_and_the_others_are_read(tmp_path: Path):
    """A field longer than any is told; bytes that are no UTF-8 cost their own letters alone."""
    (tmp_path / "a-01234567.csv").write_text("cell,runs\n" + "x" * 200_000)
    (tmp_path / "b-01234567.csv").write_bytes(b"dataset,cell,runs\nring8,ns\xffgan,0123 4567\n\x00,")
    rows, unread = last_boards(tmp_path)
    assert unread == ["a-01234567.csv: field larger than field limit (131072)"]
    assert rows[0] == Shown("ring8", "ns\ufffdgan", ("0123", "4567"))
