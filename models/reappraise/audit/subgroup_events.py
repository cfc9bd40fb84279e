"""Events and patients of a time-to-event endpoint by level of a factor, against the arm. Counts are exact."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.published.trial import Trial
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.published import SurvivalFactor

NAME = "events of subgroups"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every factor and arm whose levels have counts: whether they make up the arm."""
    sizes = {population.key: population.sizes for population in trial.file.populations}
    for endpoint in (item.published for item in trial.of(SurvivalEndpoint)):
        for factor in endpoint.factors:
            for arm in (item.key for item in trial.arms):
                parts = [count for level in factor.levels for count in level.counts if count.arm == arm]
                if not parts:
                    continue
                whole = next((count for count in endpoint.counts if count.arm == arm), None)
                printed = words.listed(words.count(count) for count in parts)
                verdict: Verdict = "cannot judge"
                recomputed = ""
                known = [count.known_events for count in parts]
                excess = factor.excess(arm, endpoint.counts, sizes.get(endpoint.population, {}))
                if excess:
                    verdict = "inconsistent"
                    message = f"{excess[:1].upper()}{excess[1:]}. Nothing is analysed by this factor."
                elif whole is None:
                    message = "The events of the arm as a whole are not printed."
                elif len(parts) < len(factor.levels) or None in known or whole.known_events is None:
                    message = "A number of events is not printed."
                else:
                    events = whole.known_events - sum(number or 0 for number in known)
                    patients = whole.total - sum(count.total for count in parts)
                    recomputed = f"in none of the levels: {patients} patients, {events} of them with the event"
                    verdict, message = _judge(factor, events, patients)
                yield About(
                    endpoint=endpoint.key,
                    subject=f"{endpoint.label}: {factor.label}, {words.arm(trial, arm)}",
                    printed=printed if whole is None else f"{printed}, of {words.count(whole)}",
                    source=factor.source,
                ).finding(NAME, verdict, message, recomputed)


def _judge(factor: SurvivalFactor, events: int, patients: int) -> tuple[Verdict, str]:
    if (events, patients) == (0, 0):
        return "consistent", "The levels add up to the arm, in events and in patients."
    if events > patients:
        return "inconsistent", f"The levels leave {events} events but only {patients} patients over."
    if factor.remainder is None:
        return (
            "inconsistent",
            f"The levels leave {patients} patients and {events} events over, and no words say who they are.",
        )
    return (
        "cannot judge",
        f"Possible, but not more: events among the other {patients} ({factor.remainder}) are implied, not printed.",
    )
