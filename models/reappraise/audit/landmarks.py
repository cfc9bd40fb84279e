r"""Survival at a landmark: the scale on which its interval is symmetric, and its width against the patients.

.. math:: Var(\hat S) \ge S (1 - S) / n

Greenwood's variance equals the bound if nobody was censored before the landmark, and exceeds it otherwise: patients
censored early only make later risk sets smaller. S (1 - S) / Var is the effective number of patients, at most n.
Tolerances: rounding of the printed numbers, and 1% of n for programs that carry few digits. Below n / 2 the interval
is so wide that half the information was censored: possible, but only the numbers at risk could show it.

References
----------
Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data. 2nd ed. Wiley 2002.
doi:10.1002/9781118032985
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import asin, inf, log, sqrt

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, overlap, standard_error
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "landmark survival"
SLACK = 1.01
"""Effective over actual number of patients that is still put down to digits carried."""

type Curve = Callable[[float], float]
SCALES: dict[str, tuple[Curve, Curve]] = {
    "plain (Greenwood)": (lambda s: s, lambda _: 1.0),
    "log": (log, lambda s: 1 / s),
    "log-log": (lambda s: -log(-log(s)), lambda s: -1 / (s * log(s))),
    "logit": (lambda s: log(s / (1 - s)), lambda s: 1 / (s * (1 - s))),
    "arcsine square root": (lambda s: asin(sqrt(s)), lambda s: 1 / (2 * sqrt(s * (1 - s)))),
}
"""Increasing transformations that programs offer, with their slopes."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every survival probability printed with an interval."""
    for fact in estimates(trial):
        published = fact.published
        if published.quantity == "survival" and fact.has_interval:
            power = -2 if published.unit == "percent" else 0
            printed = [
                item.scaled(power) for item in (published.value, published.low, published.high) if item is not None
            ]
            yield _judge(fact, printed, _patients(trial, fact))


def _judge(fact: EstimateFact, printed: list[Printed], patients: int | None) -> Finding:
    value, low, high = printed
    level = float(fact.published.level)
    verdict: Verdict
    recomputed = ""
    if not all(item.bounds[0] > 0 and item.bounds[1] < 1 for item in printed):
        verdict = "cannot judge"
        message = "Survival or a limit is 0% or 100% to the printed digits, where intervals are cut off."
    else:
        spans = {name: _effective(value, low, high, level, *curves) for name, curves in SCALES.items()}
        fits = {name: span for name, span in spans.items() if span is not None}
        recomputed = "; ".join(
            f"{name}: not symmetric" if span is None else f"{name}: symmetric, effective patients {words.span(*span)}"
            for name, span in spans.items()
        )
        verdict, message = _verdict(fits, patients)
    return fact.about.finding(NAME, verdict, message, recomputed)


def _effective(value: Printed, low: Printed, high: Printed, level: float, curve: Curve, slope: Curve) -> Span | None:
    """Effective number of patients if the interval is symmetric on this scale, else None."""
    middle, lower, upper = (tuple(curve(bound) for bound in item.bounds) for item in (value, low, high))
    if not overlap((2 * middle[0], 2 * middle[1]), (lower[0] + upper[0], lower[1] + upper[1])):
        return None
    s = float(value)
    least, most = (error / slope(s) for error in standard_error((lower[0], lower[1]), (upper[0], upper[1]), level))
    return s * (1 - s) / most**2, s * (1 - s) / least**2 if least > 0 else inf


def _verdict(fits: dict[str, Span], patients: int | None) -> tuple[Verdict, str]:
    if not fits:
        return "not reproduced", "The interval is symmetric on none of the scales that programs use."
    if patients is None:
        return "cannot judge", "The number of patients in this arm is not known."
    possible = {name: span for name, span in fits.items() if span[0] <= SLACK * patients}
    if not possible:
        return "inconsistent", f"The interval is narrower than {patients} patients allow even without any censoring."
    wide = all(span[1] < patients / 2 for span in possible.values())
    if wide:
        return (
            "cannot judge",
            "So wide an interval needs more than half the patients censored early; numbers at risk are missing.",
        )
    return "consistent", f"The interval is {words.listed(possible)}, as wide as {patients} patients make it."


def _patients(trial: Trial, fact: EstimateFact) -> int | None:
    if fact.endpoint is None:
        return None
    sizes = {item.key: item.sizes for item in trial.file.populations}.get(fact.endpoint.population, {})
    return fact.endpoint.patients(fact.published.arm or "", sizes)
