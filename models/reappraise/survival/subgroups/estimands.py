"""From draws of the effects of levels to named estimands, and from these to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from math import log

import numpy as np
import xarray as xr

from reappraise.core.estimate import Estimate
from reappraise.fits.layout import Variable
from reappraise.fits.model import Floats
from reappraise.fits.summary import Make, estimated, probability
from reappraise.survival.plan import beyond
from reappraise.survival.subgroups.classical import averaged
from reappraise.survival.subgroups.published import spread_at
from reappraise.survival.subgroups.table import SubgroupTable

ALIKE = 1.25
"""Hazard ratios of levels within this factor of each other are alike in practice."""
LEVEL, PRINTED = ("level",), ("printed",)
VARIABLES: Mapping[str, Variable] = {
    "effect": Variable(description="mean of the log hazard ratios of levels, experimental over control"),
    "interaction_sd": Variable(description="standard deviation of the log hazard ratio between levels", reported=True),
    "level_effect": Variable(
        dims=LEVEL, description="log hazard ratio, experimental over control, by level", judged=False
    ),
    "hazard_ratio": Variable(
        dims=LEVEL,
        description="hazard ratio, experimental over control, by level",
        scale="logarithm",
        reported=True,
    ),
    "overall_hazard_ratio": Variable(
        description="hazard ratio, experimental over control, averaged over levels by information",
        scale="logarithm",
        reported=True,
    ),
    "ratio_of_hazard_ratios": Variable(
        description="largest over smallest hazard ratio of the levels", scale="logarithm", reported=True
    ),
    "weight": Variable(dims=LEVEL, description="share of the information, by level", judged=False),
    # one that is known exactly has no spread to judge; the others lie where print allows
    "standard_error": Variable(
        dims=LEVEL, description="standard error of the printed log hazard ratio, by level", judged=False
    ),
    "log_ratio": Variable(dims=PRINTED, description="log hazard ratio as printed, by level and of all patients"),
    "rounding": Variable(dims=PRINTED, description="width of the log hazard ratios that round to the print"),
    "shown": Variable(dims=PRINTED, description="whether the ratio is printed"),
    "held": Variable(dims=LEVEL),
    "least_error": Variable(dims=LEVEL, description="least standard error that the print allows"),
    "largest_error": Variable(dims=LEVEL, description="largest standard error that the print allows"),
    "discrepancy": Variable(description="standard deviation of the whole about the average of its levels"),
}


def named(effect: Floats, weight: Floats, *, levels: int) -> dict[str, Floats]:
    """Effects of levels and their average on both scales, and how far they lie apart.

    Parameters
    ----------
    effect, weight
        Log hazard ratios and shares of the information, dims (..., level).
    levels
        How many there are; further ones are padding.
    """
    held = effect[..., :levels]
    return {
        "level_effect": effect,
        "hazard_ratio": np.exp(effect),
        "overall_hazard_ratio": np.exp(np.sum(weight * effect, axis=-1)),
        "ratio_of_hazard_ratios": np.exp(held.max(axis=-1) - held.min(axis=-1)),
        "weight": weight,
    }


def report(posterior: xr.Dataset, table: SubgroupTable, make: Make, *, level: float) -> Iterator[Estimate]:
    """Yield the hazard ratio of each level with how probable benefit is, the average, and how far the levels differ.

    Parameters
    ----------
    posterior
        Draws of the estimands.
    table
        What was printed.
    make
        Makes an estimate that names model, prior and method.
    level
        Coverage of the equal-tailed intervals.
    """
    control, experimental = table.arms
    make = partial(make, endpoint=table.endpoint)
    contrast = partial(make, numerator=experimental, denominator=control)
    drawn = {str(name): posterior[name].transpose("chain", "draw", ...).to_numpy() for name in posterior.data_vars}
    sign = -1.0 if table.better == "higher" else 1.0  # a ratio below 1 means longer times
    for place, key in enumerate(table.keys):
        here = partial(contrast, population=table.population(key))
        benefit = sign * drawn["level_effect"][..., place]
        yield from _effect(here, drawn["hazard_ratio"][..., place], benefit, level)
        for margin in table.plan.margins:
            value = probability(benefit > -log(margin))
            yield here(quantity="probability_above_margin", at=beyond(margin, table.better), value=value)
    average = drawn["overall_hazard_ratio"]
    yield from _effect(contrast, average, sign * np.log(average), level, averaged(table))
    every = (sign * drawn["level_effect"] > 0).all(axis=-1)
    at = f"hazard ratio in favour in every level of {table.factor_label}"
    yield contrast(quantity="probability_of_benefit", at=at, value=probability(every))
    spread = drawn["ratio_of_hazard_ratios"]
    apart = partial(make, quantity="ratio_of_hazard_ratios", at=spread_at(table.factor_label))
    yield estimated(apart, spread, level, logarithmic=True)
    at = f"hazard ratios within a factor of {ALIKE:g} in all levels of {table.factor_label}"
    yield make(quantity="probability_of_equivalence", at=at, value=probability(spread < ALIKE))
    between = partial(make, quantity="interaction_sd", at=f"levels of {table.factor_label}")
    yield estimated(between, drawn["interaction_sd"], level)


def _effect(make: Make, ratio: Floats, benefit: Floats, level: float, at: str = "") -> Iterator[Estimate]:
    better = probability(benefit > 0)
    ours = partial(make, quantity="hazard_ratio", at=at)
    yield estimated(ours, ratio, level, logarithmic=True, prob_benefit=better)
    said = f"hazard ratio in favour, {at}" if at else "hazard ratio in favour"
    yield make(quantity="probability_of_benefit", at=said, value=better)
