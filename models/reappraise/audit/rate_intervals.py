"""The standard methods that give the printed interval of a rate.

Tolerance: half a unit of the last printed digit of each limit; a method must give both limits.
"""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import counts
from reappraise.published.trial import Trial
from reappraise.response.classical.rates import rate_intervals

NAME = "rate interval"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every count printed with an interval."""
    for fact in counts(trial):
        count = fact.count
        if count.low is None or count.high is None or count.impossible_interval:
            continue
        verdict: Verdict
        if count.known_events is None:
            verdict, recomputed = "cannot judge", ""
            message = "The number of patients is not printed, and several numbers fit the percentage."
        else:
            found = rate_intervals(count.known_events, count.total, level=float(count.level))
            fits = [item for item in found if count.low.covers(item.low) and count.high.covers(item.high)]
            recomputed = "; ".join(
                f"{item.method} {words.span(item.low, item.high)}{' (as printed)' if item in fits else ''}"
                for item in found
            )
            verdict = "consistent" if fits else "not reproduced"
            message = (
                f"The interval is {words.listed(item.method for item in fits)}; "
                f"the other {len(found) - len(fits)} methods give other digits."
                if fits
                else f"None of {len(found)} standard methods gives this interval."
            )
        yield fact.about.finding(NAME, verdict, message, recomputed)
