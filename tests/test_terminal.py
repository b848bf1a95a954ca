import io
import itertools

import pytest
from records import failed, ok
from rich.console import Console

from ganbench.cli.tables import print_values
from ganbench.leaderboards.board import boards
from ganbench.leaderboards.terminal import board_renderable

IMAGES = {
    "fid[digits-cnn]": 12.5,
    "inception_score@1[digits-cnn]": 8.25,
    "inception_score@10[digits-cnn]": 7.75,
    "accuracy_train": 0.75,
    "accuracy_held_out": 0.65,
    "accuracy_fake": 0.85,
}


def printed(records):
    """The lines that a terminal of 100 columns shows."""
    console = Console(width=100, file=io.StringIO(), color_system=None)
    (board,) = boards(records)
    console.print(board_renderable(board))
    return console.file.getvalue().splitlines()


def fields(lines, name):
    """The one line that begins with `name`, a space between its words."""
    (line,) = [line for line in lines if line.strip().startswith(f"{name} ")]
    return " ".join(line.split())


def test_every_quantity_and_every_cost_is_a_row():
    """A few cells stand side by side, each quantity with its arrow, its mean and interval; then what a seed cost."""
    lines = printed([ok("nsgan", seed, modes) for seed, modes in enumerate((6, 7, 8))] + [ok("wgan", 0, 3)])
    assert fields(lines, "modes_covered") == "modes_covered ↑ 7.0 ± 2.5 3 (1 seed)"
    assert fields(lines, "seeds ok") == "seeds ok 3 of 3 1 of 1"
    assert [" ".join(line.split()) for line in lines if line.startswith(" parameters of")] == [
        "parameters of generator 17,282 17,282",
        "parameters of discriminator 17,153 17,153",
    ]
    assert fields(lines, "FLOPs") == "FLOPs 2.5 M 2.5 M"
    assert fields(lines, "training seconds") == "training seconds 0.5 0.5"


def test_names_of_image_quantities_are_whole():
    """Scores with their splits, FID and the three accuracies each have a line; the extractor is told once, below."""
    cells = [ok(f"cell{k}", 0, values=IMAGES, extractor="digits-cnn", extractor_hash="1" * 64) for k in range(5)]
    lines = printed(cells)
    for name, value in IMAGES.items():
        assert fields(lines, name.removesuffix("[digits-cnn]")).count(f"{value:g} (1 seed)") == 5
    assert "extractor: digits-cnn, hash 111111111111" in lines


@pytest.mark.parametrize("count", [1, 5, 6, 13])
def test_a_board_of_any_size_fits_a_hundred_columns(count):
    """No line is longer than the terminal, and each cell's name is whole where the words allow it."""
    records = [ok(f"cell{k}", seed, k + seed, values=IMAGES) for k in range(count) for seed in range(3)]
    lines = printed(records)
    assert max(len(line) for line in lines) <= 100
    assert all(any(f"cell{k}" in line for line in lines) for k in range(count))


def test_more_than_five_cells_are_first_listed_by_their_headline():
    """A large board begins with a line a cell: its seeds, headline and failures; the full tables follow."""
    lines = printed([*[ok(f"cell{k}", 0, k) for k in range(6)], failed("diverged", "cell7", 0)])
    overview = list(itertools.takewhile(lambda line: not line.strip().startswith("rank "), lines))[:-2]
    assert fields(overview, "cell5") == "cell5 1-7 a 1 of 1 5 (1 seed) 0.5"
    assert fields(overview, "cell7") == "cell7 1-7 a 0 of 1 1 diverged"
    assert sum("modes_covered ↑" in line for line in lines) == 4


def test_failures_are_told_with_their_reason():
    """Below the tables each failed run has its seed, status, what it had spent, its reason and its id."""
    record = failed("diverged", "wgan", 3, "weights were not finite")
    text = " ".join(" ".join(printed([ok("nsgan", 0, 6), record])).split())
    spent = "640 samples, 5 d_steps, 5 g_steps, 1250000 flops, 0.25 seconds"
    assert f"wgan, seed 3: diverged after {spent}: weights were not finite (run {record.id})" in text


def test_markup_in_a_name_is_text():
    """Brackets in settings and reasons are shown, not obeyed, and control characters stand there as escapes."""
    settings = (("red", 1),)
    hostile = failed("crashed", "a", 0, "[bold]x\x1b[31m[/bold]\u202e")
    text = " ".join(" ".join(printed([ok("gan", 0, 6, settings=settings), hostile])).split())
    assert "gan [red=1]" in text
    assert r"[bold]x\x1b[31m[/bold]\u202e" in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_names_in_a_table_of_values_stand_there_as_they_are(capsys):
    """What `evaluate` prints too: characters that are not printable as escapes."""
    print_values("a\x1b[31m", {"q\u202e": {"direction": "higher"}}, {"[b]\x07": {"q\u202e": 1.0}}, "")
    printed = capsys.readouterr().out
    assert all(shown in printed for shown in (r"a\x1b[31m", r"q\u202e ↑", r"[b]\x07"))
    assert not {"\x1b", "\u202e", "\x07"} & set(printed)
