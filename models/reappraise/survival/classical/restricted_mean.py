"""Restricted mean survival time: the area under the survival curve up to a stated horizon."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt
from statistics import NormalDist

import numpy as np

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.kaplan_meier import KaplanMeier


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean:
    """Mean time free of the event up to the horizon, of one arm.

    Parameters
    ----------
    horizon
        Where the area ends, in the unit of the data.
    value
        Restricted mean survival time, in the same unit.
    lost
        Restricted mean time lost, the rest up to the horizon.
    variance
        Variance of either, by Greenwood's formula; 0 where no event before the horizon leaves anybody at risk.
    """

    horizon: float
    value: float
    lost: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedAnswer:
    """A restricted mean, or a contrast of two, with its interval.

    Parameters
    ----------
    quantity
        Key of the quantity.
    value, low, high
        Estimate and Wald limits, of ratios on the log scale; not cut off at 0 or at the horizon. The limits are None
        where the variance is 0.
    p_value
        Two-sided Wald p value of no difference; None for the numbers of one arm without a reference, and where the
        variance is 0.
    """

    quantity: str
    value: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


def common_horizon(*curves: KaplanMeier) -> float:
    """The latest horizon to which the mean of every curve can be restricted.

    It is the shortest of the longest observations; a curve that ends at 0 sets no limit.
    """
    return min((curve.known_until for curve in curves), default=inf)


def restricted_mean(curve: KaplanMeier, *, horizon: float) -> RestrictedMean:
    r"""Restricted mean survival time of one arm.

    .. math::
        \mu = \int_0^\tau S(t) dt, \quad
        V = \sum_{t_i \le \tau} \left[\int_{t_i}^\tau S(t) dt\right]^2 \frac{d_i}{n_i (n_i - d_i)}

    Parameters
    ----------
    curve
        Kaplan-Meier curve of the arm.
    horizon
        Where the area ends, above 0, in the unit of the data.

    Raises
    ------
    AnalysisError
        If the horizon is not a finite time above 0, or beyond the last observation of a curve that has not come
        down to 0.

    References
    ----------
    Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard ratio for the design and
    analysis of randomized trials with a time-to-event outcome. BMC Med Res Methodol 2013;13:152.
    doi:10.1186/1471-2288-13-152
    """
    if not 0 < horizon < inf:
        raise AnalysisError(f"expected a finite horizon above 0, got {horizon:g}")
    if horizon > curve.known_until:
        raise AnalysisError(
            f"expected a horizon up to the last observation at {curve.known_until:g}, got {horizon:g}: "
            "the curve is not known beyond it"
        )
    before = curve.time < horizon
    lengths = np.diff(np.concatenate([[0.0], curve.time[before], [horizon]]))
    survival = np.concatenate([[1.0], curve.survival[before]])
    areas = lengths * survival
    after = np.cumsum(areas[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[before], curve.events[before]
    # The last patient's event leaves no area behind, and no variance: 0 times infinity is 0 here.
    steps = np.zeros_like(at_risk)
    np.divide(events, at_risk * (at_risk - events), out=steps, where=at_risk > events)
    return RestrictedMean(
        horizon=horizon,
        value=float(areas.sum()),
        lost=float((lengths * (1 - survival)).sum()),
        variance=float((after**2 * steps).sum()),
    )


def of_arm(
    mean: RestrictedMean, *, level: float = 0.95, reference: float | None = None
) -> tuple[RestrictedAnswer, RestrictedAnswer]:
    r"""Restricted mean and time lost of one arm, with Wald intervals.

    .. math:: \mu \pm z \sqrt{V}, \quad p = 2 \Phi(-|\mu - \mu_0| / \sqrt{V})

    Parameters
    ----------
    mean
        Restricted mean of the arm.
    level
        Coverage, two-sided.
    reference
        Restricted mean to the same horizon that a single arm is tested against, in the unit of the data, as if it were
        known exactly. By default there is none, and no p value.
    """
    survived = _wald("restricted_mean", mean.value, mean.variance, level)
    lost = _wald("time_lost", mean.lost, mean.variance, level)
    if reference is None:
        return replace(survived, p_value=None), replace(lost, p_value=None)
    if not 0 <= reference <= mean.horizon:
        raise ValueError(f"expected a reference from 0 to the horizon {mean.horizon:g}, got {reference}")
    p_value = _wald("restricted_mean_difference", mean.value - reference, mean.variance, level).p_value
    return replace(survived, p_value=p_value), replace(lost, p_value=p_value)


def mean_difference(control: RestrictedMean, experimental: RestrictedMean, *, level: float = 0.95) -> RestrictedAnswer:
    """Restricted mean of the experimental minus that of the control arm."""
    _same_horizon(control, experimental)
    variance = control.variance + experimental.variance
    return _wald("restricted_mean_difference", experimental.value - control.value, variance, level)


def mean_ratio(control: RestrictedMean, experimental: RestrictedMean, *, level: float = 0.95) -> RestrictedAnswer:
    r"""Restricted mean of the experimental over that of the control arm.

    .. math:: \exp\left(\log(\mu_1 / \mu_0) \pm z \sqrt{V_1 / \mu_1^2 + V_0 / \mu_0^2}\right)
    """
    _same_horizon(control, experimental)
    variance = experimental.variance / experimental.value**2 + control.variance / control.value**2
    return _exponential(_wald("restricted_mean_ratio", log(experimental.value / control.value), variance, level))


def lost_ratio(control: RestrictedMean, experimental: RestrictedMean, *, level: float = 0.95) -> RestrictedAnswer:
    """Restricted mean time lost of the experimental over that of the control arm; the interval as in `mean_ratio`.

    Raises
    ------
    AnalysisError
        If an arm loses no time.
    """
    _same_horizon(control, experimental)
    for name, mean in (("control", control), ("experimental", experimental)):
        if mean.lost <= 0:
            raise AnalysisError(
                f"expected an event before {mean.horizon:g} in both arms, got none in the {name} arm: "
                "no ratio of times lost"
            )
    variance = experimental.variance / experimental.lost**2 + control.variance / control.lost**2
    return _exponential(_wald("time_lost_ratio", log(experimental.lost / control.lost), variance, level))


def _same_horizon(control: RestrictedMean, experimental: RestrictedMean) -> None:
    if control.horizon != experimental.horizon:
        raise ValueError(
            f"expected both means restricted to one horizon, got {control.horizon:g} of the control and "
            f"{experimental.horizon:g} of the experimental arm"
        )


def _wald(quantity: str, value: float, variance: float, level: float) -> RestrictedAnswer:
    if variance == 0:
        return RestrictedAnswer(quantity=quantity, value=value)
    normal, error = NormalDist(), sqrt(variance)
    width = normal.inv_cdf((1 + level) / 2) * error
    return RestrictedAnswer(
        quantity=quantity,
        value=value,
        low=value - width,
        high=value + width,
        p_value=2 * normal.cdf(-abs(value) / error),
    )


def _exponential(answer: RestrictedAnswer) -> RestrictedAnswer:
    return replace(
        answer,
        value=exp(answer.value),
        low=None if answer.low is None else exp(answer.low),
        high=None if answer.high is None else exp(answer.high),
    )
