"""One normal likelihood of the hazard ratios of disjoint levels and of all patients, whose effects share a prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pymc as pm
from scipy import stats

from reappraise.core.prior import LogRatioPrior
from reappraise.fits.model import Data, Draws, Floats
from reappraise.survival.subgroups.classical import discrepancy
from reappraise.survival.subgroups.table import SubgroupTable

LEAST_WIDTH = 6
"""Levels that the model is compiled for at least, so that most trials share a compilation."""


class _Parts(NamedTuple):
    """What the likelihood is made of, dims (..., level), and of the whole (...)."""

    error: Floats
    weight: Floats
    variance: Floats
    rounded: Floats
    gain: Floats
    left: Floats


@dataclass(frozen=True, slots=True)
class PrintedSubgroups:
    r"""Printed log hazard ratios of levels are normal about their effects, and the whole is their weighted average.

    .. math::
        \theta_k = \mu + \tau z_k, \qquad z_k \sim \mathrm{Normal}(0, 1)

        e_k \sim \mathrm{Normal}(\theta_k, s_k), \qquad b_k = e_k + r_k

        b_0 = \sum_k w_k e_k + \epsilon + r_0, \qquad w_k = V_k \Big/ \sum_j V_j, \quad V_k = 1 / s_k^2

    Level k of K disjoint ones has the log hazard ratio theta_k, experimental over control, its estimate e_k with
    standard error s_k, and b_k in print; b_0 is printed of all patients. r is rounding, with the variance of a uniform
    number as wide as what rounds to the print; epsilon is what an analysis of all patients that is not stratified by
    the factor has of its own (`reappraise.survival.subgroups.classical.discrepancy`).

    So no patient counts twice: the whole is made of the levels, with covariance 1 / sum V with each of them. Where all
    levels are printed, it says nothing more about their effects; where one is not, the whole less the printed ones
    says what is known of it, weighing by its events (information d_0 d_1 / (d_0 + d_1)) or by what the others leave.
    s_k is uniform over what the printed limits allow, so that coarse print says as little as it does.

    Sampling. Effects and estimates are integrated out: with v_k = tau^2 + s_k^2 and rho for the variances of r,

    .. math::
        b_k \mid \mu, \tau, s \sim \mathrm{Normal}(\mu, \sqrt{v_k + \rho_k}), \qquad g_k = v_k / (v_k + \rho_k)

        b_0 \mid b, \mu, \tau, s \sim \mathrm{Normal}\left(\mu + \sum_k w_k g_k (b_k - \mu),
            \sqrt{\sum_k w_k^2 v_k (1 - g_k) + \sigma_\epsilon^2 + \rho_0}\right)

    with g_k = 0 for a level that is not printed. There is no funnel: the sampler sees mu, tau and the places of s_k
    within their spans. theta_k is drawn afterwards from its exact conditional.

    Reasons. mu has the named prior of the effect in all patients, mirrored where the event is good. Levels are
    exchangeable: nothing says beforehand which of them benefits more. tau ~ HalfNormal(0.35): at its scale the ratio of
    a level lies within a factor of 2 of the mean with 95%, as the sceptical prior has it of any effect, and its median,
    0.24, lets two levels differ by a factor of 1.25 as often as not. It is smaller than the 0.5 of odds ratios, which
    lie further from 1 than hazard ratios of the same effect. Levels of different factors are the same patients: each
    factor has a posterior of its own, and none is ever multiplied with another.

    Exchange of the arms changes the signs of b, m, mu and theta, and nothing else.

    References
    ----------
    Dixon DO, Simon R. Bayesian subset analysis. Biometrics 1991;47:871-881.
    Jones HE, Ohlssen DI, Neuenschwander B, Racine A, Branson M. Bayesian models for subgroup analysis in clinical
    trials. Clin Trials 2011;8:129-143. doi:10.1177/1740774510396933
    """

    name: str = "printed-subgroups"
    label: str = "Hazard ratios of subgroups that share a prior, and of the whole that they make up"
    formula: str = (
        "log_ratio[level] ~ Normal(level_effect, standard_error) and rounding; log_ratio[all] ~ Normal(sum of weight * "
        "estimate[level], discrepancy) and rounding; weight proportional to 1 / standard_error^2; level_effect ~ "
        "Normal(effect, interaction_sd); standard_error ~ Uniform(least, largest that the print allows); "
        "effect ~ prior; interaction_sd ~ HalfNormal(0.35)"
    )
    interaction: float = 0.35

    @property
    def build(self) -> Callable[..., pm.Model]:
        """Makes the PyMC model of so many levels."""
        return _build

    def data(self, table: SubgroupTable, prior: LogRatioPrior, width: int) -> Data:
        """Values of the data variables, padded to `width` levels; last of what is printed stands the whole.

        Parameters
        ----------
        table
            The subgroups.
        prior
            Prior as it enters, on the log hazard ratio, experimental over control.
        width
            Levels that the model is compiled for.
        """
        levels = table.levels
        if len(levels) > width:
            raise ValueError(f"{table.endpoint}, {table.factor}: {len(levels)} levels, width {width}")
        spans = [level.log_ratio or (0.0, 0.0) for level in levels]
        printed = np.zeros((width + 1, 2))
        printed[: len(levels)] = spans
        printed[width] = table.whole or (0.0, 0.0)
        errors = np.ones((width, 2))
        errors[: len(levels)] = [level.standard_error for level in levels]
        shown = np.zeros(width + 1)
        shown[: len(levels)] = table.shown
        shown[width] = table.whole is not None
        own = 1.0
        if table.whole is not None and table.whole_error is not None:
            own = discrepancy(sum(table.whole) / 2, sum(table.whole_error) / 2)
        return {
            "log_ratio": printed.mean(axis=1),
            "rounding": printed[:, 1] - printed[:, 0],
            "shown": shown,
            "held": (np.arange(width) < len(levels)).astype(float),
            "least_error": errors[:, 0],
            "largest_error": errors[:, 1],
            "discrepancy": np.array(own),
            "effect_mean": np.array(prior.mean),
            "effect_sd": np.array(prior.sd),
            "interaction_sd_scale": np.array(self.interaction),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors."""
        return {
            "effect": rng.normal(data["effect_mean"], data["effect_sd"], size=draws),
            "interaction_sd": np.abs(rng.normal(0.0, data["interaction_sd_scale"], size=draws)),
            "place": rng.uniform(size=(draws, data["held"].size)),
        }

    def complete(
        self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool
    ) -> tuple[Floats, Floats, Floats]:
        r"""Effects of the levels from their exact conditional, their weights and standard errors, dims (..., level).

        Effects and print are drawn from the prior given mu, tau and s, and moved by what the print differs:

        .. math:: \theta = \theta^* + \mathrm{Cov}(\theta, b) \, \mathrm{Cov}(b)^{-1} (b - b^*)

        Given the print (`posterior`) or before it.
        """
        parts = _parts(draws, data)
        mu, tau = draws["effect"][..., None], draws["interaction_sd"][..., None]
        effect = mu + tau * rng.normal(size=parts.error.shape)
        if not posterior:
            return effect, parts.weight, parts.error
        printed = self.predict(effect, parts.weight, parts.error, data, rng)
        away = (data["log_ratio"] - printed) * data["shown"]
        levels, whole = away[..., :-1], away[..., -1]
        # the covariance of the print is diagonal but for its last row: levels are disjoint, the whole is made of them
        with_whole = data["shown"][:-1] * parts.weight * parts.variance
        diagonal = parts.variance + parts.rounded
        last = np.sum(parts.weight**2 * parts.variance, axis=-1) + data["discrepancy"] ** 2
        last = last + data["rounding"][-1] ** 2 / 12
        solved = (whole - np.sum(with_whole * levels / diagonal, axis=-1)) / (
            last - np.sum(with_whole**2 / diagonal, axis=-1)
        )
        solved = (data["shown"][-1] * solved)[..., None]
        moved = data["shown"][:-1] * (levels - with_whole * solved) / diagonal + parts.weight * solved
        return np.asarray(effect + tau**2 * moved), parts.weight, parts.error

    def predict(self, effect: Floats, weight: Floats, error: Floats, data: Data, rng: np.random.Generator) -> Floats:
        """What trials like this one would print of levels and whole, dims (..., printed)."""
        estimate = effect + error * rng.normal(size=effect.shape)
        whole = np.sum(weight * estimate, axis=-1) + data["discrepancy"] * rng.normal(size=effect.shape[:-1])
        both = np.concatenate([estimate, whole[..., None]], axis=-1)
        return np.asarray(both + data["rounding"] / np.sqrt(12) * rng.normal(size=both.shape))

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Log density of each printed log ratio, effects integrated out, the whole given its levels; 0 where none."""
        parts = _parts(draws, data)
        mu = draws["effect"]
        levels = stats.norm.logpdf(data["log_ratio"][:-1], mu[..., None], np.sqrt(parts.variance + parts.rounded))
        mean = mu + np.sum(parts.weight * parts.gain * (data["log_ratio"][:-1] - mu[..., None]), axis=-1)
        whole = np.asarray(stats.norm.logpdf(data["log_ratio"][-1], mean, np.sqrt(parts.left)))
        return np.asarray(np.concatenate([levels, whole[..., None]], axis=-1) * data["shown"])

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Log density of effect and spread; the standard errors' is constant."""
        found = {
            "effect": stats.norm.logpdf(draws["effect"], data["effect_mean"], data["effect_sd"]),
            "interaction_sd": stats.halfnorm.logpdf(draws["interaction_sd"], scale=data["interaction_sd_scale"]),
        }
        return {name: np.asarray(values) for name, values in found.items()}


