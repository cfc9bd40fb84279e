"""From draws to reported numbers, with the digits that their Monte Carlo error supports."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf, log10, sqrt

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.core.digits import supported
from reappraise.core.estimate import Estimate

type Floats = NDArray[np.floating]
type Make = Callable[..., Estimate]
"""`Estimate` with the names that several numbers share."""


def estimated(
    make: Make,
    draws: Floats,
    level: float,
    *,
    logarithmic: bool = False,
    beyond: float = inf,
    prob_benefit: float | None = None,
) -> Estimate:
    """The median and equal-tailed interval of draws as an estimate.

    Parameters
    ----------
    make
        Makes the estimate from value, limits and level.
    draws, level, logarithmic, beyond
        As of `summary`.
    prob_benefit
        Probability that goes with it.
    """
    value, low, high = summary(draws, level, logarithmic=logarithmic, beyond=beyond)
    return make(value=value, low=low, high=high, level=level, prob_benefit=prob_benefit)


def summary(
    draws: Floats, level: float, *, logarithmic: bool = False, beyond: float = inf
) -> tuple[float, float, float]:
    """Median and equal-tailed limits, each with the digits that its Monte Carlo error supports.

    Parameters
    ----------
    draws
        Dims (chain, draw).
    level
        Coverage.
    logarithmic
        Whether the error is judged on the log scale.
    beyond
        Values above it were not reached: infinite.
    """
    draws = draws.astype(np.float64)
    numbers = [float(number) for number in np.quantile(draws, places(level))]
    known: tuple[float, ...] = errors(np.log(draws) if logarithmic else draws, level)
    if logarithmic:
        known = tuple(error * number for error, number in zip(known, numbers, strict=True))
    value, low, high = (
        inf if number > beyond else supported(number, error) for number, error in zip(numbers, known, strict=True)
    )
    return value, low, high


def places(level: float) -> tuple[float, float, float]:
    """Probabilities below the median and both limits of an equal-tailed interval."""
    return 0.5, (1 - level) / 2, (1 + level) / 2


def errors(draws: Floats, level: float) -> tuple[float, float, float]:
    """Monte Carlo standard errors of the median and of both limits; draws with dims (chain, draw)."""
    _, *tails = places(level)
    of_median = float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="median"))
    low, high = (
        float(array_stats.mcse(draws, chain_axis=0, draw_axis=1, method="quantile", prob=tail)) for tail in tails
    )
    return of_median, low, high


def probability(holds: NDArray[np.bool_]) -> float:
    """Fraction of draws in which something holds, with the digits that its Monte Carlo error supports.

    Draws never show that something is certain: where it holds in all n of them, or in none, the fraction is that of
    half a draw more, (n + 1/2) / (n + 1) or (1/2) / (n + 1), the mean under Jeffreys' prior. Nor is it rounded to 0
    or 1. The decimals are those that so many independent draws support, one less for each factor of 10 by which the
    estimated error is larger: of draws of one fit, what holds more often is never printed as the smaller number.

    Parameters
    ----------
    holds
        Dims (chain, draw).

    Examples
    --------
    >>> probability(np.ones((4, 500), dtype=np.bool_))
    0.9998
    """
    if holds.all() or not holds.any():
        half = 0.5 / (holds.size + 1)
        return _rounded(1 - half if holds.all() else half, holds.size, 0)
    value = float(holds.mean())
    # only a whole decimal is taken away: the error is itself an estimate, and its noise must not change the digits
    lost = max(0, floor(log10(_error_of_mean(holds) / _independent(value, holds.size)) + 0.5))
    return _rounded(value, holds.size, lost)


def _independent(value: float, number: int) -> float:
    """Monte Carlo error of a probability from so many independent draws."""
    return sqrt(value * (1 - value) / number)


def _rounded(value: float, number: int, lost: int) -> float:
    """A probability with the fewest decimals that its error supports and that the rounded number has as well.

    Towards 0 and 1 errors are smaller, and decimals more. Were 0.9665 rounded to 0.97, in whose place there are three
    decimals, it would stand above 0.968. So numbers keep the order of what they round, and never reach 0 or 1.
    """
    # a probability and that of the opposite are rounded alike, so that exchanged arms mirror
    small = round(min(value, 1 - value), 12)
    decimals = 1
    while max(_decimals(small, number), _decimals(round(small, decimals), number)) - lost > decimals:
        decimals += 1
    return round(small, decimals) if value <= 0.5 else round(1 - round(small, decimals), decimals)


def _decimals(value: float, number: int) -> float:
    return floor(-log10(_independent(value, number) / 2)) if 0 < value < 1 else inf


def mean(draws: Floats | NDArray[np.bool_]) -> float:
    """Mean with the digits that its Monte Carlo error supports; draws with dims (chain, draw)."""
    return supported(float(draws.astype(np.float64).mean()), _error_of_mean(draws))


def _error_of_mean(draws: Floats | NDArray[np.bool_]) -> float:
    return float(array_stats.mcse(draws.astype(np.float64), chain_axis=0, draw_axis=1, method="mean"))
