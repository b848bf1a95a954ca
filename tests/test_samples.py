"""Samples from files: what is read and how, and that nothing else is: no number for bad input, no code from a file."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from toys import ring_dataset

from ganbench.datasets import digits
from ganbench.datasets.images import to_uint8
from ganbench.errors import SamplesError
from ganbench.samples.arrays import read_array
from ganbench.samples.layout import arranged, in_signed_range
from ganbench.samples.oddities import classes, repeated, too_few
from ganbench.samples.source import read_samples

DIGITS = digits.load(None, None)
BYTES = DIGITS.images("held_out")[:20]


class Bomb:
    """Unpickling it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def written(path: Path, array: Tensor) -> Path:
    """The array in a file of the kind that the path's name says."""
    writers: dict[str, Callable[[], object]] = {
        ".npy": lambda: np.save(path, array.numpy()),
        ".npz": lambda: np.savez_compressed(path, array.numpy()),
        ".pt": lambda: torch.save(array, path),
        ".pth": lambda: torch.save({"samples": array}, path),
        ".safetensors": lambda: save_file({"images": array}, path),
    }
    writers[path.suffix]()
    return path


def pictures(folder: Path, images: Tensor, mode: str = "L") -> Path:
    """The images (n, 1, height, width) as PNG files."""
    folder.mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image[0].numpy()).convert(mode).save(folder / f"{k:03}.png")
    return folder


def refusal(path: Path, **options: Any) -> str:
    """The error with which samples of digits at `path` are refused."""
    with pytest.raises(SamplesError) as caught:
        read_samples(path, DIGITS, **options)
    return str(caught.value)


@pytest.mark.parametrize("kind", [".npy", ".npz", ".pt", ".pth", ".safetensors"])
def test_every_kind_of_array_gives_the_same_images(tmp_path: Path, kind: str) -> None:
    """To the last bit: bytes in, the numbers of the dataset itself out, and back to the same bytes."""
    samples = read_samples(written(tmp_path / f"x{kind}", BYTES), DIGITS)
    assert torch.equal(samples.x, DIGITS.fetch("held_out", torch.arange(20)))
    assert torch.equal(to_uint8(samples.x), BYTES)
    assert (samples.x.dtype, samples.origin) == (torch.float32, "uint8 in the range 'bytes'")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_image_files_give_the_same_images(tmp_path: Path, mode: str) -> None:
    """From a folder or a zip; grey images that were saved as RGB are grey."""
    folder = pictures(tmp_path / "images", BYTES, mode)
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inside/{file.name}")
    for path in (folder, tmp_path / "images.zip"):
        samples = read_samples(path, DIGITS)
        assert torch.equal(to_uint8(samples.x), BYTES)
        assert samples.origin == "image files"


def test_the_range_may_be_stated_or_plain_from_the_numbers(tmp_path: Path) -> None:
    """The same images as bytes, whole numbers, -1 to 1 and 0 to 1 become the same bytes again."""
    signed, unit = BYTES.double() / 127.5 - 1, BYTES.double() / 255
    for array, stated, span in (
        (BYTES.long(), None, "bytes"),
        (signed, None, "signed"),
        (signed.float(), "signed", "signed"),
        (unit, "unit", "unit"),
        (unit.half(), "unit", "unit"),
        (BYTES.float(), "bytes", "bytes"),
    ):
        samples = read_samples(written(tmp_path / "x.npy", array), DIGITS, stated)
        assert torch.equal(to_uint8(samples.x), BYTES)
        assert samples.origin.endswith(f"in the range '{span}'")


def test_channels_may_come_last_or_not_at_all() -> None:
    """(n, h, w, c) and, for grey images, (n, h, w) are read as (n, c, h, w); the dataset's shape tells them apart."""
    x = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    assert torch.equal(arranged(x.movedim(1, -1), (3, 4, 5)), x)
    assert torch.equal(arranged(x[:, 0], (1, 4, 5)), x[:, :1])
    assert arranged(x, (3, 4, 5)) is x
    assert arranged(torch.zeros(7, 2), (2,)).shape == (7, 2)


def test_a_file_of_several_arrays_names_its_samples(tmp_path: Path) -> None:
    """The array called "samples" is taken, with or without others beside it."""
    path = tmp_path / "x.npz"
    np.savez(path, labels=np.zeros(20), samples=BYTES.numpy())
    assert torch.equal(to_uint8(read_samples(path, DIGITS).x), BYTES)


