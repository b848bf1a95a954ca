"""The largest memory of this process, for benchmarks that ask a process of its own."""

from __future__ import annotations

import re
from pathlib import Path


def peak() -> float:
    """MiB in memory at most since this program began; Linux alone tells.

    What `resource.getrusage` calls the largest is also that of the parent at the time of the start.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 2**10
