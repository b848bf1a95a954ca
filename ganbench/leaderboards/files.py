"""Boards on disk: a CSV for programs and a Markdown file for readers each, and one web page of all.

Each file is written whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganbench.atomic import write_text
from ganbench.leaderboards.board import Board
from ganbench.leaderboards.further import further_tables
from ganbench.leaderboards.markdown import board_markdown
from ganbench.leaderboards.page.document import page
from ganbench.leaderboards.page.payload import Beside
from ganbench.leaderboards.ranking import ranked_table
from ganbench.leaderboards.visible import table_csv

PAGE = "index.html"
_OF_A_BOARD = re.compile(r"[a-z0-9._-]+-[0-9a-f]{8}(-[a-z]+)?\.(csv|md|png)")


def write_boards(boards: Sequence[Board], folder: Path) -> list[Path]:
    """Writes `<slug>.csv` and `<slug>.md` for each board into `folder`, and returns their paths in that order.

    Beside them stand, where a board has them, `<slug>-pairs.csv`, the tests that the ranks rest on;
    `<slug>-trajectory.csv`, the headline at every evaluation point; `<slug>-effects.csv`, a row a variant and change;
    and `<slug>-interactions.csv`, main effects and interactions.

    The same boards give the same bytes. The folder is made where it is missing.

    Raises:
        OSError: when a file cannot be written; files written before it stay.
    """
    texts = board_texts(boards)
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def board_texts(boards: Sequence[Board]) -> dict[str, str]:
    """The text of every file that `write_boards` writes, by its name."""
    texts: dict[str, str] = {}
    for slug, board in zip(slugs(boards), boards, strict=True):
        texts |= {f"{slug}.csv": board_csv(board), f"{slug}.md": board_markdown(board)}
        texts |= {name: table_csv(table) for name, table in further_tables(board, slug).items()}
    return texts


def left_over(boards: Sequence[Board], folder: Path) -> list[Path]:
    """Files in `folder` that are called as a board's are, and are none of these boards'."""
    known = tuple(slugs(boards))
    return [path for path in of_boards(folder) if not path.name.startswith(known)]


def of_boards(folder: Path) -> list[Path]:
    """Files in `folder` that are called as a board's are, by name."""
    return [path for path in sorted(folder.glob("*")) if _OF_A_BOARD.fullmatch(path.name) and path.is_file()]


def write_page(boards: Sequence[Board], folder: Path, records: Mapping[str, str] | None = None) -> Path:
    """Writes `index.html`, the page of all boards, into `folder`, and returns its path; `records` as `page_text`.

    Raises:
        OSError: when the file cannot be written.
    """
    write_text(folder / PAGE, page_text(boards, folder, records))
    return folder / PAGE


def page_text(boards: Sequence[Board], folder: Path, records: Mapping[str, str] | None = None) -> str:
    """The page of all boards, to lie in `folder`.

    A picture `samples/<run id>.png` in `folder` is shown with its run; the page refers to it and holds none. `records`
    gives, by dataset, the path of the published records that its boards are made of, relative to the page, which links
    them.
    """
    runs = {record.id for board in boards for record in board.records}
    found = sorted(path.stem for path in (folder / "samples").glob("*.png"))
    pictures = {run: f"samples/{run}.png" for run in found if run in runs}
    return page(dict(zip(slugs(boards), boards, strict=True)), Beside(pictures, records or {}))


def board_csv(board: Board) -> str:
    """The board's table as CSV, ranks and ties included, its conditions in every row; as `table_csv` writes it."""
    return table_csv(ranked_table(board))


def slugs(boards: Sequence[Board]) -> list[str]:
    """A file name for each board, of [a-z0-9._-] alone: dataset, budget and a hash of all conditions.

    It depends on no other board, so that files keep their names when boards are added.
    """
    plain = [_slug(f"{board.conditions.dataset}-{board.conditions.budget}") for board in boards]
    return [f"{slug}-{board.conditions.digest}" for slug, board in zip(plain, boards, strict=True)]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:100]
