"""Shared-effects model: the experimental arms of a trial differ from one control arm by effects that resemble."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import pymc as pm
from scipy import special, stats

from reappraise.core.prior import LogRatioPrior
from reappraise.fits.model import Data, Draws, Floats
from reappraise.response.several_arms.table import SeveralArms


@dataclass(frozen=True, slots=True)
class SharedEffects:
    r"""Rates of several arms whose effects, each against the one control arm, share a prior.

    .. math::
        y_a \sim \mathrm{Binomial}(n_a, p_a), \quad
        \mathrm{logit}\, p_0 = \mu - \bar\delta / 2, \quad
        \mathrm{logit}\, p_k = \mu - \bar\delta / 2 + \delta_k \quad (k = 1, \dots, K)

        \delta_k = \delta + \tau w_k, \quad w_k \sim \mathrm{Normal}(0, 1), \quad
        \mu \sim \mathrm{Normal}(0, 1.5), \quad \delta \sim \mathrm{named\ prior}, \quad
        \tau \sim \mathrm{HalfNormal}(s)

    delta_k is the log odds ratio of arm k over control and :math:`\bar\delta` the mean of the K. The control arm
    enters once, so that contrasts are correlated as they are in the trial, and each arm says something about what
    the others may do. The named prior is that of delta, the mean of the effects: of one arm it is wider, by tau. With
    one experimental arm and tau = 0 it would be the logit-normal model of a contrast. Exchanged experimental arms give
    exchanged results: none is the first.

    Reasons. mu: Normal(0, 1.5) is close to uniform on a rate. tau: doses or drugs of one trial are tried because
    they may differ, but by less than any from control: its scale is the size of the planned effect, or 0.5 where none
    is stated (two arms within an odds ratio of 2 of each other, in four trials of five).

    Sampling. As in the logit-normal model the sampler sees the average effect, delta integrated out, and zero-sum
    deviations: :math:`\bar\delta \sim \mathrm{Normal}(m, \sqrt{s_\delta^2 + \tau^2 / K})`,
    :math:`\delta_k = \bar\delta + \tau (w_k - \bar w)`.

    References
    ----------
    Dixon DO, Simon R. Bayesian subset analysis. Biometrics 1991;47:871-881: the same hierarchy, of levels.
    """

    name: str = "shared-effects"
    label: str = "Effects of all arms together (shared effects)"
    formula: str = (
        "events[arm] ~ Binomial(total, rate); logit rate[control] = mu - mean(delta) / 2; logit rate[k] = logit "
        "rate[control] + delta[k]; delta[k] = delta + tau w[k]; w ~ Normal(0, 1); mu ~ Normal(0, 1.5); "
        "delta ~ prior; tau ~ HalfNormal(s)"
    )
    mean_logit_sd: float = 1.5
    effect_spread: float = 0.5

    def build(self, others: int) -> pm.Model:
        """PyMC model of a control arm and `others`, with data events, totals (arm), and the numbers of the priors."""
        with pm.Model(coords={"arm": range(others + 1), "experimental": range(others)}) as model:
            events = pm.Data("events", np.zeros(others + 1, dtype=np.int64), dims="arm")
            totals = pm.Data("totals", np.zeros(others + 1, dtype=np.int64), dims="arm")
            effect_sd = pm.HalfNormal("effect_sd", pm.Data("effect_sd_scale", 1.0))
            variance = pm.Data("prior_sd", 1.0) ** 2 + effect_sd**2 / others
            mean_logit = pm.Normal("mean_logit", 0.0, pm.Data("mean_logit_sd", 1.0))
            average = pm.Normal("average_effect", pm.Data("prior_mean", 0.0), pm.math.sqrt(variance))
            offset = pm.Normal("effect_offset", dims="experimental")
            own = average / 2 + effect_sd * (offset - offset.mean())
            logit = mean_logit + pm.math.concatenate([(-average / 2)[None], own])
            pm.Binomial("observed", totals, logit_p=logit, observed=events, dims="arm")
        return model

    def data(self, table: SeveralArms, prior: LogRatioPrior) -> Data:
        """Counts and numbers of the priors; where lower is better the effect is mirrored."""
        sign, planned = 1.0 if table.better == "higher" else -1.0, table.planned_odds_ratio
        return {
            "events": np.array(table.events, dtype=np.int64),
            "totals": np.array(table.totals, dtype=np.int64),
            "mean_logit_sd": np.array(self.mean_logit_sd),
            "prior_mean": np.array(sign * prior.mean),
            "prior_sd": np.array(prior.sd),
            "effect_sd_scale": np.array(self.effect_spread if planned is None else abs(log(planned))),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors."""
        others = data["totals"].size - 1
        effect_sd = np.abs(rng.normal(0.0, data["effect_sd_scale"], size=draws))
        return {
            "effect_sd": effect_sd,
            "mean_logit": rng.normal(0.0, data["mean_logit_sd"], size=draws),
            "average_effect": rng.normal(data["prior_mean"], _spread(data, effect_sd)),
            "effect_offset": rng.normal(size=(draws, others)),
        }

    def complete(self, draws: Draws, data: Data, rng: np.random.Generator) -> dict[str, Floats]:
        """Rates, dims (..., arm), and the mean of the effects' prior from its exact conditional given their average."""
        noise = draws["effect_sd"] ** 2 / (data["totals"].size - 1)
        weight = data["prior_sd"] ** 2 / (data["prior_sd"] ** 2 + noise)
        average = draws["average_effect"]
        centre = data["prior_mean"] + weight * (average - data["prior_mean"])
        return {
            **draws,
            "rate": np.asarray(special.expit(_logit(draws))),
            "effect": np.asarray(centre + np.sqrt(weight * noise) * rng.normal(size=average.shape)),
        }

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Binomial log probability of each count, dims (..., arm)."""
        logit, events, totals = _logit(draws), data["events"], data["totals"]
        choose = -np.log1p(totals) - special.betaln(events + 1, totals - events + 1)
        return np.asarray(choose + events * special.log_expit(logit) + (totals - events) * special.log_expit(-logit))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Log density of every sampled variable, dims (...)."""
        spread = _spread(data, draws["effect_sd"])
        found = {
            "effect_sd": stats.halfnorm.logpdf(draws["effect_sd"], scale=data["effect_sd_scale"]),
            "mean_logit": stats.norm.logpdf(draws["mean_logit"], 0.0, data["mean_logit_sd"]),
            "average_effect": stats.norm.logpdf(draws["average_effect"], data["prior_mean"], spread),
            "effect_offset": stats.norm.logpdf(draws["effect_offset"]).sum(axis=-1),
        }
        return {name: np.asarray(values) for name, values in found.items()}


def _spread(data: Data, effect_sd: Floats) -> Floats:
    """Standard deviation of the average effect, its own mean integrated out."""
    return np.asarray(np.sqrt(data["prior_sd"] ** 2 + effect_sd**2 / (data["totals"].size - 1)))


def _logit(draws: Draws) -> Floats:
    """Log odds of the event, dims (..., arm)."""
    offset, half = draws["effect_offset"], draws["average_effect"][..., None] / 2
    own = half + draws["effect_sd"][..., None] * (offset - offset.mean(axis=-1, keepdims=True))
    return np.asarray(draws["mean_logit"][..., None] + np.concatenate([-half, own], axis=-1))
