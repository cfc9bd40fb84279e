"""An endpoint whose words and `better` say opposite things: deaths of which more are good, recovery of which longer is.

Counts and ratios cannot show it: they agree with each other whichever way benefit is read, and every probability of
benefit is then that of harm. Words can. They are judged only where they name an event plainly, and no verdict says more
than "cannot judge": what the words mean is for whoever wrote the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit.finding import Finding
from reappraise.core.arms import Better
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.published.better import good_events, good_times
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.trial import Trial
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.published import SurvivalEndpoint

NAME = "what is better"
OF_EVENTS = frozenset({"risk_ratio", "odds_ratio", "risk_difference", "hazard_ratio", "rate_ratio"})
"""Effects that are about events."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every endpoint whose words contradict its `better`."""
    counted = (item.published for item in (*trial.of(ResponseEndpoint), *trial.of(EventRateEndpoint)))
    effects = (item.published for item in trial.of(EffectEndpoint))
    for events in (*counted, *(one for one in effects if any(e.quantity in OF_EVENTS for e in one.printed))):
        if good_events(events.label) not in {None, events.better}:
            yield _finding(events, {"higher": "more", "lower": "fewer"}, "of these events")
    for times in (item.published for item in trial.of(SurvivalEndpoint)):
        if good_times(times.label) not in {None, times.better}:
            yield _finding(times, {"higher": "longer", "lower": "shorter"}, "times")


def _finding(endpoint: EndpointRecord, said: dict[Better, str], of: str) -> Finding:
    typed = said[endpoint.better]
    other = next(word for word in said.values() if word != typed)
    return Finding(
        check=NAME,
        verdict="cannot judge",
        endpoint=endpoint.key,
        subject=endpoint.label,
        printed="",
        recomputed="",
        message=f"The file says that {typed} {of} are good for patients, the words of the endpoint that {other} are. "
        f'If these are right, write better = "{other}": every probability of benefit is now one of harm.',
        source=endpoint.source,
    )
