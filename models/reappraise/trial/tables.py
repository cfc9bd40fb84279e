"""The long CSV tables beside a trial file, parsed into the same records as the file itself."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from reappraise.core.errors import TrialFileError
from reappraise.published.cells import Dash, meant
from reappraise.published.file import CountRow, QuantityRow
from reappraise.trial.wording import describe

_WHOLE_COLUMNS = {"events", "total", "sides"}


def parse_table[Row: (CountRow, QuantityRow)](
    text: str, row_type: type[Row], path: Path, *, dash: Dash | None = None
) -> Iterator[tuple[int, Row]]:
    """Yield line number and record of each row; an empty cell is an absent value.

    Parameters
    ----------
    text
        The CSV file.
    row_type
        What its rows are.
    path
        Its path, for messages.
    dash
        What "-" means in a table of counts; None where the trial file does not say.

    Raises
    ------
    TrialFileError
        For a missing or unknown column, a row of the wrong length, or a row that is no valid record.
    """
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        header = next(reader, [])
        unknown = [column for column in header if column not in row_type.model_fields]
        required = {name for name, field in row_type.model_fields.items() if field.is_required()}
        if unknown or not required <= set(header) or len(set(header)) < len(header):
            raise TrialFileError(
                path,
                "row 1",
                f"expected columns {', '.join(row_type.model_fields)} (at least {', '.join(sorted(required))}), "
                f"each once; got {', '.join(header) or 'nothing'}.",
                "Correct the header line.",
            )
        for cells in reader:
            if not cells:
                continue
            where = f"row {reader.line_num}"
            if len(cells) != len(header):
                raise TrialFileError(
                    path, where, f"expected {len(header)} cells, got {len(cells)}.", "Quote cells that hold commas."
                )
            raw = {name: _typed(name, cell) for name, cell in zip(header, cells, strict=True) if cell.strip()}
            raw = meant(raw, dash, tuple(header))
            try:
                yield reader.line_num, row_type.model_validate(raw)
            except ValidationError as error:
                found = describe(error, raw, row_type)
                key = f"{where}, {found.key}" if found.key else where
                raise TrialFileError(path, key, found.problem, found.remedy) from None
    except csv.Error as error:
        raise TrialFileError(
            path, f"row {reader.line_num}", f"expected CSV, got: {error}.", "Correct the row."
        ) from None


def _typed(name: str, cell: str) -> str | int:
    clean = cell.strip()
    return int(clean) if name in _WHOLE_COLUMNS and clean.isascii() and clean.isdigit() else clean
