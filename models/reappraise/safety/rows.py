"""What a printed row of adverse events is: of which kind, of which grade, and whether a table can hold it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reappraise.core.grades import GRADE_WORDS, GRADES, Grade
from reappraise.published.answers import TableRow
from reappraise.published.record import EVERYBODY
from reappraise.safety.table import EventKind


@dataclass(frozen=True, slots=True)
class Groups:
    """Headings of a table that are no body systems.

    Parameters
    ----------
    laboratory
        Laboratory values, measured in everybody.
    any_event
        Patients with any event at all.
    """

    laboratory: tuple[str, ...]
    any_event: tuple[str, ...]


def kind_of(groups: Groups, group: str, label: str) -> EventKind | None:
    """Kind of the table that a row belongs to; None where it belongs to none."""
    if group in groups.any_event:
        return None
    if group in groups.laboratory:
        return None if label == group else "laboratory"
    return "systems" if label == group else "terms"


def grade_of(row: TableRow) -> Grade:
    """Grade of a row."""
    return next((grade for grade in GRADES if grade == row.grade), "any")


def row_problems(
    groups: Groups, rows: Sequence[tuple[int, TableRow]], arms: tuple[str, ...], *, single: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield line and problem of every row that no table of adverse events can hold.

    Parameters
    ----------
    groups
        Headings that are no body systems.
    rows
        Line and content of each row.
    arms
        Keys of the arms.
    single
        Whether the rows stand for themselves: then an arm, or a count, may be missing.
    """
    first: dict[tuple[str, str, Grade, str], int] = {}
    home: dict[str, tuple[str, int]] = {}
    for line, row in rows:
        key = (row.group, row.label, grade_of(row), row.arm)
        if key in first:
            yield (
                line,
                f"expected each row once, got {row.label!r}, {GRADE_WORDS[key[2]]}, {row.arm} again (row {first[key]})",
            )
        first.setdefault(key, line)
        if single or row.arm == EVERYBODY:
            continue
        if kind_of(groups, row.group, row.label) == "terms":
            group, before = home.setdefault(row.label, (row.group, line))
            if group != row.group:
                yield (
                    line,
                    f"expected {row.label!r} in one body system, got {row.group!r}, and {group!r} in row {before}",
                )
    for (group, label, grade, arm), line in first.items():
        missing = [other for other in arms if (group, label, grade, other) not in first]
        if missing and not single and arm != EVERYBODY:
            yield line, f"expected {label!r}, {GRADE_WORDS[grade]}, in both arms, got no row for {missing[0]}"
