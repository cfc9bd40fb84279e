"""From draws of a model of adverse events to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.endpoints.event_table import MARGIN, EventTable
from reappraise.estimands import supported
from reappraise.estimate import Estimate
from reappraise.safety.precision import errors

type Floats = NDArray[np.floating]


def report(
    posterior: xr.Dataset, table: EventTable, *, model: str, prior: str, method: str, level: float
) -> Iterator[Estimate]:
    """Yield the posterior estimates of every term, digits cut to what the Monte Carlo error supports.

    By term: the rate of each arm; odds ratio and risk difference, experimental over (or minus) control; the probability
    that the event is more frequent in the experimental arm (odds ratio above 1), that its rate is higher by more than
    `MARGIN`, and, under a point mass, that there is no effect at all. That last is a mean of exact probabilities, the
    others are frequencies of draws: together they make 1 within the Monte Carlo error.

    Parameters
    ----------
    posterior
        Draws of ``rate``, ``odds_ratio``, ``risk_difference`` and, with a point mass, ``probability_of_no_effect``.
    table
        The counts that they belong to.
    model, prior, method
        Names that the estimates carry.
    level
        Coverage of the equal-tailed intervals.
    """
    ordered = {str(name): posterior[name].transpose("chain", "draw", ...).values for name in posterior.data_vars}
    rate, ratio, difference = (ordered[name] for name in ("rate", "odds_ratio", "risk_difference"))
    null = ordered.get("probability_of_no_effect")
    for index, term in enumerate(table.terms):
        make = partial(
            Estimate, endpoint=table.key, item=term, grade=table.grade, kind="posterior", model=model, prior=prior,
            method=method, source=table.source,
        )  # fmt: skip
        for arm, name in enumerate(table.arms):
            value, low, high = _summary(rate[..., index, arm], level)
            yield make(quantity="rate", arm=name, value=value, low=low, high=high, level=level)
        make = partial(make, numerator=table.arms[1], denominator=table.arms[0])
        fewer = _probability(ratio[..., index] < 1)
        value, low, high = _summary(ratio[..., index], level, logarithmic=True)
        yield make(quantity="odds_ratio", value=value, low=low, high=high, level=level, prob_benefit=fewer)
        value, low, high = _summary(difference[..., index], level)
        yield make(quantity="risk_difference", value=value, low=low, high=high, level=level, prob_benefit=fewer)
        yield make(quantity="probability_of_increase", value=_probability(ratio[..., index] > 1))
        yield make(
            quantity="probability_of_increase_above_margin",
            at=f"{MARGIN:g}",
            value=_probability(difference[..., index] > MARGIN),
        )
        if null is not None:
            yield make(quantity="probability_of_no_effect", value=_mean(null[..., index]))


def _summary(draws: Floats, level: float, *, logarithmic: bool = False) -> tuple[float, float, float]:
    """Median and equal-tailed limits, each with the digits that its Monte Carlo error supports."""
    scale = np.log(draws) if logarithmic else draws
    tails = ((1 - level) / 2, (1 + level) / 2)
    numbers = [float(number) for number in np.quantile(draws.astype(np.float64), (0.5, *tails))]
    known: tuple[float, ...] = errors(scale, level)
    if logarithmic:
        known = tuple(error * number for error, number in zip(known, numbers, strict=True))
    value, low, high = (supported(number, error) for number, error in zip(numbers, known, strict=True))
    return value, low, high


def _probability(holds: NDArray[np.bool_]) -> float:
    value = float(holds.mean())
    return value if value in {0.0, 1.0} else _mean(holds)


def _mean(draws: NDArray[np.floating] | NDArray[np.bool_]) -> float:
    values = draws.astype(np.float64)
    return supported(float(values.mean()), float(array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")))
