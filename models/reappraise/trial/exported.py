"""CSV as programs export it: separated by commas, semicolons or tabs, with decimal commas, with row names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from reappraise.core.errors import TrialFileError

SEPARATORS = (",", ";", "\t")
"""What may stand between cells, the usual one first."""

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", ".", "null", "none"})
"""How R, SAS, Stata, Python and spreadsheets write that there is no value."""

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_ROW_NAMES = re.compile(
    r"|x|obs|row|rowid|row[._ ]?names?|row[._ ]?(number|nr|no)|index|#|unnamed: ?\d+|\.\.\.\d+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of a CSV file.

    Parameters
    ----------
    path
        The file.
    separator
        What stands between its cells.
    line
        Line of the column names.
    header
        Column names.
    rows
        Line and cells of every row that is not blank, as many as there are names.
    """

    path: Path
    separator: str
    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]

    def column(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield line and cell of one column."""
        place = self.header.index(name)
        return ((line, cells[place]) for line, cells in self.rows)

    def number(self, cell: str) -> float | None:
        """The number in a cell, with a decimal point, or a decimal comma where commas do not separate; else None."""
        if not _NUMBER.fullmatch(cell) or ("," in cell and self.separator == ","):
            return None
        return float(cell.replace(",", "."))

    def refuse_mixed_decimals(self, *columns: str) -> None:
        """Refuse decimal commas beside decimal points: 1,234 would be a thousand, or a little over one.

        Raises
        ------
        TrialFileError
            Naming the first row that is written otherwise than those before.
        """
        marks: dict[str, tuple[int, str]] = {}
        for name in columns:
            for line, cell in self.column(name):
                found = [mark for mark in ".," if mark in cell] if _NUMBER.fullmatch(cell) else []
                for mark in found:
                    marks.setdefault(mark, (line, cell))
                if len(marks) > 1:
                    first = min(marks.values())
                    raise TrialFileError(
                        self.path,
                        f"row {line}, {name}",
                        f"expected one decimal mark, got {cell!r} after {first[1]!r} in row {first[0]}.",
                        "Write all numbers with a decimal point, and none with marks between thousands.",
                    )


def read_table(path: Path, *, largest: int, rows_are: str, columns: tuple[str, ...]) -> Table:
    """Read a CSV file in UTF-8; which separator it has is seen from the line of column names.

    A first column of row names or row numbers, as R and pandas write it, is left out.

    Parameters
    ----------
    path
        The file.
    largest
        Bytes that it may have.
    rows_are
        What a row is, such as "a patient".
    columns
        Names of columns that are needed: none of these is taken for row names.

    Raises
    ------
    TrialFileError
        If the file cannot be read, or is no table.
    """
    text = _text(path, largest, rows_are)
    separator = _separator(text)
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=separator)
    header: list[str] = []
    start = 0
    rows: list[tuple[int, list[str]]] = []
    try:
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            if not any(cells):
                continue
            if header:
                rows.append((reader.line_num, cells))
            else:
                header, start = cells, reader.line_num
    except csv.Error as error:
        raise TrialFileError(
            path, f"row {reader.line_num}", f"expected CSV, got: {error}.", "Correct the row."
        ) from None
    if not header:
        raise TrialFileError(path, "", f"expected column names, and rows that are each {rows_are}.", "Fill it in.")
    if header[-1] == "" and not any(cells[-1] for _, cells in rows):  # a separator at the end of every line
        header = header[:-1]
    if rows and all(len(cells) == len(header) + 1 for _, cells in rows):
        if not any(cells[-1] for _, cells in rows):
            rows = [(line, cells[:-1]) for line, cells in rows]
        elif _named_rows(text, separator):
            header = ["", *header]
    for line, cells in rows:
        if len(cells) != len(header):
            raise TrialFileError(
                path,
                f"row {line}",
                f"expected {len(header)} cells ({_shown(header)}), got {len(cells)}.",
                "Give every column a cell, write decimals with a point, and quote cells that hold "
                f"{'commas' if separator == ',' else 'the separator'}.",
            )
    if len(header) > 1 and _ROW_NAMES.fullmatch(header[0]) and header[0] not in columns:
        return Table(path, separator, start, tuple(header[1:]), tuple((line, cells[1:]) for line, cells in rows))
    return Table(path, separator, start, tuple(header), tuple(rows))


def short(cell: str) -> str:
    """A cell, or as much of it as a message can hold."""
    return cell if len(cell) <= 40 else f"{cell[:40]}..."


def _shown(header: list[str]) -> str:
    return ", ".join(short(name) or '""' for name in header[:8]) + (", ..." if len(header) > 8 else "")


def _separator(text: str) -> str:
    """That which makes most column names of the first line that is not blank."""
    first = next((line for line in text.splitlines() if line.strip(" \t,;")), "")
    outside = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=outside.count)


def _named_rows(text: str, separator: str) -> bool:
    """Whether a cell before the first column can only be a row's name.

    R's write.table writes it so, in quotes. Without quotes, and separated by commas, it might be half of "1,5".
    """
    lines = [line for line in text.splitlines() if line.strip(" \t,;")]
    return separator != "," or all(line.lstrip().startswith('"') for line in lines[1:])


def _text(path: Path, largest: int, rows_are: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise TrialFileError(path, "", "expected a file, got a folder or a device.", "Name a CSV file.")
        size = path.stat().st_size
        if size > largest:
            problem = f"expected at most {largest:,} bytes, got {size:,}."
            raise TrialFileError(path, "", problem, f"Is every row {rows_are}?")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrialFileError(
            path, f"byte {error.start}", "expected text in UTF-8, got other bytes.", "Save it as CSV in UTF-8."
        ) from None
    except FileNotFoundError:
        raise TrialFileError(
            path, "", "expected this file, which does not exist.", "Add it, or correct its name."
        ) from None
    except (OSError, ValueError) as error:
        raise TrialFileError(
            path, "", f"cannot be read: {error}.", "Check its name, and that you may read it."
        ) from None
    if not text.strip():
        problem = f"expected a row of column names and rows that are each {rows_are}, got an empty file."
        raise TrialFileError(path, "", problem, "Fill it in, or leave it out.")
    return text
