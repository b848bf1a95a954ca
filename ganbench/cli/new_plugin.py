"""`ganbench new-plugin`: the package of a plugin, to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ganbench.scaffold.package import KINDS, Package


@click.command("new-plugin", short_help="Write the package of a new plugin.")
@click.argument("name")
@click.option("--kind", type=click.Choice([*KINDS]), default="variant", show_default=True, help="What it is to be.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path(), help="Folder to write it into. Default: this one."
)
def command(name: str, kind: str, out: Path) -> None:
    """Write a package that offers the plugin NAME: a module, its test, and what publishing it takes.

    It is called ganbench-NAME, its module ganbench_NAME, and it works as it is: install it, run it, then make it yours.
    A loss comes in a variant that trains by it, a metric beside a dataset that is judged by it. Nothing is overwritten.

    \b
    ganbench new-plugin my_gan
    ganbench new-plugin my_penalty --kind trick --out plugins
    """  # noqa: D301 - click wants the control character that keeps lines apart
    package = Package(name, kind)
    package.require_free()
    folder = package.write(out)
    for offer in package.namesakes():
        click.echo(f"ganbench: note: there is a {offer} of the same name", err=True)
    click.echo(f"wrote {folder}")
    for path in package.files():
        click.echo(f"  {path}")
    steps = (f"cd {shlex.quote(str(folder))}", "pip install -e '.[test]'", f"ganbench check {name}", package.command)
    click.echo(f"next: {' && '.join(steps)}")
