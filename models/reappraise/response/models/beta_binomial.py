"""Beta-binomial model: levels borrow from each other through a concentration shared by arms and levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
import pymc as pm
from scipy import stats

from reappraise.core.prior import Prior, RatePrior
from reappraise.fits.model import Data, Draws, Floats
from reappraise.published.partition import Partition
from reappraise.response.model import PaddedCounts, empty_counts


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    r"""Response rates that share their prior across arms and levels.

    .. math::
        y_{ga} \sim \mathrm{Binomial}(n_{ga}, p_{ga}), \quad
        p_{ga} \sim \mathrm{Beta}(m_a k, (1 - m_a) k), \quad
        m_a \sim \mathrm{Beta}(\alpha, \beta), \quad
        \log k \sim \mathrm{Normal}(\log 20, 1)

    m_a is the mean rate of arm a; k is the concentration, shared by arms: what the other levels say about one
    level is worth k patients. The sampler sees the beta-binomial likelihood with the rates integrated out,
    which leaves three dimensions and no funnel; rates are drawn afterwards from their exact conditional
    Beta(m_a k + y, (1 - m_a) k + n - y).

    The prior on k has its median at 20 patients and 95% of it between 2.8 and 142: at a rate of 0.3 the levels
    differ by a standard deviation of 0.10 (0.04 to 0.24), the same heterogeneity as 0.5 on the log-odds scale.
    Levels are assumed exchangeable: each is as likely as any other to be the exception. With one level there is
    nothing to borrow from; the model then says what a population drawn from a varied family would show.

    Parameters
    ----------
    concentration
        Prior median of k, patients.
    concentration_spread
        Prior standard deviation of log k.
    """

    name: str = "beta-binomial"
    label: str = "Shared rates (beta-binomial)"
    formula: str = (
        "events[level, arm] ~ BetaBinomial(total, m[arm] k, (1 - m[arm]) k); m ~ Beta(alpha, beta); "
        "log k ~ Normal(log 20, 1); rate | events ~ Beta(m k + events, (1 - m) k + total - events)"
    )
    prior_kind: Literal["rate"] = "rate"
    contrasts: bool = False
    concentration: float = 20.0
    concentration_spread: float = 1.0

    def parameters(self, levels: int) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002
        """Mean rate by arm, and the shared concentration."""
        return {"mean_rate": ("arm",), "concentration": ()}

    def build(self, width: int) -> pm.Model:
        """PyMC model with data events, totals (level, arm), alpha, beta, log_concentration_mean, _sd."""
        with pm.Model(coords={"level": range(width), "arm": range(2)}) as model:
            events = pm.Data("events", empty_counts(width), dims=("level", "arm"))
            totals = pm.Data("totals", empty_counts(width), dims=("level", "arm"))
            alpha = pm.Data("alpha", 1.0)
            beta = pm.Data("beta", 1.0)
            location = pm.Data("log_concentration_mean", 0.0)
            spread = pm.Data("log_concentration_sd", 1.0)
            mean_rate = pm.Beta("mean_rate", alpha, beta, dims="arm")
            concentration = pm.LogNormal("concentration", location, spread)
            pm.BetaBinomial(
                "observed",
                alpha=mean_rate * concentration,
                beta=(1 - mean_rate) * concentration,
                n=totals,
                observed=events,
                dims=("level", "arm"),
            )
        return model

    def data(self, partition: Partition, prior: Prior, width: int) -> Data:
        """Counts padded to `width` levels, the Beta prior of the arm means, and the prior of k."""
        if not isinstance(prior, RatePrior):
            raise TypeError(f"model {self.name} needs a prior on rates, got {prior.name}")
        counts = PaddedCounts.of(partition, width)
        return {
            "events": counts.events,
            "totals": counts.totals,
            "alpha": np.array(prior.alpha),
            "beta": np.array(prior.beta),
            "log_concentration_mean": np.array(log(self.concentration)),
            "log_concentration_sd": np.array(self.concentration_spread),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Arm means and concentration from their priors."""
        normal = rng.normal(data["log_concentration_mean"], data["log_concentration_sd"], size=draws)
        return {
            "mean_rate": rng.beta(data["alpha"], data["beta"], size=(draws, data["totals"].shape[1])),
            "concentration": np.exp(normal),
        }

    def complete(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        """Rates from their exact conditional given arm means, concentration and (`posterior`) the counts."""
        alpha, beta = _shapes(draws)
        events = data["events"] if posterior else np.zeros_like(data["events"])
        misses = data["totals"] - data["events"] if posterior else np.zeros_like(data["totals"])
        return {**draws, "rate": rng.beta(alpha + events, beta + misses)}

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Beta-binomial log probability of each count, rates integrated out."""
        alpha, beta = _shapes(draws)
        return np.asarray(stats.betabinom.logpmf(data["events"], data["totals"], alpha, beta))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Log density of arm means and concentration on their natural scales."""
        means = np.asarray(stats.beta.logpdf(draws["mean_rate"], data["alpha"], data["beta"]))
        k = stats.lognorm.logpdf(
            draws["concentration"], s=data["log_concentration_sd"], scale=np.exp(data["log_concentration_mean"])
        )
        return {"mean_rate": means.sum(axis=-1), "concentration": np.asarray(k)}


def _shapes(draws: Draws) -> tuple[Floats, Floats]:
    mean_rate = draws["mean_rate"][..., None, :]
    concentration = draws["concentration"][..., None, None]
    return mean_rate * concentration, (1 - mean_rate) * concentration
