"""What is asked at the shell: which likelihoods, which priors, which thresholds, and what a table has to say beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.evidence.cochrane import cochrane_shrinkage
from reappraise.evidence.conflict import prior_predictive_p
from reappraise.evidence.credibility import credibility
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.prior import FlatPrior, MixturePrior
from reappraise.evidence.sensitivity import Sensitivity, sensitivity
from reappraise.evidence.sources import EffectLikelihoods, effect_likelihoods, endpoint_likelihoods
from reappraise.evidence.worth import effective_sample_size, unit_of
from reappraise.published.trial import Trial

OVERSTATED = 1.05
"""Factor below which an estimate is not said to be overstated."""


@dataclass(frozen=True, slots=True)
class Report:
    """The sensitivity of one effect, with what is said beside it.

    Parameters
    ----------
    found
        Priors against thresholds.
    plausible
        Interval of 95% of each prior, as people read it; None of a flat one.
    worth
        What each prior is worth in `unit`, by the expected local-information ratio; None where it cannot be counted.
    unit
        What that is counted in.
    conflict
        Prior predictive p value under each prior; None under a flat one, or without an estimate.
    notes
        Credibility of the finding, and what trials usually find, in words.
    """

    found: Sensitivity
    plausible: tuple[tuple[float, float] | None, ...]
    worth: tuple[float | None, ...]
    unit: str
    conflict: tuple[float | None, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reports:
    """The sensitivities of a trial.

    Parameters
    ----------
    found
        One for each effect.
    left_out
        Why other endpoints have none, in words.
    """

    found: tuple[Report, ...]
    left_out: tuple[str, ...]


def reports(
    trial: Trial,
    *,
    endpoint: str | None = None,
    effect: str | None = None,
    priors: Sequence[str] | None = None,
    beyond: Sequence[float] | None = None,
) -> Reports:
    """The sensitivity of every effect that is asked for.

    Parameters
    ----------
    trial
        The trial.
    endpoint
        Key of an endpoint; None takes all that have a likelihood of one effect.
    effect
        Key of an effect, such as ``"risk_ratio"``; None takes the first of each endpoint.
    priors
        Names of priors, or "centre:sd"; None takes the default ones.
    beyond
        Thresholds; None takes those of the effect.

    Raises
    ------
    AnalysisError
        If the trial has no such endpoint or effect, or a prior or threshold does not fit.
    """
    first = effect is None
    if endpoint is not None:
        every = EffectLikelihoods(endpoint_likelihoods(trial[endpoint], every=not first))
    else:
        every = effect_likelihoods(trial, every=not first)
    chosen = [one for one in every if first or one.quantity == effect]
    if not chosen:
        known = ", ".join(dict.fromkeys(one.quantity for one in every)) or "none"
        where = f"trial {trial.key}" if endpoint is None else f"endpoint {endpoint}"
        raise AnalysisError(f"{where} has no {effect or 'effect with a likelihood'}; it has {known}")
    found = tuple(report_on(sensitivity(one, priors or None, beyond=beyond or None)) for one in chosen)
    return Reports(found, every.left_out)


def report_on(found: Sensitivity) -> Report:
    """What is said beside a sensitivity; where the data give no estimate, that they do not.

    Parameters
    ----------
    found
        The sensitivity.
    """
    likelihood = found.likelihood
    worth: tuple[float | None, ...]
    conflict: tuple[float | None, ...]
    notes: tuple[str, ...]
    try:
        unit = unit_of(likelihood).name
        worth = tuple(effective_sample_size(likelihood, prior) for prior in found.priors)
    except UndeterminedError:
        unit, worth = "", (None,) * len(found.priors)
    try:
        conflict = tuple(
            None if isinstance(prior, FlatPrior) else prior_predictive_p(likelihood, prior) for prior in found.priors
        )
        notes = (credibility(likelihood, level=found.level).words, _usual(likelihood))
    except UndeterminedError as error:
        conflict, notes = (None,) * len(found.priors), (str(error),)
    plausible = tuple(None if isinstance(prior, FlatPrior) else _middle(likelihood, prior) for prior in found.priors)
    return Report(found, plausible, worth, unit, conflict, notes)


def _middle(likelihood: EffectLikelihood, prior: MixturePrior) -> tuple[float, float]:
    return likelihood.natural(prior.quantile(0.025)), likelihood.natural(prior.quantile(0.975))


def _usual(likelihood: EffectLikelihood) -> str:
    """What is left of the estimate, given what trials usually find."""
    try:
        left = cochrane_shrinkage(likelihood)
    except AnalysisError as error:
        return str(error)
    signs = f"{100 * left.right_sign:.0f}% of them have the right sign"
    again = (
        f"an exact repetition finds p < {left.significance:g} in the same direction with a probability of "
        f"{left.replicates:.2g}."
    )
    if left.exaggeration < OVERSTATED:  # an estimate near no effect says little: there is nothing to be overstated
        return f"Of trials whose estimate is as near to no effect, {signs}; {again}"
    return (
        f"Trials whose estimate is as many standard errors from no effect usually overstate it by a factor of "
        f"{left.exaggeration:.2g}, and {signs}; {again}"
    )
