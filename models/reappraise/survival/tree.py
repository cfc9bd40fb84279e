"""A survival fit's draws as an xarray DataTree: groups, named estimands, labelled dims, few enough to store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.fits.diagnose import Judged
from reappraise.fits.layout import DRAWS, Arrays, Axis, Layout, Variable
from reappraise.fits.nuts import Sampled
from reappraise.survival import estimands as of
from reappraise.survival.answers import Answer, Questions, answers
from reappraise.survival.model import HazardData, PiecewiseExponential

STORED = 8000
"""Most draws that are stored, of all chains together: with half as many, limits are imprecise by chance."""
LONGEST_STORED = 32_000
"""The same of known data, which are sampled for longer only where limits need it."""
PRIOR_DRAWS = 1000
TIMES = 61
"""Times of the curves, 0 and the horizon included."""
HORIZONS = 21
"""Horizons of the curve of restricted means, which is smooth."""
MOST_EVENTS = 1e9
"""Largest expected number of events that predicted ones are drawn for: more are nobody's belief."""
PERSON_TIME = ("events", "exposure")
CELLS = ("group", "arm", "interval")


def _idle(description: str, *dims: str) -> Variable:
    """What follows from the hazards, which are judged."""
    return Variable(dims=dims, description=description, judged=False)


VARIABLES: Mapping[str, Variable] = {
    "log_hazard": Variable(
        dims=CELLS,
        description="log hazard per unit of time, by arm and interval; coordinate: start of the interval",
    ),
    "level": Variable(dims=("group",), description="log hazard at time zero, mean of both arms"),
    "effect": Variable(
        dims=("group",), description="log hazard ratio, experimental over control, averaged over time, 0 to the horizon"
    ),
    "walk_sd": Variable(description="standard deviation of the log hazard's walk over the whole follow-up"),
    "departure_sd": Variable(
        description="standard deviation of the departure from proportional hazards over the whole follow-up"
    ),
    "overall_effect": Variable(
        description="log hazard ratio, experimental over control, averaged over time, that those of the subgroups lie "
        "around"
    ),
    "between_sd": Variable(
        description="standard deviation of the log hazard ratio averaged over time between subgroups"
    ),
    "hazard_ratio": _idle(
        "hazard of the experimental over hazard of the control arm, averaged on the log scale over the events expected "
        "within the follow-up, weighted as by Cox's regression",
        "group",
    ),
    "time_averaged_hazard_ratio": _idle(
        "hazard of the experimental over hazard of the control arm, averaged on the log scale over time, 0 to the "
        "horizon, all times alike",
        "group",
    ),
    "median": _idle(
        "time by which half have had the event; beyond the follow-up it rests on the last hazard going on",
        "group",
        "arm",
    ),
    "survival": _idle("probability of no event by each time", "group", "arm", "time"),
    "survival_at": _idle("probability of no event by each landmark", "group", "arm", "landmark"),
    "survival_difference": _idle("probability of no event, experimental minus control arm", "group", "landmark"),
    "restricted_mean": _idle("mean event-free time up to each horizon", "group", "arm", "horizon_grid"),
    "restricted_mean_difference": _idle(
        "mean event-free time up to each horizon, experimental minus control arm", "group", "horizon"
    ),
    "hazard_ratio_at": _idle("hazard of the experimental over hazard of the control arm at each time", "group", "time"),
    "events": _idle("events", *CELLS),
    "exposure": _idle("person-time", *CELLS),
    "walk": _idle("", "interval", "step"),
    "departure": _idle("", "interval", "step"),
    "trend": _idle("", "interval"),
    "pull": _idle("", "step"),
    "walk_steps": _idle("", "step", "group"),
    "departure_steps": _idle("", "step", "group"),
    "level_offset": _idle("", "group"),
    "group_effect_offset": _idle("", "group"),
}
"""What is declared of every variable of a file. Of what follows from the hazards, the answers are judged."""


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

    @property
    def layout(self) -> Layout:
        """What is declared of every variable, and the labels."""
        asked = self.questions
        axes = {
            "group": Axis(self.groups if len(self.groups) > 1 else None),
            "arm": Axis(asked.arms),
            "interval": Axis(asked.grid.starts),
            "time": Axis(self.times),
            "horizon_grid": Axis(self.horizon_grid),
            "landmark": Axis(asked.landmarks),
            "horizon": Axis(asked.horizons),
        }
        idle = replace(VARIABLES["departure_sd"], judged=not asked.proportional)
        return Layout({**VARIABLES, "departure_sd": idle}, axes)


