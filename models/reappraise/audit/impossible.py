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
from reappraise.core.printed import Printed
from reappraise.published.record import Count, OfPatients, Published
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
    if count.beyond:
        return beyond_hint(count)
    events, percent = count.events, count.percent
    if events is None or percent is None or not count.impossible:
        return ""
    right = [n for n in variants(events) if n <= count.total and percent.covers(100 * n / count.total)]
    return f"; {right[0]}, one digit away, would be {percent}%" if len(right) == 1 else ""


def beyond_hint(one: OfPatients) -> str:
    """Whether one digit makes all patients of what is more than all, for a sentence; empty where none does."""
    most = one.most
    return "" if most is None or most not in variants(one.total) else f"; {most}, all of them, is one digit away"


def _of_estimate(published: Published) -> str:
    value, low, high = published.value, published.low, published.high
    if value is None or low is None or high is None or not published.impossible:
        return ""
    if published.reversed_limits:
        return "; exchanged, they hold the value" if high.bounds[0] <= value <= low.bounds[1] else ""
    return middle_hint(value, low, high, ratio=QUANTITIES[published.quantity].form == "ratio")


def middle_hint(value: Printed | None, low: Printed | None, high: Printed | None, *, ratio: bool) -> str:
    """Which value, one digit away, is the middle of an interval that does not hold it, for a sentence; or empty."""
    if value is None or low is None or high is None or not low <= high < inf or low <= value <= high:
        return ""
    if ratio and low <= 0:
        return ""
    right = one_digit_away(value, sqrt(low * high) if ratio else (low + high) / 2)
    return f"; {right}, one digit away, is the middle of it" if right else ""
