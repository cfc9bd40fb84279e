"""How a file of patients was exported, where its columns and codes are not the usual ones."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from reappraise.core.units import time_unit
from reappraise.published.record import Key, Record, Text


def _as_written(value: object) -> object:
    """A code in a TOML file may be 2, 2.0 or true; in the CSV file it is text."""
    return str(value).lower() if isinstance(value, bool | int | float) else value


type Code = Annotated[Text, BeforeValidator(_as_written)]


class PatientFormat(Record):
    """Columns and codes of a CSV file of patients; with it, other columns of the file are left aside.

    Examples
    --------
    >>> PatientFormat(time="futime", event="fustat", arm="rx", unit="days", arms={"1": "old", "2": "new"}).events
    ()
    """

    time: Text = "time"
    """Column with the time to the event or the end of observation."""
    event: Text = "event"
    """Column that says which of the two it is."""
    arm: Text = "arm"
    """Column with the arm."""
    subgroup: str = ""
    """Column with the level of a subgroup; empty for "subgroup" where the file has one."""
    unit: Annotated[str, AfterValidator(lambda text: time_unit(text) if text else "")] = ""
    """Unit of the times in the file, converted to that of the endpoint; empty where it is the same."""
    events: tuple[Code, ...] = ()
    """Values of the event column that are events, such as "2"; all others are the end of observation. Empty for the
    usual codes."""
    arms: dict[str, Key] = Field(default_factory=dict)
    """Arm key by what the arm column holds, such as { "1" = "placebo", "2" = "drug" }; empty where that is the key."""
