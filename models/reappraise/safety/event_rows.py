"""From the printed rows of adverse events to tables of counts, and to rows that stand for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count, product

from reappraise.core.arms import WHOLE
from reappraise.core.grades import GRADES, Grade, grade_slug
from reappraise.published.answers import TableRow
from reappraise.published.partition import Partition
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.rows import grade_of, kind_of
from reappraise.safety.table import (
    KINDS,
    EventTable,
    Pair,
    SingleEvent,
)

type Rows = Sequence[TableRow]


def event_tables(
    endpoint: AdverseEventsEndpoint, rows: Rows, *, arms: Pair, arm_labels: Pair, exposure: str = ""
) -> tuple[EventTable, ...]:
    """The tables of an endpoint: terms, totals of body systems, laboratory values; any grade, and grade 3 or higher.

    A row whose label is its group is the total of a body system. Rows of the groups that count patients with any
    event at all are left to `single_events`.

    Parameters
    ----------
    endpoint, rows
        The endpoint, and the rows of its table.
    arms, arm_labels
        Keys and words of control and experimental arm.
    exposure
        That the arms were exposed for different times, in words; empty where that is not printed.
    """
    found = []
    counted, groups = _cells(rows, arms), endpoint.groups
    for kind, grade in product(KINDS, GRADES):
        cells = {
            key: pair
            for key, pair in counted.items()
            if kind_of(groups, *key[:2]) == kind and key[2] == grade and _is_known(pair)
        }
        if cells:
            table = EventTable(
                endpoint=endpoint.key,
                kind=kind,
                grade=grade,
                arms=arms,
                arm_labels=arm_labels,
                terms=tuple(label for _, label, _ in cells),
                systems=tuple(WHOLE if kind == "systems" else group or WHOLE for group, _, _ in cells),
                events=tuple((_known(control), _known(treated)) for control, treated in cells.values()),
                totals=tuple((control.total, treated.total) for control, treated in cells.values()),
                population=endpoint.population,
                reporting_threshold_percent=endpoint.reporting_threshold_percent,
                source=endpoint.source,
                exposure=exposure,
            )
            found.append(table)
    return tuple(found)


def single_events(
    endpoint: AdverseEventsEndpoint, tables: Mapping[str, Rows], *, arms: Pair, arm_labels: Pair, exposure: str = ""
) -> tuple[SingleEvent, ...]:
    """Rows that stand for themselves, counted in both arms: any event at all, and the rows of the single tables.

    A row of which only the percentage is printed counts where one whole number of patients alone rounds to it.

    Parameters
    ----------
    endpoint
        The endpoint.
    tables
        Rows of the tables of counts, by key.
    arms, arm_labels
        Keys and words of control and experimental arm.
    exposure
        That the arms were exposed for different times, in words; empty where that is not printed.
    """
    cells = [
        (key, pair)
        for key, pair in _cells(tables[endpoint.table], arms).items()
        if kind_of(endpoint.groups, *key[:2]) is None
    ]
    for name in endpoint.single_tables:
        cells += _cells(tables[name], arms).items()
    found: list[SingleEvent] = []
    for (_, label, grade), (control, treated) in cells:
        if control.known_events is None or treated.known_events is None:
            continue  # several counts round to the percentage: there is nothing to fit
        partition = Partition(
            endpoint=_named(endpoint.key, label, grade, {item.partition.endpoint for item in found}),
            factor=WHOLE,
            levels=(WHOLE,),
            level_labels=("All patients",),
            arms=arms,
            arm_labels=arm_labels,
            events=((control.known_events, treated.known_events),),
            totals=((control.total, treated.total),),
            better="lower",
            source=control.source,
            caution=exposure,
        )
        found.append(SingleEvent(label, grade, partition))
    return tuple(found)


type _Cells = dict[tuple[str, str, Grade], tuple[TableRow, TableRow]]


def _cells(rows: Rows, arms: Pair) -> _Cells:
    """Control and experimental row by group, label and grade; what one arm lacks is left out."""
    by_key: dict[tuple[str, str, Grade], dict[str, TableRow]] = {}
    for row in rows:
        by_key.setdefault((row.group, row.label, grade_of(row)), {})[row.arm] = row
    return {key: (held[arms[0]], held[arms[1]]) for key, held in by_key.items() if set(arms) <= set(held)}


def unknown_rows(rows: Rows, *, arms: Pair) -> tuple[str, ...]:
    """Labels of rows that no table can hold: several counts round to a percentage, or no patients could give it."""
    return tuple(label for (_, label, _), pair in _cells(rows, arms).items() if not _is_known(pair))


def _is_known(pair: tuple[TableRow, TableRow]) -> bool:
    return all(row.known_events is not None for row in pair)


def _known(row: TableRow) -> int:
    if row.known_events is None:
        raise ValueError(f"{row.label}, {row.arm}: the number of patients is not known")
    return row.known_events


def _named(endpoint: str, label: str, grade: Grade, taken: set[str]) -> str:
    """Key of a single row, which names its posterior files."""
    words = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "event"
    key = f"{endpoint}-{words}{'' if grade == 'any' else f'-{grade_slug(grade)}'}"
    numbered = (f"{key}-{number}" if number > 1 else key for number in count(1))
    return next(name for name in numbered if name not in taken)
