"""A folder that one process at a time works in.

The lock is the kernel's and lies on the folder itself: it leaves no file behind, and a process that is gone holds none,
however it ended. Where a file system cannot lock folders, as some network ones cannot, every claim is granted.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Claim:
    """What a process holds while it works in a folder."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Lets others have the folder; to be called once."""
        os.close(self._descriptor)


def claim(folder: Path) -> Claim | None:
    """The claim to `folder`, which is made where it is missing; None while somebody else works in it.

    Raises:
        OSError: when the folder cannot be made or opened.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass
    return Claim(descriptor)
