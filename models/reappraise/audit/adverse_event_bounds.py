"""Adverse events: a term has no more patients than its body system, and a high grade no more than all grades.

A patient may have several terms, so that terms are never summed to their system. Counts are exact: no tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reappraise.audit import words
from reappraise.audit.finding import About, Finding
from reappraise.audit.walk import headed
from reappraise.core.grades import GRADE_WORDS, GRADES, is_part_of
from reappraise.published.file import CountRow
from reappraise.published.trial import Trial
from reappraise.safety.published import AdverseEventsEndpoint

NAME = "bounds of adverse events"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every violation, and one for every body system or group that has none."""
    systems = {item.published.table for item in trial.of(AdverseEventsEndpoint)}
    for key, rows in trial.counts.items():
        for group in dict.fromkeys(row.group for row in rows):
            members = [row for row in rows if row.group == group]
            pairs = list(_grades(members))
            if key in systems:
                pairs += _terms(group, members)
            if pairs:
                yield from _judge(trial, key, group, pairs)


type Pair = tuple[CountRow, CountRow, str]
"""A row, the row that must have at least as many patients, and what the second is to the first."""


def _terms(group: str, members: Sequence[CountRow]) -> Iterator[Pair]:
    for whole in members:
        if whole.label == group:
            for row in members:
                if row.label != group and (row.arm, row.grade, row.total) == (whole.arm, whole.grade, whole.total):
                    yield row, whole, "its body system"


def _grades(members: Sequence[CountRow]) -> Iterator[Pair]:
    for whole in members:
        above = next((grade for grade in GRADES if grade == whole.grade), "any" if whole.grade == "all" else None)
        for row in members if above else ():
            grade = next((grade for grade in GRADES if grade == row.grade), None)
            same = (row.label, row.arm, row.total) == (whole.label, whole.arm, whole.total)
            if same and above and grade and is_part_of(grade, above):
                yield row, whole, "all grades" if above == "any" else GRADE_WORDS[above]


def _judge(trial: Trial, key: str, group: str, pairs: Sequence[Pair]) -> Iterator[Finding]:
    broken = [(row, whole, what) for row, whole, what in pairs if _least(row) > _most(whole)]
    for row, whole, what in broken:
        yield About(
            endpoint=key,
            subject=f"{headed(group, row.label)}, grade {row.grade or 'not stated'}, {words.arm(trial, row.arm)}",
            printed=f"{words.count(row)}; {what} {words.count(whole)}",
            source=row.source,
        ).finding(
            NAME,
            "inconsistent",
            f"More patients than {what}, which counts each of them.",
            f"at most {_most(whole)} patients",
        )
    if not broken:
        yield About(
            endpoint=key,
            subject=group or pairs[0][0].label,
            printed=f"{len(pairs)} pairs of counts",
            source=pairs[0][0].source,
        ).finding(
            NAME,
            "consistent",
            "No term has more patients than its body system, and no high grade more than all grades.",
            "each count at most that of its body system, and of all grades",
        )


def _least(row: CountRow) -> int:
    return row.candidates[0] if row.candidates else 0


def _most(row: CountRow) -> int:
    return row.candidates[-1] if row.candidates else row.total
