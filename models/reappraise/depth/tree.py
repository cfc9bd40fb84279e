"""A fit of ordered categories as an xarray DataTree: groups, named estimands, labelled dims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.bayes.cumulative_logit import CumulativeLogit, OrdinalData
from reappraise.bayes.model import Draws, Floats
from reappraise.endpoints.ordinal_table import OrdinalTable
from reappraise.nuts import Sampled

DIMS: Mapping[str, tuple[str, ...]] = {
    "category_rate": ("category", "arm"),
    "rate_or_better": ("cut", "arm"),
    "mean_category": ("category",),
    "cut_point": ("cut",),
    "odds_ratio": ("cut",),
    "risk_difference": ("cut",),
    "departure": ("cut",),
    "departure_offset": ("gap",),
    "counts": ("category", "arm"),
    "concentration": ("category",),
}
DESCRIPTIONS: Mapping[str, str] = {
    "category_rate": "probability of exactly this category, by arm",
    "rate_or_better": "probability of this category or a better one, by arm",
    "mean_category": "probability of exactly this category for a patient halfway between the arms",
    "cut_point": "log odds of this category or a better one for a patient halfway between the arms",
    "effect": "log odds ratio of a better category, experimental over control, averaged over the cut points",
    "common_odds_ratio": "odds of a better category in the experimental over odds in the control arm, at any cut point",
    "mean_odds_ratio": "odds ratio of a better category, experimental over control, geometric mean over the cut points",
    "odds_ratio": "odds of this category or a better one in the experimental arm over odds in the control arm",
    "risk_difference": "probability of this category or a better one, experimental minus control arm",
    "win_odds": "odds that a patient of the experimental arm has a better category than one of the control arm, "
    "ties counted half",
    "departure": "log odds ratio at this cut point minus the mean over the cut points",
    "departure_sd": "standard deviation of the log ratio of the gaps between cut points, experimental over control",
    "counts": "patients by category and arm",
}
PRIOR_DRAWS = 2000
SMALLEST_RATE = 1e-15
LOGARITHMIC = ("common_odds_ratio", "mean_odds_ratio", "odds_ratio", "win_odds")
"""Variables that are judged on the log scale: they are positive, skewed, and read as multiples."""


def build_tree(
    model: CumulativeLogit, table: OrdinalTable, data: OrdinalData, sampled: Sampled, rng: np.random.Generator
) -> xr.DataTree:
    """Assemble all groups of one fit, numbers in single precision.

    Single precision is exact to 1e-7, four orders of magnitude below the Monte Carlo error, and halves the file.

    Parameters
    ----------
    model, table, data
        What was fitted, to which counts, with which data.
    sampled
        What the sampler returned.
    rng
        Source of the predictive draws.
    """
    posterior = estimands(model, model.complete(sampled.draws, data))
    drawn = model.draw_prior(data, PRIOR_DRAWS, rng)
    prior = estimands(model, model.complete({name: values[None] for name, values in drawn.items()}, data))
    totals = np.asarray(data["counts"], dtype=np.int64).sum(axis=1)
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "posterior": posterior,
        "posterior_predictive": {"counts": _predict(posterior["category_rate"], totals, rng)},
        "log_likelihood": {"counts": model.log_likelihood(sampled.draws, data)},
        "log_prior": model.log_prior(sampled.draws, data),
        "sample_stats": sampled.statistics,
        "prior": prior,
        "prior_predictive": {"counts": _predict(prior["category_rate"], totals, rng)},
    }
    own: dict[str, Mapping[str, tuple[str, ...]]] = {"log_likelihood": {"counts": ("arm",)}, "log_prior": {}}
    children = {
        group: _dataset(table, values, own.get(group, DIMS), lead=("chain", "draw")) for group, values in groups.items()
    }
    children["observed_data"] = _dataset(table, {"counts": np.asarray(data["counts"]).T}, DIMS, lead=())
    numbers = {name: np.asarray(value) for name, value in data.items() if name != "counts"}
    children["constant_data"] = _dataset(table, numbers, DIMS, lead=())
    return xr.DataTree.from_dict(children)


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


def scalars(tree: xr.DataTree) -> dict[str, NDArray[np.floating]]:
    """Every posterior quantity as named draws, dims (chain, draw); skewed ones as logarithms."""
    found = {}
    posterior = tree["posterior"].to_dataset()
    for name, variable in posterior.data_vars.items():
        if name == "odds_ratio" and "common_odds_ratio" in posterior:
            continue  # the same at every cut point
        stacked = variable.transpose("chain", "draw", ...)
        for index in np.ndindex(stacked.shape[2:]):
            labels = [str(stacked[dim].values[place]) for dim, place in zip(stacked.dims[2:], index, strict=True)]
            values = stacked.values[(slice(None), slice(None), *index)]
            key = f"{name}[{', '.join(labels)}]" if labels else str(name)
            found[key] = np.log(values) if name in LOGARITHMIC else values
    return found


def _predict(rate: Floats, totals: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int32]:
    """Counts (category, arm) drawn from rates (..., category, arm), which single out the arm's patients."""
    by_arm = np.swapaxes(rate, -1, -2)
    by_arm = by_arm / by_arm.sum(axis=-1, keepdims=True)
    drawn = np.stack([rng.multinomial(totals[arm], by_arm[..., arm, :]) for arm in range(2)], axis=-1)
    return np.asarray(drawn, dtype=np.int32)


def _dataset(
    table: OrdinalTable, values: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]], *,
    lead: tuple[str, ...],
) -> xr.Dataset:  # fmt: skip
    labels: dict[str, Any] = {
        "category": list(table.categories), "cut": list(table.cuts), "arm": list(table.arms),
        "gap": list(table.categories[1:-1]),
    }  # fmt: skip
    variables = {}
    for name, array in values.items():
        held = array.astype(np.float32) if array.dtype == np.float64 and lead else array
        attributes = {"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}
        variables[name] = xr.Variable((*lead, *dims.get(name, ())), held, attributes)
    used = {dim for variable in variables.values() for dim in variable.dims}
    coords: dict[str, Any] = {dim: names for dim, names in labels.items() if dim in used}
    for dim in lead:
        coords[dim] = np.arange(next(iter(variables.values())).sizes[dim])
    return xr.Dataset(variables, coords=coords)
