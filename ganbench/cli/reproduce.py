"""`ganbench reproduce`: run a recorded run again, and say whether its numbers are there again."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganbench.agreement import MEASURED, NOT_BEGUN, Agreement
from ganbench.cli.names import Names
from ganbench.cli.run import MEMORY, TIME, Amount
from ganbench.errors import one_line

if TYPE_CHECKING:
    from ganbench.record import RunRecord

NOT_REPRODUCED = 5


@click.command("reproduce", short_help="Run a recorded run again and compare.")
@click.argument("run")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder.")
@click.option(
    "--records", type=click.Path(path_type=Path), help="Folder of published records (.jsonl), in place of --runs."
)
@click.option(
    "--tolerance", metavar="SHARE", type=click.FloatRange(min=0),
    help="Relative. Default: 1e-6, or 0.1 where other bits are expected.",
)  # fmt: skip
@click.option("-d", "--dataset", type=Names("datasets"), metavar="DATASET", help="Where images of your own lie now.")
@click.option("--data-root", metavar="FOLDER", type=click.Path(), help="Where datasets lie, or are downloaded to.")
@click.option("--extractor-weights", metavar="FILE", type=click.Path(), help="Weights of Inception-v3.")
@click.option("--device", metavar="NAME", help="cpu, cuda or cuda:N. Default: the run's own.")
@click.option("--time-limit", type=Amount(TIME), help="90s, 10min, 2h. Default: none.")
@click.option("--memory-limit", type=Amount(MEMORY), help="2GiB. Default: 90 % of all.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Keep the new runs here. Default: keep none.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    runs: Path,
    records: Path | None,
    tolerance: float | None,
    time_limit: float | None,
    memory_limit: float | None,
    out: Path | None,
    as_json: bool,
    **options: str | None,
) -> None:
    """Run the seeds that trained with RUN again, from what its record says, and compare number by number.

    RUN is a run's folder or its id. On a CPU, of the same platform and versions, every bit is expected to be the same;
    elsewhere training makes other last bits large. Exit codes: 0 reproduced, 5 not reproduced, 2 usage.

    \b
    ganbench reproduce runs/ring8/wgan_gp/0123456789abcdef
    ganbench reproduce 0123456789abcdef --records leaderboards/records
    """  # noqa: D301 - click wants the control character that keeps lines apart
    from ganbench.campaign import Campaign
    from ganbench.cli.progress import Bars
    from ganbench.reproduction import recorded_run, request_of, run_again
    from ganbench.store import Store
    from ganbench.supervision import Limits, Pool

    record = recorded_run(run, runs, records)
    request = request_of(record, {name: value for name, value in options.items() if value is not None})
    limits = Limits(time_limit, int(memory_limit) if memory_limit else None)
    with _folder(out) as folder, Pool(1, request.threads, limits) as pool:
        store = Store(folder)
        store.require_writable()
        with Bars() as bars:
            reproduced = run_again(record, request, Campaign(store, pool), bars)
    agreement = Agreement(record, reproduced, tolerance)
    if as_json:
        click.echo(json.dumps(_described(record) | agreement.as_dict(), indent=2, ensure_ascii=False))
    else:
        _print(record, agreement)
    ctx.exit(0 if agreement.holds else NOT_REPRODUCED)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="ganbench-") as folder:
        yield Path(folder)


def _described(record: RunRecord) -> dict[str, Any]:
    spec = record.spec
    return {"cell": spec.cell, "dataset": spec.dataset, "seed": spec.seed, "group": list(spec.group)}


def _print(record: RunRecord, agreement: Agreement) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganbench.cli.tables import WIDTH_ELSEWHERE

    spec = record.spec
    title = f"{spec.cell} on {spec.dataset}, seed {spec.seed} of the group {', '.join(map(str, spec.group))}"
    table = Table(title=Text(one_line(title), "bold"), box=SIMPLE, title_justify="left", pad_edge=False)
    for column in ("", "recorded", "reproduced", "difference"):
        table.add_column(column, justify="right" if column else "left")
    for row in agreement.rows:
        mark = "" if row.within(agreement.tolerance) else " !"
        shown = (_number(row.recorded), _number(row.reproduced), _share(row.difference) + mark)
        table.add_row(Text(one_line(row.name)), *map(Text, shown))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE).print(table)
    for line in _verdict(agreement):
        click.echo(one_line(line))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def _share(difference: float | None) -> str:
    if difference is None:
        return "missing"
    return "0" if difference == 0 else f"{difference:.1e}"


def _verdict(agreement: Agreement) -> Iterator[str]:
    recorded, reproduced = agreement.recorded, agreement.reproduced
    if reproduced.status in NOT_BEGUN:
        yield "id: not known, for the run could not begin"
    elif changed := agreement.changed:
        yield f"id: {recorded.id} became {reproduced.id}, which is another run; what differs of its spec:"
        yield from (f"- {name}: {before!r} became {now!r}" for name, (before, now) in changed.items())
        yield from (f"- the source of {name} has changed" for name in agreement.changed_sources)
    else:
        yield f"id: {recorded.id}, the same: code, data, extractor and conditions are those of the record"
    if differing := agreement.surroundings:
        yield "platform and versions: not those of the record:"
        yield from (f"- {name}: {before} became {now}" for name, (before, now) in differing.items())
    else:
        yield "platform and versions: the same, as far as the record tells"
    yield f"expected: {_expected(agreement)}"
    for name, record in (("recorded", recorded), ("reproduced", reproduced)):
        if record.status != "ok":
            yield f"{name}: {record.status}: {record.reason}"
    yield _summary(agreement)


def _expected(agreement: Agreement) -> str:
    if not agreement.excuses:
        return "the same to the last bit"
    return f"other last bits, which training makes large: {'; '.join(agreement.excuses)}"


def _summary(agreement: Agreement) -> str:
    if agreement.recorded.status != agreement.reproduced.status:
        return f"not reproduced: {agreement.recorded.status} became {agreement.reproduced.status}"
    if agreement.recorded.status not in MEASURED:
        return f"reproduced: it ended in {agreement.reproduced.status} again"
    away = [row.name for row in agreement.rows if not row.within(agreement.tolerance)]
    if away:
        return f"not reproduced: over the tolerance of {agreement.tolerance:g}, or missing: {', '.join(away)}"
    if agreement.bit_equal:
        return "reproduced: status and every number are the same to the last bit, along the whole curve"
    return f"reproduced: within the tolerance of {agreement.tolerance:g}, but not to the last bit"
