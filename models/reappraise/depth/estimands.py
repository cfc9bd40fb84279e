"""From posterior draws of ordered categories to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from reappraise.endpoints.ordinal_table import OrdinalTable
from reappraise.estimands import supported
from reappraise.estimate import Estimate

type Floats = NDArray[np.floating]

REPORTED = (
    "category_rate", "rate_or_better", "risk_difference", "odds_ratio", "common_odds_ratio", "mean_odds_ratio",
)  # fmt: skip
"""Variables of the posterior whose median and limits are reported."""
AVERAGED = "geometric mean over the cut points"
"""Which odds ratio it is that belongs to no one cut point."""


def report(
    posterior: xr.Dataset, table: OrdinalTable, *, model: str, prior: str, method: str, level: float
) -> Iterator[Estimate]:
    """Yield the posterior estimates of an ordinal endpoint, digits cut to what the Monte Carlo error supports.

    Rates by category and arm; contrasts by cut point, `item` being the worst category that is counted; the odds ratio
    common to all cut points, or where odds are not proportional those of each and their geometric mean; probabilities
    of benefit, at all cut points together where they differ.

    Parameters
    ----------
    posterior
        Posterior group of the fit's tree.
    table
        The counts it belongs to.
    model, prior, method
        Names that the estimates carry.
    level
        Coverage of the equal-tailed intervals.
    """

    def draws(name: str, **place: str) -> Floats:
        return posterior[name].sel(place).transpose("chain", "draw").values.astype(np.float64)

    make = partial(Estimate, endpoint=table.endpoint, kind="posterior", model=model, prior=prior, method=method)
    for name, dim, keys in (("category_rate", "category", table.categories), ("rate_or_better", "cut", table.cuts)):
        for key in keys:
            for arm in table.arms:
                value, low, high = summary(draws(name, **{dim: key, "arm": arm}), level)
                yield make(quantity=name, item=key, arm=arm, value=value, low=low, high=high, level=level)
    make = partial(make, numerator=table.arms[1], denominator=table.arms[0])
    proportional = "common_odds_ratio" in posterior
    for key in table.cuts:
        for name in ("risk_difference",) if proportional else ("risk_difference", "odds_ratio"):
            own = draws(name, cut=key)
            ratio = name == "odds_ratio"
            value, low, high = summary(own, level, logarithmic=ratio)
            benefit = probability(own > (1.0 if ratio else 0.0))
            yield make(quantity=name, item=key, value=value, low=low, high=high, level=level, prob_benefit=benefit)
    overall = draws("common_odds_ratio" if proportional else "mean_odds_ratio")
    value, low, high = summary(overall, level, logarithmic=True)
    benefit = probability(overall > 1)
    yield make(
        quantity="common_odds_ratio" if proportional else "odds_ratio", at="" if proportional else AVERAGED,
        value=value, low=low, high=high, level=level, prob_benefit=benefit,
    )  # fmt: skip
    which = "common odds ratio" if proportional else f"odds ratio, {AVERAGED},"
    yield make(quantity="probability_of_benefit", at=f"{which} > 1", value=benefit)
    if not proportional:
        everywhere = np.all([draws("odds_ratio", cut=key) > 1 for key in table.cuts], axis=0)
        yield make(
            quantity="probability_of_benefit", at="odds ratio > 1 at every cut point", value=probability(everywhere)
        )


def summary(draws: Floats, level: float, *, logarithmic: bool = False) -> tuple[float, float, float]:
    """Median and equal-tailed limits, each with the digits that its Monte Carlo error supports.

    Parameters
    ----------
    draws
        Dims (chain, draw).
    level
        Coverage.
    logarithmic
        Whether the error is judged on the log scale.
    """
    scale = np.log(draws) if logarithmic else draws
    tails = ((1 - level) / 2, (1 + level) / 2)
    numbers = [float(number) for number in np.quantile(draws, (0.5, *tails))]
    errors = [float(array_stats.mcse(scale, chain_axis=0, draw_axis=1, method="median"))]
    errors += [
        float(array_stats.mcse(scale, chain_axis=0, draw_axis=1, method="quantile", prob=tail)) for tail in tails
    ]
    if logarithmic:
        errors = [error * number for error, number in zip(errors, numbers, strict=True)]
    value, low, high = (supported(number, error) for number, error in zip(numbers, errors, strict=True))
    return value, low, high


def probability(holds: NDArray[np.bool_]) -> float:
    """Fraction of draws, dims (chain, draw), with the digits that its Monte Carlo error supports."""
    value = float(holds.mean())
    if value in {0.0, 1.0}:
        return value
    return supported(value, float(array_stats.mcse(holds.astype(float), chain_axis=0, draw_axis=1, method="mean")))
