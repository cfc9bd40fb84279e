"""Event rates against events and person-time, and their printed ratio against both arms' events.

Tolerance: rounding of rates, person-times and of the printed numbers. Limits of a rate that Garwood's and Wald's
methods do not give may be those of a model with overdispersion, and so may a ratio: they are "not reproduced".
"Inconsistent" is a rate that is not its events over its person-time, and a ratio that is said to be crude and is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, sqrt

from reappraise.audit import words
from reappraise.audit.finding import About, Finding, Verdict
from reappraise.audit.impossible import impossible, middle_hint
from reappraise.audit.rounding import Span, overlap, quantile
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.event_rate.published import EventRateEndpoint, Exposed
from reappraise.published.trial import Trial

RATES = "rate and person-time"
RATIOS = "ratio of rates from events"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield findings for every printed rate, and for every printed ratio of rates."""
    facts = list(estimates(trial))
    for item in trial.of(EventRateEndpoint):
        for one in item.published.exposed:
            about = About(
                endpoint=item.published.key,
                subject=f"{item.published.label}, {words.arm(trial, one.arm)}",
                printed=printed_rate(item.published, one),
                source=one.source,
            )
            yield from _arm(item.published, one, about)
        for fact in facts:
            if fact.endpoint is item.published and item.published.compares(fact.published):
                yield from _ratio(item.published, fact)


def _arm(endpoint: EventRateEndpoint, one: Exposed, about: About) -> Iterator[Finding]:
    if one.impossible:
        yield impossible(about, f"{one.impossible}{middle_hint(one.rate, one.low, one.high, ratio=True)}")
        return
    if one.rate is None or one.events is None:
        return
    per = float(endpoint.per)
    if one.person_time is not None:
        low, high = one.person_time.bounds
        span = per * one.events / high, per * one.events / max(low, 1e-300)
        agrees = overlap(one.rate.bounds, span)
        message = "The rate is its events over its person-time." if agrees else _unlike(one, span)
        # of recurrent events papers print the rate of a model with overdispersion
        apart: Verdict = "not reproduced" if endpoint.recurrent else "inconsistent"
        yield about.finding(RATES, "consistent" if agrees else apart, message, words.span(*span))
    if one.events:
        yield from _limits(endpoint, one, about)


def _unlike(one: Exposed, span: Span) -> str:
    rate, middle = one.rate or 0.0, sum(span) / 2
    for factor in (10.0, 100.0, 1000.0, 12.0, 365.25):
        for power, said in ((factor, f"1/{factor:g}"), (1 / factor, f"{factor:g} times")):
            if overlap((rate * power * 0.99, rate * power * 1.01), (middle, middle)):
                return f"The rate is {said} of its events over its person-time: another amount or unit of time."
    return "The rate is not its events over its person-time."


def _limits(endpoint: EventRateEndpoint, one: Exposed, about: About) -> Iterator[Finding]:
    from scipy.special import gammaincinv  # slow to load, and few trials need it

    if one.rate is None or not one.events or one.low is None or one.high is None:
        return
    tail, z = (1 - float(one.level)) / 2, quantile(float(one.level))
    scale = one.rate.bounds[0] / one.events, one.rate.bounds[1] / one.events
    error = 1 / sqrt(one.events)
    methods = {
        "Garwood": (float(gammaincinv(one.events, tail)), float(gammaincinv(one.events + 1, 1 - tail))),
        "Wald log": (one.events / exp(z * error), one.events * exp(z * error)),
        "Wald": (one.events - z * sqrt(one.events), one.events + z * sqrt(one.events)),
    }
    fits = [
        name
        for name, (low, high) in methods.items()
        if overlap(one.low.bounds, (low * scale[0], low * scale[1]))
        and overlap(one.high.bounds, (high * scale[0], high * scale[1]))
    ]
    said = "; ".join(
        f"{name} {words.number(low * sum(scale) / 2)} to {words.number(high * sum(scale) / 2)}"
        for name, (low, high) in methods.items()
    )
    if fits:
        yield about.finding(RATES, "consistent", f"The limits are those of {words.listed(fits)}.", said)
        return
    why = "events recur, so a model with overdispersion may have" if endpoint.recurrent else "another model may have"
    yield about.finding(RATES, "not reproduced", f"No Poisson method gives the limits: {why}.", said)


