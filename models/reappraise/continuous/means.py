"""Means of the arms from what is printed of them: standard errors, intervals, or the usual conversions of medians."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, log, sqrt
from typing import Final

from scipy.special import ndtri, stdtrit

from reappraise.continuous.published import ContinuousEndpoint, Measured
from reappraise.continuous.table import ArmMean, MeansTable
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.located import LEAST_DEGREES, Located, Span
from reappraise.core.printed import Printed
from reappraise.published.trial import TrialEndpoint

QUARTILES: Final = (1.16, 0.37)
"""Variance of the mean of median and quartiles over that of the mean, and what the quartiles' standard deviation is
worth beside the patients' own: asymptotic values under the normal distribution."""
EXTREMES: Final = 1.57
"""Variance of the median over that of the mean, under the normal distribution: pi / 2."""


def means_table(item: TrialEndpoint[ContinuousEndpoint]) -> MeansTable | None:
    """Means of both arms; None where no means are printed.

    Parameters
    ----------
    item
        The endpoint.

    Raises
    ------
    AnalysisError
        If no patients could give a printed mean or spread.
    UndeterminedError
        If nothing says how far an arm's mean may be off.
    """
    published = item.published
    if not published.measured:
        return None
    logarithmic = published.scale == "logarithmic"
    by_arm = {one.arm: one for one in published.measured}
    control, experimental = (
        arm_mean(by_arm[arm.key], published.key, arm.short, logarithmic=logarithmic) for arm in item.trial.arms
    )
    return MeansTable(published.key, (control, experimental), logarithmic)


def arm_mean(one: Measured, endpoint: str, label: str, *, logarithmic: bool = False) -> ArmMean:
    """What the print of one arm says of its mean.

    Raises
    ------
    AnalysisError
        If no patients could give it.
    UndeterminedError
        If nothing says how far it may be off, or there are fewer than three patients.
    """
    where = f"{endpoint}, {one.arm}"
    if one.impossible:
        raise AnalysisError(f"{where}: {one.impossible}: as printed it cannot be analysed")
    if one.total <= LEAST_DEGREES:
        raise UndeterminedError(f"{where}: expected at least three patients, got {one.total}")
    read = _logs if logarithmic else _plain
    if one.mean is None:
        return _of_median(one, where, label, logarithmic=logarithmic)
    place = read(one.mean)
    if not all(map(isfinite, place)):
        raise UndeterminedError(f"{where}: expected a mean that is a number, got {one.mean}")
    found = _standard_error(one, read)
    if found is None:
        raise UndeterminedError(
            f"{where}: nothing says how far the mean varies: expected sd, se, or low and high beside it, and not 0"
        )
    error, basis = found
    root = sqrt(one.total)
    sd = (error[0] * root, error[1] * root)
    if one.sd is not None and one.sd.bounds[0] > 0 and isfinite(one.sd.bounds[1]):
        sd = _plain(one.sd)
    return ArmMean(one.arm, label, one.total, Located(place, error, one.total - 1.0), sd, basis)


def _standard_error(one: Measured, read: Callable[[Printed], Span]) -> tuple[Span, str] | None:
    """Standard error of the mean, and what it was taken from: what is printed with the most digits."""
    root = sqrt(one.total)
    found: list[tuple[Span, str]] = []
    if one.sd is not None:
        least, most = _plain(one.sd)
        found.append(((least / root, most / root), "mean and standard deviation"))
    if one.se is not None:
        found.append((_plain(one.se), "mean and standard error"))
    if one.low is not None and one.high is not None:
        wide = 2 * float(stdtrit(one.total - 1.0, (1 + float(one.level)) / 2))
        low, high = read(one.low), read(one.high)
        found.append((((high[0] - low[1]) / wide, (high[1] - low[0]) / wide), "mean and its interval"))
    usable = [(span, basis) for span, basis in found if span[0] > 0 and isfinite(span[1])]
    return min(usable, key=lambda pair: pair[0][1] / pair[0][0], default=None)


def _of_median(one: Measured, where: str, label: str, *, logarithmic: bool) -> ArmMean:
    r"""Mean and standard deviation of a normal distribution with this median and these quartiles or extremes.

    .. math:: \hat\mu = (q_1 + m + q_3) / 3, \qquad
        \hat\sigma = \frac{q_3 - q_1}{2 \Phi^{-1}((0.75 n - 0.125) / (n + 0.25))}

    or of extremes a and b, :math:`\hat\mu = w (a + b) / 2 + (1 - w) m, \; w = 4 / (4 + n^{0.75})` and
    :math:`\hat\sigma = (b - a) / (2 \Phi^{-1}((n - 0.375) / (n + 0.25)))`. Both say less of mean and spread than the
    patients did: standard error and degrees of freedom are those that they are worth.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135. doi:10.1186/1471-2288-14-135
    Luo D, Wan X, Liu J, Tong T. Stat Methods Med Res 2018;27:1785-1805. doi:10.1177/0962280216669183
    """
    read, n = (_logs if logarithmic else _plain), one.total
    pair = one.quartiles or one.extremes
    if pair is None or one.median is None:
        raise UndeterminedError(f"{where}: expected quartiles or extremes beside the median")
    low, middle, high = read(pair[0]), read(one.median), read(pair[1])
    if one.quartiles:
        weight = 2 / 3
        width = 2 * float(ndtri((0.75 * n - 0.125) / (n + 0.25)))
        worse, worth = QUARTILES
        degrees, basis = max(worth * (n - 1), LEAST_DEGREES), "median and quartiles"
    else:
        weight = 4 / (4 + n**0.75)
        width = 2 * float(ndtri((n - 0.375) / (n + 0.25)))
        worse = EXTREMES
        degrees, basis = max(min(n - 1.0, 2.4 * log(n) ** 2), LEAST_DEGREES), "median and extremes"
    sd = (high[0] - low[1]) / width, (high[1] - low[0]) / width
    if not sd[0] > 0 or not isfinite(sd[1]):
        raise UndeterminedError(f"{where}: the {basis} coincide to the printed digits, and say no spread")
    factor = sqrt(worse / n)
    place = tuple(weight * (low[end] + high[end]) / 2 + (1 - weight) * middle[end] for end in (0, 1))
    located = Located((place[0], place[1]), (sd[0] * factor, sd[1] * factor), degrees)
    return ArmMean(one.arm, label, n, located, sd, f"{basis}, as of a normal distribution", approximate=True)


def _plain(printed: Printed) -> Span:
    return printed.bounds


def _logs(printed: Printed) -> Span:
    low, high = printed.bounds
    return (log(low) if low > 0 else -inf), (log(high) if high > 0 else -inf)
