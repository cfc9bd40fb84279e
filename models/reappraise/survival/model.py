"""Survival of two arms with piecewise constant hazards, proportional or not, in one or several groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray
from scipy import special, stats

from reappraise.core.errors import AnalysisError
from reappraise.fits.model import ARM_CODE, Draws, Floats
from reappraise.survival.hazard import Grid, HazardPrior

type HazardData = Mapping[str, NDArray[np.float64]]
"""Values of the model's data variables."""
type HazardSets = list[list[HazardData]]
"""The same for every data set of an ensemble, by chain and replicate; of known data, one of one."""

LEAST_EXPOSURE = 1e-9
"""Person-time that stands in for none, in units of the horizon: a Poisson mean has to be above 0."""

FORMULA = (
    "events[group, arm, interval] ~ Poisson(exposure * hazard); log hazard = level[group] + trend + "
    "walk_sd A z[group] + x[arm] (effect[group] + departure_sd B v[group]); x = -1/2, +1/2; z, v ~ Normal(0, 1); "
    "level ~ Normal; effect ~ prior; walk_sd, departure_sd ~ HalfNormal; "
    "A: Brownian motion at midpoints and the onset, "
    "B: Brownian motion less its mean; trend: mean of the onset; "
    "effects of subgroups differ by Normal(0, between), between ~ HalfNormal(s)"
)


