"""A fit's draws as an xarray DataTree: groups, named estimands, labelled dims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.bayes.model import Data, Draws, ResponseModel
from reappraise.endpoints.partition import Partition
from reappraise.estimands import CONTRASTS, RATIOS, contrasts
from reappraise.nuts import Sampled

DIMS: Mapping[str, tuple[str, ...]] = {
    "rate": ("level", "arm"),
    "events": ("level", "arm"),
    "totals": ("level", "arm"),
    "held": ("level",),
    **dict.fromkeys(CONTRASTS, ("level",)),
}
DESCRIPTIONS: Mapping[str, str] = {
    "rate": "probability of the event, by level and arm",
    "risk_difference": "rate of the experimental arm minus rate of the control arm, by level",
    "risk_ratio": "rate of the experimental arm over rate of the control arm, by level",
    "odds_ratio": "odds of the event in the experimental arm over odds in the control arm, by level",
    "events": "patients with the event",
    "totals": "patients",
    "mean_rate": "mean rate over levels, by arm",
    "concentration": "patients that the other levels are worth for one level",
    "mean_logit": "log odds of the event, mean of both arms, averaged over levels",
    "effect": "log odds ratio, experimental over control, averaged over levels",
    "level_sd": "standard deviation of the log odds between levels",
    "interaction_sd": "standard deviation of the log odds ratio between levels",
}
PRIOR_DRAWS = 2000
SMALLEST_RATE = 1e-15
LOGARITHMIC = (*RATIOS, "concentration")
"""Variables that are judged on the log scale: they are positive, skewed, and read as multiples."""


def build_tree(
    model: ResponseModel, partition: Partition, data: Data, sampled: Sampled, rng: np.random.Generator
) -> xr.DataTree:
    """Assemble all groups of one fit, numbers in single precision.

    Single precision is exact to 1e-7, four orders of magnitude below the Monte Carlo error, and halves the file.

    Parameters
    ----------
    model, partition, data
        What was fitted, to which counts, with which data.
    sampled
        What the sampler returned.
    rng
        Source of the predictive and conditional draws.
    """
    shape = _Shape(partition)
    posterior = _with_estimands(model, partition, data, sampled.draws, rng, posterior=True)
    drawn = model.draw_prior(data, PRIOR_DRAWS, rng)
    one_chain = {name: values[None] for name, values in drawn.items()}
    prior = _with_estimands(model, partition, data, one_chain, rng, posterior=False)
    estimands = CONTRASTS if partition.causal and any(partition.comparable) else ()
    names = ("rate", *estimands, *model.parameters(len(partition.levels)))
    dims = {**DIMS, **model.parameters(len(partition.levels))}
    totals = data["totals"].astype(np.int64)
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "posterior": {name: posterior[name] for name in names},
        "posterior_predictive": {"events": _predict(posterior["rate"], totals, rng)},
        "log_likelihood": {"events": model.log_likelihood(sampled.draws, data)},
        "log_prior": model.log_prior(sampled.draws, data),
        "sample_stats": sampled.statistics,
        "prior": {name: prior[name] for name in names},
        "prior_predictive": {"events": _predict(prior["rate"], totals, rng)},
    }
    children = {
        group: shape.dataset(values, {} if group == "log_prior" else dims, lead=("chain", "draw"))
        for group, values in groups.items()
    }
    children["observed_data"] = shape.dataset({"events": data["events"]}, dims, lead=())
    numbers = {name: np.asarray(value) for name, value in data.items() if name != "events"}
    children["constant_data"] = shape.dataset(numbers, dims, lead=())
    return xr.DataTree.from_dict(children)


def scalars(tree: xr.DataTree) -> dict[str, NDArray[np.floating]]:
    """Every reported posterior quantity as named draws, dims (chain, draw); skewed ones as logarithms."""
    found = {}
    for name, variable in tree["posterior"].data_vars.items():
        stacked = variable.transpose("chain", "draw", ...)
        for index in np.ndindex(stacked.shape[2:]):
            labels = [str(stacked[dim].values[place]) for dim, place in zip(stacked.dims[2:], index, strict=True)]
            values = stacked.values[(slice(None), slice(None), *index)]
            if not np.isnan(values).all():
                key = f"{name}[{', '.join(labels)}]" if labels else str(name)
                found[key] = np.log(values) if name in LOGARITHMIC else values
    return found


def _with_estimands(
    model: ResponseModel, partition: Partition, data: Data, draws: Draws, rng: np.random.Generator, *, posterior: bool
) -> dict[str, NDArray[np.floating]]:
    whole = model.complete(draws, data, rng, posterior=posterior)
    # at the very ends odds do not exist; no count tells these rates from 0 or 1
    rate = np.clip(whole["rate"], SMALLEST_RATE, 1 - np.finfo(float).eps)
    held = rate[..., : len(partition.levels), :]
    return {**whole, "rate": rate, **contrasts(held, partition.comparable)}


def _predict(rate: NDArray[np.floating], totals: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int32]:
    return np.asarray(rng.binomial(totals, rate), dtype=np.int32)


class _Shape:
    """Cuts padding and arms without patients, and labels what is left."""

    def __init__(self, partition: Partition) -> None:
        self.levels = len(partition.levels)
        self.arms = [arm for arm in range(2) if any(totals[arm] for totals in partition.totals)]
        self.coords = {
            "level": list(partition.levels),
            "arm": [partition.arms[arm] for arm in self.arms],
        }

    def dataset(
        self, values: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]], *, lead: tuple[str, ...]
    ) -> xr.Dataset:
        variables = {}
        for name, array in values.items():
            own = dims.get(name, ())
            cut = array
            if "level" in own:
                cut = np.take(cut, range(self.levels), axis=len(lead) + own.index("level"))
            if "arm" in own:
                cut = np.take(cut, self.arms, axis=len(lead) + own.index("arm"))
            if cut.dtype == np.float64 and lead:
                cut = cut.astype(np.float32)
            attributes = {"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}
            variables[name] = xr.Variable((*lead, *own), cut, attributes)
        used = {dim for variable in variables.values() for dim in variable.dims}
        coords: dict[str, Any] = {dim: labels for dim, labels in self.coords.items() if dim in used}
        for dim in lead:
            coords[dim] = np.arange(next(iter(variables.values())).sizes[dim])
        return xr.Dataset(variables, coords=coords)
