"""A p value against the estimate and its interval, and the number of sides.

The Wald p value comes from log(ratio), or the difference, over the standard error that the interval implies.
Tolerances in z, beyond rounding, because the printed p is often that of another test:

* hazard ratios, against the log-rank test: 5% from 1/2 to 2, 10% from 1/4 to 4. In 900 simulated trials with 20 to 109
  patients an arm, z differed by at most 2% and 7% there, and by up to 20% beyond.
* all else 20%: in 600 simulated pairs of arms with 20 to 150 patients, Wald's z from an exact interval was up to 21%
  below that of Fisher's or a chi-square test. Where counts are printed, the check of p values and counts is sharper.

One- and two-sided p values are 16% apart in z at 0.05, 9% at 0.005. A bound that only the tolerance makes true is not
judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite, log

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, logs, one_sided, overlap, standard_error, two_sided, z_span
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "p value and interval"
TOLERANCES = ((2.0, 0.05), (4.0, 0.10))
"""Largest hazard ratio, either way round, and relative tolerance of z up to it."""
TOLERANCE = 0.20
"""Relative tolerance of z for all else."""
OF_T = frozenset({"mean_difference", "ratio_of_geometric_means"})
"""Quantities whose interval and p value are those of a t distribution, which is not the normal one of few patients."""
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
    relative = TOLERANCE
    if fact.published.quantity == "hazard_ratio":
        fold = max(value, 1 / value)
        relative = next((width for largest, width in TOLERANCES if fold <= largest), TOLERANCE)
    return z_span(effect, error, relative=relative, absolute=SMALLEST)


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
        near = {1: one_sided(wide), 2: two_sided(wide)}
        possible = [sides for sides, limits in near.items() if overlap(p.bounds, limits)]
        true = [sides for sides in possible if overlap(p.bounds, found[sides])]
        accepted = possible if p.relation == "=" else true
        if p.relation == "=":
            true = sorted(possible, key=lambda sides: _distance(p, found[sides]))[:1]
        recomputed = "; ".join(
            f"Wald, {words.sided(sides)}: {words.span(*limits)} ({_said(p, holds=sides in accepted)})"
            for sides, limits in found.items()
        )
        verdict, message = _verdict(true, possible, stated)
        if verdict == "inconsistent" and fact.published.quantity in OF_T:
            verdict, message = "not reproduced", f"{message} A t test of few patients gives other p values."
    return replace(
        fact.about,
        printed=f"{words.estimate(fact.published)}{f', {words.sided(stated)}' if stated else ', sides not stated'}",
    ).finding(NAME, verdict, message, recomputed)


def _distance(p: Printed, span: Span) -> float:
    """Distance of a printed from a recomputed p value, on the log scale."""
    least = 1e-300
    return abs(log(max(p, p.bounds[1] / 2, least)) - log(max(sum(span) / 2, least)))


def _said(p: Printed, *, holds: bool) -> str:
    if p.relation == "=":
        return f"{p} {'is' if holds else 'is not'} within the tolerance for other tests"
    return f"p {p} is {'true' if holds else 'false'}"


def _verdict(true: list[int], possible: list[int], stated: int | None) -> tuple[Verdict, str]:
    """Verdict, where `true` sides give the p value or come nearest, and `possible` ones lie within the tolerance."""
    if not possible:
        return "inconsistent", "The printed p value is neither the one-sided nor the two-sided one of this interval."
    near = "Within the tolerance only; which test was used, and its statistic, would have to be printed."
    if stated is None:
        if not true:
            return "cannot judge", near
        return "consistent", f"The p value fits the interval if it is {' or '.join(words.sided(n) for n in true)}."
    if stated in true:
        other = 3 - stated
        fits = "fits too" if other in true else "fits less closely" if other in possible else "does not fit"
        return (
            "consistent",
            f"The p value fits the interval as stated, {words.sided(stated)}; {words.sided(other)} it {fits}.",
        )
    if stated in possible:
        return "cannot judge", near
    found = words.sided(possible[0])
    said = f"The p value is the {found} one of this interval, but {words.sided(stated)} is stated."
    if possible[0] not in true:
        said = (
            f"The p value is not the {words.sided(stated)} one of this interval, and the {found} one only within the "
            "tolerance for other tests; a wrong digit in either would show like this."
        )
    return "inconsistent", said
