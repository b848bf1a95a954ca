"""Your own images, from a folder or a zip: what is taken, how it is cut, and what is refused by name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganbench.datasets import decoding, folder
from ganbench.datasets.folder import class_numbers, register_datasets, split
from ganbench.datasets.images import ImageDataset
from ganbench.errors import DatasetError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def load(kind: str, argument: str | None) -> ImageDataset:
    offered = {}
    register_datasets(offered.__setitem__)
    return offered[kind](argument, None)


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def colours(n: int, side: int = 32) -> list[np.ndarray]:
    """n images of one colour each, no two alike."""
    return [np.full((side, side, 3), (k, 255 - k, 7), dtype=np.uint8) for k in range(n)]


def fill(path: Path, n: int = 20, prefix: str = "", side: int = 32) -> Path:
    for k, pixels in enumerate(colours(n, side)):
        file = path / f"{prefix}{k:03}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(pixels))
    return path


def zipped(path: Path, names: Iterator[str] | list[str]) -> Path:
    names = list(names)
    with zipfile.ZipFile(path, "w") as archive:
        for name, pixels in zip(names, colours(len(names)), strict=True):
            archive.writestr(name, encoded(pixels))
    return path


def shades(dataset: ImageDataset) -> list[int]:
    """The first channel of each image of one colour, training ones first."""
    return torch.cat([dataset.images("train"), dataset.images("held_out")])[:, 0, 0, 0].tolist()


def test_every_image_stands_in_exactly_one_split(tmp_path: Path):
    """Of 30 images 27 train and 3 are held out, bytes untouched where the size is right already."""
    dataset = load("folder", str(fill(tmp_path / "mine", 30)))
    assert (dataset.size("train"), dataset.size("held_out")) == (27, 3)
    assert sorted(shades(dataset)) == list(range(30))
    assert dataset.name == "folder:mine@32"
    assert dataset.evaluation.samples == 3


def test_the_split_follows_the_names_alone(tmp_path: Path):
    """A copy elsewhere has the same split, hence the same fingerprint; a tenth is held out whatever the order."""
    one, other = (load("folder", str(fill(tmp_path / where))) for where in ("one", "other"))
    assert one.fingerprint == other.fingerprint
    names = [f"{k}.png" for k in range(205)]
    forwards, backwards = split(names), split(names[::-1])
    assert {names[k] for k in forwards["held_out"]} == {names[::-1][k] for k in backwards["held_out"]}
    assert len(forwards["held_out"]) == 20
    assert sorted(torch.cat(list(forwards.values())).tolist()) == list(range(205))


def test_a_zip_is_read_like_a_folder(tmp_path: Path):
    """The same files in a zip are the same dataset but for the name."""
    names = [f"{k:03}.png" for k in range(20)]
    from_zip = load("zip", str(zipped(tmp_path / "mine.zip", names)))
    assert from_zip.name == "zip:mine.zip@32"
    assert from_zip.fingerprint == load("folder", str(fill(tmp_path / "mine"))).fingerprint


def test_members_of_a_zip_are_never_extracted(tmp_path: Path):
    """Members named to escape are images like any other, and no file is written but the cache's."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    archive = zipped(
        inside / "mine.zip", [f"../../{k}.png" for k in range(10)] + [f"/tmp/x/{k}.png" for k in range(10)]
    )
    before = sorted(tmp_path.rglob("*"))
    assert sorted(shades(load("zip", str(archive)))) == list(range(20))
    written = set(tmp_path.rglob("*")) - set(before)
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"cache"}


def test_the_centre_square_is_kept(tmp_path: Path):
    """Of 40 x 100 pixels the middle 40 x 40 are kept: the paint outside is gone and the size is the one asked for."""
    pixels = np.full((100, 40, 3), 255, dtype=np.uint8)
    pixels[30:70] = 50
    for k in range(20):
        (tmp_path / f"{k}.png").write_bytes(encoded(pixels))
    dataset = load("folder", f"{tmp_path}@16")
    assert dataset.name == f"folder:{tmp_path.name}@16"
    assert torch.equal(dataset.images("train"), torch.full((18, 3, 16, 16), 50, dtype=torch.uint8))


