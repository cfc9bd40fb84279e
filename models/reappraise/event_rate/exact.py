"""The exact posterior of rates and of their ratio: gamma-Poisson, and the binomial likelihood that knows no level."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, log_expit

from reappraise.continuous.exact import tabulated_estimates
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.located import Tabulated, likelihood
from reappraise.effect.prior import EffectPrior, contrast_priors
from reappraise.event_rate.contrast import RateContrast, events_table, rate_contrasts
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.event_rate.table import ArmEvents, EventsTable
from reappraise.published.trial import TrialEndpoint

JEFFREYS: Final = 0.5
"""Shape of the prior of a rate: Gamma(1/2, 0), proportional to 1 / sqrt(rate), which no choice of unit changes."""
METHODS: Final = {
    "poisson": "exact posterior of a Poisson likelihood",
    "arm-rates": "exact posterior of a normal likelihood of the print",
    "printed-rate-ratio": "exact posterior of a normal likelihood of the print",
}
"""By model, how a posterior came about."""
_FINE, _REACH = 60.0, 9.0
"""Cells in a standard deviation, and standard deviations on either side, of the narrower of prior and likelihood."""
_NODES: Final = 6
"""Gauss-Legendre nodes over the person-times that print allows."""
_MOST_NODES: Final = 200
"""The same where rounding is wide beside what the events leave open."""
_MOST_CELLS: Final = 20_000
_HALVINGS: Final = 60


def posterior(contrast: RateContrast, prior: EffectPrior) -> Tabulated:
    r"""Posterior of the logarithm of a ratio of rates.

    .. math::
        y_a \sim \mathrm{Poisson}(\lambda_a T_a), \quad y_1 \mid y_0 + y_1 \sim
        \mathrm{Binomial}\Bigl(y_0 + y_1, \frac{\theta T_1}{\theta T_1 + T_0}\Bigr), \quad
        \log \theta \sim \mathrm{Normal}(m, \tau)

    Given all events, those of the experimental arm say what there is to know of the ratio: the level drops out. Person-
    time is uniform over what rounds to the print. No events at all leave the prior as it is.

    Parameters
    ----------
    contrast
        What is known of it: events and person-time, or printed limits (then a normal likelihood).
    prior
        Prior on the log ratio, experimental over control.

    References
    ----------
    Przyborowski J, Wilenski H. Biometrika 1940;31:313-323. doi:10.1093/biomet/31.3-4.313
    """
    if contrast.table is None:
        return likelihood(contrast.parts, mean=prior.mean, sd=prior.sd).times(prior.mean, prior.sd)
    error, centre = contrast.standard_error[0], _centre(contrast.table)
    reach = _REACH * min(error, prior.sd) + (contrast.table.log_times[1] - contrast.table.log_times[0]) / 2
    # where one arm has no events the likelihood has one tail only, and the prior ends the other
    low, high = min(centre, prior.mean) - reach, max(centre, prior.mean) + reach
    if min(arm.events for arm in contrast.table.arms) == 0:
        low, high = min(low, prior.mean - _REACH * prior.sd), max(high, prior.mean + _REACH * prior.sd)
    number = min(int(np.ceil((high - low) / min(error, prior.sd) * _FINE)) + 1, _MOST_CELLS)
    effect = np.linspace(low, high, number)
    log_mass = log_likelihood(contrast.table, effect) - np.square((effect - prior.mean) / prior.sd) / 2
    mass = np.exp(log_mass - log_mass.max())
    return Tabulated(effect, mass / mass.sum())


def log_likelihood(table: EventsTable, log_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood of log ratios of rates, dims (...), person-times averaged over what rounds to the print."""
    low, high = table.log_times
    control, experimental = (arm.events for arm in table.arms)
    nodes, weights = _nodes((high - low) / (1 / (control + 0.5) + 1 / (experimental + 0.5)) ** 0.5)
    shift = low + (high - low) * (nodes + 1) / 2
    # the difference of two uniform logarithms: a trapezium, as wide at its top as they differ in width
    narrow = max(min(table.log_widths), 1e-300)
    weights = weights * np.clip(np.minimum(shift - low, high - shift) / narrow, 0.0, 1.0)
    weights = 2 * weights / weights.sum()
    logit = log_ratio[..., None] + shift
    found = experimental * log_expit(logit) + control * log_expit(-logit)
    top = found.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(found - top) @ (weights / 2)))


