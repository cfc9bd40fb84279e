"""From posterior draws of ordered categories to the estimands, and from draws of estimands to reported numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import xarray as xr

from reappraise.core.estimate import Estimate
from reappraise.depth.model import CumulativeLogit
from reappraise.depth.table import OrdinalTable
from reappraise.fits.layout import Variable
from reappraise.fits.model import Draws, Floats
from reappraise.fits.summary import Make, estimated, probability

CELLS, CUTS = ("category", "arm"), ("cut",)
AVERAGED = "geometric mean over the cut points"
"""Which odds ratio it is that belongs to no one cut point."""
SMALLEST_RATE = 1e-15
_ODDS_RATIO = "odds of this category or a better one in the experimental arm over odds in the control arm"
VARIABLES: Mapping[str, Variable] = {
    "category_rate": Variable(dims=CELLS, description="probability of exactly this category, by arm", reported=True),
    "rate_or_better": Variable(
        dims=("cut", "arm"), description="probability of this category or a better one, by arm", reported=True
    ),
    "mean_category": Variable(
        dims=("category",), description="probability of exactly this category for a patient halfway between the arms"
    ),
    "cut_point": Variable(
        dims=CUTS,
        description="log odds of this category or a better one for a patient halfway between the arms",
    ),
    "effect": Variable(
        description="log odds ratio of a better category, experimental over control, averaged over the cut points"
    ),
    "common_odds_ratio": Variable(
        description="odds of a better category in the experimental over odds in the control arm, at any cut point",
        scale="logarithm",
        reported=True,
    ),
    "mean_odds_ratio": Variable(
        description="odds ratio of a better category, experimental over control, geometric mean over the cut points",
        scale="logarithm",
        reported=True,
    ),
    "odds_ratio": Variable(dims=CUTS, description=_ODDS_RATIO, scale="logarithm", reported=True),
    "risk_difference": Variable(
        dims=CUTS,
        description="probability of this category or a better one, experimental minus control arm",
        reported=True,
    ),
    "win_odds": Variable(
        description="odds that a patient of the experimental arm has a better category than one of the control arm, "
        "ties counted half",
        scale="logarithm",
    ),
    "departure": Variable(dims=CUTS, description="log odds ratio at this cut point minus the mean over the cut points"),
    "departure_sd": Variable(
        description="standard deviation of the log ratio of the gaps between cut points, experimental over control"
    ),
    "departure_offset": Variable(dims=("gap",)),
    "counts": Variable(dims=CELLS, description="patients by category and arm"),
    "concentration": Variable(dims=("category",)),
}
"""What is declared of every variable of a file."""
PROPORTIONAL: Mapping[str, Variable] = {
    **VARIABLES,
    "odds_ratio": Variable(dims=CUTS, description=_ODDS_RATIO, scale="logarithm", judged=False),
}
"""The same under proportional odds: the odds ratio at every cut point is the common one, which is judged."""


def estimands(model: CumulativeLogit, found: Draws) -> dict[str, Floats]:
    """Named estimands from completed draws; under proportional odds those of departures are left out.

    Parameters
    ----------
    model
        Says whether odds are proportional.
    found
        What `CumulativeLogit.complete` returned.
    """
    # at the very ends odds do not exist; no count tells these rates from 0 or 1
    rate = np.clip(found["category_rate"], SMALLEST_RATE, 1 - np.finfo(float).eps)
    or_better = np.clip(found["rate_or_better"], SMALLEST_RATE, 1 - np.finfo(float).eps)
    kept = {
        "category_rate": rate,
        "rate_or_better": or_better,
        "mean_category": found["mean_category"],
        "cut_point": found["cut_point"],
        "effect": found["effect"],
        "odds_ratio": np.exp(found["log_odds_ratio"]),
        "risk_difference": or_better[..., 1] - or_better[..., 0],
        "win_odds": win_odds(rate),
    }
    overall = np.exp(found["effect"])
    if model.proportional:
        return {**kept, "common_odds_ratio": overall}
    departures = {name: found[name] for name in ("departure", "departure_sd", "departure_unit", "departure_offset")}
    return {**kept, "mean_odds_ratio": overall, **departures}


def win_odds(rate: Floats) -> Floats:
    r"""Odds that a patient of the experimental arm has the better category, ties counted half.

    .. math:: \frac{P(Y_1 \succ Y_0) + P(Y_1 = Y_0) / 2}{P(Y_0 \succ Y_1) + P(Y_1 = Y_0) / 2}

    It assumes nothing about the odds at the cut points, and is what the Wilcoxon-Mann-Whitney test is about.

    Parameters
    ----------
    rate
        Rates of the categories, best first, dims (..., category, arm).

    References
    ----------
    Dong G, Hoaglin DC, Qiu J, et al. The win ratio: on interpretation and handling of ties. Stat Biopharm Res
    2020;12:99-106. doi:10.1080/19466315.2019.1575279
    """
    control, experimental = rate[..., 0], rate[..., 1]
    half = (control * experimental).sum(axis=-1) / 2
    # patients of one arm in a worse category than each of the other arm's
    worse = np.cumsum(control[..., ::-1], axis=-1)[..., ::-1] - control
    better = np.cumsum(control, axis=-1) - control
    return np.asarray(((experimental * worse).sum(axis=-1) + half) / ((experimental * better).sum(axis=-1) + half))


def report(posterior: xr.Dataset, table: OrdinalTable, make: Make, *, level: float) -> Iterator[Estimate]:
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
    make
        Makes an estimate that names model, prior and method.
    level
        Coverage of the equal-tailed intervals.
    """

    def draws(name: str, **place: str) -> Floats:
        return posterior[name].sel(place).transpose("chain", "draw").values.astype(np.float64)

    make = partial(make, endpoint=table.endpoint)
    for name, dim, keys in (("category_rate", "category", table.categories), ("rate_or_better", "cut", table.cuts)):
        for key in keys:
            for arm in table.arms:
                yield estimated(
                    partial(make, quantity=name, item=key, arm=arm), draws(name, **{dim: key, "arm": arm}), level
                )
    make = partial(make, numerator=table.arms[1], denominator=table.arms[0])
    proportional = "common_odds_ratio" in posterior
    for key in table.cuts:
        for name in ("risk_difference",) if proportional else ("risk_difference", "odds_ratio"):
            own = draws(name, cut=key)
            ratio = name == "odds_ratio"
            benefit = probability(own > (1.0 if ratio else 0.0))
            yield estimated(partial(make, quantity=name, item=key), own, level, logarithmic=ratio, prob_benefit=benefit)
    overall = draws("common_odds_ratio" if proportional else "mean_odds_ratio")
    benefit = probability(overall > 1)
    quantity, at = ("common_odds_ratio", "") if proportional else ("odds_ratio", AVERAGED)
    yield estimated(partial(make, quantity=quantity, at=at), overall, level, logarithmic=True, prob_benefit=benefit)
    which = "common odds ratio" if proportional else f"odds ratio, {AVERAGED},"
    yield make(quantity="probability_of_benefit", at=f"{which} > 1", value=benefit)
    if not proportional:
        everywhere = np.all([draws("odds_ratio", cut=key) > 1 for key in table.cuts], axis=0)
        yield make(
            quantity="probability_of_benefit", at="odds ratio > 1 at every cut point", value=probability(everywhere)
        )
