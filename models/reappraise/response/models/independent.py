"""Independent rates: every level of every arm on its own. The exact posterior is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pymc as pm
from scipy import stats

from reappraise.core.prior import Prior, RatePrior
from reappraise.fits.model import Data, Draws, Floats
from reappraise.published.partition import Partition
from reappraise.response.model import PaddedCounts, empty_counts


@dataclass(frozen=True, slots=True)
class Independent:
    r"""Independent response rates.

    .. math:: y_{ga} \sim \mathrm{Binomial}(n_{ga}, p_{ga}), \qquad p_{ga} \sim \mathrm{Beta}(\alpha, \beta)

    for level g and arm a. The posterior is Beta(alpha + y, beta + n - y), so this model is the project's own
    test of its sampler (`reappraise.response.exact`).
    """

    name: str = "independent"
    label: str = "Independent rates"
    formula: str = "events[level, arm] ~ Binomial(total, rate); rate ~ Beta(alpha, beta)"
    prior_kind: Literal["rate"] = "rate"
    contrasts: bool = False

    def parameters(self, levels: int) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002
        """No parameter besides the rates."""
        return {}

    def build(self, width: int) -> pm.Model:
        """PyMC model with data events, totals (level, arm), alpha, beta."""
        with pm.Model(coords={"level": range(width), "arm": range(2)}) as model:
            events = pm.Data("events", empty_counts(width), dims=("level", "arm"))
            totals = pm.Data("totals", empty_counts(width), dims=("level", "arm"))
            alpha = pm.Data("alpha", 1.0)
            beta = pm.Data("beta", 1.0)
            rate = pm.Beta("rate", alpha, beta, dims=("level", "arm"))
            pm.Binomial("observed", totals, rate, observed=events, dims=("level", "arm"))
        return model

    def data(self, partition: Partition, prior: Prior, width: int) -> Data:
        """Counts padded to `width` levels, and the Beta prior."""
        if not isinstance(prior, RatePrior):
            raise TypeError(f"model {self.name} needs a prior on rates, got {prior.name}")
        counts = PaddedCounts.of(partition, width)
        return {
            "events": counts.events,
            "totals": counts.totals,
            "alpha": np.array(prior.alpha),
            "beta": np.array(prior.beta),
        }

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Rates from Beta(alpha, beta)."""
        return {"rate": rng.beta(data["alpha"], data["beta"], size=(draws, *data["totals"].shape))}

    def complete(
        self,
        draws: Draws,
        data: Data,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        *,
        posterior: bool,  # noqa: ARG002
    ) -> dict[str, Floats]:
        """The rates themselves: nothing was integrated out."""
        return dict(draws)

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        """Binomial log probability of each count."""
        return np.asarray(stats.binom.logpmf(data["events"], data["totals"], draws["rate"]))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        """Beta log density of the rates, summed over the cells that hold patients."""
        density = np.asarray(stats.beta.logpdf(draws["rate"], data["alpha"], data["beta"]))
        return {"rate": density.sum(axis=(-2, -1), where=data["totals"] > 0)}
