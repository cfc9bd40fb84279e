"""What a classical analysis makes of printed means: Welch's and Student's t, and the standardised difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import exp, sqrt

from scipy.special import gammaln, stdtr, stdtrit

from reappraise.continuous.table import ArmMean, MeansTable
from reappraise.core.estimate import Estimate


@dataclass(frozen=True, slots=True)
class TTest:
    """A t test of a difference of means.

    Parameters
    ----------
    difference, error
        Experimental minus control, and its standard error.
    degrees
        Degrees of freedom.
    """

    difference: float
    error: float
    degrees: float

    def interval(self, level: float) -> tuple[float, float]:
        """Limits of the interval of that coverage."""
        wide = float(stdtrit(self.degrees, (1 + level) / 2)) * self.error
        return self.difference - wide, self.difference + wide

    @property
    def p_value(self) -> float:
        """Two-sided p value."""
        return 2 * float(stdtr(self.degrees, -abs(self.difference) / self.error))


def welch(control: ArmMean, experimental: ArmMean) -> TTest:
    r"""Welch's test, which lets the arms' standard deviations differ.

    .. math:: s^2 = s_0^2 / n_0 + s_1^2 / n_1, \qquad
        \nu = s^4 / \Bigl(\frac{s_0^4}{n_0^2 (n_0 - 1)} + \frac{s_1^4}{n_1^2 (n_1 - 1)}\Bigr)

    References
    ----------
    Welch BL. Biometrika 1947;34:28-35. doi:10.1093/biomet/34.1-2.28
    """
    parts = [arm.mean.error**2 for arm in (control, experimental)]
    own = [arm.mean.degrees for arm in (control, experimental)]
    degrees = sum(parts) ** 2 / sum(part**2 / nu for part, nu in zip(parts, own, strict=True))
    return TTest(experimental.mean.centre - control.mean.centre, sqrt(sum(parts)), degrees)


def student(control: ArmMean, experimental: ArmMean) -> TTest:
    """Student's test, with the standard deviation pooled."""
    degrees = control.total + experimental.total - 2
    squares = sum((arm.total - 1) * (sum(arm.sd) / 2) ** 2 for arm in (control, experimental))
    error = sqrt(squares / degrees * (1 / control.total + 1 / experimental.total))
    return TTest(experimental.mean.centre - control.mean.centre, error, degrees)


def standardised(control: ArmMean, experimental: ArmMean, *, level: float) -> tuple[float, float, float]:
    r"""Hedges' g, the difference in pooled standard deviations, and its interval.

    .. math:: g = J(\nu) \frac{d}{s}, \qquad J(\nu) = \frac{\Gamma(\nu / 2)}{\sqrt{\nu / 2} \, \Gamma((\nu - 1) / 2)},
        \qquad v = J^2 \Bigl(\frac{1}{n_0} + \frac{1}{n_1}\Bigr) + \frac{g^2}{2 (n_0 + n_1)}

    References
    ----------
    Hedges LV. J Educ Stat 1981;6:107-128. doi:10.3102/10769986006002107
    """
    test = student(control, experimental)
    share = 1 / control.total + 1 / experimental.total
    correction = exp(float(gammaln(test.degrees / 2) - gammaln((test.degrees - 1) / 2))) / sqrt(test.degrees / 2)
    value = correction * test.difference / (test.error / sqrt(share))
    variance = correction**2 * share + value**2 / (2 * (control.total + experimental.total))
    wide = float(stdtrit(1e6, (1 + level) / 2)) * sqrt(variance)
    return value, value - wide, value + wide


def recomputed_means(table: MeansTable, *, source: str, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the means with their t intervals, their contrast by Welch's and Student's t, and the standardised one.

    Parameters
    ----------
    table
        Means of both arms.
    source
        Where they are printed.
    level
        Coverage of the intervals.
    """
    back = exp if table.logarithmic else float
    make = partial(Estimate, endpoint=table.endpoint, kind="recomputed", level=level, source=source)
    control, experimental = table.arms
    for arm in table.arms:
        wide = float(stdtrit(arm.mean.degrees, (1 + level) / 2)) * arm.mean.error
        centre = arm.mean.centre
        yield make(
            quantity="geometric_mean" if table.logarithmic else "mean",
            arm=arm.arm,
            method=f"t interval from {arm.basis}",
            value=back(centre),
            low=back(centre - wide),
            high=back(centre + wide),
        )
    contrast = partial(make, numerator=experimental.arm, denominator=control.arm)
    said = dict.fromkeys(arm.basis for arm in table.arms)
    tests = [("Welch's t", welch(control, experimental)), ("Student's t", student(control, experimental))]
    for name, test in tests[:1] if control.approximate or experimental.approximate else tests:
        low, high = test.interval(level)
        yield contrast(
            quantity="ratio_of_geometric_means" if table.logarithmic else "mean_difference",
            method=f"{name}, {test.degrees:.4g} degrees of freedom, from {' and '.join(said)}",
            value=back(test.difference),
            low=back(low),
            high=back(high),
            p_value=test.p_value,
            sides=2,
        )
    value, low, high = standardised(control, experimental, level=level)
    scale = " of logarithms" if table.logarithmic else ""
    yield contrast(
        quantity="standardised_mean_difference", method=f"Hedges' g{scale}, large-sample interval", value=value,
        low=low, high=high,
    )  # fmt: skip
