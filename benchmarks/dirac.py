"""The Dirac-GAN's theory against what ganbench measures: a table, and the phase planes as a picture.

    python benchmarks/dirac.py [FOLDER]

Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, section 2, say which methods converge on it; where they do not, `why` gives the
reason in a line that can be checked by hand. Runs are kept in FOLDER (default: runs/dirac): a second call only draws.
Exits with 1 where a measured verdict is not the one of theory.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ganbench.campaign import Campaign
from ganbench.figures import save
from ganbench.leaderboards.row import Row
from ganbench.phase import draw_rows
from ganbench.record import RunRecord
from ganbench.request import Request
from ganbench.store import Store
from ganbench.supervision import Limits, Pool, usable_cores


@dataclass(frozen=True)
class Case:
    """One method, what theory says becomes of it, and why."""

    variant: str
    tricks: tuple[str, ...]
    theory: str
    why: str
    settings: tuple[str, ...] = ()
    batch_size: int | None = None

    @property
    def cell(self) -> str:
        """What the table calls it."""
        batch = (f"[batch_size={self.batch_size}]",) if self.batch_size else ()
        return " ".join(
            [self.variant, *(f"+ {trick}" for trick in self.tricks), *map("[{}]".format, self.settings), *batch]
        )

    @property
    def request(self) -> Request:
        """What to run."""
        return Request(self.variant, "dirac", tricks=self.tricks, settings=self.settings, batch_size=self.batch_size)


CLIP = ("weight_clipping.bound=0.3",)
ONE_FOR_ONE = ("d_steps(k=1)", "simultaneous")
"""Sides that move at once move equally often, where the recipe would take five steps of the discriminator."""
PENALTY = ("gradient_penalty.weight=0.5",)
WEAK = "eigenvalues on the unit circle"
STRONG = "eigenvalues 1 +- i h f'(0), outside the unit circle"

CASES = (
    Case("gan", (), "cycles", WEAK),
    Case("gan", ("simultaneous",), "diverges", STRONG),
    Case("nsgan", (), "cycles", "nearer as t^(-1/2): no rate"),
    Case("nsgan", ("simultaneous",), "cycles", "repelled within, drawn without: radius sqrt(2 h)"),
    Case("wgan", (), "cycles", "clipped: a cycle of the size of the bound", CLIP),
    Case("wgan", ONE_FOR_ONE, "cycles", "as in turns; the bound stops the divergence", CLIP),
    Case("wgan_gp", (), "stalls", "fast psi: comes to rest at psi = 0, |theta| = 2 weight, off the data", PENALTY),
    Case("wgan_gp", ONE_FOR_ONE, "cycles", "the slope is held at 1, so theta overshoots", PENALTY),
    Case("lsgan", (), "stalls", "D has no bias, so its labels 0 and 1 leave psi = 0 at rest for every theta"),
    Case("lsgan", ("simultaneous",), "stalls", "as in turns"),
    Case("hinge", (), "cycles", WEAK),
    Case("hinge", ("simultaneous",), "cycles", "spirals out until a fake scores below -1, where D stops"),
    Case("gan", ("instance_noise(deviation=1.0)",), "converges", "noise damps psi by sigma^2 / 2", batch_size=16_384),
    Case("gan", ("r1(weight=1.0)",), "converges", "the penalty damps psi by gamma"),
    Case("gan", ("r2(weight=1.0)",), "converges", "the penalty damps psi by gamma"),
    Case("gan", ("r1",), "converges", "overdamped: theta decays by f'(0)^2 / gamma"),
    Case("gan", ("consensus",), "converges", "damps both by gamma f'(0)^2"),
    Case("gan", ("extragradient",), "converges", "the look ahead damps by h f'(0)^2 / 2"),
    Case("gan", ("optimistic_adam",), "converges", "optimism in turns damps by h f'(0)^2"),
)


def carried_out(folder: Path) -> dict[Case, Row]:
    """The runs of every case, of the dataset's standard number of seeds; runs that `folder` has are not run again."""
    with Pool(usable_cores(), 1, Limits(None, None)) as pool:
        campaign = Campaign(Store(folder), pool)
        plan = campaign.plan([case.request for case in CASES], None)
        records = {record.spec: record for record in campaign.carry_out(plan)}
    runs: dict[Request, list[RunRecord]] = defaultdict(list)
    for group in plan.groups:
        runs[group.request] += [records[spec] for spec in group.specs if spec in records]
    return {case: Row(case.cell, tuple(runs[case.request])) for case in CASES}


def table(rows: dict[Case, Row]) -> str:
    """Theory beside what was measured, a line a case."""
    lines = [
        {
            "method": case.cell,
            "theory": case.theory,
            "measured": measured(row),
            "e-foldings": _mean(row, "growth"),
            "distance": _mean(row, "distance"),
            "why": case.why,
        }
        for case, row in rows.items()
    ]
    return pd.DataFrame(lines).to_markdown(index=False, disable_numparse=True)


def measured(row: Row) -> str:
    """The verdict, and what failed."""
    return ", ".join(filter(None, (row.words("verdict"), row.failures))) or "not run"


def _mean(row: Row, quantity: str) -> str:
    mean = row.estimate(quantity).mean
    return "" if mean is None else f"{mean:.3g}"


def main(folder: Path) -> int:
    """Prints the table, draws the picture, and says whether theory and measurement agree."""
    rows = carried_out(folder)
    print(table(rows))
    save(
        draw_rows(tuple(rows.values()), "The Dirac-GAN: theta across, psi upwards, a path a seed"), folder / "dirac.png"
    )
    print(f"\nwrote {folder / 'dirac.png'}")
    wrong = [case.cell for case, row in rows.items() if measured(row) != case.theory]
    print("theory and measurement agree" if not wrong else f"not as theory says: {'; '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/dirac")))
