"""Logit-normal model: an effect of treatment, and its interaction with the levels of a factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
import pymc as pm
from scipy import special, stats

from reappraise.core.prior import LogRatioPrior, Prior
from reappraise.fits.model import ARM_CODE, Data, Draws, Floats
from reappraise.published.partition import Partition
from reappraise.response.model import PaddedCounts, empty_counts


@dataclass(frozen=True, slots=True)
class LogitNormal:
    r"""Response on the log-odds scale with interactions of treatment and level.

    .. math::
        y_{ga} \sim \mathrm{Binomial}(n_{ga}, p_{ga}), \quad
        \mathrm{logit}\, p_{ga} = \mu_g + x_a \delta_g, \quad x = (-1/2, +1/2)

        \mu_g = \mu + \sigma z_g, \quad \delta_g = \delta + \tau w_g, \quad z_g, w_g \sim \mathrm{Normal}(0, 1)

        \mu \sim \mathrm{Normal}(0, 1.5), \quad \delta \sim \mathrm{named\ prior}, \quad
        \sigma \sim \mathrm{HalfNormal}(1), \quad \tau \sim \mathrm{HalfNormal}(s)

    delta is the log odds ratio, experimental over control. With one level the interaction is switched off
    (mu_1 = mu, delta_1 = delta), so the named prior is exactly the prior of that one odds ratio.

    Reasons. mu: Normal(0, 1.5) is close to uniform on the rate. sigma: levels may differ in prognosis by an
    odds ratio of e; tau: effects of treatment differ less; its scale is the size of the planned effect, or 0.5
    where none is stated (odds ratios of levels within a factor 2.7 of each other, for two levels in three).

    Sampling. mu and delta form ridges with the means of z and w when levels are few. So the sampler sees the
    averages over the G levels, mu integrated out, and zero-sum deviations:

    .. math::
        \bar\mu \sim \mathrm{Normal}(0, \sqrt{1.5^2 + \sigma^2 / G}), \quad \mu_g = \bar\mu + \sigma (z_g - \bar z)

    which is the same distribution; mu is drawn afterwards from its exact conditional, and so is delta.

    References
    ----------
    Dixon DO, Simon R. Bayesian subset analysis. Biometrics 1991;47:871-881.
    """

    name: str = "logit-normal"
    label: str = "Treatment effect (logit-normal)"
    formula: str = (
        "events[level, arm] ~ Binomial(total, rate); logit rate = mu + sigma z[level] + x[arm] (delta + tau w[level]); "
        "x = -1/2, +1/2; z, w ~ Normal(0, 1); mu ~ Normal(0, 1.5); delta ~ prior; sigma ~ HalfNormal(1); "
        "tau ~ HalfNormal(s); with one level z and w do not enter"
    )
    prior_kind: Literal["effect"] = "effect"
    contrasts: bool = True
    mean_logit_sd: float = 1.5
    heterogeneity: float = 1.0
    interaction: float = 0.5

    def parameters(self, levels: int) -> Mapping[str, tuple[str, ...]]:
        """Overall level and effect, and with several levels their spreads."""
        overall: dict[str, tuple[str, ...]] = {"mean_logit": (), "effect": ()}
        return overall | ({"level_sd": (), "interaction_sd": ()} if levels > 1 else {})

    def build(self, width: int) -> pm.Model:
        """PyMC model with data events, totals (level, arm), which levels are held, and the numbers of the priors."""
        with pm.Model(coords={"level": range(width), "arm": range(2)}) as model:
            events = pm.Data("events", empty_counts(width), dims=("level", "arm"))
            totals = pm.Data("totals", empty_counts(width), dims=("level", "arm"))
            held = pm.Data("held", np.ones(width), dims="level")
            sharing = pm.Data("sharing", 1.0)
            level_sd = pm.HalfNormal("level_sd", pm.Data("level_sd_scale", 1.0))
            interaction_sd = pm.HalfNormal("interaction_sd", pm.Data("interaction_sd_scale", 1.0))
            logit_variance = pm.Data("mean_logit_sd", 1.0) ** 2 + sharing * level_sd**2
            effect_variance = pm.Data("effect_sd", 1.0) ** 2 + sharing * interaction_sd**2
            average_logit = pm.Normal("average_logit", 0.0, pm.math.sqrt(logit_variance))
            average_effect = pm.Normal("average_effect", pm.Data("effect_mean", 0.0), pm.math.sqrt(effect_variance))
            level_offset = pm.Normal("level_offset", dims="level")
            effect_offset = pm.Normal("effect_offset", dims="level")
            number = held.sum()
            centre = average_logit + level_sd * (level_offset - (held * level_offset).sum() / number)
            contrast = average_effect + interaction_sd * (effect_offset - (held * effect_offset).sum() / number)
            logit = centre[:, None] + contrast[:, None] * ARM_CODE[None, :]
            pm.Binomial("observed", totals, logit_p=logit, observed=events, dims=("level", "arm"))
        return model

    def data(self, partition: Partition, prior: Prior, width: int) -> Data:
        """Counts padded to `width` levels, numbers of the priors; where lower is better the effect is mirrored."""
        if not isinstance(prior, LogRatioPrior):
            raise TypeError(f"model {self.name} needs a prior on the log odds ratio, got {prior.name}")
        counts = PaddedCounts.of(partition, width)
        levels = len(partition.levels)
        sign = 1.0 if partition.better == "higher" else -1.0
        planned = partition.planned_odds_ratio
        return {
            "events": counts.events,
            "totals": counts.totals,
            "held": (np.arange(width) < levels).astype(float),
            "sharing": np.array(1 / levels if levels > 1 else 0.0),
            "mean_logit_sd": np.array(self.mean_logit_sd),
            "effect_mean": np.array(sign * prior.mean),
            "effect_sd": np.array(prior.sd),
            "level_sd_scale": np.array(self.heterogeneity),
            "interaction_sd_scale": np.array(self.interaction if planned is None else abs(log(planned))),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All sampled variables from their priors."""
        width = data["totals"].shape[0]
        level_sd = np.abs(rng.normal(0.0, data["level_sd_scale"], size=draws))
        interaction_sd = np.abs(rng.normal(0.0, data["interaction_sd_scale"], size=draws))
        return {
            "level_sd": level_sd,
            "interaction_sd": interaction_sd,
            "average_logit": rng.normal(0.0, _spread(data, "mean_logit_sd", level_sd)),
            "average_effect": rng.normal(data["effect_mean"], _spread(data, "effect_sd", interaction_sd)),
            "level_offset": rng.normal(size=(draws, width)),
            "effect_offset": rng.normal(size=(draws, width)),
        }

    def complete(
        self,
        draws: Draws,
        data: Data,
        rng: np.random.Generator,
        *,
        posterior: bool,  # noqa: ARG002
    ) -> dict[str, Floats]:
        """Rates by the inverse logit; mean logit and mean effect from their exact conditional given the averages."""
        return {
            **draws,
            "rate": np.asarray(special.expit(_logit(draws, data))),
            "mean_logit": _overall(draws["average_logit"], 0.0, "mean_logit_sd", data, draws["level_sd"], rng),
            "effect": _overall(
                draws["average_effect"], float(data["effect_mean"]), "effect_sd", data, draws["interaction_sd"], rng
            ),
        }

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Binomial log probability of each count."""
        logit = _logit(draws, data)
        events, totals = data["events"], data["totals"]
        choose = -np.log1p(totals) - special.betaln(events + 1, totals - events + 1)
        return np.asarray(choose + events * special.log_expit(logit) + (totals - events) * special.log_expit(-logit))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Log density of every sampled variable; offsets of padding, and of a single level, left out."""
        held = (data["held"] > 0) & (data["sharing"] > 0)
        logit_sd = _spread(data, "mean_logit_sd", draws["level_sd"])
        effect_sd = _spread(data, "effect_sd", draws["interaction_sd"])
        found = {
            "average_logit": stats.norm.logpdf(draws["average_logit"], 0.0, logit_sd),
            "average_effect": stats.norm.logpdf(draws["average_effect"], data["effect_mean"], effect_sd),
            "level_sd": stats.halfnorm.logpdf(draws["level_sd"], scale=data["level_sd_scale"]),
            "interaction_sd": stats.halfnorm.logpdf(draws["interaction_sd"], scale=data["interaction_sd_scale"]),
            "level_offset": np.sum(stats.norm.logpdf(draws["level_offset"]), axis=-1, where=held),
            "effect_offset": np.sum(stats.norm.logpdf(draws["effect_offset"]), axis=-1, where=held),
        }
        return {name: np.asarray(values) for name, values in found.items()}


def _spread(data: Data, overall: str, between: Floats) -> Floats:
    """Standard deviation of an average over levels, its overall mean integrated out."""
    return np.sqrt(data[overall] ** 2 + data["sharing"] * between**2)


def _overall(
    average: Floats, mean: float, overall: str, data: Data, between: Floats, rng: np.random.Generator
) -> Floats:
    """Draw the overall mean given the average over levels: a normal prior seen through a normal average."""
    noise = data["sharing"] * between**2
    weight = data[overall] ** 2 / (data[overall] ** 2 + noise)
    return np.asarray(mean + weight * (average - mean) + np.sqrt(weight * noise) * rng.normal(size=average.shape))


def _logit(draws: Draws, data: Data) -> Floats:
    held = data["held"]

    def deviations(offset: Floats) -> Floats:
        return np.asarray(offset - (held * offset).sum(axis=-1, keepdims=True) / held.sum())

    centre = draws["average_logit"][..., None] + draws["level_sd"][..., None] * deviations(draws["level_offset"])
    contrast = draws["average_effect"][..., None] + draws["interaction_sd"][..., None] * deviations(
        draws["effect_offset"]
    )
    return np.asarray(centre[..., None] + contrast[..., None] * ARM_CODE)
