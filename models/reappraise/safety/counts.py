"""The tables of adverse events of a trial, and its rows that stand for themselves."""

from __future__ import annotations

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.published.trial import TrialEndpoint
from reappraise.safety.event_rows import event_tables, single_events, unknown_rows
from reappraise.safety.exposure import exposure_note
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.table import EventTable, SingleEvent


def tables_of(endpoint: TrialEndpoint[AdverseEventsEndpoint]) -> tuple[EventTable, ...]:
    """Tables of an endpoint: terms, totals of body systems and laboratory values, any grade and 3 or higher.

    Raises
    ------
    AnalysisError
        If it is no endpoint of adverse events, or no row has known numbers of patients in both arms.
    """
    published, arms, labels = _of(endpoint)
    rows, exposure = endpoint.trial.counts[published.table], exposure_of(endpoint)
    found = event_tables(published, rows, arms=arms, arm_labels=labels, exposure=exposure)
    if not found:
        raise UndeterminedError(
            f"{published.key}: its table {published.table} has no row with known numbers of patients in both arms"
        )
    return found


def singles_of(endpoint: TrialEndpoint[AdverseEventsEndpoint]) -> tuple[SingleEvent, ...]:
    """Rows that stand for themselves, such as patients with any event, as every response model takes them.

    Raises
    ------
    AnalysisError
        If it is no endpoint of adverse events.
    """
    published, arms, labels = _of(endpoint)
    exposure = exposure_of(endpoint)
    return single_events(published, endpoint.trial.counts, arms=arms, arm_labels=labels, exposure=exposure)


def unknown_of(endpoint: TrialEndpoint[AdverseEventsEndpoint]) -> tuple[str, ...]:
    """Labels of rows in both arms of which the numbers of patients are not known: no table holds them."""
    published, arms, _ = _of(endpoint)
    tables = (published.table, *published.single_tables)
    return tuple(
        dict.fromkeys(label for name in tables for label in unknown_rows(endpoint.trial.counts[name], arms=arms))
    )


def exposure_of(endpoint: TrialEndpoint[AdverseEventsEndpoint]) -> str:
    """That the arms were exposed for different times, in words; empty where that is not printed."""
    published, arms, labels = _of(endpoint)
    rows = (row for table in endpoint.trial.quantities.values() for row in table)
    return exposure_note(published.exposure, rows, arms=arms, arm_labels=labels) if published.exposure else ""


def _of(
    endpoint: TrialEndpoint[AdverseEventsEndpoint],
) -> tuple[AdverseEventsEndpoint, tuple[str, str], tuple[str, str]]:
    published = endpoint.published
    if not isinstance(published, AdverseEventsEndpoint):
        raise AnalysisError(f"endpoint {published.key} is of kind {published.kind}; expected adverse_events")
    control, experimental = endpoint.trial.arms
    return published, (control.key, experimental.key), (control.short, experimental.short)
