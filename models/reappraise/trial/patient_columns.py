"""Which column of a file of patients is which, and which codes are events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reappraise.core.errors import TrialFileError
from reappraise.published.patient_format import PatientFormat
from reappraise.trial.exported import MISSING, Table, short

NEEDED = ("time", "event", "arm")
"""Columns that every file must have; subgroup may be beside them."""

EVENTS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "true", "t", "yes", "y"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n"), False),
}
"""What the event column usually holds, in small letters."""

_USUAL: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("time", "futime", "fu_time", "fu", "followup", "follow_up", "aval", "duration", "tte", "t"),
        *("survtime", "surv_time", "survival_time", "survival", "rectime", "stime", "days", "weeks", "months", "years"),
        *("os_time", "ostime", "os_months", "os_days", "pfs_time", "pfstime", "pfs_months", "pfs_days"),
    ),
    "event": (
        *("event", "status", "state", "fustat", "dead", "death", "died", "delta", "d", "relapse", "vital_status"),
        *("os_event", "os_status", "pfs_event", "pfs_status", "censor", "censored", "censoring", "cens", "cnsr"),
    ),
    "arm": (
        *("arm", "rx", "treatment", "trt", "treat", "group", "grp", "therapy", "assignment"),
        *("treatment_arm", "arm_code", "actarm", "trt01p", "trt01a", "trtp", "trta"),
    ),
}
"""What columns are called elsewhere."""

_CENSORING = frozenset({"censor", "censored", "cens", "cnsr", "censoring"})


def columns_of(table: Table, form: PatientFormat | None) -> dict[str, str]:
    """Name in the file of the columns time, event, arm and, where there is one, subgroup.

    Raises
    ------
    TrialFileError
        If one is missing or unknown; it names what to write where the file names them otherwise.
    """
    asked = form or PatientFormat()
    wanted = {"time": asked.time, "event": asked.event, "arm": asked.arm, "subgroup": asked.subgroup or "subgroup"}
    found = {what: [name for name in table.header if _same(name, wanted[what])] for what in wanted}
    missing = [wanted[what] for what in (*NEEDED, *(["subgroup"] if asked.subgroup else [])) if not found[what]]
    twice = [wanted[what] for what in wanted if len(found[what]) > 1]
    known = {name for names in found.values() for name in names}
    unknown = [] if form else [name for name in table.header if name not in known]
    if not (missing or twice or unknown):
        return {what: names[0] for what, names in found.items() if names}
    wrong = [
        f"{said} {', '.join(repr(short(cell)) for cell in cells[:8])}"
        for said, cells in (("without", missing), ("with unknown", unknown), ("with more than one", twice))
        if cells
    ]
    named = [name for what, name in wanted.items() if what in NEEDED]
    optional = f" and, where wanted, {wanted['subgroup']}"
    raise TrialFileError(
        table.path,
        f"row {table.line}",
        f"expected the columns {', '.join(named)}{optional}; got {' and '.join(wrong)}.",
        _mapping(table, found) if not (twice or form) else "Correct the row of column names.",
    )


def read_events(table: Table, column: str, form: PatientFormat, notes: list[str]) -> list[bool | None]:
    """Whether each row is an event, None where the cell is empty.

    Where 1 and 2 occur and 0 does not, 2 is the event, as in R's survival package; that is said in `notes`.

    Raises
    ------
    TrialFileError
        Naming the first row that holds anything else.
    """
    cells = [(line, cell, _code(cell, table)) for line, cell in table.column(column)]
    values = {code for _, _, code in cells if code is not None}
    codes: dict[str, bool]
    if form.events:
        named = {_code(value, table) for value in form.events}
        if not named & values:
            problem = f"expected {_listed(form.events)} for an event, and found {_listed(sorted(values)) or 'nothing'}."
            raise TrialFileError(table.path, column, problem, "Correct events of individual_format.")
        codes = {value: value in named for value in values}
    elif values == {"1", "2"}:
        codes = {"1": False, "2": True}
        notes.append(f"{column} is coded 1 and 2: read as 1, end of observation, and 2, event.")
    else:
        codes = {value: EVENTS[value] for value in values if value in EVENTS}
    for line, cell, code in cells:
        if code is not None and code not in codes:
            several = f"column has {_listed(sorted(values)[:6])}" if len(values) > 1 else "column has no other value"
            raise TrialFileError(
                table.path,
                f"row {line}, {column}",
                f"expected 1 or true (event), 0 or false (end of observation), got {short(cell)!r}.",
                f"Recode it ({several}), or say in the trial file which values are events: "
                f'individual_format = {{ events = ["{short(cell)}"] }}.',
            )
    return [None if code is None else codes[code] for _, _, code in cells]


def arm_code(cell: str, arms: tuple[str, ...], form: PatientFormat) -> int | None:
    """Place of an arm among others, such as 0 for control and 1 for experimental; None where it is none of them."""
    if form.arms:
        key = form.arms.get(cell)
        return arms.index(key) if key in arms else None
    for code, key in enumerate(arms):
        if _same(cell, key):
            return code
    return None


def missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in MISSING


def _code(cell: str, table: Table) -> str | None:
    """One spelling of a code: 1.0 is 1, TRUE is true; None where there is none."""
    text = cell.strip().lower()
    if text in MISSING:
        return None
    number = table.number(text)
    return f"{number:g}" if number is not None else text


def _same(name: str, key: str) -> bool:
    return name == key or name.casefold() == key.casefold()


def _listed(values: Iterable[str]) -> str:
    return ", ".join(short(value) for value in values)


def _mapping(table: Table, found: Mapping[str, list[str]]) -> str:
    """What to write in the trial file, with names filled in where only one column can be meant."""
    said, whole = [], []
    for what in NEEDED:
        if found[what]:
            continue
        likely = [name for name in table.header if name.lower().replace(".", "_") in _USUAL[what]]
        said.append(f'{what} = "{likely[0] if len(likely) == 1 else "..."}"')
        if what == "event" and len(likely) == 1 and likely[0].lower() in _CENSORING:
            whole.append('events = ["0"]')
    if not said:
        return "Correct the row of column names; individual_format = {} in the trial file leaves other columns aside."
    return (
        "Correct the row of column names, or say in the trial file which is which: individual_format = "
        f"{{ {', '.join([*said, *whole])} }}."
    )
