"""`ganbench evaluate`: samples from anywhere, measured as a run's are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from ganbench.cli.names import Names
from ganbench.record import CONTROLS
from ganbench.samples.layout import RANGES

if TYPE_CHECKING:
    from ganbench.judgement import Judgement
    from ganbench.samples.layout import Range


@click.command("evaluate", short_help="Measure samples, and audit their Inception Score.")
@click.argument("samples", type=click.Path(path_type=Path))
@click.option(
    "-r", "--reference", type=Names("datasets"), metavar="DATASET", required=True, help="What they are to be like."
)
@click.option("--audit", is_flag=True, help="Audit the Inception Score: a figure, and a verdict of three lines.")
@click.option(
    "--range", "stated", type=click.Choice(RANGES),
    help="Of an array's pixels: bytes 0 to 255, signed -1 to 1, unit 0 to 1. Asked for where the numbers do not tell.",
)  # fmt: skip
@click.option("--extractor", metavar="NAME", help='For IS and FID. Default: the dataset\'s; "none" measures neither.')
@click.option("--extractor-weights", metavar="FILE", type=click.Path(path_type=Path), help="Weights of Inception-v3.")
@click.option(
    "--data-root", metavar="FOLDER", type=click.Path(path_type=Path), help="Where datasets lie, or are downloaded to."
)
@click.option("--device", metavar="NAME", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("audit.png"), show_default=True,
    help="The figure of --audit.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(
    samples: Path,
    reference: str,
    audit: bool,
    stated: str | None,
    extractor: str | None,
    extractor_weights: Path | None,
    data_root: Path | None,
    device: str,
    out: Path,
    as_json: bool,
) -> None:
    """Measure SAMPLES with every metric of a reference dataset, beside held-out real data at the same n.

    SAMPLES is a folder or .zip of image files, an array in a .npy, .npz, .pt, .pth or .safetensors file, or the folder
    of a finished run. No file is trusted: nothing in it is run, and what is not plain numbers is refused.

    \b
    ganbench evaluate samples.npy --reference digits --range unit
    ganbench evaluate my/images --reference mnist --data-root data --audit
    ganbench evaluate runs/digits/wgan_gp/0123456789abcdef --reference digits --audit --json
    """  # noqa: D301 - click wants the control character that keeps lines apart
    from ganbench.planning import check
    from ganbench.request import Request

    check(Request(CONTROLS[0], reference, device=device))  # before torch is loaded
    from ganbench.judgement import judge

    judgement = judge(
        samples,
        reference,
        stated=cast("Range | None", stated),
        audit=audit,
        data_root=data_root,
        extractor=extractor,
        extractor_weights=extractor_weights,
        device=device,
    )
    if judgement.audited:
        _draw(judgement, samples, out)
    if as_json:
        click.echo(json.dumps(as_dict(judgement, samples, out), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(judgement, samples)
    if judgement.audited:
        click.echo(f"wrote {out}", err=as_json)


def _draw(judgement: Judgement, samples: Path, out: Path) -> None:
    from ganbench.audit_figure import draw_audit
    from ganbench.figures import save

    if found := judgement.audited:
        title = f"{samples.name} against {judgement.dataset}"
        figure = draw_audit(found.audit, found.verdict, found.copy_ratios, found.real_copy_ratios, title)
        save(figure, out)


def as_dict(judgement: Judgement, samples: Path, figure: Path) -> dict[str, Any]:
    """The judgement as JSON holds it."""
    plain: dict[str, Any] = {
        "samples": str(samples),
        "read_as": judgement.samples.origin,
        "reference": judgement.dataset,
        "fingerprint": judgement.fingerprint,
        "extractor": judgement.extractor,
        "extractor_hash": judgement.extractor_hash,
        "generated": asdict(judgement.generated),
        "held_out_real": asdict(judgement.held_out),
        "quantities": judgement.quantities,
        "notes": list(judgement.notes),
    }
    if judgement.audited:
        audit = judgement.audited.audit
        plain["audit"] = {
            **asdict(audit),
            "collapsed": audit.collapsed,
            "disputed": audit.disputed,
            "order_matters": audit.order_matters,
            "verdict": list(judgement.audited.verdict),
            "figure": str(figure),
        }
    return plain


def _print(judgement: Judgement, samples: Path) -> None:
    from ganbench.cli.tables import print_values

    reals = f"real, n = {judgement.held_out.n:,}"
    print_values(
        f"{samples.name} against {judgement.dataset}",
        judgement.quantities,
        {f"samples, n = {judgement.generated.n:,}": judgement.generated.values, reals: judgement.held_out.values},
        f"[{judgement.extractor}]",
    )
    click.echo(f"samples: read as {judgement.samples.origin}")
    click.echo(f"reference: {judgement.dataset}, fingerprint {judgement.fingerprint[:12]}; real: held out")
    if judgement.extractor and judgement.extractor_hash:
        click.echo(f"extractor: {judgement.extractor}, hash {judgement.extractor_hash[:12]}")
    for note in judgement.notes:
        click.echo(f"note: {note}")
    for line in judgement.audited.verdict if judgement.audited else ():
        click.echo(f"verdict: {line}")
