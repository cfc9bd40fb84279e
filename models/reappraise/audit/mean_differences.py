"""A printed difference of means against the arms' means: value, interval and p value by Welch's, Student's and z tests.

Tolerance: rounding of means, spreads and of the printed numbers. What the means do not give may be adjusted, and is
then right: it is "not reproduced"; "inconsistent" only where print says that it is crude.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt
from typing import TYPE_CHECKING

from reappraise.audit import words
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, logs, overlap
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

if TYPE_CHECKING:
    from reappraise.continuous.table import ArmMean, MeansTable

NAME = "difference of means"
ALIKE = 1.5
"""Ratio of the widths of two intervals below which one may be the other, adjusted; a root of n is further off."""
ADJUSTED = 2.0
"""Standard errors that adjustment moves an estimate by at most."""


def check(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for every printed contrast of means whose arms' means are printed."""
    items = trial.of(ContinuousEndpoint)
    if not items:
        return
    from reappraise.continuous.means import means_table  # needs SciPy: slow to load, and few trials need it

    facts = list(estimates(trial))
    for item in items:
        for fact in facts:
            if fact.endpoint is item.published and item.published.compares(fact.published):
                try:
                    table = means_table(item)
                except AnalysisError as error:
                    yield fact.about.finding(NAME, "cannot judge", f"The arms' means give none: {error}.")
                    continue
                if table is not None and fact.published.value is not None:
                    yield _judge(fact, fact.published.value, _directed(table, fact))


type _Scale = Callable[[Span], Span]


@dataclass(frozen=True, slots=True)
class _Test:
    """What one test makes of the means: spans that rounding leaves."""

    name: str
    difference: Span
    error: Span
    degrees: float

    def limits(self, level: float) -> tuple[Span, Span]:
        from scipy.special import stdtrit

        factor = float(stdtrit(self.degrees, (1 + level) / 2))
        least, most = factor * self.error[0], factor * self.error[1]
        (low, high) = self.difference
        return (low - most, high - least), (low + least, high + most)

    def p(self, sides: int) -> Span:
        from scipy.special import stdtr

        nearest = 0.0 if self.difference[0] <= 0 <= self.difference[1] else min(map(abs, self.difference))
        ends = nearest / self.error[1], max(map(abs, self.difference)) / max(self.error[0], 1e-300)
        small, large = (sides * float(stdtr(self.degrees, -t)) for t in reversed(ends))
        return small, large


def _directed(table: MeansTable, fact: EstimateFact) -> MeansTable:
    return table if fact.published.numerator == table.arms[1].arm else table.swapped()


def standard_tests(table: MeansTable, *, as_errors: bool = False) -> Iterator[_Test]:
    """Yield the standard tests of a difference, second arm minus first.

    Parameters
    ----------
    table
        The arms' means.
    as_errors
        Whether to take standard deviations for standard errors.
    """
    below, above = table.arms
    difference = above.mean.place[0] - below.mean.place[1], above.mean.place[1] - below.mean.place[0]
    totals = [1 if as_errors else arm.total for arm in table.arms]
    separate = [sqrt(sum(arm.sd[end] ** 2 / n for arm, n in zip(table.arms, totals, strict=True))) for end in (0, 1)]
    welch = _welch(below, above)
    yield _Test("Welch's t", difference, (separate[0], separate[1]), welch)
    degrees = below.total + above.total - 2
    if not as_errors:
        share = 1 / below.total + 1 / above.total
        pooled = [
            sqrt(share * sum((arm.total - 1) * arm.sd[end] ** 2 for arm in table.arms) / degrees) for end in (0, 1)
        ]
        yield _Test("Student's t", difference, (pooled[0], pooled[1]), float(degrees))
    yield _Test("z", difference, (separate[0], separate[1]), 1e6)


def _welch(below: ArmMean, above: ArmMean) -> float:
    parts = [((arm.sd[0] + arm.sd[1]) / 2) ** 2 / arm.total for arm in (below, above)]
    return sum(parts) ** 2 / sum(v**2 / (arm.total - 1) for v, arm in zip(parts, (below, above), strict=True))


