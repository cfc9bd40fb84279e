"""The command line: parse, call, print. Nothing is computed here, and slow imports wait until they are needed."""

from __future__ import annotations

import os
import sys

import typer

# each registers its commands, in the order in which help lists them
from reappraise.cli import calibration, reading, results, running  # noqa: F401
from reappraise.cli.app import BAD_INPUT, app
from reappraise.core.errors import ReappraiseError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; bad input is one message and exit code 2, never a traceback."""
    try:
        app()
    except ReappraiseError as error:
        typer.echo(f"reappraise: {error}", err=True)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
