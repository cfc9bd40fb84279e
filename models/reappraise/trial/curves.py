"""CSV tables of digitised survival curves and of numbers at risk."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reappraise.core.errors import AnalysisError, TrialFileError
from reappraise.published.curve import DIGITISATION_ERROR, Curve, NumbersAtRisk
from reappraise.trial.exported import MISSING, Table, read_table, short

LARGEST_FILE = 5_000_000
"""Bytes; a curve of a thousand coordinates fills a hundredth of it."""
_FURTHEST = 1.5
"""Survival beyond this is not a fraction read beside the axis: it is percent."""


@dataclass(slots=True)
class _Found:
    """Coordinates of one arm, the line of each, and the errors stated for it."""

    points: list[tuple[float, float]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)


def read_curves(path: str | Path, *, arms: tuple[str, str], others: Set[str] = frozenset()) -> tuple[Curve, ...]:
    """Read coordinates of survival curves: columns arm, time and survival, perhaps digitisation_error and time_error.

    Coordinates stay as they are: `reappraise.published.curve_cleaning.cleaned` mends what can be mended.

    Parameters
    ----------
    path
        CSV file; survival and digitisation_error in fractions, time and time_error in the trial's unit. An empty
        error is the usual one; an arm has one of each.
    arms
        Keys of control and experimental arm; each must have coordinates.
    others
        Keys of further arms, whose rows are left aside.

    Returns
    -------
    tuple of Curve
        In the order of `arms`.

    Raises
    ------
    TrialFileError
        If the file cannot be read or a cell is not what its column must hold; it names file, row and column.
    """
    table = _table(path, ("arm", "time", "survival"), ("digitisation_error", "time_error"))
    found = {arm: _Found() for arm in arms}
    for row, cells in _rows(table, "time", "survival"):
        if cells["arm"] in others:
            continue
        own = found[_arm(table, row, cells["arm"], arms)]
        survival = _number(table, row, "survival", cells["survival"])
        if abs(survival) > _FURTHEST:
            raise TrialFileError(
                table.path,
                f"row {row}, survival",
                f"expected a fraction from 0 to 1, got {cells['survival']}.",
                "If the column is in percent, divide it by 100.",
            )
        for name in ("digitisation_error", "time_error"):
            if cells.get(name):
                error = _number(table, row, name, cells[name])
                if own.errors.setdefault(name, error) != error:
                    raise TrialFileError(
                        table.path,
                        f"row {row}, {name}",
                        f"expected one {name.replace('_', ' ')} for {cells['arm']}, got {error:g} after "
                        f"{own.errors[name]:g}.",
                        "Give the largest.",
                    )
        own.points.append((_number(table, row, "time", cells["time"]), survival))
        own.rows.append(row)
    _check_arms(table, {arm: len(one.points) for arm, one in found.items()})
    curves = []
    for arm, one in found.items():
        time, values = np.array(one.points, dtype=np.float64).T
        try:
            curves.append(
                Curve(
                    arm=arm,
                    time=time,
                    survival=values,
                    digitisation_error=one.errors.get("digitisation_error", DIGITISATION_ERROR),
                    time_error=one.errors.get("time_error"),
                    rows=tuple(one.rows),
                )
            )
        except AnalysisError as problem:
            raise TrialFileError(table.path, f"arm {arm}", str(problem), "Correct the column.") from None
    return tuple(curves)


def read_numbers_at_risk(
    path: str | Path, *, arms: tuple[str, str], others: Set[str] = frozenset()
) -> tuple[NumbersAtRisk, ...]:
    """Read numbers at risk: columns arm, time and number.

    They may start late, and a time without a number says nothing.

    Parameters
    ----------
    path
        CSV file; time in the trial's unit.
    arms
        Keys of control and experimental arm; each must have numbers.
    others
        Keys of further arms, whose rows are left aside.

    Returns
    -------
    tuple of NumbersAtRisk
        In the order of `arms`.

    Raises
    ------
    TrialFileError
        If the file cannot be read, a cell is not what its column must hold, or numbers rise; it names the place.
    """
    table = _table(path, ("arm", "time", "number"), ())
    numbers: dict[str, list[tuple[float, int]]] = {arm: [] for arm in arms}
    for row, cells in _rows(table, "time", "number"):
        if cells["arm"] in others:
            continue
        arm = _arm(table, row, cells["arm"], arms)
        cell = cells["number"]
        if cell.lower() in MISSING - {""}:
            continue
        number = table.number(cell)
        if number is None or not (number.is_integer() and 0 <= number < 1e9 and cell[:1] != "-"):
            raise TrialFileError(
                table.path,
                f"row {row}, number",
                f"expected a whole number of patients, got {short(cell)!r}.",
                "Write it as digits only, and NA where none is printed.",
            )
        numbers[arm].append((_number(table, row, "time", cells["time"]), int(number)))
    _check_arms(table, {arm: len(found) for arm, found in numbers.items()})
    tables = []
    for arm, found in numbers.items():
        time = np.array([pair[0] for pair in found], dtype=np.float64)
        number_array = np.array([pair[1] for pair in found], dtype=np.int64)
        try:
            tables.append(NumbersAtRisk(arm=arm, time=time, number=number_array))
        except AnalysisError as problem:
            raise TrialFileError(table.path, f"arm {arm}", str(problem), "") from None
    return tuple(tables)


def _table(path: str | Path, required: tuple[str, ...], optional: tuple[str, ...]) -> Table:
    table = read_table(Path(path), largest=LARGEST_FILE, rows_are="a coordinate or a number", columns=required)
    header = table.header
    if not set(required) <= set(header) <= {*required, *optional} or len(set(header)) < len(header):
        also = f", perhaps {', '.join(optional)}" if optional else ""
        got = ", ".join(map(short, header[:8])) + (", ..." if len(header) > 8 else "")
        raise TrialFileError(
            table.path,
            f"row {table.line}",
            f"expected columns {', '.join(required)}{also}, each once; got {got}.",
            "Correct the line of column names, or add it.",
        )
    return table


def _rows(table: Table, *numbers: str) -> Iterator[tuple[int, dict[str, str]]]:
    table.refuse_mixed_decimals(*numbers)
    for row, cells in table.rows:
        yield row, dict(zip(table.header, cells, strict=True))


def _arm(table: Table, row: int, arm: str, arms: tuple[str, str]) -> str:
    if arm not in arms:
        raise TrialFileError(
            table.path,
            f"row {row}, arm",
            f"expected {arms[0]} or {arms[1]}, got {short(arm) or 'nothing'}.",
            "Use the keys of the trial file.",
        )
    return arm


def _number(table: Table, row: int, column: str, cell: str) -> float:
    value = table.number(cell)
    if value is None or not math.isfinite(value):
        raise TrialFileError(
            table.path,
            f"row {row}, {column}",
            f"expected a number, got {short(cell)!r}." if cell else "expected a number, got an empty cell.",
            "Write digits with a decimal point and no unit, or remove the row.",
        )
    return value


def _check_arms(table: Table, found: dict[str, int]) -> None:
    missing = [arm for arm, number in found.items() if not number]
    if missing:
        raise TrialFileError(
            table.path,
            "",
            f"expected rows of both arms, got none of {' and '.join(missing)}.",
            "Add them, with the keys of the trial file.",
        )
