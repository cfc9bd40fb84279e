"""A label that repeats where another level or row is expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from reappraise.audit import words
from reappraise.audit.finding import About, Finding
from reappraise.published.record import Count
from reappraise.published.trial import Trial
from reappraise.response.published import Factor, Level, ResponseEndpoint

NAME = "repeated label"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every subgroup factor of several levels, and for every table of counts."""
    for item in trial.of(ResponseEndpoint):
        for factor in item.published.factors:
            if len(factor.levels) > 1:
                yield from _factor(trial, item.published, factor)
    for table in trial.file.tables:
        rows = trial.counts.get(table.key, ())
        if rows:
            labels = Counter(
                (row.group, (row.printed_label or row.label).casefold(), row.grade, row.arm) for row in rows
            )
            repeated = sorted({label for (_, label, _, _), times in labels.items() if times > 1})
            yield About(
                endpoint=table.key,
                subject=table.label,
                printed=words.listed(repeated) if repeated else f"{len(rows)} counts",
                source=table.source,
            ).finding(
                NAME,
                "inconsistent" if repeated else "consistent",
                "A label stands twice for the same arm: one of the two must mean another row."
                if repeated
                else "Every row of the table has its own label.",
            )


def _factor(trial: Trial, endpoint: ResponseEndpoint, factor: Factor) -> Iterator[Finding]:
    """Yield one finding per repetition in an arm, or one for the factor if there is none."""
    found = False
    for arm in trial.arms:
        cells = [(level, count) for level in factor.levels for count in level.counts if count.arm == arm.key]
        for (first, one), (second, other) in combinations(cells, 2):
            if not _readings(first, one, other) & _readings(second, other, one):
                continue
            found = True
            label = one.printed_label or other.printed_label or first.label
            yield About(
                endpoint=endpoint.key,
                subject=f"{endpoint.label}: {factor.label}, {arm.short}",
                printed=f"{label}: {words.count(one)}; {label}: {words.count(other)}",
                source=(one if one.printed_label else other).source,
            ).finding(
                NAME,
                "inconsistent",
                f"{label} is printed for two levels, so that which count belongs to which is a guess.",
                f"levels expected: {first.label}; {second.label}",
            )
    if not found:
        yield About(
            endpoint=endpoint.key,
            subject=f"{endpoint.label}: {factor.label}",
            printed=words.listed(level.label for level in factor.levels),
            source=factor.source,
        ).finding(NAME, "consistent", "Every level has its own label.")


def _readings(level: Level, count: Count, beside: Count) -> set[str]:
    """Ways to read a level's label; a label as printed is also held against what stands before a bracket."""
    if count.printed_label:
        return {count.printed_label.casefold()}
    label = level.label.casefold()
    return {label, label.split("(")[0].strip()} if beside.printed_label else {label}
