"""Adverse events as published: a table of terms within body systems, by arm and grade."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reappraise.endpoints.record import Key, Sourced, Text


class AdverseEventsEndpoint(Sourced):
    """Patients with each adverse event; the rows stand in a CSV table beside the trial file."""

    kind: Literal["adverse_events"]
    """Tag of this kind of endpoint."""
    key: Key
    """Key of the endpoint."""
    label: Text
    """The table in words."""
    population: Key
    """Key of the population analysed."""
    table: Key
    """Key of the count table that holds the rows: group is the body system, label the term."""
    reporting_threshold_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """Terms are printed only if at least this percentage of all patients had them."""
    laboratory_groups: tuple[Text, ...] = ()
    """Groups of the table that are laboratory values, measured in everybody, and not reported events."""
    any_event_groups: tuple[Text, ...] = ()
    """Groups of the table that are no body system: they count patients with any event at all."""
    single_tables: tuple[Key, ...] = ()
    """Keys of further count tables whose rows stand for themselves, such as serious, fatal or drug-related events."""
