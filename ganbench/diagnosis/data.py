"""Datasets and extractor weights that are here, by their files alone: nothing is downloaded. Loads torch."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from ganbench.datasets.torchvision import SOURCES, data_folder
from ganbench.diagnosis.finding import Finding
from ganbench.errors import ExtractorError
from ganbench.metrics.features import SHIPPED, load_classifier
from ganbench.metrics.inception import HASH_START, URL, kept_weights
from ganbench.registry import offers

OF_FILES = {**{name: name for name in SOURCES}, "stacked_mnist": "mnist"}
"""Datasets that are read from a data root, and the one whose files they are."""
OF_ONES_OWN = ("folder", "zip")
BY_HAND = ("celeba",)
"""Better fetched by hand: their host may turn programs down."""


def of_datasets(data_root: Path | None) -> Iterator[Finding]:
    """Each built-in dataset: part of ganbench, there, or where it can be had."""
    root = data_folder(data_root)
    built_in = [offer.name for offer in offers("datasets") if offer.distribution == "ganbench"]
    embedded = [name for name in built_in if name not in (*OF_FILES, *OF_ONES_OWN)]
    yield Finding("datasets", "ok", f"{', '.join(embedded)} come with ganbench; folder:PATH and zip:PATH are your own")
    for name in OF_FILES:
        yield _of_files(name, root, data_root)


def _of_files(name: str, root: Path, named: Path | None) -> Finding:
    source = SOURCES[OF_FILES[name]]
    absent = [path for path in source.paths if not (root / path).exists()]
    if not absent:
        return Finding(f"dataset {name}", "ok", f"its files are in {root}")
    about = f"not in {root} ({absent[0]} is not there): put it there, or name another folder with --data-root"
    if name in BY_HAND:
        about += "; torchvision's documentation page of CelebA says where to get it"
        return Finding(f"dataset {name}", "missing", about, f"ganbench run -p nsgan -d {name} --data-root FOLDER")
    about = f"not in {root} ({absent[0]} is not there): use --data-root, or plan a run, which downloads it"
    place = ["--data-root", str(named)] if named else []
    mend = ["ganbench", "run", "-p", "nsgan", "-d", name, "--extractor", "none", "--dry-run", *place]
    return Finding(f"dataset {name}", "missing", about, shlex.join(mend))


def of_extractors() -> Iterator[Finding]:
    """The weights that ship with ganbench, and Inception-v3's."""
    try:
        for name in SHIPPED:
            load_classifier(name)
    except ExtractorError as error:
        yield Finding("extractors", "problem", str(error), "pip install --force-reinstall --no-deps ganbench", True)
    else:
        yield Finding("extractors", "ok", f"{', '.join(SHIPPED)} are whole", needed=True)
    yield _of_inception(kept_weights())


def _of_inception(file: Path) -> Finding:
    subject, place = "extractor inception", shlex.quote(str(file))
    mend = f"mkdir -p {shlex.quote(str(file.parent))} && curl -fL -o {place} {URL}"
    try:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        about = f"not at {file}: no FID or Inception Score of photographs; --extractor none does without"
        return Finding(subject, "missing", about, mend)
    if not found.startswith(HASH_START):
        about = f"{file} has sha256 {found[:12]}, wanted one that starts with {HASH_START}: it is damaged"
        return Finding(subject, "problem", about, mend)
    return Finding(subject, "ok", str(file))