def test_resizing_skips_no_pixel(tmp_path: Path):
    """A checkerboard of single pixels shrinks to its mean grey; without antialias, black or white would be left."""
    board = (np.indices((128, 128)).sum(0) % 2 * 255).astype(np.uint8)
    image = decoding.decode(lambda: encoded(board), "board.png", 32)
    assert image.shape == (1, 32, 32)
    assert (image.int() - 127.5).abs().max() <= 3


def test_images_are_grey_only_if_all_are(tmp_path: Path):
    """Grey images have one channel; beside a coloured one they get three equal channels."""
    for k in range(20):
        (tmp_path / f"{k:02}.png").write_bytes(encoded(np.full((32, 32), k, dtype=np.uint8)))
    assert load("folder", str(tmp_path)).sample_shape == (1, 32, 32)
    (tmp_path / "20.png").write_bytes(encoded(colours(21)[20]))
    mixed = load("folder", str(tmp_path))
    assert mixed.sample_shape == (3, 32, 32)
    assert sorted(shades(mixed)) == list(range(21))


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_formats(kind: str):
    """Each format is decoded; a grey of 128 comes back as 128 to within what compression alters."""
    found = decoding.decode(lambda: encoded(np.full((20, 20, 3), 128, dtype=np.uint8), kind), "x", 16)
    assert found.shape == (3, 16, 16)
    assert (found.int() - 128).abs().max() <= 2


def test_top_folders_are_classes(tmp_path: Path):
    """Two top folders number the classes in alphabetical order, under one folder around both as well."""
    for top in ("", "all/"):
        where = tmp_path / f"classes{top[:1]}"
        fill(where, 10, prefix=f"{top}zebra/")
        fill(where, 10, prefix=f"{top}ant/deep/")
        dataset = load("folder", str(where))
        labels = torch.cat([dataset.labels("train"), dataset.labels("held_out")])
        assert labels.bincount().tolist() == [10, 10]
    assert class_numbers(["ant/1", "bee/1", "ant/2"]).tolist() == [0, 1, 0]


@pytest.mark.parametrize("names", [["a.png", "b.png"], ["x/a.png", "b.png"], ["x/a.png", "x/b.png"]])
def test_without_two_top_folders_there_are_no_classes(names: list[str]):
    """Loose images, some loose images, or one folder around all of them make no classes."""
    assert class_numbers(names) is None


def test_hidden_and_other_files_are_left_out(tmp_path: Path):
    """Text, hidden files and what a Mac adds to a zip are no images."""
    fill(tmp_path / "mine")
    for name in (".hidden/x.png", "__MACOSX/._000.png", ".x.png", "notes.txt"):
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text("no image")
    assert len(shades(load("folder", str(tmp_path / "mine")))) == 20


