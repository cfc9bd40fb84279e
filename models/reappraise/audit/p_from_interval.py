"""Does a p value fit the estimate and its interval, and with how many sides?

The Wald p value comes from log(ratio), or the difference, over the standard error that the interval implies.
Tolerances, beyond rounding: the printed p is often that of another test. Of a log-rank test, z differs from Wald's by
less than 5% for hazard ratios from 1/2 to 2, and by less than 10% up to 1/4 and 4. Exact tests and exact intervals of small counts differ from each other by
up to 10% in z; one- and two-sided p values are further apart than that (16% in z at 0.05) unless p is below 0.01.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, logs, one_sided, overlap, standard_error, two_sided, z_span
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.printed import Printed
from reappraise.trial import Trial

NAME = "p value and interval"
TOLERANCE_NEAR, TOLERANCE = 0.05, 0.10
"""Relative tolerance of z, for hazard ratios from 1/2 to 2 and for all else."""
SMALLEST = 0.02
"""Absolute tolerance of z, for estimates so near to no difference that a relative one vanishes."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every p value printed with a contrast and its interval."""
    for fact in estimates(trial):
        published = fact.published
        if published.p is not None and fact.form in {"ratio", "difference"} and fact.has_interval:
            yield _judge(trial, fact, published.p)


def wald_z(trial: Trial, fact: EstimateFact, *, tolerance: bool) -> Span | None:
    """Span of Wald's z, counted towards benefit (towards the estimate where nothing says what benefit is).

    Parameters
    ----------
    trial
        The trial.
    fact
        A contrast with value and interval.
    tolerance
        Whether to widen the span by what other tests may differ.
    """
    value, low, high = fact.published.value, fact.published.low, fact.published.high
    if value is None or low is None or high is None or fact.published.quantity == "number_needed_to_treat":
        return None
    read = logs if fact.form == "ratio" else _bounds
    effect = read(value)
    error = standard_error(read(low), read(high), float(fact.published.level))
    if not all(isfinite(number) for number in (*effect, *error)) or error[1] <= 0:
        return None
    sign = fact.favour(trial) or (1.0 if sum(effect) > 0 else -1.0)
    effect = effect if sign > 0 else (-effect[1], -effect[0])
    if not tolerance:
        return z_span(effect, error)
    near = fact.published.quantity == "hazard_ratio" and 0.5 <= value <= 2
    return z_span(effect, error, relative=TOLERANCE_NEAR if near else TOLERANCE, absolute=SMALLEST)


def _bounds(printed: Printed) -> Span:
    return printed.bounds


def _judge(trial: Trial, fact: EstimateFact, p: Printed) -> Finding:
    exact, wide = wald_z(trial, fact, tolerance=False), wald_z(trial, fact, tolerance=True)
    stated = fact.sides
    verdict: Verdict
    if exact is None or wide is None:
        verdict, recomputed = "cannot judge", ""
        message = "The interval gives no standard error: a limit is infinite, or 0 to the printed digits."
    else:
        found = {1: one_sided(exact), 2: two_sided(exact)}
        fits = [sides for sides, limits in ((1, one_sided(wide)), (2, two_sided(wide))) if overlap(p.bounds, limits)]
        recomputed = "; ".join(
            f"Wald, {words.sided(sides)}: {words.span(*limits)}{_said(p, sides in fits)}"
            for sides, limits in found.items()
        )
        verdict, message = _verdict(fits, stated)
    return Finding(
        check=NAME,
        verdict=verdict,
        endpoint=fact.owner,
        subject=fact.subject,
        printed=f"{words.estimate(fact.published)}{f', {words.sided(stated)}' if stated else ', sides not stated'}",
        recomputed=recomputed,
        message=message,
        source=fact.published.source,
    )


def _said(p: Printed, fits: bool) -> str:  # noqa: FBT001
    return f" ({'fits' if fits else 'does not fit'} {'' if p.relation == '=' else 'the bound '}{p})"


def _verdict(fits: list[int], stated: int | None) -> tuple[Verdict, str]:
    if not fits:
        return (
            "inconsistent",
            "Neither the one-sided nor the two-sided p value of this estimate and interval is the printed one.",
        )
    if stated is not None and stated not in fits:
        return (
            "inconsistent",
            f"The p value is the {words.sided(fits[0])} one of this estimate and interval; {words.sided(stated)} is stated.",
        )
    if stated is None:
        return (
            "consistent",
            f"The p value fits the interval if it is {' or '.join(words.sided(sides) for sides in fits)}.",
        )
    also = "" if len(fits) == 1 else "; at this precision the other number of sides would fit too"
    other = f"; {words.sided(3 - stated)} it would not" if len(fits) == 1 else also
    return (
        "consistent",
        f"The p value fits the interval with the stated number of sides ({words.sided(stated)}){other}.",
    )
