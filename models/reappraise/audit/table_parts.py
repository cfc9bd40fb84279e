"""Rows of a table against the rows, or the arm, that they are parts of. Counts are exact: no tolerance.

Sums are judged where the file says what is part of what (`part_of`), and where both arms stand beside all patients.
A heading row bounds the rows below it, but they may overlap: their sum is judged only if it happens to agree.
Terms of adverse events overlap always, and are never summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.walk import headed
from reappraise.core.arms import WHOLE
from reappraise.published.file import CountRow
from reappraise.published.record import EVERYBODY
from reappraise.published.trial import Trial
from reappraise.safety.published import AdverseEventsEndpoint

NAME = "parts of a table"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every whole whose parts are printed."""
    overlapping = {item.published.table for item in trial.of(AdverseEventsEndpoint)}
    for table in trial.file.tables:
        rows = trial.counts.get(table.key, ())
        yield from _declared(trial, table.key, rows)
        yield from _arms(trial, table.key, rows)
        if table.key not in overlapping:
            yield from _headings(trial, table.key, rows)


def _declared(trial: Trial, key: str, rows: Sequence[CountRow]) -> Iterator[Finding]:
    wholes: dict[tuple[str, str, str, str], list[CountRow]] = {}
    for row in rows:
        if row.part_of:
            above = "" if row.label == row.group else row.group  # a heading belongs to the level above its rows
            wholes.setdefault((above, row.part_of, row.arm, row.grade), []).append(row)
    for (group, name, arm, grade), parts in wholes.items():
        label = headed(group, "all patients" if name == WHOLE else name)
        if name == WHOLE:
            totals = {row.total for row in parts}
            whole = next(iter(totals)) if len(totals) == 1 else None
            said = "the parts have different denominators, so that the whole is not known"
        else:
            named = [row for row in rows if (row.label, row.arm, row.grade) == (name, arm, grade)]
            named = [row for row in named if row.group == group] or named
            whole = named[0].known_events if len(named) == 1 else None
            said = f"a row {name!r} for this arm with a known number of patients is missing, or stands more than once"
        yield _sum(trial, key, label, arm, parts, whole, said)


def _sum(
    trial: Trial, key: str, label: str, arm: str, parts: Sequence[CountRow], whole: int | None, said: str
) -> Finding:
    known = [row.known_events for row in parts]
    shown = [f"{_name(trial, row, arm)} {words.count(row)}" for row in parts]
    verdict: Verdict
    if whole is None or any(events is None for events in known):
        verdict, recomputed = "cannot judge", ""
        missing = said if whole is None else "the number of patients of a part is not printed"
        message = f"The sum cannot be judged: {missing}."
    else:
        total = sum(events or 0 for events in known)
        recomputed = f"{' + '.join(str(events) for events in known)} = {total}"
        verdict = "consistent" if total == whole else "inconsistent"
        way = "fewer" if total < whole else "more"
        message = f"The parts add up to {whole}."
        if total != whole:
            message = f"The parts hold {total} patients, {abs(whole - total)} {way} than the whole."
    return About(
        endpoint=key,
        subject=f"{label}, {words.arm(trial, arm)}",
        printed=f"{'?' if whole is None else whole}: {', '.join(shown)}",
        source=parts[0].source,
    ).finding(NAME, verdict, message, recomputed)


def _name(trial: Trial, row: CountRow, arm: str) -> str:
    """What sets a part apart: its arm, in a sum over arms, else its label."""
    return row.label if row.arm == arm else words.arm(trial, row.arm)


def _arms(trial: Trial, key: str, rows: Sequence[CountRow]) -> Iterator[Finding]:
    """Yield whether both arms add up to all patients, where all three stand with their totals adding up."""
    for row in rows:
        if row.arm != EVERYBODY or row.known_events is None:
            continue
        arms = [item for item in rows if (item.group, item.label, item.grade) == (row.group, row.label, row.grade)]
        arms = [item for item in arms if item.arm != EVERYBODY and item.known_events is not None]
        if len(arms) == len(trial.arms) and sum(item.total for item in arms) == row.total:
            yield _sum(trial, key, headed(row.group, row.label), EVERYBODY, arms, row.known_events, "")


def _headings(trial: Trial, key: str, rows: Sequence[CountRow]) -> Iterator[Finding]:
    unjudged: list[str] = []
    for group in dict.fromkeys(row.group for row in rows if row.group and not row.part_of):
        members = [row for row in rows if row.group == group and not row.part_of]
        heads = [row for row in members if row.label == group]
        if not heads:
            if len({row.label for row in members}) > 1:
                unjudged.append(group)
            continue
        for head in heads:
            parts = [
                row
                for row in members
                if row.label != group and (row.arm, row.grade, row.total) == (head.arm, head.grade, head.total)
            ]
            if parts:
                yield _bounded(trial, key, head, parts)
    if unjudged:
        yield About(
            endpoint=key,
            subject=f"rows below {words.listed(unjudged)}",
            printed="",
            source=rows[0].source,
        ).finding(
            NAME,
            "cannot judge",
            "Nothing says whether these rows are disjoint and complete: the file gives no part_of for them.",
        )


def _bounded(trial: Trial, key: str, head: CountRow, parts: Sequence[CountRow]) -> Finding:
    whole = head.candidates or range(head.total + 1)
    above = [row.label for row in parts if row.candidates and row.candidates[0] > whole[-1]]
    known = [row.known_events for row in parts]
    total = sum(events or 0 for events in known)
    verdict: Verdict
    if above:
        verdict, message = "inconsistent", f"{words.listed(above)} has more patients than the heading it stands under."
    elif len(parts) > 1 and all(events is not None for events in known) and whole == range(total, total + 1):
        verdict, message = "consistent", f"The rows below the heading add up to its {total} patients."
    else:
        verdict = "cannot judge"
        why = "that they are disjoint and complete is not said (part_of)"
        if total > whole[-1]:
            why = "together they have, so that some patients stand in several rows, and the sum says nothing"
        message = f"No row has more patients than its heading; {why}."
    return About(
        endpoint=key,
        subject=f"{head.label}, {words.arm(trial, head.arm)}{f', grade {head.grade}' if head.grade else ''}",
        printed=f"{words.count(head)}: {', '.join(f'{row.label} {words.count(row)}' for row in parts)}",
        source=head.source,
    ).finding(NAME, verdict, message, f"sum {total}")
