"""The two calls of a notebook: `ganbench.run` and `ganbench.leaderboard`, which give pandas frames."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ganbench.archive import Archive, current, sorted_out
from ganbench.campaign import Campaign
from ganbench.errors import StoreError, one_line
from ganbench.leaderboards.board import Board, boards
from ganbench.leaderboards.frame import runs_frame
from ganbench.leaderboards.ranking import ranked_table
from ganbench.record import RunRecord
from ganbench.request import DATASETS, grid
from ganbench.store import Store
from ganbench.supervision import Limits, Pool, usable_cores

SHOWN = 5
"""Damaged records that an error names."""


def run(
    plugin: str | Sequence[str],
    dataset: str | Sequence[str] = DATASETS,
    *,
    trick: str | Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    budget: str | None = None,
    seeds: int | None = None,
    out: str | os.PathLike[str] = "runs",
    jobs: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    resume: bool = False,
    again: bool = False,
    points: int | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Trains and measures variants; one row a run, control rows included.

    `trick` is applied in the order given. `time_limit` is in seconds and `memory_limit` in bytes, for each group of
    seeds; `jobs` is the number of worker processes, one a core when left out. `options` are those of `Request`:
    data_root, batch_size, samples, extractor, extractor_weights, device, threads.

    Raises:
        UsageError: for anything that must be mended before a run can begin; nothing is written then.
    """
    requests = grid(
        _listed(plugin),
        _listed(dataset),
        [[name] for name in _listed(trick)],
        settings=tuple(f"{name}={_plain(value)!r}" for name, value in (settings or {}).items()),
        budget=budget,
        points=points,
        **options,
    )
    limits = Limits(time_limit, memory_limit)
    with Pool(usable_cores() if jobs is None else jobs, options.get("threads", 1), limits) as pool:
        campaign = Campaign(Store(Path(out)), pool, resume, again)
        return runs_frame(campaign.carry_out(campaign.plan(requests, seeds)))


def leaderboard(runs: str | os.PathLike[str] = "runs", dataset: str | None = None) -> pd.DataFrame:
    """The boards of all stored runs as one frame; the columns that say what a board depends on tell them apart.

    A damaged record is left out with a warning that names its file.

    Raises:
        StoreError: when there are no runs.
    """
    records, damaged = stored_records(Path(runs), dataset)
    for error in damaged:
        warnings.warn(f"left out: {error}", stacklevel=2)
    return joined(boards(records))


def joined(tables: Sequence[Board]) -> pd.DataFrame:
    """Boards as one frame; the columns that say what a board depends on tell them apart."""
    return pd.concat([ranked_table(board) for board in tables], ignore_index=True)


def stored_records(runs: Path, dataset: str | None = None) -> tuple[list[RunRecord], list[StoreError]]:
    """The records under `runs`, of one dataset when it is named, and what is wrong with those that are damaged.

    Raises:
        StoreError: when there is no whole record.
    """
    advice = f"under '{runs}': run some first, as in `ganbench run --plugin wgan_gp`"
    return _of_dataset(Store(runs).records(), dataset, advice)


def published_records(folder: Path, dataset: str | None = None) -> tuple[list[RunRecord], list[StoreError]]:
    """The published records that boards show, of one dataset when it is named, and what is wrong with other lines.

    Raises:
        StoreError: when there is no whole record.
    """
    advice = f"in '{folder}': publish some, as `ganbench nightly` does"
    records, damaged = _of_dataset(Archive(folder).records(), dataset, advice)
    return current(records), damaged


def _of_dataset(
    found: Iterable[RunRecord | StoreError], dataset: str | None, advice: str
) -> tuple[list[RunRecord], list[StoreError]]:
    whole, damaged = sorted_out(found)
    records = [record for record in whole if dataset in (None, record.spec.dataset)]
    if not records:
        where = f"of dataset '{dataset}' " if dataset else ""
        raise StoreError(f"no finished run {where}{advice}{_left_out(damaged)}")
    return records, damaged


def _left_out(damaged: Sequence[StoreError]) -> str:
    """What to add to an error where damaged records may be what was looked for."""
    if not damaged:
        return ""
    more = f"; and {len(damaged) - SHOWN} more" if len(damaged) > SHOWN else ""
    return f"; {len(damaged)} damaged left out: {'; '.join(map(one_line, damaged[:SHOWN]))}{more}"


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own number."""
    return value.item() if hasattr(value, "item") else value


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
