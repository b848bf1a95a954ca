"""Published records: every line is a record or is reported, and new code replaces old on the boards."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import failed, ok

from ganbench.archive import Archive, current
from ganbench.errors import StoreError
from ganbench.record import RunRecord

RECORDS = [ok("nsgan", 0, 6), ok("wgan", 0, 3, dataset="grid25"), failed("timeout", "gän", 1, "vorbei")]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive that holds three records in two files."""
    made = Archive(tmp_path / "records")
    made.append(RECORDS)
    return made


def split(archive: Archive) -> tuple[list[RunRecord], list[str]]:
    """Records and complaints."""
    found = list(archive.records())
    return [r for r in found if isinstance(r, RunRecord)], [str(e) for e in found if isinstance(e, StoreError)]


def test_what_is_appended_is_read_back_by_file_and_line(archive: Archive):
    """grid25 stands before ring8; within a file the order is that of publication."""
    nsgan, wgan, gan = RECORDS
    assert split(archive) == ([wgan, nsgan, gan], [])
    archive.append([ok("lsgan", 0, 5)])
    assert split(archive)[0] == [wgan, nsgan, gan, ok("lsgan", 0, 5)]


def test_an_empty_archive_has_no_records(tmp_path: Path):
    """Nor does reading make its folder."""
    assert split(Archive(tmp_path / "none")) == ([], [])
    assert not (tmp_path / "none").exists()


def test_an_unfinished_last_line_is_reported_then_set_aside(archive: Archive):
    """The record before it stays, what was cut off is kept beside, and the next record starts a line of its own."""
    path = archive.folder / "ring8.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    records, complaints = split(archive)
    assert records == [RECORDS[1], RECORDS[0]]
    assert len(complaints) == 1
    assert "ring8.jsonl, line 2: not strict JSON" in complaints[0]
    assert archive.set_aside() == [path]
    assert archive.set_aside() == []
    assert (archive.folder / "ring8.jsonl.damaged").read_bytes() == whole.split(b"\n")[1][:-19] + b"\n"
    archive.append([RECORDS[2]])
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"\xff\xfe", "line 3: 'utf-8' codec can't decode"),
        (b"", "line 3: not strict JSON"),
        (b"{}", "line 3: no RunRecord: Object missing required field"),
        (b'{"values": NaN}', "line 3: not strict JSON: found NaN"),
    ],
)
def test_a_damaged_line_costs_itself_alone(archive: Archive, line: bytes, complaint: str):
    """What stands around it is read."""
    path = archive.folder / "ring8.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n" + ok("lsgan", 0, 5).to_json().encode() + b"\n")
    records, complaints = split(archive)
    assert [record.spec.variant for record in records] == ["wgan", "nsgan", "gän", "lsgan"]
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_of_two_records_with_one_id_the_first_counts(archive: Archive):
    """The same line twice, as after a merge, is no news; other numbers for a known run are reported."""
    archive.append([RECORDS[0]])
    assert split(archive)[1] == []
    archive.append([ok("nsgan", 0, 8)])
    records, complaints = split(archive)
    assert ok("nsgan", 0, 8) not in records
    assert complaints == [
        f"{archive.folder / 'ring8.jsonl'}, line 4: run {RECORDS[0].id} stands already in "
        f"{archive.folder / 'ring8.jsonl'}, line 1, which counts"
    ]


def test_hostile_dataset_names_stay_in_the_folder(tmp_path: Path):
    """A name is no path."""
    archive = Archive(tmp_path / "records")
    archive.append([ok("nsgan", 0, 6, dataset="../../escaped")])
    assert [path.name for path in archive.folder.iterdir()] == ["------escaped.jsonl"]


def version(source: str, seeds: int) -> list[RunRecord]:
    """A cell's runs by one version of its plugin."""
    return [ok("nsgan", seed, 6, source_hash=source * 64) for seed in range(seeds)]


def test_boards_show_the_source_published_last():
    """A row is one version, however often the code was changed, or changed back and run further."""
    other = ok("wgan", 0, 3)
    assert current([*version("a", 2), other, *version("b", 3)]) == [*version("b", 3), other]
    assert current([*version("b", 3), other, *version("a", 3)]) == [*version("a", 3), other]
    extended = version("a", 3)
    assert current([*extended[:2], *version("b", 2), extended[2]]) == extended


def test_new_code_replaces_old_when_it_has_run_the_same_seeds():
    """Until then the old row stays whole, whatever further versions come and go."""
    old, new, newest = version("a", 3), version("b", 3), version("c", 2)
    assert current([*old, *new[:2]]) == old
    assert current([*old, *new[:2], *newest]) == old
    assert current([*old, *new, *newest]) == new
    others = [ok("nsgan", seed, 7, source_hash="b" * 64) for seed in (1, 2, 3)]
    assert current([*old, *others]) == old


def test_what_cannot_be_loaded_replaces_nothing():
    """It stands where no version ever ran."""
    ran = ok("nsgan", 0, 6)
    broken = failed("load_error", "nsgan", 0, "no module", source_hash=None)
    assert current([ran, broken]) == [ran]
    assert current([broken]) == [broken]


def test_of_one_seed_the_last_published_counts():
    """As when other metrics were added since: the source is the same, the id is not."""
    before, after = ok("nsgan", 0, 6), ok("nsgan", 0, 6, metrics=("modes", "js"))
    assert current([before, after]) == [after]


def test_other_conditions_are_other_cells():
    """A change of budget or data replaces nothing."""
    short, long = ok("nsgan", 0, 6), ok("nsgan", 0, 8, budget="9999 samples", source_hash="b" * 64)
    assert current([short, long]) == [short, long]


def test_one_command_publishes_at_a_time(tmp_path: Path):
    """A second one is told so at once, and may as soon as the first has ended; another archive is free meanwhile."""
    archive, same = Archive(tmp_path / "records"), Archive(tmp_path / "records")
    with archive.claimed(), Archive(tmp_path / "others").claimed():
        refused = pytest.raises(StoreError, match=f"another command is publishing into {archive.folder}; wait")
        with refused, same.claimed():
            pass
    with same.claimed():
        same.append(RECORDS)
    assert sorted(path.name for path in archive.folder.iterdir()) == ["grid25.jsonl", "ring8.jsonl"]
