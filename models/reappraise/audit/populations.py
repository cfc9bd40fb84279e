"""The patients counted against the population that an endpoint or table is said to describe.

Rows may leave out patients without data, so that the largest total of each arm is held against the population's size.
No tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.published.record import Count
from reappraise.published.trial import Trial

NAME = "population"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every table of counts, and every endpoint with counts."""
    for endpoint in trial.file.endpoints:
        yield from _judge(trial, endpoint.key, endpoint.label, endpoint.population, endpoint.whole, endpoint.source)
    for table in trial.file.tables:
        rows = trial.counts.get(table.key, ())
        yield from _judge(trial, table.key, table.label, table.population, rows, table.source)


def _judge(
    trial: Trial, owner: str, label: str, population: str, counts: Iterable[Count], source: str
) -> Iterator[Finding]:
    sizes = {item.key: item for item in trial.file.populations}
    named = sizes.get(population)
    counts = [count for count in counts if not count.beyond]  # a finding by itself: no patients could be so many
    totals = {
        arm.key: max(count.total for count in counts if count.arm == arm.key)
        for arm in trial.arms
        if any(count.arm == arm.key for count in counts)
    }
    if named is None or not totals:
        return
    expected = {arm: named.sizes.get(arm) for arm in totals}
    others = [
        item.label
        for item in trial.file.populations
        if item.key != population and {arm: item.sizes.get(arm) for arm in totals} == totals
    ]
    verdict: Verdict
    if totals == expected:
        verdict, message = "consistent", f"The patients counted are those of the population: {named.label}."
    elif others:
        verdict = "inconsistent"
        message = f"Said to describe: {named.label}; but the patients counted are those of: {words.listed(others)}."
    else:
        verdict = "cannot judge"
        message = "Fewer patients are counted than the population has; who was left out, and why, is not in the counts."
    yield About(
        endpoint=owner,
        subject=label,
        printed="; ".join(f"{words.arm(trial, arm)} {total}" for arm, total in totals.items()),
        source=source,
    ).finding(
        NAME,
        verdict,
        message,
        f"{named.label}: " + "; ".join(f"{words.arm(trial, arm)} {size}" for arm, size in expected.items()),
    )
