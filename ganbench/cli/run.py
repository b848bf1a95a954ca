"""`ganbench run`: train and measure variants under a fixed budget."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganbench.cli.names import Names, separated
from ganbench.cli.plan import print_plan
from ganbench.request import DATASETS, grid

if TYPE_CHECKING:
    from ganbench.record import RunRecord
    from ganbench.store import Store

TIME = {"s": 1, "min": 60, "h": 3600}
MEMORY = {"MiB": 2**20, "GiB": 2**30}


if TYPE_CHECKING:
    _NumberType = click.ParamType[float]
else:
    _NumberType = click.ParamType  # generic from click 8.4 on


class Amount(_NumberType):
    """A number with a unit: "90s", "10min", "2GiB"."""

    def __init__(self, units: dict[str, int]) -> None:
        self._units = units
        self.name = "amount"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "|".join(f"N{unit}" for unit in self._units)

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"([0-9]*\.?[0-9]+) *([A-Za-z]+)", str(value))
        amount = float(match[1]) * self._units.get(match[2], 0) if match else 0.0
        if not 0 < amount < math.inf:
            self.fail(
                f"found '{value}', wanted a positive number with a unit, one of {', '.join(self._units)}", param, ctx
            )
        return amount


@click.command("run", short_help="Train and measure variants under a fixed budget.")
@click.option(
    "-p", "--plugin", "plugins", type=Names("variants"), multiple=True, required=True, help="Variants to train."
)
@click.option("-d", "--dataset", "datasets", type=Names("datasets"), multiple=True, help="Default: ring8 and digits.")
@click.option(
    "-t", "--trick", "tricks", type=Names("tricks"), multiple=True,
    help='As "ema" or "label_smoothing(epsilon=0.2)". Repeat to compose; commas are alternatives, "none" among them.',
)  # fmt: skip
@click.option(
    "--without", "without", type=Names("tricks"), multiple=True,
    help="Take a trick's ingredient out of the variant: an ablation. Commas and repetition as with --trick.",
)  # fmt: skip
@click.option("--set", "settings", metavar="INGREDIENT.FIELD=VALUE", multiple=True, help="Set a field of the recipe.")
@click.option("-b", "--budget", metavar="BUDGET", help="400kimg, 5000g_steps, 1.5Tflops, 90s. Default: the dataset's.")
@click.option(
    "-s", "--seeds", metavar="N", type=click.IntRange(min=1), help="How many, from 0 on. Default: the dataset's."
)
@click.option("--batch-size", metavar="N", type=click.IntRange(min=2), help="Default: the dataset's.")
@click.option("--points", metavar="N", type=click.IntRange(min=1), help="Evaluation points. Default: the dataset's.")
@click.option(
    "--samples", metavar="N", type=click.IntRange(min=2), help="n of the headline evaluation. Default: the dataset's."
)
@click.option("--extractor", metavar="NAME", help='For IS and FID. Default: the dataset\'s; "none" measures neither.')
@click.option("--extractor-weights", metavar="FILE", type=click.Path(), help="Weights of Inception-v3.")
@click.option("--data-root", metavar="FOLDER", type=click.Path(), help="Where datasets lie, or are downloaded to.")
@click.option("--device", metavar="NAME", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), help="Worker processes. Default: one a core.")
@click.option(
    "--threads", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Threads of each worker."
)
@click.option("--time-limit", type=Amount(TIME), help="For each group of seeds: 90s, 10min, 2h. Default: none.")
@click.option("--memory-limit", type=Amount(MEMORY), help="For each group: 2GiB. Default: an equal share of 90 %.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder."
)
@click.option("--log", "loggers", type=Names("loggers"), multiple=True, help="Loggers, as in --log tensorboard.")
@click.option("--resume", is_flag=True, help="Continue interrupted or killed runs from their last point.")
@click.option("--again", is_flag=True, help="Run finished runs once more.")
@click.option("--dry-run", is_flag=True, help="Show what would run, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plugins: tuple[str, ...],
    datasets: tuple[str, ...],
    tricks: tuple[str, ...],
    without: tuple[str, ...],
    settings: tuple[str, ...],
    seeds: int | None,
    jobs: int | None,
    time_limit: float | None,
    memory_limit: float | None,
    out: Path,
    loggers: tuple[str, ...],
    resume: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
    **options: str | int | None,
) -> None:
    """Train variants under a fixed budget, measure them, and print one table a dataset.

    Each run leaves a folder with its record, samples, curves and checkpoint. Finished runs are not run again.

    \b
    ganbench run --plugin wgan_gp
    ganbench run --plugin nsgan --trick gradient_penalty --dataset ring8 --seeds 10
    ganbench run --plugin gan,nsgan,hinge --trick none,r1,ema --dataset grid25 --dry-run
    ganbench run --plugin r3gan --without none,r1,r2
    ganbench run --plugin wgan_gp --set gradient_penalty.weight=0.1
    ganbench run --plugin nsgan --dataset mnist --data-root data --budget 60kimg
    """  # noqa: D301 - click wants the control character that keeps lines apart
    from ganbench.campaign import Campaign
    from ganbench.cli.progress import Bars, looking
    from ganbench.store import Store
    from ganbench.supervision import Limits, Pool, usable_cores

    variants = list(chain.from_iterable(separated(plugins)))
    names = list(chain.from_iterable(separated(datasets or DATASETS, colon=True)))
    asked: dict[str, Any] = {"settings": settings, **options}
    requests = grid(variants, names, separated(tricks), separated(without), **asked)
    limits = Limits(time_limit, int(memory_limit) if memory_limit else None)
    store = Store(out)
    with Pool(jobs or usable_cores(), int(options["threads"] or 1), limits) as pool:
        campaign = Campaign(store, pool, resume, again, tuple(chain.from_iterable(separated(loggers))))
        with looking(len(requests)):
            plan = campaign.plan(requests, seeds, timed=dry_run)
        for warning in plan.warnings:
            click.echo(f"ganbench: warning: {warning}", err=True)
        if dry_run:
            print_plan(plan, campaign, jobs or usable_cores(), as_json)
            return
        with Bars() as bars:
            records = campaign.carry_out(plan, bars)
    _print_records(records, store, as_json)
    ctx.exit(exit_code(records))


def exit_code(records: Sequence[RunRecord]) -> int:
    """0 when every variant's run is ok, 4 when none could begin, 3 when some failed."""
    statuses = {record.status for record in records if not record.spec.is_control}
    if statuses <= {"ok"}:
        return 0
    return 4 if statuses <= {"load_error", "not_applicable"} else 3


def _print_records(records: Sequence[RunRecord], store: Store, as_json: bool) -> None:
    if as_json:
        folders = [str(store.folder(record.spec)) for record in records]
        runs = [record.as_dict() | {"folder": folder} for record, folder in zip(records, folders, strict=True)]
        click.echo(json.dumps(runs, indent=2, ensure_ascii=False))
        return
    from ganbench.cli.tables import print_boards
    from ganbench.leaderboards.board import boards

    print_boards(boards(records))
    click.echo(
        "Runs: each a record.json and a log.txt; with samples.png, curves.png and checkpoint.safetensors if it ended"
    )
    for record in records:
        click.echo(f"  {store.folder(record.spec)}  ({record.spec.cell}, seed {record.spec.seed}: {record.status})")
