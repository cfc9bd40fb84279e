"""From draws of response rates to the estimands, and from draws of estimands to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from reappraise.core.arms import Better
from reappraise.core.estimate import Estimate
from reappraise.fits.layout import Variable
from reappraise.fits.model import Floats
from reappraise.fits.summary import Make, errors, estimated, places, probability
from reappraise.published.partition import Partition
from reappraise.response.asked import questions
from reappraise.response.needed_to_treat import needed_to_treat

SMALLEST_RATE = 1e-15
RATIOS = ("risk_ratio", "odds_ratio")
CONTRASTS = ("risk_difference", *RATIOS)
CELLS, LEVELS = ("level", "arm"), ("level",)
VARIABLES: Mapping[str, Variable] = {
    "rate": Variable(dims=CELLS, description="probability of the event, by level and arm", reported=True),
    "risk_difference": Variable(
        dims=LEVELS,
        description="rate of the experimental arm minus rate of the control arm, by level",
        reported=True,
    ),
    "risk_ratio": Variable(
        dims=LEVELS,
        description="rate of the experimental arm over rate of the control arm, by level",
        scale="logarithm",
        reported=True,
    ),
    "odds_ratio": Variable(
        dims=LEVELS,
        description="odds of the event in the experimental arm over odds in the control arm, by level",
        scale="logarithm",
        reported=True,
    ),
    "events": Variable(dims=CELLS, description="patients with the event"),
    "totals": Variable(dims=CELLS, description="patients"),
    "held": Variable(dims=LEVELS),
    "mean_rate": Variable(dims=("arm",), description="mean rate over levels, by arm"),
    "concentration": Variable(description="patients that the other levels are worth for one level", scale="logarithm"),
    "mean_logit": Variable(description="log odds of the event, mean of both arms, averaged over levels"),
    "effect": Variable(description="log odds ratio, experimental over control, averaged over levels"),
    "level_sd": Variable(description="standard deviation of the log odds between levels"),
    "interaction_sd": Variable(description="standard deviation of the log odds ratio between levels"),
}
"""What is declared of every variable of a file."""


def with_contrasts(found: Mapping[str, Floats], partition: Partition) -> dict[str, Floats]:
    """Completed draws of a model with rates off the very ends, and the contrasts.

    Parameters
    ----------
    found
        Draws of ``rate``, dims (..., level, arm), and of parameters.
    partition
        The counts that they belong to; further levels are padding.
    """
    # at the very ends odds do not exist; no count tells these rates from 0 or 1
    rate = np.clip(found["rate"], SMALLEST_RATE, 1 - np.finfo(float).eps)
    return {**found, "rate": rate, **contrasts(rate[..., : len(partition.levels), :], partition.comparable)}


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


def report(draws: Mapping[str, Floats], partition: Partition, make: Make, *, level: float) -> Iterator[Estimate]:
    """Yield the posterior estimates of a partition, digits cut to what the Monte Carlo error supports.

    Parameters
    ----------
    draws
        Posterior draws of ``rate``, dims (chain, draw, level, arm), and of the `CONTRASTS`, dims (chain, draw, level).
    partition
        The counts they belong to.
    make
        Makes an estimate that names model, prior and method.
    level
        Coverage of the equal-tailed intervals.
    """
    sign = 1.0 if partition.better == "higher" else -1.0
    for index, key in enumerate(partition.levels):
        here = partial(make, endpoint=partition.endpoint, population=partition.population(key), causal=partition.causal)
        for arm, name in enumerate(partition.arms):
            if partition.totals[index][arm]:
                yield estimated(partial(here, quantity="rate", arm=name), draws["rate"][..., index, arm], level)
        if not (partition.comparable[index] and partition.causal):
            continue
        here = partial(here, numerator=partition.arms[1], denominator=partition.arms[0])
        benefit = sign * draws["risk_difference"][..., index]
        better = probability(benefit > 0)
        for quantity in CONTRASTS:
            estimate = estimated(
                partial(here, quantity=quantity),
                draws[quantity][..., index],
                level,
                logarithmic=quantity in RATIOS,
                prob_benefit=better,
            )
            yield estimate
            if quantity == "risk_difference":
                yield _needed(estimate, draws[quantity][..., index], partition.better, level)
        for asked in questions(partition.better, partition.margin):
            holds = (benefit > asked.low) & (benefit < asked.high)
            yield here(quantity=asked.quantity, at=asked.at, value=probability(holds))


def _needed(estimate: Estimate, difference: Floats, better: Better, level: float) -> Estimate:
    """The number needed to treat, of the difference before it was cut to the digits that draws support."""
    draws = difference.astype(np.float64)
    value, low, high = (float(number) for number in np.quantile(draws, places(level)))
    whole = replace(estimate, value=value, low=low, high=high)
    return needed_to_treat(whole, better=better, errors=errors(draws, level))
