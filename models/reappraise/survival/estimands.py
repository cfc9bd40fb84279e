"""From hazards to estimands: survival, quantiles, restricted means, one hazard ratio for all times. Any draws.

``log_hazard`` has dims (..., interval) for the functions of one arm, and (..., arm, interval), control first, for the
contrasts; the hazard of the last interval goes on for ever.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, softmax

from reappraise.survival.hazard import Grid

type Floats = NDArray[np.floating]


def hazard(log_hazard: Floats, grid: Grid, times: ArrayLike) -> Floats:
    """Hazard at each time, per unit of time, dims (..., time); at a cut that of the interval that ends there."""
    place = np.maximum(np.searchsorted(grid.starts, np.atleast_1d(times), side="left") - 1, 0)
    return np.exp(log_hazard[..., place])


def cumulative_hazard(log_hazard: Floats, grid: Grid, times: ArrayLike) -> Floats:
    """Integrated hazard from 0 to each time, dims (..., time)."""
    return np.asarray(np.exp(log_hazard) @ _spent(grid, times).T)


def survival(log_hazard: Floats, grid: Grid, times: ArrayLike) -> Floats:
    """Probability of no event by each time, S(t) = exp(-H(t)), dims (..., time)."""
    return np.exp(-cumulative_hazard(log_hazard, grid, times))


def conditional_survival(log_hazard: Floats, grid: Grid, times: ArrayLike, *, given: float) -> Floats:
    """Probability of no event by each time for those without one at `given`: S(t) / S(given), dims (..., time)."""
    if np.any(np.asarray(times) < given):
        raise ValueError(f"expected times from {given:g} on, got {times!r}")
    passed = cumulative_hazard(log_hazard, grid, given)
    return np.exp(passed - cumulative_hazard(log_hazard, grid, times))


def quantile(log_hazard: Floats, grid: Grid, probability: float = 0.5) -> Floats:
    """Time by which the event has happened with `probability`, dims (...).

    Beyond the grid's horizon it rests on the last hazard going on, not on data: not reached.
    """
    reached = -log(1 - probability)
    starts = grid.starts
    cumulative = cumulative_hazard(log_hazard, grid, starts)
    place = np.sum(cumulative < reached, axis=-1, keepdims=True) - 1
    place = np.maximum(place, 0)
    rest = reached - np.take_along_axis(cumulative, place, axis=-1)
    rate = np.exp(np.take_along_axis(log_hazard, place, axis=-1))
    return np.asarray((starts[place] + rest / rate)[..., 0])


def restricted_mean(log_hazard: Floats, grid: Grid, horizons: ArrayLike) -> Floats:
    r"""Mean event-free time up to each horizon, dims (..., horizon).

    .. math:: \int_0^\tau S(t)\,dt = \sum_j S(s_j) (1 - e^{-\lambda_j w_j}) / \lambda_j

    with w_j the part of interval j, started at s_j, that lies before tau. The restricted mean time lost is tau less it.
    """
    rate = np.exp(log_hazard)[..., None, :]
    spent = _spent(grid, horizons)
    alive = survival(log_hazard, grid, grid.starts)[..., None, :]
    return np.asarray(np.sum(alive * -np.expm1(-rate * spent) / rate, axis=-1))


def hazard_ratio(log_hazard: Floats, grid: Grid, times: ArrayLike) -> Floats:
    """Hazard of the experimental over that of the control arm at each time, dims (..., time)."""
    return hazard(log_hazard[..., 1, :] - log_hazard[..., 0, :], grid, times)


def event_weighted_hazard_ratio(log_hazard: Floats, person_time: Floats) -> Floats:
    r"""One hazard ratio for all times: averaged over the events of the trial, as Cox's regression averages; dims (...).

    .. math::
        \log \mathrm{HR} = \frac{\sum_j w_j \log(\lambda_{1j} / \lambda_{0j})}{\sum_j w_j}, \quad
        w_j = (E_{0j} \lambda_{0j} + E_{1j} \lambda_{1j})\, p_j (1 - p_j), \quad
        p_j = \frac{E_{1j}}{E_{0j} + E_{1j}}

    E_aj is the person-time of arm a in interval j within the follow-up of the trial: its own where patients are known
    or reconstructed, the expected one where only the print is. So an interval weighs by the events expected in it,
    each by the information that it holds on a ratio, p (1 - p), which is 1/4 as long as equal arms are equally many:
    times at which nobody is followed, or nobody of one arm, weigh nothing. These are the weights of Cox's regression,
    and the average is what a Cox model of the trial estimates, to first order in the change of the ratio. It equals
    the hazard ratio where that is constant, exchanging the arms gives the reciprocal, and no unit or horizon enters.

    Where the hazard ratio changes, another follow-up has another average, as it has another Cox estimate.

    Parameters
    ----------
    log_hazard
        Dims (..., arm, interval).
    person_time
        In any unit, above 0; dims (..., arm, interval), leading ones broadcast.

    References
    ----------
    Xu R, O'Quigley J. Estimating average regression effect under non-proportional hazards. Biostatistics
    2000;1:423-439. doi:10.1093/biostatistics/1.4.423
    """
    log_time = np.log(person_time)
    events = logsumexp(log_time + log_hazard, axis=-2)  # on the log scale: exact where next to nothing happens
    weight = softmax(events + log_time.sum(axis=-2) - 2 * logsumexp(log_time, axis=-2), axis=-1)
    return np.asarray(np.exp(np.sum(weight * (log_hazard[..., 1, :] - log_hazard[..., 0, :]), axis=-1)))


def _spent(grid: Grid, times: ArrayLike) -> Floats:
    """Time spent in each interval by each time, dims (time, interval)."""
    starts = grid.starts
    lengths = np.append(np.diff(starts), np.inf)
    return np.clip(np.atleast_1d(np.asarray(times, dtype=np.float64))[:, None] - starts, 0.0, lengths)
