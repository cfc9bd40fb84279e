"""What subgroups say without a model: their weighted average, how far they lie apart, and whether they add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, hypot, sqrt
from statistics import NormalDist

from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.survival.effect.spans import Span
from reappraise.survival.subgroups.published import spread_at
from reappraise.survival.subgroups.table import SubgroupLevel, SubgroupTable

OWN_NOISE = 0.5
"""Standard deviation of the whole's log ratio about the average of its levels, in standard errors of the whole."""
OWN_SHIFT = 0.1
"""The same, as a share of the log ratio of the whole."""

FAR = 4.0
"""Distance of the whole from its levels, in these standard deviations, beyond which they do not add up: no trial of
1,750 simulated ones with hazards that differed by a factor of up to 4 between levels reached it, 1% of those at 5."""


def discrepancy(log_ratio: float, error: float) -> float:
    r"""Standard deviation of the log hazard ratio of all patients about the weighted average of their levels.

    .. math:: \sqrt{(0.5 s_0)^2 + (0.1 b_0)^2}

    An analysis stratified by the factor is that average. A published one seldom is: with a prognostic factor it has
    another risk set, and its ratio is of another estimand, nearer to 1 (hazard ratios do not collapse). In 2,250
    simulated trials (150 to 1,000 patients, two or three levels) the distance had a standard deviation of 0.1 s_0 where
    the levels had the same prognosis, of 0.3 to 0.5 s_0 where hazards differed by a factor of 2.5 to 4 and 0.65 s_0 at
    5, and a mean of up to 20% of the log ratio. Over this standard deviation it was 0.2, 0.6 to 1.1 and 2 at the root
    of its mean square.

    Parameters
    ----------
    log_ratio, error
        Log hazard ratio b_0 of all patients and its standard error s_0.
    """
    return hypot(OWN_NOISE * error, OWN_SHIFT * log_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    r"""How far the log hazard ratios of levels lie apart, beyond chance.

    .. math:: Q = \sum_k V_k (b_k - \bar b)^2 \sim \chi^2_{K - 1}, \qquad I^2 = \max(0, 1 - (K - 1) / Q)

    Parameters
    ----------
    average, error
        Average of the printed levels, weighted by information V = 1 / s^2, and its standard error.
    statistic, degrees
        Cochran's Q and its degrees of freedom, as many as levels less one.
    ratio
        Largest over smallest hazard ratio.

    References
    ----------
    Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558.
    doi:10.1002/sim.1186
    """

    average: float
    error: float
    statistic: float
    degrees: int
    ratio: float

    @property
    def p(self) -> float:
        """The p value of no interaction."""
        from scipy.special import chdtrc  # slow to load, and audits load this file

        return float(chdtrc(self.degrees, self.statistic))

    @property
    def share(self) -> float:
        """I^2: share of the variation that is not chance."""
        return max(0.0, 1 - self.degrees / self.statistic) if self.statistic > 0 else 0.0

    @property
    def words(self) -> str:
        """The same in a line."""
        freedom = f"{self.degrees} degree{'s' * (self.degrees > 1)} of freedom"
        return f"Cochran's Q {self.statistic:.3g} on {freedom}, p = {self.p:.3g}, I^2 {self.share:.0%}"


def heterogeneity(table: SubgroupTable) -> Heterogeneity | None:
    """How far the printed ratios lie apart; None where fewer than two are printed.

    Parameters
    ----------
    table
        The subgroups.
    """
    return _apart([(level.centre, level.error) for level in _printed(table)])


def statistic_span(table: SubgroupTable) -> Span | None:
    """Least and largest Cochran's Q that the rounding of every ratio and limit allows, one changed at a time.

    The changes of the ratios are independent, so that they add in quadrature; None where fewer than two are printed.
    """
    levels = [(level.log_ratio, level.standard_error) for level in _printed(table) if level.log_ratio]
    found = heterogeneity(table)
    if found is None:
        return None
    centre = [((low + high) / 2, sum(error) / 2) for (low, high), error in levels]
    below = above = 0.0
    for place, (ratio, error) in enumerate(levels):
        for changed in ([(end, centre[place][1]) for end in ratio], [(centre[place][0], end) for end in error]):
            moved = [_apart([*centre[:place], one, *centre[place + 1 :]]) for one in changed]
            ends = [item.statistic - found.statistic for item in moved if item is not None]
            below, above = hypot(below, min(0.0, *ends)), hypot(above, max(0.0, *ends))
    return max(0.0, found.statistic - below), found.statistic + above


def _printed(table: SubgroupTable) -> list[SubgroupLevel]:
    """Levels whose ratio is printed: what their medians lead to is no classical estimate."""
    return [level for level in table.levels if level.basis == "limits"]


def _apart(levels: list[tuple[float, float]]) -> Heterogeneity | None:
    if len(levels) < 2:
        return None
    weights = [1 / error**2 for _, error in levels]
    total = sum(weights)
    average = sum(weight * ratio for weight, (ratio, _) in zip(weights, levels, strict=True)) / total
    statistic = sum(weight * (ratio - average) ** 2 for weight, (ratio, _) in zip(weights, levels, strict=True))
    ratios = [ratio for ratio, _ in levels]
    return Heterogeneity(
        average=average,
        error=1 / sqrt(total),
        statistic=statistic,
        degrees=len(levels) - 1,
        ratio=exp(max(ratios) - min(ratios)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """The levels put together, beside the whole.

    Parameters
    ----------
    average
        Average log hazard ratio of the levels, weighted by information.
    whole
        Log hazard ratio of all patients.
    score
        Distance in standard deviations of what an analysis not stratified by the factor leaves.
    information
        Information of the levels over that of the whole, about 1 where they are the same patients.
    """

    average: float
    whole: float
    score: float
    information: float

    @property
    def p(self) -> float:
        """Probability of a whole at least as far from its levels: predictive, given the levels."""
        return 2 * NormalDist().cdf(-abs(self.score))

    @property
    def holds(self) -> bool:
        """Whether the levels add up to the whole."""
        return abs(self.score) <= FAR


def addition(table: SubgroupTable) -> Addition | None:
    """Whether the levels add up to the whole; None where a ratio of a level, or of the whole, is not printed.

    Parameters
    ----------
    table
        The subgroups.
    """
    found = heterogeneity(table)
    if found is None or len(_printed(table)) < len(table.levels) or table.whole is None or table.whole_error is None:
        return None
    whole, error = sum(table.whole) / 2, sum(table.whole_error) / 2
    weights = [(found.error / level.error) ** 2 for level in table.levels]
    widths = [high - low for low, high in (level.log_ratio or (0.0, 0.0) for level in table.levels)]
    rounding = sum((weight * width) ** 2 for weight, width in zip(weights, widths, strict=True)) / 12
    rounding += (table.whole[1] - table.whole[0]) ** 2 / 12
    return Addition(
        average=found.average,
        whole=whole,
        score=(whole - found.average) / hypot(discrepancy(whole, error), sqrt(rounding)),
        information=(error / found.error) ** 2,
    )


def recompute_subgroups(table: SubgroupTable, *, level: float) -> Iterator[Estimate]:
    """Yield each printed ratio with the interval of `level` that its own implies, their average, and Cochran's test.

    Parameters
    ----------
    table
        The subgroups.
    level
        Coverage of the intervals.
    """
    normal = NormalDist()
    wide = -normal.inv_cdf((1 - level) / 2)
    control, experimental = table.arms
    for one in _printed(table):
        yield Estimate(
            endpoint=table.endpoint,
            population=table.population(one.key),
            quantity="hazard_ratio",
            numerator=experimental,
            denominator=control,
            kind="recomputed",
            method="the printed ratio of this level alone, Wald interval and p value of its printed limits",
            value=exp(one.centre),
            low=exp(one.centre - wide * one.error),
            high=exp(one.centre + wide * one.error),
            level=level,
            p_value=2 * normal.cdf(-abs(one.centre) / one.error),
            sides=2,
        )
    found = heterogeneity(table)
    if found is None:
        return
    yield Estimate(
        endpoint=table.endpoint,
        population=WHOLE,
        quantity="hazard_ratio",
        numerator=experimental,
        denominator=control,
        at=averaged(table),
        kind="recomputed",
        method="average of the printed levels, weighted by information",
        value=exp(found.average),
        low=exp(found.average - wide * found.error),
        high=exp(found.average + wide * found.error),
        level=level,
        p_value=2 * normal.cdf(-abs(found.average) / found.error),
        sides=2,
    )
    yield Estimate(
        endpoint=table.endpoint,
        population=WHOLE,
        quantity="ratio_of_hazard_ratios",
        at=spread_at(table.factor_label),
        kind="recomputed",
        method=f"printed ratios of the levels; {found.words}",
        value=found.ratio,
        p_value=found.p,
        sides=2,
    )


def averaged(table: SubgroupTable) -> str:
    """What the average of the levels refers to, in words."""
    return f"average over levels of {table.factor_label}"
