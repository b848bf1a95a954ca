"""Files are whole or absent."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ganbench.atomic import replacing, write_text


def test_text_is_written_as_utf8(tmp_path: Path):
    """Into folders that are made on the way, and nothing else is left there."""
    path = tmp_path / "a" / "b" / "file.txt"
    write_text(path, "µ\n")
    assert path.read_bytes() == b"\xc2\xb5\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path):
    """Half of the new text never takes its place, and the temporary file is gone."""
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def crash() -> None:
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_leaves_nothing_where_nothing_was(tmp_path: Path):
    """Text that UTF-8 cannot hold makes no file."""
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "file.txt", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_readers_see_the_old_file_until_the_end(tmp_path: Path):
    """The new one stands beside it, under a hidden name in the same folder, until the block ends."""
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".")
    assert path.read_text() == "new"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_are_as_readable_as_any_other(tmp_path: Path, umask: int, mode: int):
    """The umask decides, not the temporary file, which only its owner may read; and the umask is left as it was."""
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file.txt", "x")
        assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == mode
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


def test_a_file_in_the_folders_place_is_an_error(tmp_path: Path):
    """It is left as it was."""
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OSError, match="a"):
        write_text(tmp_path / "a" / "file.txt", "x")
    assert (tmp_path / "a").read_text() == "a file"
