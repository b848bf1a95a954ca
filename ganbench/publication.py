"""Everything that is made from boards in one folder, and whether what lies there is what the records give."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from ganbench.archive import Archive
from ganbench.atomic import replacing, write_text
from ganbench.errors import UsageError
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.files import (
    PAGE,
    board_csv,
    board_texts,
    left_over,
    page_text,
    slugs,
    write_boards,
    write_page,
)
from ganbench.leaderboards.overview import overview_markdown, with_overview
from ganbench.notebook import joined


def publish(
    boards: Sequence[Board], folder: Path, readme: Path | None = None, records: Path | None = None
) -> list[Path]:
    """Writes tables, pictures and page into `folder`, and the overview into `readme`; returns what was written.

    The page links `records`, the published ones that the boards are made of, where they lie in `folder`.
    The phase plane of a board whose table is there already, with its picture, shows the same runs and is left alone.

    Raises:
        StoreError: when `readme` has no place for the overview; nothing is written then.
        OSError: when a file cannot be written.
    """
    text = _with_boards(readme, boards, folder) if readme else ""
    to_draw = _without_phases(boards, folder)
    written = [
        *write_boards(boards, folder),
        *_phases(to_draw, folder),
        write_page(boards, folder, _linked(boards, folder, records)),
    ]
    if readme:
        write_text(readme, text)
        written.append(readme)
    return written


def withdraw(boards: Sequence[Board], folder: Path) -> list[Path]:
    """Deletes the files in `folder` of boards that are none of these, and returns their paths."""
    gone = left_over(boards, folder)
    for path in gone:
        path.unlink()
    return gone


def differences(
    boards: Sequence[Board], folder: Path, readme: Path | None = None, records: Path | None = None
) -> list[str]:
    """What in `folder` and `readme` is not what `publish` would write, a sentence each; pictures are not compared."""
    page = page_text(boards, folder, _linked(boards, folder, records))
    wanted = {folder / name: text for name, text in {**board_texts(boards), PAGE: page}.items()}
    if readme:
        wanted[readme] = _with_boards(readme, boards, folder)
    missing = [f"{path} is missing" for path in wanted if not path.exists()]
    other = [
        f"{path} differs from what the records give"
        for path, text in wanted.items()
        if path.exists() and path.read_bytes() != text.encode()
    ]
    return [*missing, *other, *(f"{path} is of no board of these records" for path in left_over(boards, folder))]


def write_parquet(boards: Sequence[Board], path: Path) -> None:
    """Writes all boards as one Parquet file; the columns that say what a board depends on tell them apart.

    Raises:
        UsageError: when pyarrow is not installed.
        OSError: when the file cannot be written.
    """
    if find_spec("pyarrow") is None:
        raise UsageError(f"{path}: Parquet needs pyarrow; install it with `pip install ganbench[parquet]`")
    with replacing(path) as temporary:
        joined(boards).to_parquet(temporary, index=False)


def _with_boards(readme: Path, boards: Sequence[Board], folder: Path) -> str:
    """The text of `readme` with the overview of the boards, which links their files in `folder`."""
    path = Path(os.path.relpath(folder.resolve(), readme.resolve().parent))
    return with_overview(readme, overview_markdown(boards, PurePosixPath(path.as_posix())))


def _linked(boards: Sequence[Board], folder: Path, records: Path | None) -> dict[str, str]:
    """The paths of the files of published records in `folder`, relative to it, by dataset."""
    if records is None or not records.resolve().is_relative_to(folder.resolve()):
        return {}
    inside = records.resolve().relative_to(folder.resolve())
    paths = {board.conditions.dataset: Archive(records).path(board.conditions.dataset) for board in boards}
    return {dataset: (inside / path.name).as_posix() for dataset, path in paths.items() if path.exists()}


def _without_phases(boards: Sequence[Board], folder: Path) -> list[Board]:
    """The boards with paths to draw of which `folder` lacks the picture, or holds that of other runs.

    Drawing loads torch and takes seconds.
    """
    with_paths = [board for board in boards if {"theta", "psi"} <= board.quantities.keys()]
    return [
        board
        for name, board in zip(slugs(with_paths), with_paths, strict=True)
        if not (folder / f"{name}.png").exists() or _text(folder / f"{name}.csv") != board_csv(board)
    ]


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace") if path.exists() else ""


def _phases(boards: Sequence[Board], folder: Path) -> list[Path]:
    if not boards:
        return []
    from ganbench.phase import write_phases

    return write_phases(boards, folder)
