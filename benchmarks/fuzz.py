"""Damaged and hostile input for everything that reads files or text from elsewhere.

    python benchmarks/fuzz.py                    # 100,000 cases, spread over all readers by what each costs
    python benchmarks/fuzz.py --cases 1000 --only archive --seed 7

Each case is a real file or text with bytes flipped, cut, repeated or spliced, or whole in form and hostile in content.
Every one must be read as a sound value or be refused with an error of ganbench's own. What is neither is printed once
for each kind, with the case that made it; the exit status is then 1. The readers are those of tests/fuzzing.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fuzzing import Reader, case, readers

WATCHED = 20
"""Cases by which a reader's cost is measured, and the cases of all readers are shared out."""


class Tally:
    """What became of one reader's cases."""

    def __init__(self, reader: Reader, seed: int) -> None:
        self.reader, self.seed = reader, seed
        self.ends: Counter[str] = Counter()
        self.seconds = 0.0
        self.bugs: set[str] = set()

    def go_on(self, cases: int) -> None:
        """Makes so many more cases, and prints each new kind of bug."""
        started = time.perf_counter()
        for _ in range(cases):
            number = self.ends.total()
            content = case(self.reader, Random(f"{self.seed} {self.reader.name} {number}"))
            try:
                self.ends["refused" if self.reader.refuses(content) else "read"] += 1
            except Exception as error:  # noqa: BLE001 - finding it is what this is for
                self.ends["BUG"] += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                self._show(f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}", number, content)
        self.seconds += time.perf_counter() - started

    def _show(self, kind: str, number: int, content: bytes) -> None:
        if kind not in self.bugs:
            self.bugs.add(kind)
            print(f"BUG {self.reader.name}, case {number}: {kind}\n    {content[:300]!r}")
            print("    " + "    ".join(traceback.format_exc().splitlines(True)[-9:]))


def shares(tallies: list[Tally], cases: int) -> list[int]:
    """How many of the cases each reader gets: the more the less one costs, and at least a hundredth of all."""
    weights = [1 / tally.seconds for tally in tallies]
    least = cases // (2 * len(tallies))
    return [least + round((cases - least * len(tallies)) * weight / sum(weights)) for weight in weights]


def main() -> None:
    """Makes the cases and prints a line a reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one reader's name")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        found = [each for each in readers(Path(folder)) if options.only in (None, each.name)]
        tallies = [Tally(reader, options.seed) for reader in found]
        for tally in tallies:
            tally.go_on(WATCHED)
        for tally, cases in zip(tallies, shares(tallies, options.cases), strict=True):
            tally.go_on(max(0, cases - WATCHED))
            ends = ", ".join(f"{count:,} {end}" for end, count in sorted(tally.ends.items()))
            print(f"{tally.reader.name}: {ends}; {tally.seconds:.0f} s", flush=True)
    print(f"{sum(tally.ends.total() for tally in tallies):,} cases, {sum(len(t.bugs) for t in tallies)} kinds of bugs")
    sys.exit(any(tally.bugs for tally in tallies))


if __name__ == "__main__":
    main()
