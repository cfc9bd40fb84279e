"""From draws to reported numbers, with the digits that their Monte Carlo error supports."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf, isfinite, log10

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

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
    or 1.

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
        return _inside(1 - half if holds.all() else half, half)
    return _inside(float(holds.mean()), _error_of_mean(holds))


def mean(draws: Floats | NDArray[np.bool_]) -> float:
    """Mean with the digits that its Monte Carlo error supports; draws with dims (chain, draw)."""
    return supported(float(draws.astype(np.float64).mean()), _error_of_mean(draws))


def _error_of_mean(draws: Floats | NDArray[np.bool_]) -> float:
    return float(array_stats.mcse(draws.astype(np.float64), chain_axis=0, draw_axis=1, method="mean"))


def _inside(value: float, error: float) -> float:
    """A probability between 0 and 1 with the digits that its error supports, and as many more as keep it there."""
    shown = supported(value, error)
    decimals = 1
    while shown in {0.0, 1.0}:
        decimals += 1
        shown = round(value, decimals)
    return shown


def supported(value: float, error: float) -> float:
    """`value` cut to the decimals in which its standard error is at most 2 units of the last.

    Examples
    --------
    >>> supported(0.43768, 0.0013), supported(12.3456, 0.3)
    (0.438, 12.0)
    """
    if not (isfinite(value) and isfinite(error)) or error <= 0 or value in {0.0, inf}:
        return value
    decimals = floor(-log10(error / 2))
    leading = -floor(log10(abs(value)))  # a first digit is always shown, however little it is known
    return round(value, max(decimals, leading))
