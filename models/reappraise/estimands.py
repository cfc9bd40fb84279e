"""From draws of response rates to the estimands, and from draws of estimands to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from math import floor, inf, isfinite, log10

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.endpoints.needed_to_treat import needed_to_treat
from reappraise.endpoints.partition import Partition
from reappraise.estimate import Estimate

type Floats = NDArray[np.floating]

RATIOS = ("risk_ratio", "odds_ratio")
CONTRASTS = ("risk_difference", *RATIOS)


def contrasts(rate: Floats, comparable: tuple[bool, ...]) -> dict[str, Floats]:
    """Contrasts of arms within levels, experimental over (or minus) control.

    Parameters
    ----------
    rate
        Draws of rates, dims (..., level, arm).
    comparable
        By level: whether both arms have patients; the contrasts of other levels are NaN.

    Returns
    -------
    dict
        ``risk_difference``, ``risk_ratio``, ``odds_ratio``, dims (..., level).
    """
    control, experimental = rate[..., 0], rate[..., 1]
    found = {
        "risk_difference": experimental - control,
        "risk_ratio": experimental / control,
        "odds_ratio": experimental * (1 - control) / (control * (1 - experimental)),
    }
    return {name: np.where(comparable, values, np.nan) for name, values in found.items()}


def report(
    draws: Mapping[str, Floats], partition: Partition, *, model: str, prior: str, method: str, level: float
) -> Iterator[Estimate]:
    """Yield the posterior estimates of a partition, digits cut to what the Monte Carlo error supports.

    Parameters
    ----------
    draws
        Posterior draws of ``rate``, dims (chain, draw, level, arm), and of the `CONTRASTS`, dims (chain, draw, level).
    partition
        The counts they belong to.
    model, prior, method
        Names that the estimates carry.
    level
        Coverage of the equal-tailed intervals.
    """
    sign = 1.0 if partition.better == "higher" else -1.0
    for index, key in enumerate(partition.levels):
        make = partial(
            Estimate,
            endpoint=partition.endpoint,
            population=partition.population(key),
            kind="posterior",
            model=model,
            prior=prior,
            method=method,
        )
        for arm, name in enumerate(partition.arms):
            if partition.totals[index][arm]:
                value, low, high = _summary(draws["rate"][..., index, arm], level)
                yield make(quantity="rate", arm=name, value=value, low=low, high=high, level=level)
        if not (partition.comparable[index] and partition.causal):
            continue
        make = partial(make, numerator=partition.arms[1], denominator=partition.arms[0])
        benefit = sign * draws["risk_difference"][..., index]
        probability = _probability(benefit > 0)
        for quantity in CONTRASTS:
            value, low, high = _summary(draws[quantity][..., index], level, logarithmic=quantity in RATIOS)
            estimate = make(quantity=quantity, value=value, low=low, high=high, level=level, prob_benefit=probability)
            yield estimate
            if quantity == "risk_difference":
                yield needed_to_treat(estimate, better=partition.better)
        for quantity, at, holds in _questions(benefit, partition.margin):
            yield make(quantity=quantity, at=at, value=_probability(holds))


def _questions(benefit: Floats, margin: float) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    yield "probability_of_benefit", "risk difference in favour > 0", benefit > 0
    yield "probability_above_margin", f"risk difference in favour > {margin:g}", benefit > margin
    yield "probability_of_equivalence", f"risk difference within +-{margin:g}", np.abs(benefit) < margin


def _summary(draws: Floats, level: float, *, logarithmic: bool = False) -> tuple[float, float, float]:
    """Median and equal-tailed limits, each with the digits that its Monte Carlo error supports."""
    scale = np.log(draws) if logarithmic else draws
    tails = ((1 - level) / 2, (1 + level) / 2)
    numbers = [float(np.median(draws)), *(float(number) for number in np.quantile(draws, tails))]
    errors = [float(array_stats.mcse(scale, chain_axis=0, draw_axis=1, method="median"))]
    errors += [
        float(array_stats.mcse(scale, chain_axis=0, draw_axis=1, method="quantile", prob=tail)) for tail in tails
    ]
    if logarithmic:
        errors = [error * number for error, number in zip(errors, numbers, strict=True)]
    value, low, high = (supported(number, error) for number, error in zip(numbers, errors, strict=True))
    return value, low, high


def _probability(holds: NDArray[np.bool_]) -> float:
    value = float(holds.mean())
    if value in {0.0, 1.0}:
        return value
    return supported(value, float(array_stats.mcse(holds.astype(float), chain_axis=0, draw_axis=1, method="mean")))


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
