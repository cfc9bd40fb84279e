"""Where the conclusion breaks: the prior that would just remove it, or just make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final

from scipy.special import ndtr

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.posterior import effect_posterior
from reappraise.evidence.prior import FlatPrior, MixturePrior

_HALVINGS: Final = 12
_LINES: Final = 5
"""Steps of a search: halvings first, and once the function is all but straight its lines."""
_NORMAL: Final = NormalDist()
WIDEST: Final = 3.0
"""Powers of ten of the standard error between which a sceptical prior's standard deviation lies, up and down."""
NARROWEST: Final = -12.0
"""The same for a likelihood that is far from normal."""
ADVOCACY: Final = (-2.0, 4.0)
"""The same for the middle of an advocate's prior."""
FARTHEST_RATIO: Final = 1e3
"""Ratio that nobody would name."""


@dataclass(frozen=True, slots=True)
class Credibility:
    """How much scepticism a finding withstands, or how much advocacy a missing one needs.

    Parameters
    ----------
    likelihood
        What the data say.
    level
        Probability of the intervals that have to leave no effect out.
    significant
        Whether the interval under a flat prior does.
    sceptical_sd
        Standard deviation of the prior about no effect, on the scale of the likelihood, under which the posterior
        interval just reaches no effect: a narrower one removes the finding. None where there is no finding.
    scepticism_limit
        The end of that prior's interval on the side of the finding, as people read it: who holds larger effects
        plausible beforehand may believe the finding. None where there is no finding.
    advocacy_limit
        The end of the prior interval, from no effect to there, that just makes a finding; effects beyond it would have
        to be implausible. None where there is a finding already, or almost any belief in its direction makes one.
    intrinsic_p
        Two-sided p value of the test that a finding has to pass to convince a sceptic who expected no larger effect
        than was found (Held).
    """

    likelihood: EffectLikelihood
    level: float
    significant: bool
    sceptical_sd: float | None
    scepticism_limit: float | None
    advocacy_limit: float | None
    intrinsic_p: float

    @property
    def words(self) -> str:
        """What it amounts to, in a sentence."""
        asked = self.likelihood
        sure = f"The {100 * self.level:g}% interval"
        if self.scepticism_limit is not None:
            return (
                f"{sure} lies on one side of no effect, and would for a sceptic whose prior, centred at no effect, "
                f"reaches to {asked.one} of {self.scepticism_limit:.3g}; not for one who held less to be plausible."
            )
        if self.significant:
            return f"{sure} lies on one side of no effect, but by so little that any scepticism would change that."
        if self.advocacy_limit is None or not _thinkable(asked, self.advocacy_limit):
            belief = "almost any belief in the direction of the estimate would change that"
            return f"{sure} holds both sides of no effect; {belief}."
        low, high = sorted((asked.natural(0.0), self.advocacy_limit))
        return (
            f"{sure} holds both sides of no effect. It would hold one for whoever believed beforehand that the "
            f"{asked.name} lies from {low:.3g} to {high:.3g}, or nearer to no effect than that."
        )


def credibility(likelihood: EffectLikelihood, *, level: float = 0.95) -> Credibility:
    """The analysis of credibility: which prior just removes a finding, or just makes one.

    For a normal likelihood with limits L and U the limits of scepticism and advocacy have closed forms,
    (U - L)^2 / (4 sqrt(U L)) and -(U + L) (U - L)^2 / (2 U L); here they are found for any likelihood.

    Parameters
    ----------
    likelihood
        What the data say, with an estimate.
    level
        Probability of the intervals.

    Raises
    ------
    AnalysisError
        If the level is not between 0 and 1.
    UndeterminedError
        If the likelihood has no estimate.

    References
    ----------
    Matthews RAJ. Beyond 'significance': principles and practice of the analysis of credibility. R Soc Open Sci
    2018;5:171047. doi:10.1098/rsos.171047

    Held L. The assessment of intrinsic credibility and a new p-value. R Soc Open Sci 2019;6:181534.
    doi:10.1098/rsos.181534
    """
    if not 0 < level < 1:
        raise AnalysisError(f"expected a level between 0 and 1, such as 0.95, got {level:g}")
    needed = (1 + level) / 2
    sign = 1.0 if likelihood.estimate > 0 else -1.0
    reach = _NORMAL.inv_cdf(needed)
    significant = _sided(likelihood, FlatPrior(), sign) > needed
    sd = _sceptical_sd(likelihood, needed, sign) if significant else None
    advocacy = None if significant else _advocacy(likelihood, needed, sign)
    return Credibility(
        likelihood=likelihood,
        level=level,
        significant=significant,
        sceptical_sd=sd,
        scepticism_limit=None if sd is None else likelihood.natural(sign * reach * sd),
        advocacy_limit=None if advocacy is None else likelihood.natural(sign * advocacy),
        intrinsic_p=float(2 * ndtr(-abs(likelihood.z) / sqrt(2))),
    )


