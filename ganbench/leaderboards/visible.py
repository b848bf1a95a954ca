"""Text of other people, and tables of it as CSV, that a terminal or a spreadsheet shows and does not act on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t")
"""What makes a spreadsheet compute a cell: "CSV Injection", OWASP, https://owasp.org/www-community/attacks/CSV_Injection."""


def visible(text: str) -> str:
    r"""`text` with every character that is not printable as an escape, such as \x1b, \u202e or \n."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@lru_cache(maxsize=4096)
def cell_text(text: str) -> str:
    """`text` as a cell of CSV: visible, and behind an apostrophe where it begins as a formula does."""
    return f"'{visible(text)}" if text.startswith(_BEGINS_FORMULA) else visible(text)


def table_csv(table: pd.DataFrame) -> str:
    r"""A table as CSV, safe to open.

    Numbers have ten significant digits: every count up to ten billion is exact, and the last bits, in which machines
    differ, are left out. A number that is not there is an empty field. In texts and headings characters that are not
    printable stand as escapes (\x1b, \u202e, \n), and a text that begins with = + - @ or a tab has an apostrophe before
    it, as in "'+ r1(weight=10.0)": no spreadsheet takes it for a formula. Numbers are left alone.
    """
    safe = table.copy(deep=False)
    for place, kind in enumerate(table.dtypes):
        if not is_numeric_dtype(kind):
            safe.isetitem(place, _safe(table.iloc[:, place].tolist()))
    header = [cell_text(str(name)) for name in table.columns]
    return safe.to_csv(index=False, header=header, float_format="%.10g", lineterminator="\n")


def _safe(values: list[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = [cell_text(value) if isinstance(value, str) else value for value in values]
    return found