def _judge(fact: EstimateFact, value: Printed, table: MeansTable) -> Finding:
    scale = _back if table.logarithmic else _same
    found = list(standard_tests(table))
    level, p, sides = float(fact.published.level), fact.published.p, fact.sides
    gives_value = overlap(value.bounds, scale(found[0].difference))
    intervals = [test for test in found if fact.has_interval and _gives(test, fact, level, scale)]
    ps = [test for test in found if p is not None and any(_gives_p(test, p, n) for n in ({sides} if sides else {1, 2}))]
    given = gives_value and (intervals or not fact.has_interval) and (ps or p is None)
    recomputed = "; ".join(
        f"{test.name} {words.span(*scale(test.difference))}, "
        f"limits {words.span(*scale(test.limits(level)[0]))} and {words.span(*scale(test.limits(level)[1]))}, "
        f"two-sided p {words.span(*test.p(2))}"
        for test in found
    )
    parts = [_said("value", ["the printed means"] if gives_value else [])]
    if fact.has_interval:
        parts.append(_said("interval", [test.name for test in intervals]))
    if p is not None:
        parts.append(_said("p value", [test.name for test in ps]))
    verdict: Verdict = "consistent"
    if any(arm.approximate for arm in table.arms) and not given:
        verdict = "cannot judge"
        parts = ["Medians are printed in place of a mean: no difference of means can be recomputed from them."]
    elif not given:
        # a rank test, or one of pairs, is crude as well: the value alone has to be that of the means
        verdict = "inconsistent" if "crude" in fact.published.came_about and not gives_value else "not reproduced"
        parts += _causes(fact, value, table, scale)
    return fact.about.finding(NAME, verdict, " ".join(parts), recomputed)


def _causes(fact: EstimateFact, value: Printed, table: MeansTable, scale: _Scale) -> Iterator[str]:
    if "crude" in fact.published.came_about:
        yield "Print says that it is crude."
    first = next(standard_tests(table))
    (low, high), error = value.bounds if not table.logarithmic else logs(value), first.error[1]
    apart = max(low - first.difference[1], first.difference[0] - high, 0.0) / error
    level = float(fact.published.level)
    fits = []
    if overlap((low, high), (-first.difference[1], -first.difference[0])):
        fits.append("the arms are exchanged")
    if fact.has_interval and any(_gives(test, fact, level, scale) for test in standard_tests(table, as_errors=True)):
        fits.append("what is printed as standard deviations are standard errors")
    ways = sorted(fact.published.came_about - {"crude"})
    if not fits and (said := _misnamed(fact, table, level)):
        fits.append(said)
    if fits:
        pass  # what gives the printed numbers needs no other cause
    elif ways:
        fits.append(f"it is {words.listed(ways)}, as print says")
    elif "crude" not in fact.published.came_about and apart <= ADJUSTED:
        fits.append("adjustment, such as for the value at baseline")
    if apart > 0:
        yield f"The value and the difference of the means are {apart:.2g} standard errors apart."
    yield f"What fits: {'; '.join(fits)}." if fits else "None of the usual causes fits."


def _misnamed(fact: EstimateFact, table: MeansTable, level: float) -> str:
    """Whether the width of the interval is that of spreads which are something else than they are printed as."""
    printed = _width(fact.published.low, fact.published.high, table)
    if printed is None:
        return ""

    def near(test: _Test) -> bool:
        low, high = test.limits(level)
        ratio = printed / max((sum(high) - sum(low)) / 2, 1e-300)
        return 1 / ALIKE < ratio < ALIKE

    if not near(next(standard_tests(table))) and near(next(standard_tests(table, as_errors=True))):
        return "what is printed as standard deviations may be standard errors: the interval is about as wide as these"
    return ""


def _width(low: Printed | None, high: Printed | None, table: MeansTable) -> float | None:
    """Width of a printed interval, on the scale of the means."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return None
    if not table.logarithmic:
        return float(high) - float(low)
    return log(high) - log(low) if low > 0 else None


def _gives(test: _Test, fact: EstimateFact, level: float, scale: _Scale) -> bool:
    low, high = test.limits(level)
    printed = fact.published.low, fact.published.high
    return all(
        limit is not None and overlap(limit.bounds, scale(span))
        for limit, span in zip(printed, (low, high), strict=True)
    )


def _gives_p(test: _Test, p: Printed, sides: int) -> bool:
    return overlap(p.bounds, test.p(sides))


def _said(what: str, fits: list[str]) -> str:
    return f"The {what} is that of {words.listed(fits)}." if fits else f"The means do not give the {what}."


def _same(span: Span) -> Span:
    return span


def _back(span: Span) -> Span:
    return exp(span[0]), exp(span[1]) if span[1] < 700 else inf
