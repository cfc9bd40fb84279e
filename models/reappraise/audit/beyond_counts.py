"""Intervals and p values that only individual data could reproduce; named, lest silence be taken for agreement."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.audit import words
from reappraise.audit.candidates import countable, table_of
from reappraise.audit.finding import Finding
from reappraise.audit.log_symmetry import RATIOS
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.published.trial import Trial

NAME = "not to be recomputed"
JUDGED = frozenset({"survival", "mean", "geometric_mean", "mean_difference", "event_rate"})
"""Quantities beside ratios that other checks look at."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every printed confidence interval and p value that no other check takes up."""
    for fact in estimates(trial):
        if trial.single and fact.published.quantity == "rate":
            continue  # counts, and the check of benchmarks, take it up
        missing = []
        if fact.published.low is not None and fact.published.spread == "confidence interval" and not _interval(fact):
            missing.append("interval")
        if fact.published.p is not None and not _p_value(fact):
            missing.append("p value")
        if missing:
            yield fact.about.finding(
                NAME,
                "cannot judge",
                f"To recompute the {words.listed(missing)}, values of individual patients are missing.",
            )


def _interval(fact: EstimateFact) -> bool:
    quantity = fact.published.quantity
    judged = fact.form == "ratio" or quantity in RATIOS or quantity in JUDGED
    return fact.has_interval and (judged or countable(fact))


def _p_value(fact: EstimateFact) -> bool:
    judged = fact.form == "spread" or (fact.has_interval and fact.form in {"ratio", "difference"})
    return judged or table_of(fact) is not None
