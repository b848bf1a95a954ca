"""`ganbench check`: whether a plugin keeps the contract, with a report to paste into a pull request."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import click

from ganbench import __version__
from ganbench.cli.names import complete
from ganbench.cli.run import TIME, Amount
from ganbench.registry import Offer, find_everything


@click.command("check", short_help="Check that a plugin keeps the contract.")
@click.argument("name", shell_complete=complete)
@click.option(
    "--markdown", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True), help='A report; "-" prints it.'
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option(
    "--data-root", metavar="FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where a dataset lies.",
)  # fmt: skip
@click.option("--time-limit", type=Amount(TIME), default="5min", show_default=True, help="For all checks of one thing.")
@click.pass_context
def command(
    ctx: click.Context, name: str, markdown: Path | None, as_json: bool, data_root: Path | None, time_limit: float
) -> None:
    """Check a variant, trick, dataset, metric or extension: mathematics, training, what it draws, saving, documents.

    A child process makes the checks, so a plugin that hangs or exits fails one and nothing else. Exit codes: 0 all
    passed or do not apply, 3 some failed, 2 usage.

    \b
    ganbench check my_gan
    ganbench check my_gan --markdown report.md
    ganbench check folder:photos@32
    """  # noqa: D301 - click wants the control character that keeps lines apart
    from ganbench.examination import Examination, examine
    from ganbench.supervision import Limits
    from ganbench.testing.report import markdown_report, terminal_report

    def tell(examination: Examination) -> None:
        if examination.making and sys.stderr.isatty():
            click.echo(f"\r\033[K{examination.making['check']}", nl=False, err=True)

    limits = Limits(time_limit)
    found = [(offer, examine(offer, text, data_root, limits, tell)) for offer, text in find_everything(name)]
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    report = "\n".join(markdown_report(offer, results, _versions()) for offer, results in found)
    if markdown and str(markdown) != "-":
        markdown.write_text(report, encoding="utf-8")
    if as_json:
        listed = [_described(offer) | {"checks": [each.as_dict() for each in results]} for offer, results in found]
        click.echo(json.dumps(listed, indent=2))
    elif str(markdown) == "-":
        click.echo(report, nl=False)
    else:
        click.echo("\n\n".join(terminal_report(offer, results) for offer, results in found))
    ctx.exit(3 if any(each.status == "failed" for _, results in found for each in results) else 0)


def _described(offer: Offer) -> dict[str, object]:
    return {"kind": offer.kind, "name": offer.name, "distribution": f"{offer.distribution} {offer.version}"}


def _versions() -> dict[str, str]:
    return {"ganbench": __version__, "torch": version("torch"), "Python": platform.python_version()}
