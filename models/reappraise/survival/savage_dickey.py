"""Bayes factor for a scale of 0: densities at 0 given all else, averaged, or bridged with draws where it is 0."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, log, sqrt

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy.special import logsumexp

type Floats = NDArray[np.float64]

NODES = 32
"""Gauss-Legendre nodes on each side of the mode of a log-concave density."""
DEEP = 40.0
"""A log density this far below its mode is as good as nothing."""
HALVINGS = 45
ROUNDS = 200
"""Rounds of the bridge, which settles within a few tens."""


def log_density_ratio(
    base: Floats, slope: Floats, events: Floats, exposure: Floats, *, limit: float
) -> tuple[Floats, Floats]:
    r"""Density of the unit scale u at 0 given all else, over the prior's, and the probability that it is below a limit.

    .. math:: \log \lambda_k(u) = b_k + s_k u, \quad d_k \sim \mathrm{Poisson}(E_k \lambda_k(u)), \quad
        u \sim \mathrm{HalfNormal}(1)

    Parameters
    ----------
    base, slope
        Log hazard without departures, and what a unit of u adds to it; dims (draw, cell).
    events, exposure
        Dims (draw, cell) or (cell,).
    limit
        Value of u.

    Returns
    -------
    tuple of ndarray
        Logarithm of the ratio of densities, and the probability; dims (draw,).
    """
    pull = (events * slope).sum(axis=-1)
    expected = exposure * np.exp(base)

    def density(u: Floats) -> Floats:
        return np.asarray(u * (pull - u / 2) - (expected * np.exp(slope * u[:, None])).sum(axis=-1))

    def rising(u: Floats) -> NDArray[np.bool_]:
        return np.asarray(pull - u > (expected * slope * np.exp(slope * u[:, None])).sum(axis=-1))

    with np.errstate(over="ignore"):  # far beyond the mode, where the density is 0
        zero, far = np.zeros(len(base)), np.full(len(base), 2 * sqrt(2 * DEEP))
        while np.any(beyond := rising(far)):
            far = np.where(beyond, 2 * far, far)
        mode = _switch(rising, zero, far)
        peak = density(mode)
        floor = peak - DEEP
        while np.any(beyond := density(far) > floor):
            far = np.where(beyond, 2 * far, far)
        high = _switch(lambda u: density(u) > floor, mode, far)
        at_zero = density(zero) - peak
        low = np.where(at_zero > -DEEP, zero, _switch(lambda u: density(u) < floor, zero, mode))

        def area(start: Floats, end: Floats) -> Floats:
            half = (end - start) / 2
            found = zero
            for node, weight in zip(*np.polynomial.legendre.leggauss(NODES), strict=True):
                found = found + weight * np.exp(density(start + half * (1 + node)) - peak)
            return half * found

        whole = area(low, mode) + area(mode, high)
        cut = np.clip(limit, low, high)
        below = area(low, np.minimum(cut, mode)) + area(mode, np.maximum(cut, mode))
    # densities above lack the factor sqrt(2 / pi) of the half-normal one, which is its value at 0
    return at_zero - np.log(whole) - log(sqrt(2 / np.pi)), below / whole


def averaged(log_ratio: Floats) -> tuple[float, float]:
    """Logarithm of the mean ratio of densities at 0, and its Monte Carlo standard error.

    Where the scale is far from 0 a few draws make up the mean, and the error is itself too small.

    Parameters
    ----------
    log_ratio
        Of `log_density_ratio` at draws from the posterior, dims (chain, draw).
    """
    largest = float(log_ratio.max())
    relative = np.exp(log_ratio - largest)
    return largest + float(np.log(relative.mean())), _relative_error(relative)


def bridged(log_ratio: Floats, log_ratio_at_zero: Floats) -> tuple[float, float]:
    r"""Logarithm of the Bayes factor for 0 by draws of both models, and its Monte Carlo standard error.

    .. math:: B = \frac{\mathrm{E}_1[r / (s_1 + s_0 r / B)]}{\mathrm{E}_0[1 / (s_1 + s_0 r / B)]}

    with r the ratio of densities at 0, and s the share of each model's draws: the bridge of least error.

    Parameters
    ----------
    log_ratio
        Of `log_density_ratio` at draws from the posterior with the scale, dims (chain, draw).
    log_ratio_at_zero
        The same at draws from the posterior without, and of what enters through the scale alone from its prior.

    References
    ----------
    Meng X-L, Wong WH. Simulating ratios of normalizing constants via a simple identity. Statistica Sinica
    1996;6:831-860.
    """
    share = log_ratio.size / (log_ratio.size + log_ratio_at_zero.size)
    found = averaged(log_ratio)[0]
    for _ in range(ROUNDS):
        above, below = (
            -np.logaddexp(log(share), log(1 - share) + each - found) for each in (log_ratio, log_ratio_at_zero)
        )
        above = above + log_ratio
        means = [float(logsumexp(part)) - log(part.size) for part in (above, below)]
        found = means[0] - means[1]
    errors = [_relative_error(np.exp(part - part.max())) for part in (above, below)]
    return found, hypot(errors[0], errors[1])


def _relative_error(draws: Floats) -> float:
    """Monte Carlo standard error of a mean, over the mean."""
    return float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="mean")) / float(draws.mean())


def _switch(holds: Callable[[Floats], NDArray[np.bool_]], low: Floats, high: Floats) -> Floats:
    """Where a statement that is true below and false above changes, between two bounds."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        true = holds(middle)
        low, high = np.where(true, middle, low), np.where(true, high, middle)
    return (low + high) / 2
