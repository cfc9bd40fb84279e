"""A survival fit's draws as an xarray DataTree: groups, named estimands, labelled dims, few enough to store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise import survival_estimands as of
from reappraise.bayes.piecewise_exponential import HazardData, PiecewiseExponential
from reappraise.nuts import Sampled
from reappraise.survival_answers import Answer, Questions, answers

DRAWS = 8000
"""Most draws that are stored, of all chains together: with half as many, limits are imprecise by chance."""
PRIOR_DRAWS = 1000
TIMES = 61
"""Times of the curves, 0 and the horizon included."""
HORIZONS = 21
"""Horizons of the curve of restricted means, which is smooth."""
PERSON_TIME: Mapping[str, tuple[str, ...]] = {
    "events": ("group", "arm", "interval"),
    "exposure": ("group", "arm", "interval"),
}
DIMS: Mapping[str, tuple[str, ...]] = {
    "log_hazard": ("group", "arm", "interval"),
    "level": ("group",),
    "effect": ("group",),
    "hazard_ratio": ("group",),
    "average_hazard_ratio": ("group",),
    "median": ("group", "arm"),
    "survival": ("group", "arm", "time"),
    "survival_at": ("group", "arm", "landmark"),
    "survival_difference": ("group", "landmark"),
    "restricted_mean": ("group", "arm", "horizon_grid"),
    "restricted_mean_difference": ("group", "horizon"),
    "hazard_ratio_at": ("group", "time"),
    "walk": ("interval", "step"),
    "departure": ("interval", "step"),
    "pull": ("step",),
    "walk_steps": ("step", "group"),
    "departure_steps": ("step", "group"),
}
DESCRIPTIONS: Mapping[str, str] = {
    "log_hazard": "log hazard per unit of time, by arm and interval; coordinate: start of the interval",
    "level": "log hazard at time zero, mean of both arms",
    "effect": "log hazard ratio, experimental over control, averaged over the follow-up",
    "hazard_ratio": "hazard of the experimental over hazard of the control arm, averaged on the log scale over time",
    "average_hazard_ratio": "hazard ratio averaged on the log scale over expected events to the last horizon",
    "median": "time by which half have had the event; beyond the follow-up it rests on the last hazard going on",
    "survival": "probability of no event by each time",
    "survival_at": "probability of no event by each landmark",
    "survival_difference": "probability of no event, experimental minus control arm",
    "restricted_mean": "mean event-free time up to each horizon",
    "restricted_mean_difference": "mean event-free time up to each horizon, experimental minus control arm",
    "hazard_ratio_at": "hazard of the experimental over hazard of the control arm at each time",
    "walk_sd": "standard deviation of the log hazard's walk over the whole follow-up",
    "departure_sd": "standard deviation of the departure from proportional hazards over the whole follow-up",
    "overall_effect": "log hazard ratio, experimental over control, that those of the subgroups lie around",
    "between_sd": "standard deviation of the log hazard ratio between subgroups",
    "events": "events",
    "exposure": "person-time",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Labels of the dims.

    Parameters
    ----------
    questions
        Arms, grid, landmarks and horizons.
    groups
        Keys of the subgroups; one group has no dim.
    """

    questions: Questions
    groups: tuple[str, ...]

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the curves."""
        return np.linspace(0.0, self.questions.grid.horizon, TIMES)

    @property
    def horizon_grid(self) -> NDArray[np.float64]:
        """Horizons of the curve of restricted means."""
        return np.linspace(0.0, self.questions.grid.horizon, HORIZONS)

    def dataset(
        self, values: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]], *, lead: tuple[str, ...]
    ) -> xr.Dataset:
        """Arrays with dims (lead, own) as a labelled dataset."""
        asked = self.questions
        labels: dict[str, Any] = {
            "group": list(self.groups), "arm": list(asked.arms), "interval": asked.grid.starts, "time": self.times,
            "horizon_grid": self.horizon_grid, "landmark": list(asked.landmarks), "horizon": list(asked.horizons),
        }  # fmt: skip
        variables = {}
        for name, array in values.items():
            own = dims.get(name, ())
            held = array
            if len(self.groups) == 1 and "group" in own:
                held = np.take(held, 0, axis=len(lead) + own.index("group"))
                own = tuple(dim for dim in own if dim != "group")
            if held.dtype == np.float64 and lead:
                held = held.astype(np.float32)
            attributes = {"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}
            variables[name] = xr.Variable((*lead, *own), held, attributes)
        used = {dim for variable in variables.values() for dim in variable.dims}
        coords: dict[str, Any] = {dim: label for dim, label in labels.items() if dim in used}
        for dim in lead:
            coords[dim] = np.arange(next(iter(variables.values())).sizes[dim])
        return xr.Dataset(variables, coords=coords)


def build_tree(
    model: PiecewiseExponential, shape: Shape, data: Sequence[Sequence[HazardData]], sampled: Sampled,
    rng: np.random.Generator,
) -> xr.DataTree:  # fmt: skip
    """Assemble all groups of one fit, numbers in single precision, draws thinned to at most `DRAWS`.

    Parameters
    ----------
    model, shape
        What was fitted, and the labels.
    data
        What it was fitted to, by chain and replicate, all but events and exposure in common; one by one for known data.
    sampled
        What the sampler returned; of several replicates, the draws of each after the other.
    rng
        Source of the draws from the prior.

    Raises
    ------
    ValueError
        If the data sets differ in more than events and exposure: then no one reading of the draws is right for all.
    """
    chains, whole = sampled.statistics["energy"].shape
    step = -(-chains * whole // DRAWS)
    drawn = {name: values[:, ::step] for name, values in sampled.draws.items()}
    statistics = {name: values[:, ::step] for name, values in sampled.statistics.items()}
    first, replicates = data[0][0], len(data[0])
    shared = {name: value for name, value in first.items() if name not in PERSON_TIME}
    if not all(np.array_equal(one[name], value) for chain in data for one in chain for name, value in shared.items()):
        raise ValueError("expected data sets that have all but events and exposure in common")
    replicate = np.repeat(np.arange(replicates), whole // replicates)[::step] if len(data) > 1 else None
    posterior = model.complete(drawn, shared)
    counts = {name: np.array([[one[name] for one in chain] for chain in data]) for name in PERSON_TIME}
    own = {name: values[:, 0, None] if replicate is None else values[:, replicate] for name, values in counts.items()}
    beginning = model.draw_prior(first, PRIOR_DRAWS, rng)
    prior = model.complete({name: values[None] for name, values in beginning.items()}, shared)
    if replicate is not None:
        statistics["replicate"] = np.broadcast_to(replicate, statistics["energy"].shape).astype(np.int32)
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "posterior": _with_estimands(posterior, shape),
        "log_likelihood": {"events": model.log_likelihood(posterior["log_hazard"], own)},
        "log_prior": model.log_prior(drawn),
        "sample_stats": statistics,
        "prior": _with_estimands(prior, shape),
    }
    children = {
        group: shape.dataset(values, {} if group == "log_prior" else {**DIMS, **PERSON_TIME}, lead=("chain", "draw"))
        for group, values in groups.items()
    }
    if replicate is None:
        observed, dims = {name: values[0, 0] for name, values in counts.items()}, dict(PERSON_TIME)
    else:
        observed = counts
        dims = {name: ("reconstruction", "replicate", *own) for name, own in PERSON_TIME.items()}
    children["observed_data"] = shape.dataset({"events": observed["events"]}, dims, lead=())
    constants = {"exposure": observed["exposure"], **{name: np.asarray(value) for name, value in shared.items()}}
    children["constant_data"] = shape.dataset(constants, {**DIMS, **dims}, lead=())
    return xr.DataTree.from_dict(children)


def tree_answers(tree: xr.DataTree, shape: Shape) -> dict[str, tuple[Answer, ...]]:
    """The reported quantities, by group."""
    posterior = tree["posterior"].to_dataset()
    found = {}
    for group in shape.groups:
        one = posterior.sel(group=group) if "group" in posterior.dims else posterior
        log_hazard = one["log_hazard"].transpose("chain", "draw", "arm", "interval").values.astype(np.float64)
        effect = one["effect"].transpose("chain", "draw").values.astype(np.float64)
        found[group] = tuple(answers(log_hazard, effect, shape.questions))
    return found


def tree_scalars(tree: xr.DataTree, shape: Shape) -> tuple[dict[str, NDArray[np.floating]], set[str]]:
    """Draws of all that is judged, dims (chain, draw), and the names of those that are printed."""
    found: dict[str, NDArray[np.floating]] = {}
    posterior = tree["posterior"].to_dataset()
    names = ["level", "effect", "walk_sd", "departure_sd", "log_hazard", "overall_effect", "between_sd"]
    idle = {"departure_sd"} if shape.questions.proportional else set()
    for name in names:
        if name not in posterior or name in idle:
            continue
        stacked = posterior[name].transpose("chain", "draw", ...)
        for index in np.ndindex(stacked.shape[2:]):
            labels = [str(stacked[dim].values[place]) for dim, place in zip(stacked.dims[2:], index, strict=True)]
            found[f"{name}[{', '.join(labels)}]" if labels else name] = stacked.values[(..., *index)]
    reported = {}
    for group, some in tree_answers(tree, shape).items():
        place = f"{group}: " if len(shape.groups) > 1 else ""
        reported.update({f"{place}{answer.name}": answer.scale for answer in some})
    return {**found, **reported}, set(reported)


def _with_estimands(found: Mapping[str, NDArray[Any]], shape: Shape) -> dict[str, NDArray[Any]]:
    asked = shape.questions
    log_hazard, grid, times = found["log_hazard"], asked.grid, shape.times
    means = of.restricted_mean(log_hazard, grid, asked.horizons)
    at = of.survival(log_hazard, grid, asked.landmarks)
    estimands = {
        "hazard_ratio": np.exp(found["effect"]),
        "average_hazard_ratio": of.average_hazard_ratio(log_hazard, grid, asked.horizons[-1]),
        "hazard_ratio_at": of.hazard_ratio(log_hazard, grid, times),
        "median": of.quantile(log_hazard, grid),
        "survival": of.survival(log_hazard, grid, times),
        "survival_at": at,
        "survival_difference": at[..., 1, :] - at[..., 0, :],
        "restricted_mean": of.restricted_mean(log_hazard, grid, shape.horizon_grid),
        "restricted_mean_difference": means[..., 1, :] - means[..., 0, :],
    }
    return {**found, **estimands}
