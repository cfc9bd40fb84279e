"""Kaplan-Meier: the survival curve of one arm, its quantiles and landmarks, with the intervals in common use."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.core.interval import Interval
from reappraise.survival.classical.at_risk import number_at, number_from

type Floats = NDArray[np.float64]
type Scale = Literal["log-log", "log", "plain"]

SCALES: tuple[Scale, ...] = ("log-log", "log", "plain")
"""Scales on which pointwise intervals are symmetric, the default first."""

_ROUNDING = float(np.sqrt(np.finfo(np.float64).eps))
"""What a product of fractions may miss 1/2 by, as in R: of ten patients without censoring five have reached it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KaplanMeier:
    """Survival curve of one arm, a step at every distinct time; all arrays have dims (time,).

    Parameters
    ----------
    time
        Distinct times of event or end of observation, ascending.
    at_risk, events
        Patients at risk just before, and events at, each time. Censoring at the time of an event comes after it.
    survival
        Probability of being free of the event just after each time.
    greenwood
        Greenwood's sum, the variance of log S; infinite where S = 0.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    greenwood: Floats

    @property
    def known_until(self) -> float:
        """The last time at which the curve is defined: the longest observation, infinite where the curve ends at 0."""
        return inf if np.isinf(self.greenwood[-1]) else float(self.time[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """Survival at one time.

    Parameters
    ----------
    time
        The time, in the unit of the data.
    value
        Probability of being free of the event.
    standard_error
        Its standard error by Greenwood's formula; 0 where the curve is at 1 or 0.
    low, high
        Limits; None where Greenwood's formula gives none, which is where the curve is at 1 or 0.
    """

    time: float
    value: float
    standard_error: float
    low: float | None
    high: float | None


def kaplan_meier(time: Floats, event: NDArray[np.bool_]) -> KaplanMeier:
    r"""Kaplan-Meier curve of one arm, with Greenwood's sum.

    .. math:: S(t) = \prod_{t_i \le t} (1 - d_i / n_i), \quad G(t) = \sum_{t_i \le t} d_i / (n_i (n_i - d_i))

    Parameters
    ----------
    time
        Time to event or end of observation, above 0; dims (patient,).
    event
        Whether the time is that of an event; dims (patient,).

    Raises
    ------
    AnalysisError
        If the arm has no patients.

    References
    ----------
    Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457-481.
    doi:10.1080/01621459.1958.10501452
    """
    if time.size == 0:
        raise AnalysisError("expected at least one patient for a survival curve, got none")
    times = np.unique(time)
    at_risk, events = number_from(times, time), number_at(times, time[event])
    steps = np.full_like(at_risk, inf)
    np.divide(events, at_risk * (at_risk - events), out=steps, where=at_risk > events)
    return KaplanMeier(
        time=times,
        at_risk=at_risk,
        events=events,
        survival=np.cumprod((at_risk - events) / at_risk),
        greenwood=np.cumsum(steps),
    )


def band(curve: KaplanMeier, *, scale: Scale, level: float = 0.95) -> tuple[Floats, Floats]:
    r"""Pointwise limits of the curve, dims (time,); not a number where the curve is at 1 or 0.

    .. math::
        S^{\exp(\mp z \sqrt{G} / \log S)}, \quad S \exp(\pm z \sqrt{G}), \quad S \pm z S \sqrt{G}

    on the scales log-log, log and plain; the last two are cut off at 0 and 1.

    Parameters
    ----------
    curve
        The curve of one arm.
    scale
        The scale on which the interval is symmetric.
    level
        Coverage, two-sided.

    References
    ----------
    Borgan O, Liestol K. A note on confidence intervals and bands for the survival function based on transformations.
    Scand J Stat 1990;17:35-41.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    inside = (curve.greenwood > 0) & np.isfinite(curve.greenwood)
    survival, error = curve.survival[inside], z * np.sqrt(curve.greenwood[inside])
    match scale:
        case "log-log":
            shift = error / np.log(survival)
            limits = survival ** np.exp(-shift), survival ** np.exp(shift)
        case "log":
            limits = survival * np.exp(-error), survival * np.exp(error)
        case "plain":
            limits = survival * (1 - error), survival * (1 + error)
    low, high = np.full_like(curve.survival, np.nan), np.full_like(curve.survival, np.nan)
    low[inside], high[inside] = np.clip(limits, 0, 1)
    return low, high