def tipping_sd(likelihood: EffectLikelihood, *, probability: float = 0.975) -> float | None:
    """Standard deviation of the prior about no effect under which the likelier direction has just this probability.

    A narrower prior leaves it less. None where even a flat prior does.

    Parameters
    ----------
    likelihood
        What the data say.
    probability
        Probability of the direction of the estimate.

    Raises
    ------
    AnalysisError
        If the probability is not between 1/2 and 1.
    """
    if not 0.5 < probability < 1:
        raise AnalysisError(f"expected a probability between 0.5 and 1, both excluded, got {probability:g}")
    return _sceptical_sd(likelihood, probability, 1.0 if likelihood.estimate > 0 else -1.0)


def tipping_centre(likelihood: EffectLikelihood, sd: float, *, probability: float = 0.975) -> float:
    """Centre of the normal prior, as people read it, under which benefit has just this probability.

    Who starts out less favourably is not convinced; where benefit is improbable, who starts out more favourably is.

    Parameters
    ----------
    likelihood
        What the data say.
    sd
        Standard deviation of the prior, on the scale of the likelihood.
    probability
        Probability of benefit that convinces.

    Raises
    ------
    AnalysisError
        If the standard deviation is not above 0, or the probability not between 0 and 1.
    """
    if not sd > 0:
        raise AnalysisError(f"expected a standard deviation above 0, got {sd:g}")
    if not 0 < probability < 1:
        raise AnalysisError(f"expected a probability between 0 and 1, both excluded, got {probability:g}")
    error = likelihood.standard_error
    # so far away that a normal likelihood and this prior leave ten standard deviations on either side
    wide = abs(likelihood.estimate) * (sd / error) ** 2 + 10 * sd * sqrt(1 + (sd / error) ** 2)
    wide = min(wide, -float(likelihood.effect[0]), float(likelihood.effect[-1]))

    def benefit(favour: float) -> float:
        prior = MixturePrior.normal("tipping", "Tipping", likelihood.benefit * favour, sd, "")
        return effect_posterior(likelihood, prior).benefit

    if wide <= 0 or not benefit(-wide) < probability < benefit(wide):
        raise UndeterminedError(
            f"{likelihood.endpoint}: no prior of standard deviation {sd:g} whose centre is within reach of the data "
            f"leaves benefit a probability of {probability:g}"
        )
    return likelihood.natural(likelihood.benefit * _bisected(benefit, probability, -wide, wide))


def _thinkable(likelihood: EffectLikelihood, limit: float) -> bool:
    """Whether an effect is one that anybody would name: a ratio within a thousandfold, a possible difference."""
    if likelihood.ratio:
        return 1 / FARTHEST_RATIO <= limit <= FARTHEST_RATIO
    return likelihood.bounds[0] < limit < likelihood.bounds[1]


def _sided(likelihood: EffectLikelihood, prior: MixturePrior | FlatPrior, sign: float) -> float:
    """Probability of an effect of this sign."""
    below = float(effect_posterior(likelihood, prior).below(0.0))
    return 1 - below if sign > 0 else below


def _sceptical_sd(likelihood: EffectLikelihood, needed: float, sign: float) -> float | None:
    """Standard deviation of the prior about no effect that leaves this sign just what is needed."""
    error = likelihood.standard_error

    def sided(exponent: float) -> float:
        prior = MixturePrior.normal("sceptical", "Sceptical", 0.0, error * 10**exponent, "")
        return _sided(likelihood, prior, sign)

    if sided(WIDEST) <= needed:
        return None
    narrow = -WIDEST
    while sided(narrow) > needed and narrow > NARROWEST:  # far from normal, the likelihood is steeper there
        narrow -= WIDEST
    return float(error * 10 ** _bisected(sided, needed, narrow, WIDEST))


def _advocacy(likelihood: EffectLikelihood, needed: float, sign: float) -> float | None:
    """Far end of the prior interval that starts at no effect and leaves this sign just what is needed."""
    error, reach = likelihood.standard_error, _NORMAL.inv_cdf(needed)

    def doubt(exponent: float) -> float:
        middle = error * 10**exponent
        prior = MixturePrior.normal("advocate", "Advocate", sign * middle, middle / reach, "")
        return 1 - _sided(likelihood, prior, sign)

    if not doubt(ADVOCACY[0]) < 1 - needed < doubt(ADVOCACY[1]):
        return None
    return float(2 * error * 10 ** _bisected(doubt, 1 - needed, *ADVOCACY))


def _bisected(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function has a value."""
    ends = [rising(low), rising(high)]
    for step in range(_HALVINGS + _LINES):
        rise = ends[1] - ends[0]
        share = min(max((wanted - ends[0]) / rise, 0.0), 1.0) if step >= _HALVINGS and rise > 0 else 0.5
        middle = low + (high - low) * share
        found = rising(middle)
        if found < wanted:
            low, ends[0] = middle, found
        else:
            high, ends[1] = middle, found
    return middle
