"""From draws of a model of adverse events to the estimands, and from draws of estimands to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import MORE_DRAWS, Check
from reappraise.fits.layout import Variable
from reappraise.fits.model import ARM_CODE
from reappraise.fits.summary import Make, errors, estimated, mean, probability
from reappraise.safety.table import MARGIN, EventTable

LARGEST = 87.0
"""Largest log odds ratio whose odds ratio single precision holds: an arm with nobody or everybody sets no limit."""
CELLS, TERM, SYSTEM = ("term", "arm"), ("term",), ("system",)
_NOT_SHOWN = {"level", "effect", "no_effect"}
VARIABLES: Mapping[str, Variable] = {
    "rate": Variable(dims=CELLS, description="probability of the event, by term and arm", scale="logit", reported=True),
    "odds_ratio": Variable(
        dims=TERM,
        description="odds of the event in the experimental arm over odds in the control arm, by term",
        scale="logarithm",
    ),
    "risk_difference": Variable(
        dims=TERM, description="rate of the experimental arm minus rate of the control arm, by term"
    ),
    "probability_of_no_effect": Variable(
        dims=TERM, description="probability, given the other parameters of the draw, that the term has no effect"
    ),
    "null_weight": Variable(dims=SYSTEM, description="probability that a term of the body system has no effect"),
    "system_level": Variable(dims=SYSTEM, description="mean log odds of the body system's terms, mean of both arms"),
    "system_effect": Variable(
        dims=SYSTEM, description="mean log odds ratio of the body system's terms, of those that have an effect"
    ),
    "overall_level": Variable(description="mean of the body systems' mean log odds"),
    "overall_effect": Variable(description="mean of the body systems' mean log odds ratios"),
    "level_sd": Variable(description="standard deviation of the log odds within body systems", scale="logarithm"),
    "effect_sd": Variable(
        dims=SYSTEM,
        description="standard deviation of the log odds ratio within the body system, of terms that have an effect",
        scale="logarithm",
    ),
    "between_level_sd": Variable(
        description="standard deviation of mean log odds between body systems", scale="logarithm"
    ),
    "between_effect_sd": Variable(
        description="standard deviation of mean log odds ratios between body systems", scale="logarithm"
    ),
    "events": Variable(dims=CELLS, description="patients with the event"),
    "totals": Variable(dims=CELLS, description="patients"),
    "system_index": Variable(dims=TERM, description="place of the term's body system among the body systems"),
    **dict.fromkeys(("log_choices", "level_centring", "effect_centring"), Variable(dims=TERM)),
    **dict.fromkeys(("system_level_centring", "system_effect_centring"), Variable(dims=SYSTEM)),
}
"""What is declared of every variable of a file. Precision of contrasts is judged by `contrast_precision`."""


def estimands(found: Mapping[str, NDArray[Any]], terms: int) -> dict[str, NDArray[Any]]:
    """Rates, odds ratios and differences from completed draws; terms beyond so many are padding."""
    level, effect = (found[name][..., :terms] for name in ("level", "effect"))
    rate = special.expit(level[..., None] + effect[..., None] * ARM_CODE)
    named = {name: values for name, values in found.items() if name not in _NOT_SHOWN}
    if "no_effect" in found:
        named["probability_of_no_effect"] = found["no_effect"][..., :terms]
    return {
        "rate": rate,
        "odds_ratio": np.exp(np.clip(effect, -LARGEST, LARGEST)),
        "risk_difference": rate[..., 1] - rate[..., 0],
        **named,
    }


def contrast_precision(posterior: xr.Dataset, *, level: float, most: float) -> Check:
    """Largest Monte Carlo error of a reported median or limit of a contrast, in standard deviations of an effect.

    The standard deviation is over the draws in which there is an effect: with nearly all mass on one point, that of
    the whole says nothing about the width of what is estimated. Without a point mass the two are the same.

    Parameters
    ----------
    posterior
        Draws of ``odds_ratio`` and ``risk_difference``, dims (chain, draw, term).
    level
        Coverage of the reported intervals.
    most
        The largest fraction that is allowed.
    """
    ratio, difference = (
        posterior[name].transpose("chain", "draw", "term").values.astype(np.float64)
        for name in ("odds_ratio", "risk_difference")
    )
    found = {}
    for name, values in (("odds_ratio", np.log(ratio)), ("risk_difference", difference)):
        for index, term in enumerate(posterior["term"].values):
            one = values[..., index]
            effects = one[ratio[..., index] != 1]
            spread = float(effects.std()) if len(effects) > 1 else float(one.std())
            found[f"{name}[{term}]"] = max(errors(one, level)) / spread if spread > 0 else np.inf
    worst = max(found, key=lambda key: found[key] if np.isfinite(found[key]) else np.inf)
    kept = bool(np.isfinite(found[worst]) and found[worst] <= most)
    return Check("Monte Carlo error of a contrast / sd", float(found[worst]), most, worst, kept, MORE_DRAWS)


def report(posterior: xr.Dataset, table: EventTable, make: Make, *, level: float) -> Iterator[Estimate]:
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
    make
        Makes an estimate that names model, prior and method.
    level
        Coverage of the equal-tailed intervals.
    """
    ordered = {str(name): posterior[name].transpose("chain", "draw", ...).values for name in posterior.data_vars}
    rate, ratio, difference = (ordered[name] for name in ("rate", "odds_ratio", "risk_difference"))
    null = ordered.get("probability_of_no_effect")
    for index, term in enumerate(table.terms):
        here = partial(make, endpoint=table.key, item=term, grade=table.grade, source=table.source)
        for arm, name in enumerate(table.arms):
            yield estimated(partial(here, quantity="rate", arm=name), rate[..., index, arm], level)
        here = partial(here, numerator=table.arms[1], denominator=table.arms[0])
        fewer = probability(ratio[..., index] < 1)
        yield estimated(
            partial(here, quantity="odds_ratio"), ratio[..., index], level, logarithmic=True, prob_benefit=fewer
        )
        yield estimated(partial(here, quantity="risk_difference"), difference[..., index], level, prob_benefit=fewer)
        yield here(quantity="probability_of_increase", value=probability(ratio[..., index] > 1))
        yield here(
            quantity="probability_of_increase_above_margin",
            at=f"rate higher by more than {100 * MARGIN:g} percentage points, a margin of this program",
            value=probability(difference[..., index] > MARGIN),
        )
        if null is not None:
            yield here(quantity="probability_of_no_effect", value=mean(null[..., index]))
