"""Boards from many published records: how long regenerating takes, and how much memory.

    python benchmarks/leaderboard.py                    # 10,000 records
    python benchmarks/leaderboard.py --records 100000

The records are made up, as long as real ones of a mixture (ten points of 24 values, legends and provenance), 25 cells
of 20 seeds a board. Each measurement is a process of its own: reading the archive, choosing the current records,
building the boards, writing every file. Seconds are those of the processor, which is all that these steps wait for.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from peak import peak

from ganbench.archive import Archive, current, sorted_out
from ganbench.leaderboards.board import boards
from ganbench.publication import publish
from ganbench.record import RunRecord, RunSpec

CELLS, SEEDS, POINTS, VALUES = 25, 20, 10, 24
CHANGES = ("", "ema(decay=0.999)", "r1(weight=10.0)", "spectral_norm()", "top_k(keep=0.5)")


def made_up(count: int) -> list[RunRecord]:
    """So many records, a full board after the other."""
    random = np.random.default_rng(0)
    names = [f"quantity_{k}" for k in range(VALUES)]
    quantities = {
        name: {"direction": "higher", "unit": "modes", "lowest": 0, "highest": None, "meaning": "made up " * 8}
        for name in names
    }
    return [_record(index, names, quantities, random) for index in range(count)]


def _record(index: int, names: list[str], quantities: dict[str, dict], random: np.random.Generator) -> RunRecord:
    board, place = divmod(index, CELLS * SEEDS)
    cell, seed = divmod(place, SEEDS)
    variant, change = divmod(cell, len(CHANGES))
    meters = {"samples": 640_000, "d_steps": 5000, "g_steps": 5000, "flops": 2_500_000_000, "seconds": 12.5}
    curve = tuple(
        {"fraction": (k + 1) / POINTS, "meters": meters, "values": dict(zip(names, row, strict=True))}
        for k, row in enumerate((variant + random.normal(size=(POINTS, VALUES))).tolist())
    )
    return RunRecord(
        spec=RunSpec(
            variant=f"variant_{variant}",
            dataset=f"dataset_{board % 10}",
            budget=f"{640_000 + board} samples",
            seed=seed,
            group=tuple(range(SEEDS)),
            tricks=(CHANGES[change],) if CHANGES[change] else (),
            standard="MLPPair(width=128, depth=2), Adam(lr=0.001, beta1=0.5, beta2=0.999), latent_dim=16",
            batch_size=128,
            points=POINTS,
            samples=10_000,
            curve_samples=2500,
            metrics=("modes", "chi_square", "js"),
            fingerprint="f" * 64,
            source_hash="a" * 64,
        ),
        status="ok",
        meters=meters,
        values=curve[-1]["values"],
        curve=curve,
        quantities=quantities,
        headline=names[0],
        recipe=f"Recipe(name='variant_{variant}', change='{CHANGES[change]}', board={board})",
        parameters={"generator": 17_282, "discriminator": 17_153},
        seconds={"start": 0.1, "evaluation": 0.25, "saving": 0.01},
        provenance={"versions": {"torch": "2.13.0", "ganbench": "0.1.0"}, "platform": "Linux", "threads": 1},
    )


def regenerate(folder: Path) -> None:
    """Everything from the archive to the files, with the CPU seconds and the largest memory of this process."""
    started = time.process_time()
    records, _ = sorted_out(Archive(folder / "records").records())
    read = time.process_time() - started
    found = boards(current(records))
    built = time.process_time() - started - read
    publish(found, folder / "boards")
    written = time.process_time() - started - read - built
    print(read, built, written, peak())


def main() -> None:
    """Makes the records once, and regenerates the boards several times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--regenerate", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.regenerate:
        regenerate(options.regenerate)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_dataset: dict[str, list[str]] = {}
        for record in made_up(options.records):
            by_dataset.setdefault(record.spec.dataset, []).append(record.to_json())
        (folder / "records").mkdir()
        for dataset, lines in by_dataset.items():
            (folder / "records" / f"{dataset}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        size = sum(path.stat().st_size for path in (folder / "records").iterdir())
        command = [sys.executable, __file__, "--regenerate", name]
        rounds = [
            [float(word) for word in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]
            for _ in range(options.rounds)
        ]
    read, built, written, largest = (median(column) for column in zip(*rounds, strict=True))
    print(f"{options.records:,} records, {size / 2**20:,.0f} MiB, {size / options.records / 1000:.1f} kB a record")
    print(f"read {read:.1f} s, boards {built:.1f} s, files {written:.1f} s: {read + built + written:.1f} s in all")
    print(f"largest memory {largest:,.0f} MiB; medians of {options.rounds} rounds")


if __name__ == "__main__":
    main()
