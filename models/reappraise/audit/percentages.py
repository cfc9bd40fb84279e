"""Percentages against counts: count / denominator, rounded as printed, is the percentage.

Tolerance: half a unit of the last printed digit, either way at a tie, because both ways of rounding a 5 are in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal

from reappraise.audit import words
from reappraise.audit.digits import one_digit_away, variants
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.walk import CountFact, counts
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

NAME = "percentage"


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every count printed with a percentage, or as a percentage only."""
    sizes = sorted({size for population in trial.file.populations for size in population.sizes.values()})
    for fact in counts(trial):
        if fact.count.percent is not None:
            yield _judge(fact, fact.count.percent, sizes)


def _judge(fact: CountFact, percent: Printed, sizes: list[int]) -> Finding:
    count = fact.count
    verdict: Verdict
    if count.events is not None:
        recomputed = f"{count.events} / {count.total} = {100 * count.events / count.total:.4f}%"
        if percent.covers(100 * count.events / count.total):
            verdict, message = "consistent", "The percentage is the count over the denominator, rounded."
        else:
            verdict = "inconsistent"
            message = (
                f"{count.events} of {count.total} is not {percent}%{_hint(count.events, count.total, percent, sizes)}."
            )
    else:
        fitting = count.candidates
        asked = _fraction(percent, count.total)
        recomputed = f"whole numbers of patients that give {percent}%: {_runs(fitting)}"
        if asked:
            verdict, message = "cannot judge", asked
        elif not fitting:
            verdict = "inconsistent"
            message = f"No whole number of {count.total} patients is {percent}%."
        elif len(fitting) == 1:
            verdict, message = "consistent", f"Only {fitting[0]} of {count.total} patients gives this percentage."
        else:
            verdict = "cannot judge"
            message = f"The number of patients is not printed, and {len(fitting)} numbers fit the percentage."
    return fact.about.finding(NAME, verdict, message, recomputed)


def _fraction(percent: Printed, total: int) -> str:
    """A question where a percentage below 1 without its count may be a fraction; empty where it may not."""
    if percent.relation != "=" or not 0 < percent < 1 or percent.half_unit > Decimal("0.005"):
        return ""
    fitting = tuple(k for k in range(total + 1) if percent.covers(k / total))
    if not fitting:
        return ""
    as_percent = f"{100 * percent:.4g}"
    return f"Is {percent} a fraction of 1? Then write percent = {as_percent}: {_runs(fitting)} of {total} patients."


def _hint(events: int, total: int, percent: Printed, sizes: list[int]) -> str:
    others = [size for size in sizes if size != total and events <= size and percent.covers(100 * events / size)]
    if others:
        return f"; it is {percent}% of {words.listed(str(size) for size in others)}"
    unit = Decimal(1).scaleb(int(percent.digits.as_tuple().exponent)) if percent.relation == "=" else None
    if unit is not None and (Decimal(100 * events) / total).quantize(unit, rounding=ROUND_FLOOR) == percent.digits:
        return "; it was cut off instead of rounded"
    digits = [f"{n} of {total}" for n in variants(events) if n <= total and percent.covers(100 * n / total)]
    right = one_digit_away(percent, 100 * events / total)
    digits += [f"{right}%"] if right else []
    if digits:
        return f"; {' or '.join(digits)}, one digit away, would be right"
    fitting = [k for k in range(total + 1) if percent.covers(100 * k / total)]
    if fitting:
        return f"; {_runs(tuple(fitting))} of {total} would be"
    return ""


def _runs(numbers: Sequence[int]) -> str:
    """Consecutive numbers, shortened."""
    if not numbers:
        return "none"
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