def build_tree(
    model: PiecewiseExponential,
    shape: Shape,
    data: Sequence[Sequence[HazardData]],
    sampled: Sampled,
    rng: np.random.Generator,
) -> xr.DataTree:
    """Assemble all groups of one fit, draws thinned to at most `STORED`, or to `LONGEST_STORED` of known data.

    The likelihood of reconstructed data is not among them: their patients are made up together, and leaving one out,
    as ``az.loo`` would, means nothing.

    Parameters
    ----------
    model, shape
        What was fitted, and the labels.
    data
        What it was fitted to, by chain and replicate, all but events and exposure in common; one by one for known data.
    sampled
        What the sampler returned; of several replicates with the place of each draw's own, ``replicate``.
    rng
        Source of the draws from the prior, and of predicted events.

    Raises
    ------
    ValueError
        If the data sets differ in more than events and exposure: then no one reading of the draws is right for all.
    """
    chains, whole = next(iter(sampled.statistics.values())).shape[:2]
    ensemble = len(data) * len(data[0]) > 1
    step = -(-chains * whole // (STORED if ensemble else LONGEST_STORED))
    drawn = {name: values[:, ::step] for name, values in sampled.draws.items()}
    statistics = {name: values[:, ::step] for name, values in sampled.statistics.items()}
    first, replicates = data[0][0], len(data[0])
    shared = {name: value for name, value in first.items() if name not in PERSON_TIME}
    if not all(np.array_equal(one[name], value) for chain in data for one in chain for name, value in shared.items()):
        raise ValueError("expected data sets that have all but events and exposure in common")
    posterior = model.complete(drawn, shared)
    counts = {name: np.array([[one[name] for one in chain] for chain in data]) for name in PERSON_TIME}
    beginning = model.draw_prior(first, PRIOR_DRAWS, rng)
    prior = model.complete({name: values[None] for name, values in beginning.items()}, shared)
    if ensemble:
        # each draw has the person-time of its own replicate, draws from the prior that of each in turn
        exposure = counts["exposure"][np.arange(chains)[:, None], statistics["replicate"]]
        before = counts["exposure"][0, np.arange(PRIOR_DRAWS) % replicates]
    else:
        exposure, before = counts["exposure"][:, 0, None], counts["exposure"][0, 0]
    groups: dict[str, Arrays] = {
        "posterior": with_estimands(posterior, shape, exposure),
        "posterior_predictive": _predicted(posterior["log_hazard"], exposure, rng),
        "log_prior": model.log_prior(drawn, shared),
        "sample_stats": statistics,
        "prior": with_estimands(prior, shape, before),
        "prior_predictive": _predicted(prior["log_hazard"], before, rng),
    }
    layout = shape.layout
    children = {
        group: layout.dataset(values, lead=DRAWS, dims={} if group in {"log_prior", "sample_stats"} else None)
        for group, values in groups.items()
    }
    if ensemble:
        kept: tuple[str, ...] = ("reconstruction", "replicate", *CELLS)
        observed = counts
    else:
        kept = CELLS
        observed = {name: values[0, 0] for name, values in counts.items()}
        density = model.log_likelihood(drawn, {**shared, **observed})
        children["log_likelihood"] = layout.dataset({"events": density}, lead=DRAWS)
    dims = {name: variable.dims for name, variable in VARIABLES.items()} | dict.fromkeys(PERSON_TIME, kept)
    children["observed_data"] = layout.dataset({"events": observed["events"]}, dims=dims)
    constants = {"exposure": observed["exposure"], **{name: np.asarray(value) for name, value in shared.items()}}
    children["constant_data"] = layout.dataset(constants, dims=dims)
    return xr.DataTree.from_dict(children)


def tree_answers(tree: xr.DataTree, shape: Shape) -> dict[str, tuple[Answer, ...]]:
    """The reported quantities, by group."""
    posterior = tree["posterior"].to_dataset()
    found = {}
    for group in shape.groups:
        one = posterior.sel(group=group) if "group" in posterior.dims else posterior
        log_hazard = one["log_hazard"].transpose(*DRAWS, "arm", "interval").values.astype(np.float64)
        ratio, effect = (one[name].transpose(*DRAWS).values.astype(np.float64) for name in ("hazard_ratio", "effect"))
        found[group] = tuple(answers(log_hazard, shape.questions, hazard_ratio=ratio, effect=effect))
    return found


def tree_judged(tree: xr.DataTree, shape: Shape) -> dict[str, Judged]:
    """Draws of all that is judged: parameters, and the answers, which are printed."""
    named, _ = shape.layout.scalars(tree["posterior"].to_dataset())
    found = {name: Judged(draws) for name, draws in named.items()}
    for group, some in tree_answers(tree, shape).items():
        place = f"{group}: " if len(shape.groups) > 1 else ""
        found.update({f"{place}{answer.name}": answer.judged for answer in some})
    return found


def _predicted(
    log_hazard: NDArray[Any], exposure: NDArray[Any], rng: np.random.Generator
) -> dict[str, NDArray[np.int32]]:
    """Events of as much person-time, dims (chain, draw, group, arm, interval)."""
    mean = np.minimum(exposure * np.exp(log_hazard), MOST_EVENTS)
    return {"events": np.asarray(rng.poisson(mean), dtype=np.int32)}


def with_estimands(
    found: Mapping[str, NDArray[Any]], shape: Shape, person_time: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Parameters with everything that follows from the hazards, by name.

    Parameters
    ----------
    found
        Parameters, by name.
    shape
        Labels of the dims.
    person_time
        Of the trial, known or expected: what the hazard ratio's events are counted in; dims (..., group, arm,
        interval), leading ones broadcast.
    """
    asked = shape.questions
    log_hazard, grid, times = found["log_hazard"], asked.grid, shape.times
    means = of.restricted_mean(log_hazard, grid, asked.horizons)
    at = of.survival(log_hazard, grid, asked.landmarks)
    estimands = {
        "hazard_ratio": of.event_weighted_hazard_ratio(log_hazard, person_time),
        "time_averaged_hazard_ratio": np.exp(found["effect"]),
        "hazard_ratio_at": of.hazard_ratio(log_hazard, grid, times),
        "median": of.quantile(log_hazard, grid),
        "survival": of.survival(log_hazard, grid, times),
        "survival_at": at,
        "survival_difference": at[..., 1, :] - at[..., 0, :],
        "restricted_mean": of.restricted_mean(log_hazard, grid, shape.horizon_grid),
        "restricted_mean_difference": means[..., 1, :] - means[..., 0, :],
    }
    return {**found, **estimands}
