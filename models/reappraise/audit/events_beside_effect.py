r"""An effect printed as an estimate against the patients with an event that are printed beside it.

The counts need not give it: effects are printed because they are adjusted, or are ratios of hazards. But adjustment
moves an estimate by 2 of its standard errors at most (`causes.FARTHEST`), so that direction and rough size must be
those of the counts. For ratios of hazards and of event rates two crude ratios are taken, the truth lying between them
or near where arms were followed for equally long: that of the risks r, and that of the cumulative hazards

.. math:: \log(1 - r_1) \,/\, \log(1 - r_0).

Farther away, or against the counts by more than a standard error, it is "not reproduced", with the causes that fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite, log, log1p, sqrt

from reappraise.audit import words
from reappraise.audit.candidates import candidates_of, gives_interval, gives_value, in_scale
from reappraise.audit.causes import FARTHEST, likely_causes
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import logs, quantile, standard_error
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.two_by_two import TwoByTwo
from reappraise.effect.published import EffectEndpoint
from reappraise.published.record import Count
from reappraise.published.trial import Trial

NAME = "events beside an effect"
OF_COUNTS = ("risk_ratio", "odds_ratio", "risk_difference")
"""Quantities that counts determine."""
OVER_TIME = ("hazard_ratio", "rate_ratio")
"""Quantities that counts tell the rough size of."""


@dataclass(frozen=True, slots=True)
class Crude:
    """What counts say of an effect, on the scale it is symmetric on: logarithms of ratios.

    Parameters
    ----------
    low, high
        Least and largest crude effect.
    error
        Its standard error.
    said
        The same in words, unlogged.
    """

    low: float
    high: float
    error: float
    said: str


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every effect that is printed with the events of both arms."""
    effects = {item.published.key: item.published for item in trial.of(EffectEndpoint) if item.published.counts}
    for fact in estimates(trial):
        endpoint = effects.get(fact.owner)
        if endpoint is not None and fact.published.value is not None and _counted(endpoint, fact):
            yield _judge(trial, fact, {count.arm: count for count in endpoint.counts})


def _counted(endpoint: EffectEndpoint, fact: EstimateFact) -> bool:
    """Whether the counts are of what the estimate is about, and say something of its quantity."""
    return endpoint.counts_are_of(fact.published) and fact.published.quantity in {*OF_COUNTS, *OVER_TIME}


def _judge(trial: Trial, fact: EstimateFact, counts: Mapping[str, Count]) -> Finding:
    arms = [counts.get(arm or "") for arm in (fact.published.numerator, fact.published.denominator)]
    table = _table([count for count in arms if count is not None])
    crude = None if table is None else _crude(fact, table)
    verdict: Verdict = "cannot judge"
    recomputed = ""
    if table is None:
        message = "The number of patients with an event is not known in both arms."
    elif crude is None:
        message = "Without events in an arm, or with nobody spared, the counts give no effect to hold it against."
    else:
        recomputed = crude.said
        verdict, message = _verdict(trial, fact, table, crude)
    shown = ", ".join(f"{words.arm(trial, count.arm)} {words.count(count)}" for count in arms if count is not None)
    return replace(fact.about, printed=f"{words.estimate(fact.published)}; {shown}").finding(
        NAME, verdict, message, recomputed
    )


def _table(counts: list[Count]) -> TwoByTwo | None:
    known = [count.known_events for count in counts]
    if len(counts) < 2 or known[0] is None or known[1] is None:
        return None
    return TwoByTwo(known[0], counts[0].total, known[1], counts[1].total)


def _crude(fact: EstimateFact, table: TwoByTwo) -> Crude | None:
    """None where the counts determine no finite effect."""
    quantity, first, reference = fact.published.quantity, table.rate, table.reference_rate
    if quantity == "risk_difference":
        scale = in_scale(fact)
        variance = first * (1 - first) / table.total + reference * (1 - reference) / table.reference_total
        value = scale * (first - reference)
        return Crude(value, value, scale * sqrt(variance), f"{words.number(value)} from the counts")
    if table.has_zero_cell:
        return None
    risks, odds = first / reference, first * (1 - reference) / (reference * (1 - first))
    if quantity in OVER_TIME:
        hazards = log1p(-first) / log1p(-reference)
        error = sqrt(1 / table.events + 1 / table.reference_events)
        low, high = sorted((log(risks), log(hazards)))
        said = f"ratio of the risks {words.number(risks)}, of the cumulative hazards {words.number(hazards)}"
        return Crude(low, high, error, said)
    (a, b), (c, d) = table.cells
    unlogged, variance = (risks, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))
    if quantity == "odds_ratio":
        unlogged, variance = odds, 1 / a + 1 / b + 1 / c + 1 / d
    return Crude(log(unlogged), log(unlogged), sqrt(variance), f"{words.number(unlogged)} from the counts")


def _verdict(trial: Trial, fact: EstimateFact, table: TwoByTwo, crude: Crude) -> tuple[Verdict, str]:
    candidates = candidates_of(fact, table) if fact.published.quantity in OF_COUNTS else ()
    values = [item for item in candidates if gives_value(item, fact)]
    if any(gives_interval(item, fact) or not fact.has_interval for item in values):
        return "consistent", "The counts give it: it is the crude effect."
    value = _scaled(fact, float(fact.published.value or 0.0))
    error = _printed_error(fact) or crude.error
    away = max(crude.low - value, value - crude.high, 0.0) / error if isfinite(value) else inf
    against = (value > 0 > crude.high) or (value < 0 < crude.low)
    if away <= (1.0 if against else FARTHEST):
        what = "Size, but not direction, is that" if against else "Direction and size are those"
        why = "adjustment and the times of events make as much"
        return "consistent", f"{what} of the counts, {away:.2g} standard errors away: {why}."
    causes = _turned(fact, crude, error) or likely_causes(trial, fact, candidates, table)
    fits = (
        f"What fits: {'; '.join(causes)}."
        if causes
        else "None of the usual causes fits: exchanged arms, a wrong digit."
    )
    way = "It points against the counts" if against else "It lies far from what the counts give"
    return "not reproduced", f"{way}, {away:.2g} standard errors away. {fits}"


def _turned(fact: EstimateFact, crude: Crude, error: float) -> tuple[str, ...]:
    """Whether the effect of exchanged arms lies where the counts have it."""
    value = -_scaled(fact, float(fact.published.value or 0.0))
    away = max(crude.low - value, value - crude.high, 0.0) / error
    return ("exchanged arms, or the event counted for its opposite",) if away <= 1.0 else ()


def _printed_error(fact: EstimateFact) -> float | None:
    low, high = fact.published.low, fact.published.high
    if low is None or high is None or not fact.has_interval:
        return None
    level = float(fact.published.level)
    if fact.form == "ratio":
        error = sum(standard_error(logs(low), logs(high), level)) / 2
    else:
        error = (high - low) / (2 * quantile(level))
    return error if isfinite(error) and error > 0 else None


def _scaled(fact: EstimateFact, number: float) -> float:
    if fact.form != "ratio":
        return number
    return log(number) if 0 < number < inf else -inf if number <= 0 else inf
