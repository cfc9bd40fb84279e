"""A printed difference of means against the arms' means: value, interval and p value by Welch's, Student's and z tests.

Tolerance: rounding of means, spreads and of the printed numbers. What the means do not give may be adjusted, and is
then right: it is "not reproduced"; "inconsistent" only where print says that it is crude.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, log, sqrt
from typing import TYPE_CHECKING

from reappraise.audit import words
from reappraise.audit.causes import WIDTHS
from reappraise.audit.digits import texts
from reappraise.audit.finding import Finding, Verdict
from reappraise.audit.rounding import Span, logs, overlap, z_span
from reappraise.audit.walk import EstimateFact, estimates
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError
from reappraise.core.printed import Printed
from reappraise.published.trial import Trial

if TYPE_CHECKING:
    from reappraise.continuous.table import MeansTable

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
                    yield _judge(fact, fact.published.value, _directed(table, fact), fact.favour(trial))


type _Scale = Callable[[Span], Span]


@dataclass(frozen=True, slots=True)
class _Test:
    """What one test makes of the means: spans that rounding leaves."""

    name: str
    difference: Span
    error: Span
    degrees: Span

    def limits(self, level: float) -> tuple[Span, Span]:
        from scipy.special import stdtrit

        factors = [float(stdtrit(degrees, (1 + level) / 2)) for degrees in self.degrees]
        least, most = min(factors) * self.error[0], max(factors) * self.error[1]
        (low, high) = self.difference
        return (low - most, high - least), (low + least, high + most)

    def width(self, level: float) -> float:
        """Width of the interval, in the middle of what rounding leaves."""
        low, high = self.limits(level)
        return max((sum(high) - sum(low)) / 2, 1e-300)

    def p(self, sides: int, favour: float = 1.0) -> Span:
        """Span of the p value; a one-sided one is towards benefit, the difference times `favour` above 0."""
        from scipy.special import stdtr

        z = z_span(self.difference, self.error)
        if sides == 1:
            ends = [-favour * end for end in z]
        else:
            ends = [0.0 if z[0] <= 0 <= z[1] else -min(map(abs, z)), -max(map(abs, z))]
        found = [sides * float(stdtr(degrees, end)) for end in ends for degrees in self.degrees]
        return min(found), max(found)


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
    yield _Test("Welch's t", difference, (separate[0], separate[1]), _welch(table, totals))
    degrees = below.total + above.total - 2
    if not as_errors:
        share = 1 / below.total + 1 / above.total
        pooled = [
            sqrt(share * sum((arm.total - 1) * arm.sd[end] ** 2 for arm in table.arms) / degrees) for end in (0, 1)
        ]
        yield _Test("Student's t", difference, (pooled[0], pooled[1]), (degrees, degrees))
    yield _Test("z", difference, (separate[0], separate[1]), (1e6, 1e6))


def _welch(table: MeansTable, totals: Sequence[int]) -> Span:
    r"""Degrees of freedom that the rounding of both spreads leaves.

    .. math:: \nu = \frac{(v_1 + v_0)^2}{v_1^2 / (n_1 - 1) + v_0^2 / (n_0 - 1)}

    depends on v1 / v0 alone, and is largest, n1 + n0 - 2, where that is (n1 - 1) / (n0 - 1).
    """
    (first, second), own = table.arms, [arm.total - 1 for arm in table.arms]
    (least, most), (low, high) = (
        tuple(max(end, 1e-150) ** 2 / n for end in arm.sd) for arm, n in zip((first, second), totals, strict=True)
    )
    ratios = [least / high, most / low]
    if ratios[0] < own[0] / own[1] < ratios[1]:
        ratios.append(own[0] / own[1])
    found = [(ratio + 1) ** 2 / (ratio**2 / own[0] + 1 / own[1]) for ratio in ratios]
    return min(found), max(found)


def _judge(fact: EstimateFact, value: Printed, table: MeansTable, favour: float) -> Finding:
    scale = _back if table.logarithmic else _same
    found = list(standard_tests(table))
    level, p, sides = float(fact.published.level), fact.published.p, fact.sides
    gives_value = overlap(value.bounds, scale(found[0].difference))
    intervals = [test for test in found if fact.has_interval and _gives(test, fact, level, scale)]
    asked = {sides} if sides else {1, 2}
    ps = [test for test in found if p is not None and any(overlap(p.bounds, test.p(n, favour)) for n in asked)]
    given = gives_value and (intervals or not fact.has_interval) and (ps or p is None)
    recomputed = "; ".join(
        f"{test.name} {words.span(*scale(test.difference))}, "
        f"limits {words.span(*scale(test.limits(level)[0]))} and {words.span(*scale(test.limits(level)[1]))}, "
        f"{words.sided(sides or 2)} p {words.span(*test.p(sides or 2, favour))}"
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
    fits += _wrong_digits(fact, value, table) if not fits and fact.has_interval else []
    if fits:
        pass  # what gives the printed numbers needs no other cause
    elif ways:
        fits.append(f"it is {words.listed(ways)}, as print says")
    elif "crude" not in fact.published.came_about and apart <= ADJUSTED and _as_wide(fact, table, level):
        fits.append("adjustment, such as for the value at baseline")
    if apart > 0:
        yield f"The value and the difference of the means are {apart:.2g} standard errors apart."
    yield f"What fits: {'; '.join(fits)}." if fits else "None of the usual causes fits."


def _wrong_digits(fact: EstimateFact, value: Printed, table: MeansTable) -> Iterator[str]:
    """Yield digits of a mean or spread that would make value and interval those of the means."""
    from reappraise.continuous.means import arm_mean

    if not isinstance(fact.endpoint, ContinuousEndpoint):
        return
    records = {one.arm: one for one in fact.endpoint.measured}
    scale, level = (_back if table.logarithmic else _same), float(fact.published.level)
    for place, arm in enumerate(table.arms):
        for name in ("mean", "sd", "se"):
            number, fits = getattr(records[arm.arm], name), []
            for text in dict.fromkeys(texts(number.number)) if number is not None and number.relation == "=" else ():
                changed = records[arm.arm].model_copy(update={name: Printed(text)})
                try:
                    other = arm_mean(changed, fact.owner, arm.label, logarithmic=table.logarithmic)
                except AnalysisError:
                    continue
                arms = (other, table.arms[1]) if place == 0 else (table.arms[0], other)
                tests = list(standard_tests(replace(table, arms=arms)))
                if overlap(value.bounds, scale(tests[0].difference)) and any(
                    _gives(test, fact, level, scale) for test in tests
                ):
                    fits.append(text)
            if fits:
                yield f"a wrong digit: {name} {number} with {arm.label}, where {' or '.join(fits)} would fit"


def _misnamed(fact: EstimateFact, table: MeansTable, level: float) -> str:
    """Whether the width of the interval is that of spreads which are something else than they are printed as."""
    printed = _width(fact.published.low, fact.published.high, table)
    if printed is None:
        return ""

    def near(test: _Test) -> bool:
        return 1 / ALIKE < printed / test.width(level) < ALIKE

    if not near(next(standard_tests(table))) and near(next(standard_tests(table, as_errors=True))):
        return "what is printed as standard deviations may be standard errors: the interval is about as wide as these"
    return ""


def _as_wide(fact: EstimateFact, table: MeansTable, level: float) -> bool:
    """Whether adjustment may have made the printed interval as wide as it is; true where none is printed."""
    printed = _width(fact.published.low, fact.published.high, table)
    return printed is None or WIDTHS[0] <= printed / next(standard_tests(table)).width(level) <= WIDTHS[1]


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


def _said(what: str, fits: list[str]) -> str:
    return f"The {what} is that of {words.listed(fits)}." if fits else f"The means do not give the {what}."


def _same(span: Span) -> Span:
    return span


def _back(span: Span) -> Span:
    return exp(span[0]), exp(span[1]) if span[1] < 700 else inf
