"""The command line: one command a file; each parses, calls and prints.

Exit codes: 0 all is well · 2 a usage error, nothing was done · 3 some runs failed · 4 nothing ran · 5 a board
regressed, or a run was not reproduced · 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import NoReturn

import click

from ganbench import __version__
from ganbench.errors import GanbenchError, printable

COMMANDS = (
    *("check", "doctor", "evaluate", "leaderboard", "list", "new-plugin", "nightly", "plugins", "reproduce"),
    *("run", "show"),
)
GOING_ON = {"run": "; the same command with --resume continues", "nightly": "; the same command continues"}
"""What an interrupted command says of going on; every other one begins anew."""


class Commands(click.Group):
    """Loads a command's file only when it is named, or when help lists it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS]  # `list` is a command's module here

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = import_module(f"ganbench.cli.{module}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="ganbench")
def ganbench() -> None:
    """Which GAN loss or trick is better, at the same cost, and can the data tell?

    `ganbench run --plugin wgan_gp` trains a variant under a fixed budget on standard datasets and prints its numbers
    beside those of real data and of an untrained generator.

    Exit codes: 0 all is well, 2 usage error and nothing was done, 3 some runs failed, 4 nothing ran, 5 a board
    regressed or a run was not reproduced, 130 interrupted.
    """


def main() -> None:
    """Runs the command line; an error is one line on the standard error, without a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = sys.argv[1:] or ["--help"]
    try:
        sys.exit(ganbench.main(arguments, prog_name="ganbench", standalone_mode=False))
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except GanbenchError as error:
        _fail(str(error), 2)
    except OSError as error:
        _fail(f"{error.filename or 'system'}: {error.strerror or error}; what had ended by then is kept", 2)
    except (click.Abort, KeyboardInterrupt):
        _fail(f"interrupted{GOING_ON.get(arguments[0], '')}", 130)


def _interrupt(*_signal_and_frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"ganbench: error: {printable(' '.join(message.split()))}", err=True)
    sys.exit(code)