def printed_rate(endpoint: EventRateEndpoint, one: Exposed) -> str:
    """Events, person-time and rate as printed."""
    parts = [] if one.events is None else [f"{one.events} events"]
    if one.person_time is not None:
        parts.append(f"{one.person_time} patient-{endpoint.unit}")
    if one.rate is not None:
        limits = f" ({100 * float(one.level):.4g}% interval {one.low} to {one.high})" if one.low is not None else ""
        parts.append(f"{one.rate} {endpoint.rate_unit}{limits}")
    return ", ".join(parts)


def _ratio(endpoint: EventRateEndpoint, fact: EstimateFact) -> Iterator[Finding]:
    rates = _rates(endpoint)
    value = fact.published.value
    above, below = (rates.get(key or "") for key in (fact.published.numerator, fact.published.denominator))
    if value is None or above is None or below is None or below[0] <= 0:
        return
    span = above[0] / below[1], above[1] / below[0]
    given = overlap(value.bounds, span)
    said = words.span(*span)
    events = {one.arm: one.events for one in endpoint.exposed}
    methods = _methods(events.get(fact.published.numerator or ""), events.get(fact.published.denominator or ""), fact)
    fits = [name for name, factor in methods.items() if fact.has_interval and _gives(fact, span, factor)]
    crude = "crude" in fact.published.came_about
    verdict: Verdict = "consistent"
    message = "The ratio is that of the rates." if given else "The rates do not give the ratio."
    if fact.has_interval and methods:
        message += (
            f" The interval is that of {words.listed(fits)}." if fits else " No Poisson method gives the interval."
        )
    if not given or (fact.has_interval and methods and not fits):
        # quasi-Poisson and mid-p limits are crude as well
        verdict = "inconsistent" if crude and not given else "not reproduced"
        ways = sorted(fact.published.came_about - {"crude"})
        if not given and span[0] > 0 and overlap(value.bounds, (1 / span[1], 1 / span[0])):
            message += " What fits: the arms are exchanged."
        elif crude:
            message += " Print says that it is crude."
        elif ways:
            message += f" It is {words.listed(ways)}, as print says."
        else:
            message += " What fits: adjustment, or a model with overdispersion."
    yield fact.about.finding(RATIOS, verdict, message, f"ratio {said}")


def _rates(endpoint: EventRateEndpoint) -> dict[str, Span]:
    """Rates per unit of time that print allows, by arm."""
    found: dict[str, Span] = {}
    for one in endpoint.exposed:
        if one.impossible:
            continue
        if one.events is not None and one.person_time is not None and one.person_time.bounds[0] > 0:
            low, high = one.person_time.bounds
            found[one.arm] = one.events / high, one.events / low
        elif one.rate is not None:
            per = float(endpoint.per)
            found[one.arm] = max(one.rate.bounds[0], 0.0) / per, one.rate.bounds[1] / per
    return found


def _methods(above: int | None, below: int | None, fact: EstimateFact) -> dict[str, tuple[float, float]]:
    """Limits over the ratio itself, by method; empty where events are not printed, or an arm has none."""
    if not above or not below:
        return {}
    from scipy.special import betaincinv  # as above

    level = float(fact.published.level)
    factor = exp(quantile(level) * sqrt(1 / above + 1 / below))
    tail = (1 - level) / 2
    low, high = float(betaincinv(above, below + 1, tail)), float(betaincinv(above + 1, below, 1 - tail))
    own = above / below
    return {
        "Wald log": (1 / factor, factor),
        "exact conditional": (low / (1 - low) / own, high / (1 - high) / own),
    }


def _gives(fact: EstimateFact, span: Span, factors: tuple[float, float]) -> bool:
    limits = fact.published.low, fact.published.high
    return all(
        limit is not None and overlap(limit.bounds, (span[0] * factor, span[1] * factor))
        for limit, factor in zip(limits, factors, strict=True)
    )
