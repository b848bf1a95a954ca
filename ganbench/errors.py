"""What can go wrong, as one tree.

    GanbenchError
    ├── UsageError            the user asked for something that cannot be: exit code 2, nothing written
    │   ├── UnknownNameError  no plugin, trick, dataset or metric has that name
    │   ├── BudgetError       a budget that cannot be read or spent
    │   ├── SettingError      --set or --trick names a field that is not there, or a value that does not fit
    │   ├── DatasetError      data that is missing, broken or too small
    │   ├── ExtractorError    an extractor that is unknown, or whose weights are missing or altered
    │   ├── SamplesError      samples to be evaluated that cannot be read, or cannot be measured
    │   └── StoreError        an output folder that cannot be written, or read
    ├── PluginError           a plugin that cannot be loaded, or breaks the contract: status load_error
    ├── NotApplicable         a combination that makes no sense, with the reason: status not_applicable
    └── RecordError           a spec or a record that is not what its format says

Every message says what was found, what was wanted, who sent it and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GanbenchError(Exception):
    """Any error that ganbench raises on purpose; its text is written for the user."""


class UsageError(GanbenchError):
    """The user asked for something that cannot be."""


class UnknownNameError(UsageError):
    """No thing of that kind has that name."""

    @classmethod
    def among(
        cls, kind: str, name: str, known: Iterable[str], others: Iterable[str] = (), listed: bool = True
    ) -> UnknownNameError:
        """The error for `name`, with the nearest of the `known` names.

        `others` are the kinds that do have something of that name. Of a kind that `ganbench list` does not show, which
        is not `listed`, all that is known is named.
        """
        names = sorted(set(known))
        full = f"known: {', '.join(names) or 'none'}"
        nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        found = " and ".join(f"{'an' if other[0] in 'aeiou' else 'a'} {other}" for other in others)
        hints = [f"it is {found}"] if found else []
        hints += [f"did you mean {' or '.join(nearest)}?"] if nearest else []
        if listed:
            return cls(f"unknown {kind} '{name}': {'; '.join(hints) or full} (`ganbench list` shows all)")
        return cls(f"unknown {kind} '{name}': {' '.join([*hints, full])}")


class BudgetError(UsageError):
    """A budget that cannot be read or spent."""


class SettingError(UsageError):
    """A field that is not there, or a value that does not fit it."""


class DatasetError(UsageError):
    """Data that is missing, broken or too small."""


class ExtractorError(UsageError):
    """An extractor that is unknown, or whose weights are missing or altered."""


class SamplesError(UsageError):
    """Samples to be evaluated that cannot be read, or cannot be measured."""


class StoreError(UsageError):
    """A run folder that cannot be written, or read."""


class PluginError(GanbenchError):
    """A plugin that cannot be loaded, or breaks the contract."""


class NotApplicable(GanbenchError):  # noqa: N818 - reads as the status it becomes
    """A combination that makes no sense; the text is the reason that the board shows."""


class RecordError(GanbenchError):
    """A spec or a record that is not what its format says."""


def one_line(text: object) -> str:
    """Other people's text, such as an exception's, on one line that can be encoded and printed anywhere."""
    return printable(" ".join(str(text).split())[:2000])


def printable(line: str) -> str:
    """A line with "?" for what a terminal would act on and not show, such as an escape or a change of direction."""
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
