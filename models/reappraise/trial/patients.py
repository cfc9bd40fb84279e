"""Individual survival data from a CSV file: one row a patient."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reappraise.core.errors import TrialFileError
from reappraise.core.units import DAYS, unit_of
from reappraise.published.patient_format import PatientFormat
from reappraise.published.patients import PatientData
from reappraise.trial.exported import Table, read_table, short
from reappraise.trial.patient_columns import NEEDED, arm_code, columns_of, missing, read_events

LARGEST_PATIENTS_FILE = 20_000_000
"""Bytes; about a million patients."""

SHORTEST_TIME, LONGEST_TIME = 1e-6, 1e6
"""Times beyond these are slips of the pen in any unit: a million days are 2,700 years."""


@dataclass(frozen=True, slots=True)
class _Patient:
    time: float
    event: bool
    arm: int
    subgroup: str


def read_patients(
    path: str | Path,
    *,
    endpoint: str,
    arms: tuple[str, str],
    unit: str,
    form: PatientFormat | None = None,
    others: Set[str] = frozenset(),
) -> PatientData:
    """Read times, events and arms of patients from a CSV file in UTF-8, as R, SAS or a spreadsheet exports it.

    Its first row names the columns: ``time`` (to event or end of observation), ``event`` (1, true or yes for an event,
    0, false or no for the end of observation; or 2 and 1, where there is no 0), ``arm`` and, where wanted,
    ``subgroup``. Cells stand between commas, semicolons or tabs; but for the first, decimal commas are understood. A
    column of row names and blank rows are ignored.

    An event at time 0 counts. Left out, and told in the notes of the data, are patients who tell nothing: whose
    observation ended at time 0, or who have no time. An event without a time is refused, for leaving it out would make
    survival look better than it was.

    Parameters
    ----------
    path
        The CSV file.
    endpoint
        Key of the endpoint that the times belong to.
    arms
        Keys of control and experimental arm, as they stand in the file.
    unit
        Unit that the times are wanted in, such as "months".
    form
        Columns, codes and unit of the file, where they are not these. Other columns are then left aside.
    others
        Keys of further arms, whose patients are left aside.

    Raises
    ------
    TrialFileError
        If the file cannot be read or does not hold what it must; it names file, row and column.
    """
    path = Path(path)
    if len(set(arms)) < 2:
        raise ValueError(f"expected the keys of two different arms, got {arms}")
    table = read_table(path, largest=LARGEST_PATIENTS_FILE, rows_are="a patient", columns=NEEDED)
    notes: list[str] = []
    patients = list(_patients(table, arms, unit, form, notes, others))
    for code, key in enumerate(arms):
        if not any(patient.arm == code for patient in patients):
            besides = f"{len(patients)} of the other" if patients else "no patients at all"
            raise TrialFileError(
                path, "arm", f"expected patients of arm {key!r}, got {besides}.", "Each arm needs at least one row."
            )
    if all(patient.time == 0 for patient in patients):
        raise TrialFileError(path, "time", "expected a time above 0, got none.", "Are the times those of follow-up?")
    return PatientData.known(
        np.array([patient.time for patient in patients]),
        np.array([patient.event for patient in patients]),
        np.array([patient.arm for patient in patients], dtype=np.int8),
        endpoint=endpoint,
        arms=arms,
        unit=unit,
        subgroup=tuple(patient.subgroup for patient in patients if patient.subgroup),
        notes=tuple(notes),
    )


def _patients(
    table: Table, arms: tuple[str, str], unit: str, form: PatientFormat | None, notes: list[str], others: Set[str]
) -> Iterator[_Patient]:
    columns, form = columns_of(table, form), form or PatientFormat()
    table.refuse_mixed_decimals(columns["time"])
    events = read_events(table, columns["event"], form, notes)
    scale = _scale(table, form.unit, unit, notes)
    own = form.unit or unit
    untimed: list[int] = []
    at_once: list[int] = []
    counted = 0
    for (line, row), event in zip(table.rows, events, strict=True):
        cells = dict(zip(table.header, row, strict=True))
        if others and arm_code(cells[columns["arm"]], tuple(sorted(others)), form) is not None:
            continue
        if missing(cells[columns["time"]]) and not event:
            untimed.append(line)
            continue
        time = _time(cells[columns["time"]], table, f"row {line}, {columns['time']}", own)
        if event is None:
            raise _wrong(
                table,
                line,
                columns["event"],
                cells,
                "1 or true (event), 0 or false (end of observation)",
                "Recode the column; without knowing how the observation ended, leave the row out.",
            )
        if time == 0 and not event:
            at_once.append(line)
            continue
        arm = arm_code(cells[columns["arm"]], arms, form)
        if arm is None:
            held = list(dict.fromkeys(cell for _, cell in table.column(columns["arm"]) if not missing(cell)))[:2]
            said = ", ".join(f'"{short(cell)}" = "..."' for cell in held)
            raise _wrong(
                table,
                line,
                columns["arm"],
                cells,
                f"{arms[0]!r} (control) or {arms[1]!r} (experimental)",
                f"Use the keys of the arms, or write individual_format = {{ arms = {{ {said} }} }} in the trial file.",
            )
        level = cells[columns["subgroup"]] if "subgroup" in columns else ""
        if "subgroup" in columns and missing(level):
            raise _wrong(
                table,
                line,
                columns["subgroup"],
                cells,
                "a level for every patient",
                "Name one, such as unknown, or leave out the column.",
            )
        counted += time == 0
        yield _Patient(time * scale, event, arm, level)
    for left_out, said in ((untimed, "without a time"), (at_once, "whose observation ended at time 0")):
        if left_out:
            tell = "tells" if len(left_out) == 1 else "tell"
            notes.append(f"{_count(len(left_out))} {said} left out, who {tell} nothing: {_rows(left_out)}.")
    if counted:
        notes.append(f"{_count(counted)} with the event at time 0: the curve starts below 1.")


def _time(cell: str, table: Table, where: str, unit: str) -> float:
    came = repr(short(cell)) if cell else "nothing"
    if missing(cell):
        raise TrialFileError(
            table.path,
            where,
            f"expected a number of {unit}, got {came}, of a patient with an event.",
            "Find the time: an event left out makes survival look better. Rows without event and time may stay.",
        )
    time = table.number(cell)
    if time is None:
        raise TrialFileError(
            table.path,
            where,
            f"expected a number of {unit}, got {came}.",
            "Write it with a decimal point and without unit; leave missing times empty.",
        )
    if time < 0:
        remedy = "Count the time from entry on, or correct it."
        raise TrialFileError(table.path, where, f"expected a time of 0 {unit} or later, got {came}.", remedy)
    nothing = time == 0 and not any(digit in cell.lower().partition("e")[0] for digit in "123456789")
    if not (nothing or SHORTEST_TIME <= time <= LONGEST_TIME):
        problem = f"expected a time from {SHORTEST_TIME:g} to {LONGEST_TIME:g} {unit}, got {came}."
        raise TrialFileError(table.path, where, problem, "Correct it, or its unit.")
    return time


def _scale(table: Table, own: str, unit: str, notes: list[str]) -> float:
    """What times of the file are multiplied by."""
    wanted = unit_of(unit)
    if not own or own == wanted:
        return 1.0
    if wanted not in DAYS:
        raise TrialFileError(
            table.path, "", f"expected an endpoint in {', '.join(DAYS)}, got {unit!r}.", "Correct its unit."
        )
    notes.append(f"times in {own} were converted to {unit}: 1 of the latter is {DAYS[wanted] / DAYS[own]:.6g} {own}.")
    return DAYS[own] / DAYS[wanted]


def _wrong(table: Table, line: int, column: str, cells: dict[str, str], expected: str, remedy: str) -> TrialFileError:
    came = repr(short(cells[column])) if cells[column] else "nothing"
    return TrialFileError(table.path, f"row {line}, {column}", f"expected {expected}, got {came}.", remedy)


def _count(number: int) -> str:
    return f"{number} patient" if number == 1 else f"{number} patients"


def _rows(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")
    return f"{'row' if len(lines) == 1 else 'rows'} {shown}"