def test_a_small_file_of_a_huge_array_is_refused(tmp_path: Path) -> None:
    """Before anything is computed of it: a tensor may repeat one number for ever."""
    torch.save(torch.zeros(1).expand(10**12, 2), tmp_path / "x.pt")
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (2**33, 2)})
        file.truncate(file.tell() + 2**34)  # a hole, which takes no room on the disk
    for name, shape, size in (("x.pt", "(1000000000000, 2)", "14901.2"), ("x.npy", "(8589934592, 2)", "128.0")):
        found = f"found an array of shape {shape}, which takes {size} GiB at eight bytes a number; wanted at most 8: "
        with pytest.raises(SamplesError, match=f"^{re.escape(f'{tmp_path / name}: {found}')}"):
            read_array(tmp_path / name)


@pytest.mark.parametrize("kind", [".npz", ".pt"])
def test_a_zip_bomb_is_refused_unread(tmp_path: Path, kind: str) -> None:
    """Members are summed by what they would unpack to."""
    path = tmp_path / f"x{kind}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("a.npy", "b.npy"):
            archive.writestr(name, b"")
            archive.getinfo(name).file_size = 2**30  # what its entry in the directory says
    message = f"{path}: its compressed members unpack to 2.0 GiB, wanted at most 1; save the samples uncompressed, "
    with pytest.raises(SamplesError, match=f"^{re.escape(message)}"):
        read_array(path)


def test_byte_order_does_not_matter(tmp_path: Path) -> None:
    """Big-endian floats and 16-bit whole numbers are read as what they say."""
    np.save(tmp_path / "x.npy", np.array([[1.5, -2.5]], dtype=">f4"))
    assert read_array(tmp_path / "x.npy").tolist() == [[1.5, -2.5]]
    np.save(tmp_path / "x.npy", np.array([[1, 65535]], dtype=">u2"))
    assert read_array(tmp_path / "x.npy").tolist() == [[1, 65535]]


def test_points_are_read_as_they_are(tmp_path: Path) -> None:
    """An array (n, 2) against a mixture in the plane; it has no range."""
    points = torch.tensor([[0.5, -7.0], [3.0, 0.25]])
    path = written(tmp_path / "x.npy", points)
    assert torch.equal(read_samples(path, ring_dataset()).x, points)
    with pytest.raises(
        SamplesError, match=r"--range unit: the reference holds points, not images; leave the option out"
    ):
        read_samples(path, ring_dataset(), "unit")
    with pytest.raises(SamplesError, match=r"found images in \S+, wanted points as '\S+' has them: a file of an array"):
        read_samples(pictures(tmp_path / "images", BYTES), ring_dataset())


@pytest.mark.parametrize("kind", [".npy", ".npz", ".pt", ".pth"])
def test_pickled_objects_are_never_opened(tmp_path: Path, kind: str) -> None:
    """A file that would run code when it is unpickled runs none, and is refused."""
    path, trace = tmp_path / f"x{kind}", tmp_path / "trace"
    bombs = np.array([Bomb(trace)], dtype=object)
    if kind == ".npy":
        np.save(path, bombs)
    elif kind == ".npz":
        np.savez(path, bombs)
    else:
        torch.save({"samples": Bomb(trace)}, path)
    assert re.fullmatch(
        rf"\S+x{kind}: cannot be read as {kind} \(it holds pickled objects, or is no such file at all\); wanted one "
        r"array of numbers, for pickled objects could run code and are never opened; save it again from a plain array",
        refusal(path),
    )
    assert not trace.exists()


