"""What the user points at, read as what it is: a run's folder, image files, or a file of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ganbench.datasets.dataset import Dataset
from ganbench.errors import SamplesError
from ganbench.samples.arrays import READERS, read_array
from ganbench.samples.layout import Range, arranged, as_points, in_signed_range, require_finite
from ganbench.samples.pictures import read_pictures
from ganbench.samples.run_folder import is_run, read_run

KINDS = f"a folder or .zip of images, a run's folder, or a file ending in {', '.join(READERS)}"


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples as the reference has them."""

    x: Tensor
    """(n, *sample shape), float32 and finite; images in [-1, 1]."""
    origin: str
    """What they were read as, for the reader of the numbers: "image files", "floats in [-1, 1]"."""
    notes: tuple[str, ...] = ()
    """What is to be known of how they came about."""


def read_samples(
    path: Path,
    dataset: Dataset,
    stated: Range | None = None,
    *,
    reference: str | None = None,
    data_root: Path | None = None,
    device: str = "cpu",
) -> Samples:
    """The samples at `path`, checked to be of the kind that `dataset` holds.

    `stated` is the range of an array's pixels, where the user has said it; `reference` is what the user calls the
    dataset, where that is not its name.

    Raises:
        SamplesError: where they cannot be read or are of another kind; saying what was found, wanted and is to be done.
    """
    if not path.exists():
        raise SamplesError(f"found nothing at {path}, wanted {KINDS}")
    if is_run(path):
        x, notes = read_run(path, dataset.name, reference or dataset.name, data_root, device)
        return Samples(require_finite(arranged(x, dataset.sample_shape)), "samples of a run", tuple(notes))
    if path.is_dir() or path.suffix.lower() == ".zip":
        return _of_pictures(path, dataset)
    if path.suffix.lower() in READERS:
        return _of_array(path, dataset, stated)
    raise SamplesError(f"found {path}, wanted {KINDS}")


def _of_pictures(path: Path, dataset: Dataset) -> Samples:
    if not dataset.is_image:
        raise SamplesError(f"found images in {path}, wanted points as '{dataset.name}' has them: a file of an array")
    x, _ = in_signed_range(arranged(read_pictures(path, dataset.sample_shape), dataset.sample_shape), "bytes")
    return Samples(x, "image files")


def _of_array(path: Path, dataset: Dataset, stated: Range | None) -> Samples:
    try:
        x = require_finite(arranged(read_array(path), dataset.sample_shape))
        if not dataset.is_image:
            return Samples(as_points(x, stated), f"{_kind(x)} of points")
        signed, span = in_signed_range(x, stated)
    except SamplesError as error:
        raise SamplesError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from error
    return Samples(signed, f"{_kind(x)} in the range '{span}'")


def _kind(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")
