"""Levels of a subgroup factor against the arm they divide. Counts are exact: no tolerance."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.published.trial import Trial
from reappraise.response.published import Factor, ResponseEndpoint

NAME = "parts of a factor"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every factor and arm: whether the levels make up the arm, with and without the event."""
    for endpoint in (item.published for item in trial.of(ResponseEndpoint)):
        for factor in endpoint.factors:
            for whole in endpoint.counts:
                parts = [count for level in factor.levels for count in level.counts if count.arm == whole.arm]
                if not parts:
                    continue
                known = [count.known_events for count in (whole, *parts)]
                printed = f"{' + '.join(words.count(count) for count in parts)}, of {words.count(whole)}"
                verdict: Verdict
                if any(events is None for events in known):
                    verdict, recomputed = "cannot judge", ""
                    message = "A number of patients is not printed, and its percentage fits several."
                else:
                    events, *of_parts = (number or 0 for number in known)
                    left = events - sum(of_parts), whole.total - sum(count.total for count in parts)
                    recomputed = f"in none of the levels: {left[1]} patients, {left[0]} of them with the event"
                    verdict, message = _judge(factor, left)
                yield About(
                    endpoint=endpoint.key,
                    subject=f"{endpoint.label}: {factor.label}, {words.arm(trial, whole.arm)}",
                    printed=printed,
                    source=factor.source,
                ).finding(NAME, verdict, message, recomputed)


def _judge(factor: Factor, left: tuple[int, int]) -> tuple[Verdict, str]:
    events, patients = left
    if (events, patients) == (0, 0):
        return "consistent", "The levels add up to the arm, in patients with the event and in patients."
    if not 0 <= events <= patients:
        return "inconsistent", "The levels do not fit into the arm: they cannot be disjoint parts of it."
    rest = factor.remainder or "the others"
    return (
        "cannot judge",
        f"Possible, but not more: how many of the remaining {patients} ({rest}) had the event is implied, not printed.",
    )