PRINTED_SUBGROUPS = PrintedSubgroups()


def _parts(draws: Draws, data: Data) -> _Parts:
    least, largest = data["least_error"], data["largest_error"]
    error = least + (largest - least) * draws["place"]
    information = data["held"] / error**2
    weight = information / information.sum(axis=-1, keepdims=True)
    variance = draws["interaction_sd"][..., None] ** 2 + error**2
    rounded = np.broadcast_to(data["rounding"][:-1] ** 2 / 12, variance.shape)
    gain = data["shown"][:-1] * variance / (variance + rounded)
    left = np.sum(weight**2 * variance * (1 - gain), axis=-1)
    left = left + data["discrepancy"] ** 2 + data["rounding"][-1] ** 2 / 12
    return _Parts(error, weight, variance, rounded, gain, left)


def _build(width: int) -> pm.Model:
    """PyMC model with what is printed of levels and whole, which levels are held, and the numbers of the priors."""
    with pm.Model(coords={"level": range(width), "printed": range(width + 1)}) as model:
        log_ratio = pm.Data("log_ratio", np.zeros(width + 1), dims="printed")
        rounding = pm.Data("rounding", np.full(width + 1, 0.01), dims="printed")
        shown = pm.Data("shown", np.ones(width + 1), dims="printed")
        held = pm.Data("held", np.ones(width), dims="level")
        least = pm.Data("least_error", np.full(width, 0.3), dims="level")
        largest = pm.Data("largest_error", np.full(width, 0.31), dims="level")
        own = pm.Data("discrepancy", 0.1)
        effect = pm.Normal("effect", pm.Data("effect_mean", 0.0), pm.Data("effect_sd", 1.0))
        between = pm.HalfNormal("interaction_sd", pm.Data("interaction_sd_scale", 1.0))
        error = least + (largest - least) * pm.Uniform("place", 0.0, 1.0, dims="level")
        information = held / error**2
        weight = information / information.sum()
        variance = between**2 + error**2
        rounded = rounding[:-1] ** 2 / 12
        gain = shown[:-1] * variance / (variance + rounded)
        levels = pm.logp(pm.Normal.dist(effect, pm.math.sqrt(variance + rounded)), log_ratio[:-1])
        mean = effect + (weight * gain * (log_ratio[:-1] - effect)).sum()
        left = (weight**2 * variance * (1 - gain)).sum() + own**2 + rounding[-1] ** 2 / 12
        whole = pm.logp(pm.Normal.dist(mean, pm.math.sqrt(left)), log_ratio[-1])
        pm.Potential("printed_levels", (shown[:-1] * levels).sum() + shown[-1] * whole)
    return model
