"""What every command shares: the application, exit codes, formats of output."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(
    help="Bayesian reanalysis of published clinical trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

INCONSISTENT = UNCONVERGED = NOT_CALIBRATED = 1
BAD_INPUT = 2
INTERRUPTED = 128
"""Plus the number of the signal, as shells have it."""


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


TrialName = Annotated[str, typer.Argument(metavar="TRIAL", help="Key of a shipped trial, or path of a trial file.")]
As = Annotated[Format, typer.Option("--format", help="How to print.")]
