"""The command line: parse, call, print. Nothing is computed here, and slow imports wait until they are needed."""

from __future__ import annotations

import os
import sys

import typer

from reappraise.cli.app import BAD_INPUT, app
from reappraise.cli.calibration import calibrate
from reappraise.cli.reading import audit, exact, facts, schema, sensitivity, trials
from reappraise.cli.results import compare, report
from reappraise.cli.running import run
from reappraise.core.errors import ReappraiseError

__all__ = ["app", "main"]

for command in (trials, schema, facts, audit, exact, sensitivity, run, compare, report, calibrate):
    app.command()(command)  # in this order help lists them


def main() -> None:
    """Run the command line; bad input is one message and exit code 2, never a traceback."""
    try:
        app()
    except ReappraiseError as error:
        typer.echo(f"reappraise: {error}", err=True)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
