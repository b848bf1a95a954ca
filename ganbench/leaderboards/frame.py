"""Records as one pandas table with a row a run: the raw material of every question that a board does not answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd

from ganbench.record import RunRecord


def runs_frame(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row a run, in the order given; nothing is left out, failed runs included.

    Columns bear the names of the record's fields: those of the spec plainly (`samples` is the n of the headline
    evaluation), what is keyed inside the record with a dot: `meters.samples`, `seconds.evaluation`,
    `parameters.generator`, `values.fid`. What a run did not leave is missing in its row.
    """
    return pd.DataFrame([_row(record) for record in records])


def _row(record: RunRecord) -> dict[str, Any]:
    spec = record.spec
    lists = {
        "tricks": " + ".join(spec.tricks),
        "settings": ", ".join(f"{name}={value!r}" for name, value in spec.settings),
        "group": " ".join(map(str, spec.group)),
        "metrics": " ".join(spec.metrics),
    }
    outcome = {"status": record.status, "reason": record.reason, "headline": record.headline, "recipe": record.recipe}
    keyed = {
        f"{field}.{name}": value
        for field in ("meters", "seconds", "parameters", "values")
        for name, value in getattr(record, field).items()
    }
    return {"id": record.id, "cell": spec.cell, **asdict(spec), **lists, **outcome, **keyed}