def test_decoding_is_cached_until_a_file_changes(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    """A second load decodes nothing and gives equal tensors; a changed file, or another size, is decoded again."""
    decoded = []

    def counted(*arguments: object) -> torch.Tensor:
        decoded.append(arguments)
        return decoding.decode(*arguments)

    monkeypatch.setattr(folder, "decode", counted)
    path = fill(tmp_path / "mine")
    first, second = load("folder", str(path)), load("folder", str(path))
    assert (len(decoded), first.fingerprint) == (20, second.fingerprint)
    load("folder", f"{path}@16")
    assert len(decoded) == 40
    (path / "000.png").write_bytes(encoded(np.full((40, 40, 3), 99, dtype=np.uint8)))
    assert 99 in shades(load("folder", str(path)))
    assert len(list(cache.iterdir())) == 3


def spoilt(path: Path, content: bytes) -> DatasetError:
    fill(path)
    (path / "007.png").write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load("folder", str(path))
    return caught.value


def test_a_broken_image_is_named(tmp_path: Path):
    """Bytes that are no image name the file that holds them."""
    wanted = "found no image, wanted one of BMP, GIF, JPEG, PNG, TIFF, WEBP; repair it or take it out"
    assert str(spoilt(tmp_path, b"no image")) == f"image '007.png' cannot be used: {wanted}"


def test_a_truncated_image_is_named(tmp_path: Path):
    """Half an image names its file and is not filled up with grey."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for kind in ("PNG", "JPEG"):
        whole = encoded(noise, kind)
        assert "image '007.png' cannot be used: " in str(spoilt(tmp_path / kind, whole[: len(whole) // 2]))


def test_a_decompression_bomb_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An image above Pillow's limit of pixels, where Pillow only warns, is refused before it is decoded."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 32 * 32)
    message = str(spoilt(tmp_path, encoded(colours(1, side=40)[0])))
    assert "image '007.png' cannot be used: Image size (1600 pixels) exceeds limit of 1024 pixels" in message


def test_a_small_image_is_named(tmp_path: Path):
    """No image is enlarged."""
    message = str(spoilt(tmp_path, encoded(colours(1, side=31)[0])))
    assert "image '007.png' cannot be used: found 31 x 31 pixels, wanted at least 32 x 32" in message


def test_a_deep_image_is_named(tmp_path: Path):
    """Sixteen bits a channel are refused, for Pillow would clip them."""
    message = str(spoilt(tmp_path, encoded(np.full((32, 32), 40_000, dtype=np.uint16))))
    assert "image '007.png' cannot be used: found pixels of mode I;16, wanted 8 bits a channel" in message


def test_a_damaged_member_of_a_zip_is_named(tmp_path: Path):
    """A member whose checksum is wrong names itself."""
    archive = zipped(tmp_path / "mine.zip", [f"{k:02}.png" for k in range(20)])
    content = bytearray(archive.read_bytes())
    content[60] ^= 255
    archive.write_bytes(content)
    with pytest.raises(DatasetError, match=r"image '00.png' cannot be used: Bad CRC-32 for file '00.png'"):
        load("zip", str(archive))


def test_a_missing_or_unreadable_path_is_told(tmp_path: Path):
    """A missing folder, a missing zip and a file that is no zip are named with what was wanted."""
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(DatasetError, match=f"found no folder at {tmp_path}/none, wanted one that holds images"):
        load("folder", str(tmp_path / "none"))
    with pytest.raises(DatasetError, match=f"cannot read {tmp_path}/none.zip as a zip file: .*No such file"):
        load("zip", str(tmp_path / "none.zip"))
    with pytest.raises(DatasetError, match=f"cannot read {tmp_path}/text.zip as a zip file: File is not a zip file"):
        load("zip", str(tmp_path / "text.zip"))


@pytest.mark.parametrize("n", [0, 19])
def test_too_few_images_are_refused(tmp_path: Path, n: int):
    """Fewer than 20 images, none at all included, are counted in the error."""
    with pytest.raises(DatasetError, match=rf"found {n} images in {tmp_path}, wanted at least 20 \(\.bmp, \.gif"):
        load("folder", str(fill(tmp_path, n)))


@pytest.mark.parametrize("argument", [None, ""])
def test_a_path_is_needed(argument: str | None):
    """The name alone is answered with how to write it."""
    with pytest.raises(DatasetError, match=r"^dataset 'folder' needs a path: folder:PATH, or folder:PATH@32"):
        load("folder", argument)


def test_only_sizes_that_the_networks_make_are_taken(tmp_path: Path):
    """A side of 8 or of 65 is refused; a path that itself ends in @16 is reached with a second one."""
    path = fill(tmp_path / "mine@16")
    assert load("folder", f"{path}@32").name == "folder:mine@16@32"
    for side in (8, 65):
        with pytest.raises(DatasetError, match=f"found a side of {side}, wanted 16 to 64 pixels"):
            load("folder", f"{path}@{side}")


def test_a_member_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path):
    """A small zip may say that it holds more than any memory; it is believed before anything is unpacked."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.png", "w") as member:
        for _ in range(257):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(DatasetError, match=r"image 'a.png' of .* has 269,484,032 bytes when unpacked, wanted at most"):
        folder.load("zip", folder.open_zip, str(path), None)


def test_a_zip_of_another_version_is_refused(tmp_path: Path):
    """What Python's zipfile has no support for is an error that names the file."""
    path = tmp_path / "new.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 255  # the version that is needed to extract the member
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"cannot read .*new\.zip as a zip file: zip file version 25\.5"):
        folder.load("zip", folder.open_zip, str(path), None)
