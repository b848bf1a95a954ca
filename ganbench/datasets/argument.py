"""What follows the colon in a dataset's name, for the datasets that have nothing to choose."""

from __future__ import annotations

from ganbench.errors import DatasetError


def refuse_argument(name: str, argument: str | None) -> None:
    """Nothing, where the user wrote `name` alone.

    Raises:
        DatasetError: where the user wrote `name:argument`.
    """
    if argument is not None:
        raise DatasetError(f"dataset '{name}' takes no argument, found '{name}:{argument}'")