def median(curve: KaplanMeier, *, scale: Scale, level: float = 0.95) -> Interval:
    """Median and its Brookmeyer-Crowley interval: the `quantile` of probability 1/2.

    Parameters
    ----------
    curve, scale, level
        As of `quantile`.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, True]))
    >>> median(curve, scale="plain").value
    3.0
    """
    return quantile(curve, 0.5, scale=scale, level=level)


def quantile(curve: KaplanMeier, probability: float, *, scale: Scale, level: float = 0.95) -> Interval:
    r"""Time by which a share of the patients has had the event, and its Brookmeyer-Crowley interval.

    .. math:: \min\{t : S(t) \le 1 - p\}, \quad \min\{t : L(t) \le 1 - p\}, \quad \min\{t : U(t) \le 1 - p\}

    with the pointwise limits L and U of the curve. A line that runs at exactly 1 - p and comes down later is there in
    the middle of that stretch; one that runs so to its end, at the first time. So R prints it (its quantile method goes
    on to the last time), and SAS for the curve. Infinite where the line never comes down. A curve that has come to 0
    has no limits there, and that step reaches none: an infinite lower limit of a finite time means no interval at all.

    Parameters
    ----------
    curve
        The curve of one arm.
    probability
        The share p, between 0 and 1.
    scale
        The scale of the pointwise intervals.
    level
        Coverage, two-sided.

    References
    ----------
    Brookmeyer R, Crowley J. A confidence interval for the median survival time. Biometrics 1982;38:29-41.
    doi:10.2307/2530286
    Therneau TM. A package for survival analysis in R, print.survfit. https://CRAN.R-project.org/package=survival
    """
    if not 0 < probability < 1:
        raise ValueError(f"expected a probability between 0 and 1, got {probability}")
    lines = (curve.survival, *band(curve, scale=scale, level=level))
    value, lower, upper = (_first_at(curve.time, line, 1 - probability) for line in lines)
    return Interval(f"Kaplan-Meier, Brookmeyer-Crowley interval, {scale}", value, lower, upper)


def survival_at(curve: KaplanMeier, time: float, *, scale: Scale, level: float = 0.95) -> Landmark:
    """Survival at a stated time, an event at that very time included.

    Parameters
    ----------
    curve
        The curve of one arm.
    time
        The time, 0 or later, in the unit of the data.
    scale
        The scale of the pointwise interval.
    level
        Coverage, two-sided.

    Raises
    ------
    AnalysisError
        If the time is beyond the last observation and the curve has not come down to 0.
    """
    if not time >= 0:
        raise ValueError(f"expected a time of 0 or later, got {time}")
    if time > curve.known_until:
        raise AnalysisError(f"expected a time up to the last observation at {curve.known_until:g}, got {time:g}")
    step = int(np.searchsorted(curve.time, time, side="right")) - 1
    if step < 0:
        return Landmark(time=time, value=1.0, standard_error=0.0, low=None, high=None)
    value, low, high = (float(line[step]) for line in (curve.survival, *band(curve, scale=scale, level=level)))
    given = not isnan(low)
    return Landmark(
        time=time,
        value=value,
        standard_error=value * sqrt(curve.greenwood[step]) if given else 0.0,
        low=low if given else None,
        high=high if given else None,
    )


def _first_at(time: Floats, line: Floats, height: float) -> float:
    """Time at which a line comes down to a height, the middle of a stretch that it spends there."""
    reached = np.flatnonzero(line <= height + _ROUNDING)
    if reached.size == 0:
        return inf
    first = float(time[reached[0]])
    below = np.flatnonzero(line < height - _ROUNDING)
    return (first + float(time[below[0]])) / 2 if below.size else first