@pytest.mark.parametrize("kind", [".npy", ".npz", ".pt", ".safetensors", ".zip"])
@pytest.mark.parametrize("content", ["empty", "plain pickle", "text", "half"])
def test_damaged_files_are_refused(tmp_path: Path, kind: str, content: str) -> None:
    """Empty, cut in half, of another kind or a bare pickle: one error that names the file, whatever libraries raise."""
    whole = written(tmp_path / f"whole{'.npz' if kind == '.zip' else kind}", BYTES).read_bytes()
    trace = tmp_path / "trace"
    contents = {
        "empty": b"",
        "plain pickle": pickle.dumps(Bomb(trace)),
        "text": b"0.5, 0.25\n",
        "half": whole[: len(whole) // 2],
    }
    path = tmp_path / f"x{kind}"
    path.write_bytes(contents[content])
    assert str(path) in refusal(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (
            lambda p: np.savez(p, a=BYTES, b=BYTES),
            r"found 2 arrays \(a, b\), wanted one, or one of them named 'samples'",
        ),
        (lambda p: np.savez(p), r"found 0 arrays \(none\), wanted one"),
        (lambda p: np.savez(p, np.array(["a", "b"])), r"found a ndarray of <U1, wanted a dense array of real numbers"),
        (lambda p: np.savez(p, np.zeros((2, 1, 8, 8), bool)), r"found a ndarray of bool, wanted a dense array of real"),
        (
            lambda p: np.savez(p, np.zeros((2, 1, 8, 8), complex)),
            r"found a ndarray of complex128, wanted a dense array",
        ),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, save: Callable[[Path], None], message: str) -> None:
    """Several arrays, none, texts, truth values and complex numbers."""
    save(tmp_path / "x.npz")
    assert re.search(message, refusal(tmp_path / "x.npz"))


def test_what_is_no_dense_tensor_is_refused(tmp_path: Path) -> None:
    """A sparse tensor, a list and a model's weights."""
    for thing, message in (
        (BYTES[:, 0, 0].float().to_sparse(), "found a Tensor of torch.float32, wanted a dense array of real numbers"),
        ([BYTES], "found a list, wanted a dense array of real numbers"),
        ({"w": BYTES, "b": BYTES}, "found 2 arrays (w, b), wanted one, or one of them named 'samples'"),
    ):
        torch.save(thing, tmp_path / "x.pt")
        assert message in refusal(tmp_path / "x.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_counted_and_refused(tmp_path: Path, value: float) -> None:
    """Before anything becomes a byte: how many samples, and which is the first."""
    x = BYTES.double() / 127.5 - 1
    x[[3, 7], 0, 2, 2] = value
    message = "found NaN or infinity in 2 of 20 samples, first in number 3 (from 0); wanted finite numbers: what made "
    assert message in refusal(written(tmp_path / "x.npy", x))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            BYTES.expand(-1, 3, -1, -1),
            "found an array of shape (20, 3, 8, 8), wanted (n, 1, 8, 8) or (n, 8, 8, 1) or (n,",
        ),
        (torch.zeros(5, 1, 28, 28), "found an array of shape (5, 1, 28, 28), wanted (n, 1, 8, 8)"),
        (torch.zeros(5, 64), "found an array of shape (5, 64), wanted (n, 1, 8, 8)"),
        (torch.zeros(()), "found an array of shape (), wanted (n, 1, 8, 8)"),
        (BYTES[:1], "found 1 sample(s), wanted at least 2, and some hundreds for numbers that mean something"),
        (BYTES[:0], "found 0 sample(s), wanted at least 2"),
    ],
)
def test_the_wrong_shape_or_too_few_are_refused(tmp_path: Path, array: Tensor, message: str) -> None:
    """The error gives the shape that was found and those that would do."""
    assert message in refusal(written(tmp_path / "x.npy", array))


@pytest.mark.parametrize(
    ("array", "stated", "message"),
    [
        (
            BYTES.float() / 255,
            None,
            "found float32 pixels from 0 to 1, which do not tell their range; state it: --range",
        ),
        (BYTES.float(), None, "found float32 pixels from 0 to 255, which do not tell their range"),
        ((BYTES > 99).byte(), None, "found uint8 pixels from 0 to 1, which do not tell their range"),
        (BYTES.float() / 50 - 2, None, "found float32 pixels from -2 to 3.1, which do not tell their range"),
        (BYTES, "unit", "found pixels from 0 to 255, wanted 0 to 1 for the range 'unit'; state another with --range"),
        (BYTES.float() / 127.5 - 1, "bytes", "found pixels from -1 to 1, wanted 0 to 255 for the range 'bytes'"),
        (BYTES.long() * 2, None, "found pixels from 0 to 510, wanted 0 to 255 for the range 'bytes'"),
    ],
)
def test_a_range_is_never_guessed(tmp_path: Path, array: Tensor, stated: Any, message: str) -> None:
    """Where the numbers leave more than one reading the user is asked; what leaves its range is not clipped."""
    assert message in refusal(written(tmp_path / "x.npy", array), stated=stated)


