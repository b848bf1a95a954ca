"""`ganbench nightly`: run what a suite wants and the published records lack, and regenerate the boards."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.cli.run import MEMORY, TIME, Amount


@click.command("nightly", short_help="Run what a suite wants and publish it.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--suite", "name", metavar="NAME", default="cpu", show_default=True, help="Which suite of the file.")
@click.option("--package", metavar="NAME", help="Run the variants of this package of plugins.toml, beside FILE.")
@click.option(
    "--arrivals", "arrived", metavar="FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Publish too what such nights left, in a folder for each package.",
)  # fmt: skip
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), default=8.0, show_default=True, help="At most.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the boards. Default: that of FILE.")
@click.option(
    "--readme", type=click.Path(path_type=Path), help="Also write an overview between the marks in this file."
)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Run folder.")
@click.option("--data-root", metavar="FOLDER", type=click.Path(), help="Where datasets lie, or are downloaded to.")
@click.option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), help="Worker processes. Default: one a core.")
@click.option("--time-limit", type=Amount(TIME), help="For each group of seeds: 90s, 10min, 2h. Default: none.")
@click.option("--memory-limit", type=Amount(MEMORY), help="For each group: 2GiB. Default: an equal share of 90 %.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    name: str,
    package: str | None,
    arrived: Path | None,
    hours: float,
    out: Path | None,
    readme: Path | None,
    runs: Path,
    data_root: str | None,
    jobs: int | None,
    time_limit: float | None,
    memory_limit: float | None,
) -> None:
    """Run what a suite of FILE wants and the published records lack, and regenerate the boards.

    Records are appended to records/<dataset>.jsonl in the folder of the boards, each as its group of seeds ends; a run
    that is published is not run again until its plugin's source, its data or the protocol changes. summary.md says what
    ran, what failed and which scores moved beyond their noise.

    Exit codes: 0 all is well or nothing was to be done, 3 some runs failed, 4 there was work and none of it ran, 5 a
    score moved beyond its noise or a published run vanished.
    """
    from ganbench.archive import Archive, sorted_out
    from ganbench.atomic import write_text
    from ganbench.campaign import Campaign
    from ganbench.cli.progress import Bars
    from ganbench.leaderboards.overview import with_overview
    from ganbench.nightly import guests
    from ganbench.nightly.arrivals import Arrivals, arrivals
    from ganbench.nightly.night import nightly
    from ganbench.nightly.suite import read_suite
    from ganbench.nightly.summary import summary
    from ganbench.publication import publish, withdraw
    from ganbench.store import Store
    from ganbench.supervision import Limits, Pool, usable_cores

    suite = read_suite(file, name, data_root=data_root)
    listed = guests.read_guests(file.with_name("plugins.toml")) if package or arrived else []
    if package:
        suite = guests.suite_of(guests.find_guest(listed, package), suite)
    folder = out or file.parent
    Store(folder).require_writable()
    if readme is not None:
        with_overview(readme, "")  # before the night, and not after it
    limits = Limits(time_limit, int(memory_limit) if memory_limit else None)
    archive = Archive(folder / "records")
    with archive.claimed():
        let_in = arrivals(arrived, listed, sorted_out(archive.records())[0]) if arrived else Arrivals()
        with Pool(jobs or usable_cores(), suite.threads, limits) as pool, Bars() as bars:
            campaign = Campaign(Store(runs), pool, resume=True)
            night = nightly(suite, archive, folder, campaign, hours * 3600, bars, let_in)
        text = summary(night, name)
        publish(night.boards, folder, readme, archive.folder)
        withdraw(night.boards, folder)
        write_text(folder / "summary.md", text)
    click.echo(text, nl=False)
    ctx.exit(night.exit_code)
