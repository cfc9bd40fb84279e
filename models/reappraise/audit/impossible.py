"""Printed numbers that no patients could give: an estimate outside its interval, events beyond patients, p above 1.

No tolerance but rounding. Nothing is analysed from them, and no other check looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, sqrt

from reappraise.audit.digits import one_digit_away, variants
from reappraise.audit.finding import About, Finding
from reappraise.audit.walk import ImpossibleFact, impossible_facts
from reappraise.core.estimate import QUANTITIES
from reappraise.published.record import Count, Published
from reappraise.published.trial import Trial

NAME = "possible at all"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every printed number that no patients could give."""
    for fact in impossible_facts(trial):
        yield impossible(fact.about, f"{fact.reason}{_hint(fact)}")


def impossible(about: About, reason: str) -> Finding:
    """The finding that no patients could give something, for a reason in words."""
    return about.finding(NAME, "inconsistent", f"{reason[:1].upper()}{reason[1:]}. Nothing is analysed from it.")


def _hint(fact: ImpossibleFact) -> str:
    """What one digit, or exchanged limits, would mend; empty where nothing so simple would."""
    record = fact.record
    if isinstance(record, Published):
        return _of_estimate(record)
    return _of_count(record)


def _of_count(count: Count) -> str:
    events, percent = count.events, count.percent
    if events is None or percent is None or not count.impossible:
        return ""
    if count.beyond:
        totals = [count.model_copy(update={"total": n}) for n in variants(count.total) if n >= max(events, 1)]
        fits = [one.total for one in totals if not one.beyond and percent.covers(100 * events / one.total)]
        return f"; of {fits[0]}, one digit away, {events} would be {percent}%" if len(fits) == 1 else ""
    right = [n for n in variants(events) if n <= count.total and percent.covers(100 * n / count.total)]
    return f"; {right[0]}, one digit away, would be {percent}%" if len(right) == 1 else ""


def _of_estimate(published: Published) -> str:
    value, low, high = published.value, published.low, published.high
    if not published.impossible or value is None or low is None or high is None or inf in {low, high}:
        return ""
    if published.reversed_limits:
        return "; exchanged, they hold the value" if high.bounds[0] <= value <= low.bounds[1] else ""
    ratio = QUANTITIES[published.quantity].form == "ratio"
    if ratio and low <= 0:
        return ""
    right = one_digit_away(value, sqrt(low * high) if ratio else (low + high) / 2)
    return f"; {right}, one digit away, is the middle of it" if right else ""
