"""Survival of two arms given what was printed about them: a PyMC model on a likelihood of the printed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from reappraise.fits.model import Draws, Floats
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.printed.complex_step import softplus
from reappraise.survival.printed.density import DATA, density
from reappraise.survival.printed.mode import OPEN, Mode, whitened
from reappraise.survival.printed.operation import PRINT_DENSITY
from reappraise.survival.printed.pivot import pivoted, plain, tangent
from reappraise.survival.printed.problem import Problem
from reappraise.survival.printed.rows import readings
from reappraise.survival.printed.shares import SCALES, FollowUp, log_hazards, log_prior, parameters

type PrintData = Mapping[str, NDArray[np.float64]]
"""Values of the model's data variables."""


@dataclass(frozen=True, slots=True)
class PrintedSurvival:
    r"""Piecewise-exponential survival given the printed numbers, whose sampling distribution is normal.

    .. math::
        s \mid x \sim \mathrm{Normal}(\mu(x), \Sigma + N), \quad
        \Sigma = \sum_a n_a^{-1} G_a (\mathrm{diag}(p_a) - p_a p_a^T) G_a^T

        \log \lambda_{aj} = \alpha + \sigma (A z)_j + x_a (\beta + \rho (B v)_j), \quad x = (-1/2, +1/2)

    Every printed number is a smooth functional of the two arms' counting processes, so with hazards and censoring x
    its mean is that functional at the expected process, and its covariance follows from the derivatives G by the shares
    p of patients that end in each way. N is the noise of print: rounding, steps of curves. The mean moves with the
    parameters; the covariance is held at the most probable ones (`mode` says why). What a publication does not say of
    its estimators is a discrete parameter, summed out. A gradient costs the same at any number of patients; the ridges
    of large trials take more of them.

    Hazards and their prior are those of `reappraise.survival.hazard`; what is sampled lies along the posterior's own
    axes, and everything printed is data, so that one compilation serves every trial.

    Parameters
    ----------
    proportional
        Whether the hazard ratio is the same at all times.

    References
    ----------
    van der Vaart AW. Asymptotic Statistics. Cambridge University Press 1998, chapter 20.
    """

    proportional: bool = False

    @property
    def name(self) -> str:
        """Key of the model."""
        return "printed-proportional-hazards" if self.proportional else "printed-survival"

    @property
    def label(self) -> str:
        """The model in words."""
        return "Piecewise-exponential hazards given the print" + (", proportional" if self.proportional else "")

    @property
    def formula(self) -> str:
        """Likelihood and priors in a line, stored with every posterior."""
        return (
            "printed numbers ~ Normal(mu(hazards, censoring), Sigma + noise of print), summed over readings; "
            "log hazard = level + trend + walk_sd A z + x[arm] (effect + departure_sd B v); x = -1/2, +1/2; "
            "z, v ~ Normal(0, 1); level ~ Normal; effect ~ prior; walk_sd, departure_sd ~ HalfNormal; "
            "A: Brownian motion, fast at first, and the onset; "
            "B: Brownian motion less its mean; trend: mean of the onset"
        )

    def build(self, intervals: int) -> pm.Model:
        """PyMC model of a number of intervals: everything else is ``pm.Data``."""
        size = parameters(intervals) + OPEN
        values = _blank(intervals)
        with pm.Model(coords={"variable": range(size)}) as model:
            data = {name: pm.Data(name, values[name]) for name in (*DATA, "centre", "factor")}
            free = pm.Flat("free", dims="variable")
            point = data["centre"] + data["factor"] @ free
            found: Any = PRINT_DENSITY(point, *(data[name] for name in DATA))
            pm.Potential("posterior", found[0])
        return model

    def data(self, problem: Problem) -> dict[str, NDArray[np.float64]]:
        """Values for the data variables: places, prior, printed numbers and their whitening."""
        longest = np.array([float(bounds is not None) for bounds in problem.longest])
        whitening, mode = whitened(problem)
        return self.along(problem, {**problem.data, **whitening.data(), "longest": longest}, mode)

    def along(self, problem: Problem, data: PrintData, mode: Mode) -> dict[str, NDArray[np.float64]]:
        """The same values, with the sampled variables along the axes that a posterior has at a mode of it."""
        latent = mode.centre[:-OPEN]
        hazards = np.exp(log_hazards(latent, problem.data))
        events = (hazards * problem.person_time(latent)).sum(axis=0)
        steps = softplus(latent[2]) * problem.prior.walk_scale * (latent[4 : 4 + events.size] @ problem.data["walk"].T)
        without = events * np.exp(-steps)  # the walk comes in with the average
        data = {**data, "pivot": without / without.sum()}
        factor = mode.factor.copy()
        factor[0] = tangent(mode.centre, data) @ mode.factor
        return {**data, "centre": pivoted(mode.centre, data), "factor": factor}

    def points(self, draws: Draws, data: PrintData) -> Floats:
        """Parameters, and log distances below levels that were not reached, dims (..., variable)."""
        return plain(data["centre"] + draws["free"] @ data["factor"].T, data)

    def free(self, points: Floats, data: PrintData) -> Floats:
        """The inverse of `points`: what is sampled, dims (..., variable)."""
        return np.linalg.solve(data["factor"], (pivoted(points, data) - data["centre"])[..., None])[..., 0]

    def log_density(self, free: Floats, data: PrintData) -> Floats:
        """Log density of what is sampled, up to a constant of the print; dims (...)."""
        values = [data[name] for name in DATA]
        flat = (data["centre"] + free @ data["factor"].T).reshape(-1, free.shape[-1])
        whole = np.array([density(point, *values)[0] for point in flat]).reshape(free.shape[:-1])
        return np.asarray(whole + np.linalg.slogdet(data["factor"])[1])

    def complete(self, points: Floats, data: PrintData) -> dict[str, Floats]:
        """Named parameters on their own scales: as of `PiecewiseExponential`, one group."""
        latent = points[..., :-OPEN]
        _, level_sd, effect_mean, effect_sd, walk_scale, departure_scale = data["prior"]
        scales = softplus(latent[..., SCALES])
        walk_sd = walk_scale * scales[..., 0]
        return {
            "walk_sd": np.asarray(walk_sd),
            "departure_sd": np.asarray(departure_scale * scales[..., 1]),
            "level": np.asarray(data["prior"][0] + level_sd * latent[..., 0])[..., None],
            "effect": np.asarray(effect_mean + effect_sd * latent[..., 1])[..., None],
            "log_hazard": np.asarray(log_hazards(latent, data))[..., None, :, :],
        }

    def draw_prior(self, data: PrintData, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Points from the prior, dims (draw, variable)."""
        found = rng.normal(size=(draws, data["centre"].size))
        units = np.abs(rng.normal(size=(draws, 2)))
        found[:, SCALES] = units + np.log(-np.expm1(-units))  # the inverse of softplus
        return {"point": found}

    def log_likelihood(self, draws: Draws, data: PrintData) -> Floats:
        """Log density of the print up to a constant, dims (...)."""
        points = self.points(draws, data)
        values = [data[name] for name in DATA]
        flat = pivoted(points.reshape(-1, points.shape[-1]), data)
        whole = np.array([density(point, *values)[0] for point in flat]).reshape(points.shape[:-1])
        return whole - log_prior(points[..., :-OPEN])

    def log_prior(self, draws: Draws, data: PrintData) -> dict[str, Floats]:
        """Log density of all parameters together, dims (...)."""
        return {"parameters": log_prior(self.points(draws, data)[..., :-OPEN])}


def _blank(intervals: int) -> dict[str, NDArray[np.float64]]:
    """Values of the right shapes, of a trial about which nothing is printed."""
    from reappraise.core.prior import hazard_ratio_priors

    problem = Problem(
        rows=(),
        readings=readings(()),
        totals=(100, 100),
        follow_up=FollowUp(shortest=None, longest=1.0, reach=1.0),
        longest=(None, None),
        grid=Grid.early(intervals, 1.0),
        prior=HazardPrior(effect=hazard_ratio_priors()[0], median=0.5),
    )
    return PRINTED.data(problem)


PRINTED = PrintedSurvival()
PRINTED_PROPORTIONAL = PrintedSurvival(proportional=True)
PRINTED_MODELS: tuple[PrintedSurvival, ...] = (PRINTED, PRINTED_PROPORTIONAL)
"""With a hazard ratio that may change with time, and without."""
