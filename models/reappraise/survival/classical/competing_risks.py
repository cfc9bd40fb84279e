"""Competing risks: the cumulative incidence of each cause in one arm, by Aalen and Johansen."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.survival.classical.at_risk import number_at, number_from

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompetingRisks:
    """Cumulative incidences of one arm, with a step at every distinct time.

    Parameters
    ----------
    time
        Distinct times of event or end of observation, ascending; dims (time,).
    at_risk
        Patients at risk just before each time; dims (time,).
    events
        Events of each cause at each time; dims (cause, time).
    survival
        Probability of being free of every cause just after each time, the Kaplan-Meier curve of any of them; dims
        (time,).
    incidence
        Probability of having had an event, from each cause, by each time; dims (cause, time).
    variance
        Its variance, by the delta method; dims (cause, time).
    """

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    incidence: Floats
    variance: Floats

    @property
    def causes(self) -> int:
        """Number of causes."""
        return int(self.events.shape[0])

    @property
    def known_until(self) -> float:
        """The last time at which the incidences are known: the longest observation, infinite where nobody is left."""
        return inf if self.at_risk[-1] == self.events[:, -1].sum() else float(self.time[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidence:
    """Cumulative incidence of one cause at one time.

    Parameters
    ----------
    time
        The time, in the unit of the data.
    value
        Probability of having had an event from the cause by then.
    standard_error
        Its standard error.
    low, high
        Limits; None where the incidence is 0 or 1.
    """

    time: float
    value: float
    standard_error: float
    low: float | None
    high: float | None


def competing_risks(time: Floats, cause: NDArray[np.int_], *, causes: int | None = None) -> CompetingRisks:
    r"""Aalen-Johansen cumulative incidence of each cause, with its variance by the delta method.

    .. math::
        F_k(t) = \sum_{t_i \le t} S(t_{i-1}) d_{ki} / n_i, \quad
        V_k(t) = \sum_{t_i \le t} [F_k(t) - F_k(t_i)]^2 \frac{d_i}{n_i (n_i - d_i)}
            + S(t_{i-1})^2 \frac{d_{ki} (n_i - d_{ki})}{n_i^3}
            - 2 [F_k(t) - F_k(t_i)] S(t_{i-1}) \frac{d_{ki}}{n_i^2}

    The variance is Greenwood's where there is one cause, and F (1 - F) / n without censoring. It is what SAS gives as
    that of the delta method; the one by Aalen, which is its default and that of R's cmprsk, is a little larger.

    Parameters
    ----------
    time
        Time to the first event or end of observation, above 0; dims (patient,).
    cause
        Cause of the event, counted from 1; 0 where the time is the end of observation; dims (patient,).
    causes
        Number of causes; by default the largest that happened.

    Raises
    ------
    AnalysisError
        If the arm has no patients.

    References
    ----------
    Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based on censored
    observations. Scand J Stat 1978;5:141-150.
    Marubini E, Valsecchi MG. Analysing survival data from clinical trials and observational studies, chapter 10. Wiley
    1995.
    Braun TM, Yuan Z. Comparing the small sample performance of several variance estimators under competing risks. Stat
    Med 2007;26:1170-1180. doi:10.1002/sim.2661

    Examples
    --------
    >>> risks = competing_risks(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 0, 1]))
    >>> risks.incidence
    array([[0.25, 0.25, 0.25, 0.75],
           [0.  , 0.25, 0.25, 0.25]])
    """
    if time.size == 0:
        raise AnalysisError("expected at least one patient for a cumulative incidence, got none")
    number = max(int(cause.max()), 1) if causes is None else causes
    if cause.shape != time.shape or cause.min() < 0 or cause.max() > number:
        raise ValueError(
            f"expected a cause from 0 (none) to {number} for each of {time.size} patients, "
            f"got {cause.size} from {cause.min()} to {cause.max()}"
        )
    times = np.unique(time)
    at_risk = number_from(times, time)
    events = np.stack([number_at(times, time[cause == which]) for which in range(1, number + 1)])
    together = events.sum(axis=0)
    survival = np.cumprod((at_risk - together) / at_risk)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * events / at_risk, axis=1)
    # Where everybody left has an event at once, no later incidence differs from this one: 0 times infinity is 0 here.
    greenwood = np.zeros_like(at_risk)
    np.divide(together, at_risk * (at_risk - together), out=greenwood, where=at_risk > together)
    return CompetingRisks(
        time=times,
        at_risk=at_risk,
        events=events,
        survival=survival,
        incidence=incidence,
        variance=_variance(
            incidence,
            greenwood=greenwood,
            own=before**2 * events * (at_risk - events) / at_risk**3,
            shared=before * events / at_risk**2,
        ),
    )


def _variance(incidence: Floats, *, greenwood: Floats, own: Floats, shared: Floats) -> Floats:
    """Variance at each time; the squares are multiplied out, so that each sum goes over the times once."""
    squares = (
        incidence**2 * np.cumsum(greenwood)
        - 2 * incidence * np.cumsum(greenwood * incidence, axis=1)
        + np.cumsum(greenwood * incidence**2, axis=1)
    )
    products = incidence * np.cumsum(shared, axis=1) - np.cumsum(shared * incidence, axis=1)
    return np.maximum(squares + np.cumsum(own, axis=1) - 2 * products, 0.0)


def incidence_band(risks: CompetingRisks, cause: int, *, level: float = 0.95) -> tuple[Floats, Floats]:
    r"""Pointwise limits of a cumulative incidence, dims (time,); not a number where it is 0 or 1.

    .. math:: F^{\exp(\mp z \sqrt{V} / (F \log F))}

    The interval is symmetric on the log-log scale of the incidence itself, as in SAS, Stata's stcompet and lifelines:
    that of a single cause is not what the log-log interval of survival leaves.

    Parameters
    ----------
    risks
        Cumulative incidences of one arm.
    cause
        The cause, counted from 1.
    level
        Coverage, two-sided.

    References
    ----------
    Choudhury JB. Non-parametric confidence interval estimation for competing risks analysis: application to
    contraceptive data. Stat Med 2002;21:1129-1144. doi:10.1002/sim.1070
    """
    if not 1 <= cause <= risks.causes:
        raise ValueError(f"expected a cause from 1 to {risks.causes}, got {cause}")
    value, variance = risks.incidence[cause - 1], risks.variance[cause - 1]
    inside = (value > 0) & (value < 1) & (variance > 0)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    logs = np.log(value[inside])
    shift = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(variance[inside]) / (value[inside] * logs)
    low[inside], high[inside] = np.exp(logs * np.exp(-shift)), np.exp(logs * np.exp(shift))
    return low, high


def incidence_at(risks: CompetingRisks, time: float, *, cause: int, level: float = 0.95) -> Incidence:
    """Cumulative incidence of a cause by a stated time, an event at that very time included.

    Parameters
    ----------
    risks
        Cumulative incidences of one arm.
    time
        The time, 0 or later, in the unit of the data.
    cause
        The cause, counted from 1.
    level
        Coverage, two-sided.

    Raises
    ------
    AnalysisError
        If the time is beyond the last observation while somebody is still free of every cause.
    """
    if not time >= 0:
        raise ValueError(f"expected a time of 0 or later, got {time}")
    if time > risks.known_until:
        raise AnalysisError(f"expected a time up to the last observation at {risks.known_until:g}, got {time:g}")
    limits = incidence_band(risks, cause, level=level)
    step = int(np.searchsorted(risks.time, time, side="right")) - 1
    if step < 0:
        return Incidence(time=time, value=0.0, standard_error=0.0, low=None, high=None)
    low, high = (float(line[step]) for line in limits)
    return Incidence(
        time=time,
        value=float(risks.incidence[cause - 1, step]),
        standard_error=sqrt(risks.variance[cause - 1, step]),
        low=None if isnan(low) else low,
        high=None if isnan(high) else high,
    )