def _nodes(folds: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights over what rounds to the print, which is so many standard errors wide."""
    return _legendre(min(_MOST_NODES, _NODES + int(3 * folds)))


_legendre = cache(np.polynomial.legendre.leggauss)


def _centre(table: EventsTable) -> float:
    control, experimental = table.arms
    rates = [(arm.events + 0.5) / arm.time for arm in (control, experimental)]
    return log(rates[1] / rates[0])


def flat_likelihood(contrast: RateContrast, low: float, high: float, places: int) -> NDArray[np.float64]:
    """Likelihood of log ratios between two ends, scaled to a density, dims (place,)."""
    grid = np.linspace(low, high, places)
    if contrast.table is None:
        return likelihood(contrast.parts).density(grid)
    log_density = log_likelihood(contrast.table, grid)
    density = np.exp(log_density - log_density.max())
    return np.asarray(density / float(np.trapezoid(density, grid)))


def exact_rate_contrast(contrast: RateContrast, prior: EffectPrior, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior ratio, and the probabilities of benefit, beyond margins, and of equivalence.

    Parameters
    ----------
    contrast
        What is known of it.
    prior
        Prior on the log ratio.
    level
        Coverage of the equal-tailed interval.
    """
    found = posterior(contrast, prior)
    yield from tabulated_estimates(contrast, found, prior, method=METHODS[contrast.basis], level=level)


def rate_quantile(arm: ArmEvents, probability: float) -> float:
    r"""Quantile of a rate: :math:`\lambda \mid y \sim \mathrm{Gamma}(y + 1/2, T)`, T as print allows.

    Parameters
    ----------
    arm
        Events and person-time.
    probability
        Probability of a smaller rate.
    """
    low_time, high_time = arm.person_time
    nodes, weights = _nodes((high_time / low_time - 1) * (arm.events + 1) ** 0.5)
    times = low_time + (high_time - low_time) * (nodes + 1) / 2
    low, high = 0.0, (arm.events + 20 * float(np.sqrt(arm.events + 10))) / low_time
    for _ in range(_HALVINGS):  # importing an optimiser would take longer than all of it
        middle = (low + high) / 2
        below = float(gammainc(arm.events + JEFFREYS, middle * times) @ (weights / 2))
        low, high = (middle, high) if below < probability else (low, middle)
    return (low + high) / 2


def exact_rates(table: EventsTable, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior rate of each arm under Jeffreys' prior, per the printed amount of person-time."""
    for arm in table.arms:
        value, low, high = (table.per * rate_quantile(arm, place) for place in (0.5, (1 - level) / 2, (1 + level) / 2))
        yield Estimate(
            endpoint=table.endpoint,
            quantity="event_rate",
            arm=arm.arm,
            at=table.unit,
            kind="posterior",
            model="poisson",
            prior="reference",
            method="exact gamma posterior, Jeffreys prior: events and person-time",
            value=value,
            low=low,
            high=high,
            level=level,
        )


def exact_event_rates(item: TrialEndpoint[EventRateEndpoint], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the posterior rates, and their ratio by every way and under each named prior.

    Raises
    ------
    AnalysisError
        If nothing printed says how sure the ratio is.
    """
    contrasts = rate_contrasts(item)
    for contrast in contrasts:
        for prior in contrast_priors(contrast):
            yield from exact_rate_contrast(contrast, prior, level=level)
    table = usable_table(item)
    if table is not None:
        yield from exact_rates(table, level=level)


def usable_table(item: TrialEndpoint[EventRateEndpoint]) -> EventsTable | None:
    """Events and person-time, if what is printed of them can be analysed."""
    try:
        return events_table(item)
    except AnalysisError:
        return None
