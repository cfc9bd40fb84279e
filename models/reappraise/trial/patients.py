"""Individual survival data from a CSV file: one row a patient."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from reappraise.core.errors import TrialFileError
from reappraise.published.patients import PatientData

LARGEST_PATIENTS_FILE = 20_000_000
"""Bytes; about a million patients."""

SHORTEST_TIME, LONGEST_TIME = 1e-6, 1e6
"""Times beyond these are slips of the pen in any unit: a million days are 2,700 years."""

COLUMNS = ("time", "event", "arm", "subgroup")
"""Columns of the file, in any order; the last may be absent."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EVENTS = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class _Patient:
    time: float
    event: bool
    arm: int
    subgroup: str


def read_patients(path: str | Path, *, endpoint: str, arms: tuple[str, str], unit: str) -> PatientData:
    """Read times, events and arms of patients from a CSV file in UTF-8.

    Its first row names the columns: ``time`` (to event or end of observation, above 0), ``event`` (1 or true for an
    event, 0 or false for the end of observation), ``arm`` and, where wanted, ``subgroup``. Blank rows are ignored.

    Parameters
    ----------
    path
        The CSV file.
    endpoint
        Key of the endpoint that the times belong to.
    arms
        Keys of control and experimental arm, as they stand in the file.
    unit
        Unit of the times, such as "months".

    Raises
    ------
    TrialFileError
        If the file cannot be read or does not hold what it must; it names file, row and column.
    """
    path = Path(path)
    if len(set(arms)) < 2:
        raise ValueError(f"expected the keys of two different arms, got {arms}")
    patients = list(_patients(_read(path), path, arms, unit))
    for code, key in enumerate(arms):
        if not any(patient.arm == code for patient in patients):
            others = f"{len(patients)} of the other" if patients else "no patients at all"
            raise TrialFileError(
                path, "arm", f"expected patients of arm {key!r}, got {others}.", "Each arm needs at least one row."
            )
    return PatientData.known(
        np.array([patient.time for patient in patients]),
        np.array([patient.event for patient in patients]),
        np.array([patient.arm for patient in patients], dtype=np.int8),
        endpoint=endpoint,
        arms=arms,
        unit=unit,
        subgroup=tuple(patient.subgroup for patient in patients if patient.subgroup),
    )


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise TrialFileError(path, "", "expected a file, got a folder or a device.", "Name a CSV file.")
        size = path.stat().st_size
        if size > LARGEST_PATIENTS_FILE:
            raise TrialFileError(
                path, "", f"expected at most {LARGEST_PATIENTS_FILE:,} bytes, got {size:,}.", "Is it one row a patient?"
            )
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
        raise TrialFileError(
            path, "", "expected a row of column names and a row a patient, got an empty file.", "Fill it in."
        )
    return text


def _patients(text: str, path: Path, arms: tuple[str, str], unit: str) -> Iterator[_Patient]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header: list[str] = []
        for raw in reader:
            cells = [cell.strip() for cell in raw]
            if not any(cells):
                continue
            row = f"row {reader.line_num}"
            if not header:
                header = _header(cells, path, row)
                continue
            if len(cells) != len(header):
                raise TrialFileError(
                    path,
                    row,
                    f"expected {len(header)} cells ({', '.join(header)}), got {len(cells)}.",
                    "Give every column a cell, write 3.5 rather than 3,5, and quote cells that hold commas.",
                )
            yield _patient(dict(zip(header, cells, strict=True)), path, row, arms, unit)
    except csv.Error as error:
        raise TrialFileError(
            path, f"row {reader.line_num}", f"expected CSV, got: {error}.", "Correct the row."
        ) from None


def _header(cells: list[str], path: Path, row: str) -> list[str]:
    unknown = [cell for cell in cells if cell not in COLUMNS]
    missing = [column for column in COLUMNS[:3] if column not in cells]
    twice = [column for column in COLUMNS if cells.count(column) > 1]
    if not (unknown or missing or twice):
        return cells
    wrong = [
        f"{said} {', '.join(repr(_short(cell)) for cell in found[:8])}"
        for said, found in (("without", missing), ("with unknown", unknown), ("with more than one", twice))
        if found
    ]
    foreign = len(cells) == 1 and (";" in cells[0] or "\t" in cells[0])
    raise TrialFileError(
        path,
        row,
        f"expected the columns time, event, arm and, where wanted, subgroup; got {' and '.join(wrong)}.",
        "Separate the columns by commas." if foreign else "Correct the row of column names.",
    )


def _patient(cells: dict[str, str], path: Path, row: str, arms: tuple[str, str], unit: str) -> _Patient:
    def wrong(column: str, expected: str, remedy: str) -> TrialFileError:
        came = repr(_short(cells[column])) if cells[column] else "nothing"
        return TrialFileError(path, f"{row}, {column}", f"expected {expected}, got {came}.", remedy)

    if not _NUMBER.fullmatch(cells["time"]):
        raise wrong(
            "time", f"a number of {unit}", "Write it with a decimal point and without unit; drop missing times."
        )
    time = float(cells["time"])
    if time <= 0:
        remedy = "A patient without any time under observation tells nothing: leave the row out, or correct it."
        raise wrong("time", f"a time above 0 {unit}", remedy)
    if not SHORTEST_TIME <= time <= LONGEST_TIME:
        raise wrong("time", f"a time from {SHORTEST_TIME:g} to {LONGEST_TIME:g} {unit}", "Correct it, or its unit.")
    event = _EVENTS.get(cells["event"].lower())
    if event is None:
        raise wrong("event", "1 or true (event), 0 or false (end of observation)", "Recode the column.")
    if cells["arm"] not in arms:
        raise wrong("arm", f"{arms[0]!r} (control) or {arms[1]!r} (experimental)", "Use the keys of the arms.")
    subgroup = cells.get("subgroup", "")
    if "subgroup" in cells and not subgroup:
        raise wrong("subgroup", "a level for every patient", "Name one, such as unknown, or leave out the column.")
    return _Patient(time, event, arms.index(cells["arm"]), subgroup)


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:40]}..."
