"""How rows are printed: as a table, as CSV or as JSON. Rich waits until a table is asked for."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def console() -> Console:
    """Where tables are printed: as wide as the terminal, and of one width where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
    return Console(width=width, highlight=False)


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], form: Format) -> None:
    """Print rows.

    Parameters
    ----------
    rows
        What to print, by column.
    columns
        The columns, in their order.
    form
        How.
    """
    if form is Format.json:
        typer.echo(json.dumps([{key: _plain(value) for key, value in row.items()} for row in rows], indent=1))
    elif form is Format.csv:
        writer = csv.DictWriter(sys.stdout, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: "" if value is None else str(value) for key, value in row.items()} for row in rows)
    else:
        from rich.table import Table

        table = Table(*columns)
        for row in rows:
            table.add_row(*("" if row[column] is None else str(row[column]).replace("[", "\\[") for column in columns))
        console().print(table)


def _plain(value: object) -> object:
    """A value as JSON has it: infinities, which JSON lacks, as text."""
    return str(value) if isinstance(value, float) and value in {float("inf"), float("-inf")} else value
