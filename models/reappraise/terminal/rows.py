"""Rows as CSV or JSON, and the console that tables are printed on."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console

WIDE: Final = 110
"""Columns from which on a number and its interval stand on one line."""
_PIPE: Final = 140
"""Columns where nobody says how many there are."""


def console() -> Console:
    """The console of standard output; in a pipe as wide as tables like to be, unless COLUMNS says otherwise."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE
    return Console(width=width, highlight=False)


def between(shown_on: Console) -> str:
    """What stands between a number and its interval: on a narrow console each has a line."""
    return " " if shown_on.width >= WIDE else "\n"


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], form: str) -> None:
    """Print rows as "json", or else as CSV.

    Parameters
    ----------
    rows
        The rows.
    columns
        Their keys, in order.
    form
        How to print.
    """
    if form == "json":
        print(json.dumps([{key: _plain(value) for key, value in row.items()} for row in rows], indent=1))  # noqa: T201
    else:
        writer = csv.DictWriter(sys.stdout, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: "" if value is None else str(value) for key, value in row.items()} for row in rows)


def _plain(value: object) -> object:
    """A value as JSON has it: infinities, which JSON lacks, as text."""
    return str(value) if isinstance(value, float) and value in {float("inf"), float("-inf")} else value
