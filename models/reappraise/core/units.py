"""Units as people spell them, and times in another unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DAYS: Final[Mapping[str, float]] = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
"""Units of time, in days: a year is 12 months or 365.25 days."""
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "percent": ("%", "per cent", "pct", "percentage", "percentage point", "percentage points", "pp"),
    "hours": ("h", "hr", "hrs", "hour"),
    "days": ("d", "day"),
    "weeks": ("w", "wk", "wks", "week"),
    "months": ("mo", "mos", "mth", "mths", "month"),
    "years": ("y", "yr", "yrs", "year"),
}
_SPELLED: Final[Mapping[str, str]] = {also: name for name, others in _ALSO.items() for also in (name, *others)}


def unit_of(text: str) -> str:
    """The usual spelling of a unit; what is no unit of time or proportion stays as it is.

    Examples
    --------
    >>> unit_of("%"), unit_of("percentage points"), unit_of("yr"), unit_of("mg")
    ('percent', 'percent', 'years', 'mg')
    """
    return _SPELLED.get(text.strip().lower(), text.strip())


def time_unit(text: str) -> str:
    """The usual spelling of a unit of time.

    Raises
    ------
    ValueError
        If it is none.
    """
    unit = unit_of(text)
    if unit not in DAYS:
        raise ValueError(f"expected a unit of time, one of {', '.join(DAYS)}, got {text!r}")
    return unit


def time_in(text: str, unit: str) -> float | None:
    """A time such as "1 year" in a unit, the same where it names none; None where it is no time.

    Examples
    --------
    >>> time_in("1 year", "months"), time_in("12", "months"), time_in("late", "months")
    (12.0, 12.0, None)
    """
    number, _, said = text.strip().partition(" ")
    own = unit_of(said) if said else unit
    try:
        time = float(number)
    except ValueError:
        return None
    if own == unit:
        return time
    return time * DAYS[own] / DAYS[unit] if own in DAYS and unit in DAYS else None
