"""CSV tables of digitised survival curves and of numbers at risk."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.curve import DIGITISATION_ERROR, Curve, NumbersAtRisk

LARGEST_FILE = 5_000_000
"""Bytes; a curve of a thousand coordinates fills a hundredth of it."""
_FURTHEST = 1.5
"""Survival beyond this is not a fraction read beside the axis: it is percent."""
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_curves(path: str | Path, *, arms: tuple[str, str]) -> tuple[Curve, ...]:
    """Read coordinates of survival curves: columns arm, time and survival, perhaps digitisation_error.

    Coordinates stay as they are: `reappraise.published.curve.cleaned` mends what can be mended.

    Parameters
    ----------
    path
        CSV file; survival and digitisation_error in fractions, time in the trial's unit. An empty
        digitisation_error is the usual one; an arm has one digitisation error.
    arms
        Keys of control and experimental arm; each must have coordinates.

    Returns
    -------
    tuple of Curve
        In the order of `arms`.

    Raises
    ------
    TrialFileError
        If the file cannot be read or a cell is not what its column must hold; it names file, row and column.
    """
    path = Path(path)
    points: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
    errors: dict[str, float] = {}
    for row, cells in _rows(path, ("arm", "time", "survival"), ("digitisation_error",)):
        arm = _arm(path, row, cells["arm"], arms)
        survival = _number(path, row, "survival", cells["survival"])
        if abs(survival) > _FURTHEST:
            raise TrialFileError(
                path,
                f"row {row}, survival",
                f"expected a fraction from 0 to 1, got {cells['survival']}.",
                "If the column is in percent, divide it by 100.",
            )
        if cells.get("digitisation_error"):
            error = _number(path, row, "digitisation_error", cells["digitisation_error"])
            if errors.setdefault(arm, error) != error:
                raise TrialFileError(
                    path,
                    f"row {row}, digitisation_error",
                    f"expected one digitisation error for {arm}, got {error:g} after {errors[arm]:g}.",
                    "Give the largest.",
                )
        points[arm].append((_number(path, row, "time", cells["time"]), survival))
    _check_arms(path, points)
    curves = []
    for arm, found in points.items():
        time, values = np.array(found, dtype=np.float64).T
        try:
            error = errors.get(arm, DIGITISATION_ERROR)
            curves.append(Curve(arm=arm, time=time, survival=values, digitisation_error=error))
        except AnalysisError as problem:
            raise TrialFileError(path, f"arm {arm}", str(problem), "Correct the column.") from None
    return tuple(curves)


def read_numbers_at_risk(path: str | Path, *, arms: tuple[str, str]) -> tuple[NumbersAtRisk, ...]:
    """Read numbers at risk: columns arm, time and number.

    Parameters
    ----------
    path
        CSV file; time in the trial's unit.
    arms
        Keys of control and experimental arm; each must have numbers.

    Returns
    -------
    tuple of NumbersAtRisk
        In the order of `arms`.

    Raises
    ------
    TrialFileError
        If the file cannot be read, a cell is not what its column must hold, or numbers rise; it names the place.
    """
    path = Path(path)
    numbers: dict[str, list[tuple[float, int]]] = {arm: [] for arm in arms}
    for row, cells in _rows(path, ("arm", "time", "number"), ()):
        arm = _arm(path, row, cells["arm"], arms)
        number = cells["number"]
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise TrialFileError(
                path,
                f"row {row}, number",
                f"expected a whole number of patients, got {number!r}.",
                "Write it as digits only.",
            )
        numbers[arm].append((_number(path, row, "time", cells["time"]), int(number)))
    _check_arms(path, numbers)
    tables = []
    for arm, found in numbers.items():
        time = np.array([pair[0] for pair in found], dtype=np.float64)
        number_array = np.array([pair[1] for pair in found], dtype=np.int64)
        try:
            tables.append(NumbersAtRisk(arm=arm, time=time, number=number_array))
        except AnalysisError as problem:
            raise TrialFileError(path, f"arm {arm}", str(problem), "") from None
    return tuple(tables)


def _rows(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(_text(path).splitlines(), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not set(required) <= set(header) <= {*required, *optional} or len(set(header)) < len(header):
            also = f", perhaps {', '.join(optional)}" if optional else ""
            raise TrialFileError(
                path,
                "row 1",
                f"expected columns {', '.join(required)}{also}, each once; got {', '.join(header) or 'nothing'}.",
                "Correct the header line, and separate columns with commas.",
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = reader.line_num
            if len(cells) != len(header):
                raise TrialFileError(
                    path,
                    f"row {row}",
                    f"expected {len(header)} cells, got {len(cells)}.",
                    "Write decimals with a point, and quote cells that hold commas.",
                )
            yield row, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise TrialFileError(
            path, f"row {reader.line_num}", f"expected CSV, got: {error}.", "Correct the row."
        ) from None


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise TrialFileError(path, "", "expected a file, got a folder or a device.", "Name a CSV file.")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise TrialFileError(
                path, "", f"expected at most {LARGEST_FILE:,} bytes, got {size:,}.", "Is it really a table?"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrialFileError(
            path, f"byte {error.start}", "expected text in UTF-8, got something else.", "Save it as CSV in UTF-8."
        ) from None
    except FileNotFoundError:
        raise TrialFileError(
            path, "", "expected this file, which does not exist.", "Add it, or correct its name."
        ) from None
    except (OSError, ValueError) as error:
        raise TrialFileError(path, "", f"cannot be read: {error}.", "Check that you may read it.") from None
    if not text.strip():
        raise TrialFileError(path, "", "expected a table, got an empty file.", "Fill it in, or remove it.")
    return text


def _arm(path: Path, row: int, arm: str, arms: tuple[str, str]) -> str:
    if arm not in arms:
        raise TrialFileError(
            path,
            f"row {row}, arm",
            f"expected {arms[0]} or {arms[1]}, got {arm or 'nothing'}.",
            "Use the keys of the trial file.",
        )
    return arm


def _number(path: Path, row: int, column: str, cell: str) -> float:
    value = float(cell) if _DECIMAL.fullmatch(cell) else math.nan
    if not math.isfinite(value):
        raise TrialFileError(
            path,
            f"row {row}, {column}",
            f"expected a number, got {cell!r}." if cell else "expected a number, got an empty cell.",
            "Write digits with a decimal point and no unit, or remove the row.",
        )
    return value


def _check_arms(path: Path, found: dict[str, list[tuple[float, float]]] | dict[str, list[tuple[float, int]]]) -> None:
    missing = [arm for arm, rows in found.items() if not rows]
    if missing:
        raise TrialFileError(
            path,
            "",
            f"expected rows of both arms, got none of {' and '.join(missing)}.",
            "Add them, with the keys of the trial file.",
        )
