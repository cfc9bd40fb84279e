"""Are the odds proportional: what the departures' posterior, a Bayes factor and the classical tests say."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, log

import numpy as np
from numpy.typing import NDArray

from reappraise.core.errors import AnalysisError
from reappraise.depth.classical.proportional_odds import OddsTest, odds_test
from reappraise.depth.evidence import evidence
from reappraise.depth.fit import DepthFit
from reappraise.fits.sampling import derived_seed
from reappraise.fits.summary import probability, summary

SMALL_FACTOR = 1.25
"""Odds ratios by cut point that all lie within this factor of their geometric mean are as good as proportional."""

LARGEST = 10_000
"""Bayes factors beyond it are only said to be so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportionality:
    """Evidence on proportional odds under one prior on the effect.

    Parameters
    ----------
    endpoint, prior
        Keys.
    departure_sd
        Median and equal-tailed limits of the standard deviation of the log ratio of gaps between cut points.
    departure_sd_prior
        The same before the data.
    spread
        Median and limits of the largest over the smallest odds ratio by cut point.
    small, small_prior
        Probability, after and before the data, that every odds ratio is within `SMALL_FACTOR` of their geometric mean.
    log_bayes_factor
        Logarithm of the probability of the counts with proportional odds over that without: above 0 it speaks for
        proportional odds. It depends on how large departures are expected to be, as departure_sd_prior says.
    log_bayes_factor_error
        Its Monte Carlo standard error.
    test
        The classical tests.
    level
        Coverage of the intervals.
    """

    endpoint: str
    prior: str
    departure_sd: tuple[float, float, float]
    departure_sd_prior: tuple[float, float, float]
    spread: tuple[float, float, float]
    small: float
    small_prior: float
    log_bayes_factor: float
    log_bayes_factor_error: float
    test: OddsTest
    level: float

    @property
    def bayes_factor(self) -> float:
        """Probability of the counts with proportional odds over that without; 0 or infinite beyond all numbers."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self.log_bayes_factor))

    @property
    def text(self) -> str:
        """The answer in a sentence or two."""
        side = "proportional" if self.log_bayes_factor >= 0 else "non-proportional"
        size = abs(self.log_bayes_factor)
        factor = f"{exp(size):.2g}" if size < log(LARGEST) else f"above {LARGEST:,}"
        return (
            f"Bayes factor {factor} for {side} odds; probability {self.small:.2g} (before the data "
            f"{self.small_prior:.2g}) that the odds ratios at all cut points are within a factor {SMALL_FACTOR:g} of "
            f"their mean. Likelihood-ratio test: chi-square {self.test.likelihood_ratio:.3g} on "
            f"{self.test.degrees_of_freedom} degrees of freedom, p = {self.test.p_likelihood_ratio:.2g}; score test: "
            f"{self.test.score:.3g}, p = {self.test.p_score:.2g}."
        )


def proportionality(proportional: DepthFit, free: DepthFit) -> Proportionality:
    r"""Judge proportional odds by both models under the same prior.

    The Bayes factor is the ratio of marginal likelihoods; the models differ in nothing but the departures, and all of
    their priors are proper.

    Parameters
    ----------
    proportional, free
        Fits with and without proportional odds, of the same counts with the same prior.

    Raises
    ------
    AnalysisError
        If they are not.

    References
    ----------
    Kass RE, Raftery AE. Bayes factors. J Am Stat Assoc 1995;90:773-795. doi:10.1080/01621459.1995.10476572
    """
    job = free.job
    same = proportional.job.table == job.table and proportional.job.prior == job.prior
    if not same or not proportional.job.model.proportional or job.model.proportional:
        raise AnalysisError(
            "expected fits with and without proportional odds of the same counts and prior, got "
            f"{proportional.job.name} and {job.name}"
        )
    level = job.sampling.level
    seed = derived_seed(job.sampling.seed, job.name, "evidence")
    found = [
        evidence(
            fit.job.model,
            fit.job.model.data(fit.job.table, fit.job.prior),
            {name: _draws(fit, "posterior", name) for name in _sampled(fit)},
            np.random.default_rng(np.random.SeedSequence([seed, place])),
        )
        for place, fit in enumerate((proportional, free))
    ]
    odds_ratio = _draws(free, "posterior", "odds_ratio")
    return Proportionality(
        endpoint=job.table.endpoint,
        prior=job.prior.name,
        departure_sd=summary(_draws(free, "posterior", "departure_sd"), level),
        departure_sd_prior=summary(_draws(free, "prior", "departure_sd"), level),
        spread=summary(odds_ratio.max(axis=-1) / odds_ratio.min(axis=-1), level, logarithmic=True),
        small=_small(_draws(free, "posterior", "departure")),
        small_prior=_small(_draws(free, "prior", "departure")),
        log_bayes_factor=found[0].log - found[1].log,
        log_bayes_factor_error=hypot(found[0].error, found[1].error),
        test=odds_test(job.table),
        level=level,
    )


def _sampled(fit: DepthFit) -> tuple[str, ...]:
    overall = ("mean_category", "effect")
    return overall if fit.job.model.proportional else (*overall, "departure_unit", "departure_offset")


def _draws(fit: DepthFit, group: str, name: str) -> NDArray[np.float64]:
    return np.asarray(fit.tree[group][name].transpose("chain", "draw", ...).values, dtype=np.float64)


def _small(departure: NDArray[np.float64]) -> float:
    return probability(np.abs(departure).max(axis=-1) < log(SMALL_FACTOR))