def test_rounding_may_leave_the_range_by_a_hair() -> None:
    """tanh of a large number plus rounding is still 1; a thousandth more is not."""
    x, span = in_signed_range(torch.tensor([[-1.000001, 1.000001]]), None)
    assert (x.tolist(), span) == ([[-1, 1]], "signed")
    with pytest.raises(SamplesError):
        in_signed_range(torch.tensor([[-1.001, 1.0]]), "signed")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda f: (f / "007.png").write_bytes((f / "007.png").read_bytes()[:60]),
            r"image '007\.png' cannot be used: ",
        ),
        (lambda f: (f / "007.png").write_bytes(b"no image"), r"image '007\.png' cannot be used: "),
        (
            lambda f: Image.new("L", (28, 28)).save(f / "007.png"),
            r"image '007\.png' cannot be used: found 28 x 28 pixels, wanted 8 x 8, for nothing is cropped or resized",
        ),
        (
            lambda f: Image.new("RGB", (8, 8), (255, 0, 0)).save(f / "007.png"),
            r"image '007\.png': found colours, wanted grey: 8 x 8 pixels in 1 channel, as the reference has them",
        ),
        (
            lambda f: Image.fromarray(np.full((8, 8), 70_000, np.int32)).save(f / "007.tif"),
            r"image '007\.tif' cannot be used: found pixels of mode I, wanted 8 bits a channel",
        ),
    ],
)
def test_an_image_file_that_does_not_fit_is_named(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    """Truncated, no image at all, of another size, in colour, or of more than 8 bits."""
    folder = pictures(tmp_path / "images", BYTES)
    spoil(folder)
    assert re.match(message, refusal(folder))


def test_colours_are_wanted_where_the_reference_has_them(tmp_path: Path) -> None:
    """Grey files stand for three equal channels."""
    from ganbench.samples.pictures import read_pictures

    grey = read_pictures(pictures(tmp_path / "images", BYTES), (3, 8, 8))
    assert torch.equal(grey, BYTES.expand(-1, 3, -1, -1))


def test_where_there_is_nothing_to_read(tmp_path: Path) -> None:
    """No such path, an empty folder, and a file of no known kind."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    kinds = "a folder or .zip of images, a run's folder, or a file ending in .npy, .npz, .pt, .pth, .safetensors"
    assert refusal(tmp_path / "absent") == f"found nothing at {tmp_path / 'absent'}, wanted {kinds}"
    assert refusal(tmp_path / "notes.txt") == f"found {tmp_path / 'notes.txt'}, wanted {kinds}"
    assert "found no image in " in refusal(tmp_path / "empty")


def test_a_zip_that_holds_no_image_is_refused(tmp_path: Path) -> None:
    """Its members are looked at by name, and none is opened."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.npy", io.BytesIO().getvalue())
    assert "found no image in " in refusal(tmp_path / "x.zip")


def test_samples_that_are_all_the_same_are_told() -> None:
    """And repeated ones, and flat images; of good samples nothing is said."""
    flat = BYTES.clone()
    flat[:3] = torch.tensor([10, 20, 30], dtype=torch.uint8).view(3, 1, 1, 1)
    assert repeated(BYTES) == []
    assert repeated(torch.randn(9, 2)) == []
    assert repeated(BYTES[:1].expand(20, -1, -1, -1)) == [
        "CONSTANT: all 20 samples are one and the same, so the numbers are those of a single sample"
    ]
    assert repeated(torch.cat([BYTES, BYTES])) == ["REPEATED: only 20 of 40 samples are distinct"]
    assert repeated(flat) == ["FLAT: 3 of 20 images are of one tone each"]


def test_too_few_samples_for_a_covariance_are_told() -> None:
    """64 samples span at most 63 dimensions; 65 span 64."""
    assert too_few(65, 64) == []
    assert too_few(64, 64)[0].startswith("FEW: 64 samples span fewer than the 64 dimensions of the features")


def test_an_absent_class_is_told() -> None:
    """By its number, where chance does not explain it."""
    from ganbench.metrics.metric import Features

    real = 9.0 * torch.nn.functional.one_hot(torch.arange(300) % 10, 10).float()
    seen = Features(torch.empty(0), real)
    without = Features(torch.empty(0), real[(torch.arange(300) % 10) != 4])
    assert classes(seen, seen) == []
    assert classes(without, seen) == ["MISSING: no sample is given class 4 of 10, by the extractor"]
