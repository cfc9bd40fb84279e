"""For and against no effect at all: Bayes factors over prior widths, and the belief that a conclusion needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isnan, log
from typing import Final

import numpy as np

from reappraise.core.errors import AnalysisError
from reappraise.evidence.grid import Floats
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import Opinion, effect_posterior
from reappraise.evidence.prior import MixturePrior

WIDTHS: Final = 61
"""Widths from a tenth of the standard error to a hundred of them."""


@dataclass(frozen=True, slots=True, eq=False)
class BayesFactors:
    """How much the data speak for an effect against none at all, by how large it is held to be.

    Parameters
    ----------
    likelihood
        What the data say.
    sd
        Standard deviations of the normal prior about no effect, on the scale of the likelihood, dims (width,).
    factor
        Bayes factor for an effect from that prior against none at all, dims (width,): above 1 speaks for an effect.
    """

    likelihood: EffectLikelihood
    sd: Floats
    factor: Floats

    @property
    def most(self) -> tuple[float, float]:
        """The width that speaks most for an effect, and its factor."""
        index = int(np.argmax(self.factor))
        return float(self.sd[index]), float(self.factor[index])


def bayes_factor(likelihood: EffectLikelihood, prior: Opinion) -> float:
    r"""Bayes factor for an effect from a prior against none at all.

    .. math:: B_{10} = \frac{\int L(\theta) \, p(\theta) \, d\theta}{L(0)}

    Parameters
    ----------
    likelihood
        What the data say.
    prior
        A prior that is a distribution.

    Raises
    ------
    AnalysisError
        If the prior is flat: it gives the data no probability.
    """
    evidence = effect_posterior(likelihood, prior).log_evidence
    if isnan(evidence):
        raise AnalysisError(
            f"{likelihood.endpoint}: expected a prior that is a distribution: under a flat one there is no Bayes factor"
        )
    return exp(min(evidence - float(likelihood.at_effect(np.array(0.0))), 700.0))


def bayes_factors(likelihood: EffectLikelihood, sds: Sequence[float] | None = None) -> BayesFactors:
    """Bayes factors against no effect at all over the width of a normal prior about no effect.

    Parameters
    ----------
    likelihood
        What the data say, with a standard error.
    sds
        Standard deviations, on the scale of the likelihood; None takes a tenth to a hundred standard errors.

    Raises
    ------
    AnalysisError
        If one is not above 0.

    References
    ----------
    Jeffreys H. Theory of Probability. 3rd ed. Oxford 1961, chapter 5.
    """
    if sds is None:
        widths = likelihood.standard_error * np.geomspace(0.1, 100.0, WIDTHS)
    else:
        widths = np.array(sds, dtype=np.float64)
        if not (widths.size and np.all(widths > 0) and np.all(np.isfinite(widths))):
            raise AnalysisError(f"{likelihood.endpoint}: expected standard deviations above 0, got {list(sds)}")
    factors = [
        bayes_factor(likelihood, MixturePrior.normal("about-none", "About no effect", 0.0, float(sd), ""))
        for sd in widths
    ]
    return BayesFactors(likelihood, widths, np.array(factors))


def prior_probability_needed(bayes_factor_for: float, posterior: float = 0.95) -> float:
    r"""Prior probability of a hypothesis that a posterior one needs.

    .. math:: \frac{p}{1 - p} = \frac{q}{1 - q} \Big/ B

    Parameters
    ----------
    bayes_factor_for
        Bayes factor for the hypothesis against its alternative.
    posterior
        Probability q that is wanted.

    Raises
    ------
    AnalysisError
        If the factor is not above 0, or the probability not between 0 and 1.
    """
    if not bayes_factor_for > 0:
        raise AnalysisError(f"expected a Bayes factor above 0, got {bayes_factor_for:g}")
    if not 0 < posterior < 1:
        raise AnalysisError(f"expected a probability between 0 and 1, both excluded, got {posterior:g}")
    logit = log(posterior / (1 - posterior)) - log(bayes_factor_for)
    return 1 / (1 + exp(-logit)) if logit > -700 else 0.0


def benefit_needed(likelihood: EffectLikelihood, prior: Opinion, *, posterior: float = 0.975) -> float:
    r"""Prior probability of benefit that leaves benefit a given posterior one, each side of the prior as it is.

    .. math:: B = \frac{P(\mathrm{benefit} \mid \mathrm{data})}{P(\mathrm{harm} \mid \mathrm{data})} \Big/
        \frac{P(\mathrm{benefit})}{P(\mathrm{harm})}

    Parameters
    ----------
    likelihood
        What the data say.
    prior
        A prior that is a distribution: which benefits, and which harms, are held plausible.
    posterior
        Probability of benefit that is wanted.

    Raises
    ------
    AnalysisError
        If the prior is flat, and so gives benefit no probability, or the probability is not between 0 and 1.
    """
    found = effect_posterior(likelihood, prior)
    if not isinstance(found.prior, MixturePrior):
        raise AnalysisError(
            f"{likelihood.endpoint}: expected a prior that is a distribution: a flat one gives benefit no probability"
        )
    below = found.prior.below(0.0)
    before = 1 - below if likelihood.benefit > 0 else below
    least = np.finfo(np.float64).tiny
    odds = [max(number, least) / max(1 - number, least) for number in (found.benefit, before)]
    return prior_probability_needed(odds[0] / odds[1], posterior)