@dataclass(frozen=True, slots=True)
class PiecewiseExponential:
    r"""Piecewise-exponential survival on events and person-time by group, arm and interval.

    .. math::
        d_{gaj} \sim \mathrm{Poisson}(E_{gaj} \lambda_{gaj}), \quad
        \log \lambda_{gaj} = \alpha_g + \sigma (A z_g)_j + x_a (\beta_g + \rho (B v_g)_j), \quad x = (-1/2, +1/2)

        \alpha_g \sim \mathrm{Normal}, \quad \sigma, \rho \sim \mathrm{HalfNormal}, \quad
        z_{gk}, v_{gk} \sim \mathrm{Normal}(0, 1)

    with A and B of `reappraise.survival.hazard`: a Brownian motion at the midpoints of the intervals, and one less its
    mean. A scale of 0 for rho gives proportional hazards, exactly. The Poisson likelihood is that of the censored times
    up to a factor free of the hazards.

    Groups share sigma and rho. With u half-normal, subgroups have :math:`\beta_g = \beta + \tau u e_g`, which shrinks
    them towards each other; unrelated endpoints have :math:`\beta_g` independent, each with the named prior. With
    one group there is neither u nor e.

    Everything is standard normal or half-normal beneath, so scales near 0 make no funnel. What is sampled is the level
    where the events are, and the effect averaged over the groups, by rotations that leave the prior as it is. All
    numbers of the prior, A and B included, are data: one compilation serves every endpoint, prior and replicate.

    Parameters
    ----------
    proportional
        Whether the hazard ratio is the same at all times.

    References
    ----------
    Holford TR. The analysis of rates and of survivorship using log-linear models. Biometrics 1980;36:299-305.
    """

    proportional: bool = False

    @property
    def name(self) -> str:
        """Key of the model."""
        return "proportional-hazards" if self.proportional else "piecewise-exponential"

    @property
    def label(self) -> str:
        """The model in words."""
        return "Piecewise-exponential hazards" + (", proportional" if self.proportional else "")

    @property
    def formula(self) -> str:
        """Likelihood and priors in a line, stored with every posterior."""
        return FORMULA

    def build(self, groups: int, intervals: int) -> pm.Model:
        """PyMC model with events and exposure (group, arm, interval), the matrices and the numbers of the prior."""
        coords = {"group": range(groups), "arm": range(2), "interval": range(intervals), "step": range(intervals)}
        empty = np.zeros((groups, 2, intervals))
        with pm.Model(coords=coords) as model:
            events = pm.Data("events", empty, dims=("group", "arm", "interval"))
            exposure = pm.Data("exposure", empty + 1.0, dims=("group", "arm", "interval"))
            walk = pm.Data("walk", np.eye(intervals), dims=("interval", "step"))
            departure = pm.Data("departure", np.eye(intervals), dims=("interval", "step"))
            trend = pm.Data("trend", np.zeros(intervals), dims="interval")
            level_offset = pm.Normal("level_offset", dims="group")
            walk_unit = pm.HalfNormal("walk_unit")
            departure_unit = pm.HalfNormal("departure_unit")
            walk_steps = pm.Normal("walk_steps", dims=("step", "group"))
            departure_steps = pm.Normal("departure_steps", dims=("step", "group"))
            pull = pm.Data("pull", np.ones(intervals), dims="step")
            common = pm.Normal("effect_offset")
            effect_sd = pm.Data("effect_sd", 1.0)
            effect = pm.Data("effect_mean", 0.0)
            if groups > 1:
                shared = pm.Data("shared", 1.0)
                between = pm.Data("between_scale", 0.5) * pm.HalfNormal("between_unit")
                own = pm.Normal("group_effect_offset", dims="group")
                turned, apart = _turn(
                    common[None], own[:, None], np.full(groups, 1 / groups), shared * between / effect_sd
                )
                effect = effect + effect_sd * shared * turned + (effect_sd * (1 - shared) + between) * apart[:, 0]
                effect = effect[:, None]
            else:
                effect = effect + effect_sd * common
            walk_sd = pm.Data("walk_scale", 1.0) * walk_unit
            departure_sd = pm.Data("departure_scale", 0.5) * departure_unit
            level_sd = pm.Data("level_sd", 1.0)
            turned, steps = _turn(level_offset, walk_steps, pull, walk_sd / level_sd)
            level = pm.Data("level_mean", 0.0) + level_sd * turned
            middle = level[:, None] + trend + walk_sd * pm.math.dot(walk, steps).T
            contrast = effect + departure_sd * pm.math.dot(departure, departure_steps).T
            log_hazard = middle[:, None, :] + contrast[:, None, :] * ARM_CODE[None, :, None]
            pm.Poisson(
                "observed", exposure * pm.math.exp(log_hazard), observed=events, dims=("group", "arm", "interval")
            )
        return model

    def data(
        self,
        events: Floats,
        exposure: Floats,
        grid: Grid,
        prior: HazardPrior,
        *,
        shared: bool = True,
        between_scale: float = 0.5,
        pull: Floats | None = None,
    ) -> dict[str, NDArray[np.float64]]:
        """Values for the data variables.

        Parameters
        ----------
        events, exposure
            Dims (group, arm, interval); person-time in the unit of the grid.
        grid, prior
            Intervals, and what is believed about the hazards.
        shared
            Whether the groups are subgroups of one population, with effects around a common one; else they are
            unrelated endpoints.
        between_scale
            Half-normal scale of the standard deviation of the log hazard ratio between subgroups.
        pull
            Weight of each step of the walk in the log hazard where the events are; by default of these events. Any
            will do, but draws are to be read with the one that they were drawn with.
        """
        found: dict[str, NDArray[np.float64]] = {
            "events": np.asarray(events, dtype=np.float64),
            "exposure": np.maximum(exposure, LEAST_EXPOSURE * grid.horizon),
            "walk": grid.walk,
            "departure": grid.centred_walk,
            "trend": grid.trend,
            "pull": _pull(events, grid) if pull is None else pull,
            "level_mean": np.array(prior.level_mean),
            "level_sd": np.array(prior.level_sd),
            "effect_mean": np.array(prior.effect.mean),
            "effect_sd": np.array(prior.effect.sd),
            "walk_scale": np.array(prior.walk_scale),
            "departure_scale": np.array(prior.departure_scale),
        }
        if found["events"].shape[0] > 1:
            found["shared"] = np.array(float(shared))
            found["between_scale"] = np.array(between_scale if shared else 0.0)
        return found

    def datasets(
        self,
        events: Floats,
        exposure: Floats,
        grid: Grid,
        prior: HazardPrior,
        *,
        shared: bool = True,
        between_scale: float = 0.5,
    ) -> HazardSets:
        """The same for every data set of an ensemble, by chain and replicate.

        They have all but events and exposure in common, so that the draws of all of them are read alike.

        Parameters
        ----------
        events, exposure
            Dims (chain, replicate, group, arm, interval).
        grid, prior, shared, between_scale
            As of `data`.
        """
        pull = _pull(events.mean(axis=(0, 1)), grid)
        return [
            [
                self.data(one, time, grid, prior, shared=shared, between_scale=between_scale, pull=pull)
                for one, time in zip(*chain, strict=True)
            ]
            for chain in zip(events, exposure, strict=True)
        ]

    def draw_prior(self, data: HazardData, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors, leading axis the draw."""
        groups, _, intervals = data["events"].shape
        found: dict[str, Floats] = {
            "level_offset": rng.normal(size=(draws, groups)),
            "walk_unit": np.abs(rng.normal(size=draws)),
            "departure_unit": np.abs(rng.normal(size=draws)),
            "walk_steps": rng.normal(size=(draws, intervals, groups)),
            "departure_steps": rng.normal(size=(draws, intervals, groups)),
            "effect_offset": rng.normal(size=draws),
        }
        if groups > 1:
            found["between_unit"] = np.abs(rng.normal(size=draws))
            found["group_effect_offset"] = rng.normal(size=(draws, groups))
        return found

    def complete(self, draws: Draws, data: HazardData) -> dict[str, Floats]:
        """Named parameters on their own scales, leading axes the draws.

        Returns
        -------
        dict
            ``log_hazard`` (group, arm, interval), ``level`` and ``effect`` (group), ``walk_sd``, ``departure_sd``, and
            with several groups ``overall_effect`` and ``between_sd``.
        """
        common = draws["effect_offset"]
        found: dict[str, Floats] = {
            "walk_sd": data["walk_scale"] * draws["walk_unit"],
            "departure_sd": data["departure_scale"] * draws["departure_unit"],
        }
        ratio = found["walk_sd"] / data["level_sd"]
        offset, steps = _turn(draws["level_offset"], draws["walk_steps"], data["pull"], ratio)
        found["level"] = data["level_mean"] + data["level_sd"] * offset
        if "shared" in data:
            shared, sd = data["shared"], data["effect_sd"]
            found["between_sd"] = data["between_scale"] * draws["between_unit"]
            own = draws["group_effect_offset"]
            evenly = np.full(own.shape[-1], 1 / own.shape[-1])
            turned, apart = _turn(common[..., None], own[..., None], evenly, shared * found["between_sd"] / sd)
            found["overall_effect"] = data["effect_mean"] + sd * shared * turned[..., 0]
            spread = sd * (1 - shared) + found["between_sd"]
            found["effect"] = found["overall_effect"][..., None] + spread[..., None] * apart[..., 0]
        else:
            found["effect"] = (data["effect_mean"] + data["effect_sd"] * common)[..., None]
        walk = np.swapaxes(data["walk"] @ steps, -1, -2)
        departure = np.swapaxes(data["departure"] @ draws["departure_steps"], -1, -2)
        middle = found["level"][..., None] + data["trend"] + found["walk_sd"][..., None, None] * walk
        contrast = found["effect"][..., None] + found["departure_sd"][..., None, None] * departure
        return {**found, "log_hazard": middle[..., None, :] + contrast[..., None, :] * ARM_CODE[:, None]}

    def log_likelihood(self, draws: Draws, data: HazardData) -> Floats:
        """Poisson log probability of the events of each group, arm and interval."""
        log_hazard = self.complete(draws, data)["log_hazard"]
        events, exposure = data["events"], data["exposure"]
        constant = events * np.log(exposure) - special.gammaln(events + 1)
        return np.asarray(events * log_hazard - exposure * np.exp(log_hazard) + constant)

    def log_prior(self, draws: Draws, data: HazardData) -> dict[str, Floats]:  # noqa: ARG002  # all are standard
        """Log density of every sampled variable, summed over its own dims."""
        found = {}
        for name, values in draws.items():
            density = (stats.halfnorm if name.endswith("_unit") else stats.norm).logpdf(values)
            own = 2 if name.endswith("_steps") else int(name in {"level_offset", "group_effect_offset"})
            found[name] = np.asarray(density.sum(axis=tuple(range(-own, 0))) if own else density)
        return found


def _pull(events: Floats, grid: Grid) -> Floats:
    """Weight of each step in the walk averaged over events, dims (group, arm, interval), and one more per interval."""
    weights = events.sum(axis=(0, 1)) + 1.0
    return np.asarray(weights @ grid.walk / weights.sum())


def _turn(offset: Any, steps: Any, pull: Any, ratio: Any) -> tuple[Any, Any]:
    """Rotate an offset into the steps' direction of pull: for NumPy and PyTensor alike.

    Standard normal variables stay so under a rotation. By this one, the first variable alone becomes what data speak
    to: the log hazard averaged over the events, and not that at time zero; the effect averaged over the groups, and
    not that of the population which they come from.

    Parameters
    ----------
    offset, steps
        Dims (..., column) and (..., step, column).
    pull
        Weight of each step in the average.
    ratio
        Standard deviation of the steps over that of the offset, dims (...).
    """
    size = (pull**2).sum() ** 0.5
    direction = (pull / size)[:, None]
    tangent = (ratio * size)[..., None]
    cosine = (1 + tangent**2) ** -0.5
    sine = tangent * cosine
    along = (direction * steps).sum(axis=-2)
    turned = sine * offset + cosine * along
    return cosine * offset - sine * along, steps + direction * (turned - along)[..., None, :]


VARYING = PiecewiseExponential()
PROPORTIONAL = PiecewiseExponential(proportional=True)
MODELS: tuple[PiecewiseExponential, ...] = (VARYING, PROPORTIONAL)
"""Every survival model: with a hazard ratio that may change with time, and without."""


def model_named(model: str | PiecewiseExponential) -> PiecewiseExponential:
    """The model of that name, or the model given.

    Raises
    ------
    AnalysisError
        If there is none; the error lists those there are.
    """
    if not isinstance(model, str):
        return model
    known = {item.name: item for item in MODELS}
    if model not in known:
        raise AnalysisError(f"unknown model {model!r}; expected one of {', '.join(known)}")
    return known[model]
