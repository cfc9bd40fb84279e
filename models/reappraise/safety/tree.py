"""Draws of a model of adverse events as an xarray DataTree: groups, named estimands, labelled dims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from reappraise.bayes.adverse_events import ARM_CODE, SYSTEM_WISE, TERM_WISE, EventData, EventModel
from reappraise.endpoints.event_table import EventTable
from reappraise.nuts import Sampled

STORED_CELLS = 8_000_000
"""Most draws times terms that are stored of one variable: 32 MB in single precision."""
PRIOR_DRAWS = 2000
_TERM, _SYSTEM = ("term",), ("system",)
DIMS: Mapping[str, tuple[str, ...]] = {
    "rate": ("term", "arm"),
    "events": ("term", "arm"),
    "totals": ("term", "arm"),
    **dict.fromkeys(
        ("odds_ratio", "risk_difference", "probability_of_no_effect", "system_index", "log_choices", "level_centring",
         "effect_centring"), _TERM,
    ),
    **dict.fromkeys(
        ("system_level", "system_effect", "effect_sd", "null_weight", "system_level_centring",
         "system_effect_centring"), _SYSTEM,
    ),
}  # fmt: skip
DESCRIPTIONS: Mapping[str, str] = {
    "rate": "probability of the event, by term and arm",
    "odds_ratio": "odds of the event in the experimental arm over odds in the control arm, by term",
    "risk_difference": "rate of the experimental arm minus rate of the control arm, by term",
    "probability_of_no_effect": "probability, given the other parameters of the draw, that the term has no effect",
    "null_weight": "probability that a term of the body system has no effect",
    "system_level": "mean log odds of the body system's terms, mean of both arms",
    "system_effect": "mean log odds ratio of the body system's terms, of those that have an effect",
    "overall_level": "mean of the body systems' mean log odds",
    "overall_effect": "mean of the body systems' mean log odds ratios",
    "level_sd": "standard deviation of the log odds within body systems",
    "effect_sd": "standard deviation of the log odds ratio within the body system, of terms that have an effect",
    "between_level_sd": "standard deviation of mean log odds between body systems",
    "between_effect_sd": "standard deviation of mean log odds ratios between body systems",
    "events": "patients with the event",
    "totals": "patients",
    "system_index": "place of the term's body system among the body systems",
}
LOGARITHMIC = ("odds_ratio", "level_sd", "effect_sd", "between_level_sd", "between_effect_sd")
"""Variables that are judged on the log scale: they are positive, skewed, and read as multiples."""
LARGEST = 87.0
"""Largest log odds ratio whose odds ratio single precision holds: an arm with nobody or everybody sets no limit."""
RATES = (1e-30, 1 - 2.0**-24)
"""Least and largest rate in single precision that is neither 0 nor 1."""
_NOT_SHOWN = {"level", "effect"}


def build_tree(
    model: EventModel, table: EventTable, data: EventData, sampled: Sampled, rng: np.random.Generator
) -> xr.DataTree:
    """Assemble all groups of one fit, numbers in single precision, draws thinned.

    Parameters
    ----------
    model, table, data
        What was fitted, to which table, with which data.
    sampled
        What the sampler returned; kept are those that the model says, and at most `STORED_CELLS`.
    rng
        Source of the predictive and conditional draws.
    """
    chains, draws = sampled.statistics["energy"].shape
    terms = len(table.terms)
    step = model.thinned * -(-chains * draws * terms // (model.thinned * STORED_CELLS))
    kept = {name: values[:, ::step] for name, values in sampled.draws.items()}
    statistics = {name: values[:, ::step] for name, values in sampled.statistics.items()}
    posterior = _estimands(model.complete(kept, data, rng, posterior=True), terms)
    beginning = model.draw_prior(data, max(200, min(PRIOR_DRAWS, STORED_CELLS // terms)), rng)
    one_chain = {name: values[None] for name, values in beginning.items()}
    prior = _estimands(model.complete(one_chain, data, rng, posterior=False), terms)
    totals = np.asarray(data["totals"])[:terms]
    shape = _Shape(table)
    below = {*TERM_WISE, *SYSTEM_WISE}
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "posterior": posterior,
        "posterior_predictive": {"events": _predict(posterior["rate"], totals, rng)},
        # of the parameters above all terms and systems: those below are sampled on a scale that only the sampler knows
        "log_prior": {name: values for name, values in model.log_prior(kept, data).items() if name not in below},
        "sample_stats": statistics,
        "prior": prior,
        "prior_predictive": {"events": _predict(prior["rate"], totals, rng)},
    }
    children = {
        group: shape.dataset(values, {} if group == "log_prior" else DIMS, lead=("chain", "draw"))
        for group, values in groups.items()
    }
    # of a term with a point mass the arms have one likelihood, no effect or some summed over
    likelihood = {"events": model.log_likelihood(kept, data)}
    children["log_likelihood"] = shape.dataset(likelihood, {"events": _TERM}, lead=("chain", "draw"))
    children["observed_data"] = shape.dataset({"events": data["events"]}, DIMS, lead=())
    numbers = {name: np.asarray(value) for name, value in data.items() if name != "events"}
    children["constant_data"] = shape.dataset(numbers, DIMS, lead=())
    return xr.DataTree.from_dict(children)


def scalars(tree: xr.DataTree) -> tuple[dict[str, NDArray[np.floating]], set[str]]:
    """Draws of all that is judged, dims (chain, draw), skewed ones as logarithms; and the names of printed rates."""
    found, reported = {}, set()
    for name, variable in tree["posterior"].data_vars.items():
        stacked = variable.transpose("chain", "draw", ...)
        scale = np.log(stacked.values) if name in LOGARITHMIC else stacked.values
        if name == "rate":  # rare events are read as multiples; single precision may round to the very ends
            scale = special.logit(np.clip(scale.astype(np.float64), *RATES))
        labels = [stacked[dim].values for dim in stacked.dims[2:]]
        for index in np.ndindex(scale.shape[2:]):
            words = ", ".join(str(label[place]) for label, place in zip(labels, index, strict=True))
            key = f"{name}[{words}]" if words else str(name)
            found[key] = scale[(..., *index)]
            if name == "rate":
                reported.add(key)
    return found, reported


def _estimands(found: Mapping[str, NDArray[Any]], terms: int) -> dict[str, NDArray[Any]]:
    level, effect = (found[name][..., :terms] for name in ("level", "effect"))
    rate = special.expit(level[..., None] + effect[..., None] * ARM_CODE)
    named = {name: values for name, values in found.items() if name not in _NOT_SHOWN | {"no_effect"}}
    if "no_effect" in found:
        named["probability_of_no_effect"] = found["no_effect"][..., :terms]
    return {
        "rate": rate,
        "odds_ratio": np.exp(np.clip(effect, -LARGEST, LARGEST)),
        "risk_difference": rate[..., 1] - rate[..., 0],
        **named,
    }


def _predict(rate: NDArray[Any], totals: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int32]:
    return np.asarray(rng.binomial(totals, rate), dtype=np.int32)


class _Shape:
    """Cuts padding, and labels what is left."""

    def __init__(self, table: EventTable) -> None:
        self.coords: dict[str, list[str]] = {
            "term": list(table.terms), "system": list(table.body_systems), "arm": list(table.arms),
        }  # fmt: skip

    def dataset(
        self, values: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]], *, lead: tuple[str, ...]
    ) -> xr.Dataset:
        variables = {}
        for name, array in values.items():
            own = dims.get(name, ())
            cut = array
            for place, dim in enumerate(own):
                cut = np.take(cut, range(len(self.coords[dim])), axis=len(lead) + place)
            if cut.dtype == np.float64 and lead:
                cut = cut.astype(np.float32)
            attributes = {"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}
            variables[name] = xr.Variable((*lead, *own), cut, attributes)
        used = {dim for variable in variables.values() for dim in variable.dims}
        coords: dict[str, Any] = {dim: labels for dim, labels in self.coords.items() if dim in used}
        for dim in lead:
            coords[dim] = np.arange(next(iter(variables.values())).sizes[dim])
        return xr.Dataset(variables, coords=coords)
