"""What papers print in a cell where a number is missing, small or reached by nobody, as the records take it.

========================  ==============================================================================================
printed                   meaning
========================  ==============================================================================================
``12 (5.2)``, ``3 (<1%)`` patients and their percentage, in one cell
``<1%``                   at least one patient, and less than 1%: a table that means nobody prints 0
``0``                     nobody, also as a percentage: a table that rounds to 0 prints <1
``-``                     nobody, or not reported, which the table must say (`dash`); beside a count of patients it is
                          the percentage that is left out
``NR``                    not reported; of a median or another percentile of time: not reached
``NE``                    of the upper limit, or the value, of a percentile of time: not reached
========================  ==============================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from reappraise.core.printed import NOT_REACHED, Printed
from reappraise.core.units import DAYS, unit_of

type Dash = Literal["none", "not reported"]
"""What "-" means in a table of counts."""

DASHES: Final = frozenset({"-", "--", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"})
_NOT_REPORTED: Final = frozenset({"nr", "n.r.", "n.r", "na", "n/a", "n.a.", "not reported", "not available"})
_UNREACHED: Final = frozenset({NOT_REACHED, "not yet reached", "nyr"})
_NOT_ESTIMABLE: Final = frozenset({"ne", "n.e.", "not estimable", "not evaluable"})
_TIMES: Final = frozenset({"median", "percentile"})
_TOGETHER: Final = re.compile(r"(\d+)\s*[(\[]\s*((?:[<>]=?|[\u2264\u2265])?\s*\d*[.\u00b7]?\d+)\s*%?\s*[)\]]")


def is_dash(cell: object) -> bool:
    """Whether a cell holds nothing but a dash."""
    return isinstance(cell, str) and cell.strip() in DASHES


def percent_text(cell: object) -> object:
    """A percentage without its sign: "<1%" is "<1"."""
    return cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell


def read_count(raw: Any) -> Any:
    """Events and percentage of a count as its record takes them; what is no mapping is handed on.

    Raises
    ------
    ValueError
        If a cell may mean two things, or stands in the wrong place.
    """
    if not isinstance(raw, Mapping):
        return raw
    cells = dict(raw)
    events = cells.get("events")
    if isinstance(events, str):
        del cells["events"]
        _read_events(events.strip(), cells)
    percent = cells.get("percent")
    if is_dash(percent) or _said(percent) in _NOT_REPORTED:
        del cells["percent"]
        if is_dash(percent) and "events" not in cells and not cells.get("not_reported"):
            raise ValueError(_ambiguous("percent", percent))
        if "events" not in cells:
            cells["not_reported"] = True
    return cells


def _read_events(text: str, cells: dict[str, Any]) -> None:
    together = _TOGETHER.fullmatch(text)
    if together is not None:
        if not (is_dash(cells.get("percent")) or cells.get("percent") in {None, ""}):
            raise ValueError(f'expected the percentage once, got "{text}" and {cells["percent"]}; write events alone')
        cells["events"], cells["percent"] = int(together[1]), together[2].replace(" ", "")
    elif text.lower() in _NOT_REPORTED:
        if cells.get("percent") in {None, ""} or _said(cells["percent"]) in _NOT_REPORTED or is_dash(cells["percent"]):
            cells.pop("percent", None)
            cells["not_reported"] = True
    elif text in DASHES:
        raise ValueError(_ambiguous("events", text))
    elif text.startswith(("<", ">", "\u2264", "\u2265")) or text.endswith("%"):
        raise ValueError(f'expected a whole number of patients for events, got "{text}"; write it as percent')
    else:
        cells["events"] = text


def fitting(percent: Printed, total: int) -> range:
    """Whole numbers of patients that a percentage of a total is printed for.

    "<1%" is at least one patient and less than 1%, because a table that means nobody prints 0; only where one patient
    would be more is it nobody. ">99%" is the same of patients without the event. 0% is nobody, because a table in which
    somebody rounds to it prints <1%.

    Parameters
    ----------
    percent
        The percentage as printed.
    total
        Patients.

    Examples
    --------
    >>> fitting(Printed("<1"), 472), fitting(Printed("<1"), 50), fitting(Printed("0"), 472), fitting(Printed("26"), 472)
    (range(1, 5), range(0, 1), range(0, 1), range(121, 126))
    """
    if float(percent) == 0 and percent.relation == "=":
        return range(1)
    low, high = percent.bounds
    strict = percent.relation != "=" and not percent.text.startswith(("<=", ">=", "\u2264", "\u2265"))

    def fits(events: int) -> bool:
        value = 100 * events / total
        return percent.covers(value) and not (strict and value == percent)

    least, most = int(percent.relation == "<"), total - int(percent.relation == ">")
    first = max(least, int(max(low, 0.0) / 100 * total) - 1)
    last = min(most, int(min(high, 100.0) / 100 * total) + 1)
    near = [k for k in range(first, min(first + 4, last + 1)) if fits(k)]
    far = [k for k in range(max(last - 3, first), last + 1) if fits(k)]
    if far:
        return range(near[0] if near else far[0], far[-1] + 1)
    alone = 0 if percent.relation == "<" else total
    return range(alone, alone + 1) if percent.relation != "=" and fits(alone) else range(0)


def read_published(raw: Any) -> Any:
    """Numbers of a published estimate as its record takes them; what is no mapping is handed on.

    Raises
    ------
    ValueError
        If nothing is reported, or a cell says nothing.
    """
    if not isinstance(raw, Mapping):
        return raw
    cells = dict(raw)
    quantity = cells.get("quantity")
    for name in ("value", "low", "high", "p"):
        said = _said(cells.get(name))
        timed = _is_time(cells) and name != "p"
        if said in _UNREACHED or (timed and said == "nr") or (timed and said in _NOT_ESTIMABLE and name != "low"):
            cells[name] = NOT_REACHED
        elif said in _NOT_REPORTED:
            del cells[name]
        elif said in _NOT_ESTIMABLE:
            raise ValueError(f'expected a number for {name}, got "{cells[name]}"; leave it out')
        elif is_dash(cells.get(name)):
            raise ValueError(f'expected a number for {name}, got "{cells[name]}", which says nothing; leave it out')
    if "value" in raw and "value" not in cells and cells.get("p") is None:
        raise ValueError(
            f'expected a number, got "{raw["value"]}", which means not reached for a percentile of time, and not '
            f"reported for {quantity}; leave the record out"
        )
    return cells


def _is_time(cells: Mapping[str, Any]) -> bool:
    """Whether it is a percentile of a time to an event: how long patients were followed is reached always."""
    unit, at = cells.get("unit"), cells.get("at")
    timed = isinstance(unit, str) and unit_of(unit) in DAYS
    followed = isinstance(at, str) and "follow" in at.lower()
    return cells.get("quantity") in _TIMES and timed and not followed


def _said(cell: object) -> str:
    return cell.strip().lower() if isinstance(cell, str) else ""


def _ambiguous(name: str, cell: object) -> str:
    return (
        f'expected a number for {name}, got "{cell}", which may say that nobody had it, or that it is not reported: '
        'write 0 or "NR", or, for a table, dash = "none" or dash = "not reported" in its entry of the trial file'
    )


def meant(cells: Mapping[str, Any], dash: Dash | None, columns: tuple[str, ...]) -> dict[str, Any]:
    """A row of counts in which "-" is replaced by what it means in its table.

    Parameters
    ----------
    cells
        The cells that are not empty, by column.
    dash
        What "-" means; None where the table does not say.
    columns
        All columns of the table: of a percentage beside a column of events, those say it.
    """
    found = dict(cells)
    for name in ("events", "percent") if dash is not None else ():
        if not is_dash(found.get(name)):
            continue
        if name == "percent" and "events" in columns:
            del found[name]
            if "events" not in found:
                found["events"] = 0 if dash == "none" else "NR"
        elif dash == "none":
            found[name] = 0
        else:
            found[name] = "NR"
    return found
