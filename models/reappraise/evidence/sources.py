"""Which endpoints say something of one effect, and how: from a trial to its integrated likelihoods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reappraise.continuous.contrast import mean_contrasts
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.effect.contrast import printed_contrasts
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.contrast import rate_contrasts
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.evidence.binary import BINARY, counts_likelihood
from reappraise.evidence.likelihood import EffectLikelihood
from reappraise.evidence.located import means_likelihood, rates_likelihood
from reappraise.evidence.printed import contrast_likelihood, hazard_ratio_likelihood
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.effect.published import printed_effect
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, slots=True)
class EffectLikelihoods:
    """The integrated likelihoods of a trial.

    They are of the same patients: each is analysed by itself, and none is ever combined with another.

    Parameters
    ----------
    found
        The likelihoods, in the order of the file.
    left_out
        Why other endpoints have none, in words.
    """

    found: tuple[EffectLikelihood, ...]
    left_out: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[EffectLikelihood]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, index: int) -> EffectLikelihood:
        return self.found[index]

    def of(self, endpoint: str, quantity: str | None = None) -> EffectLikelihood:
        """The first likelihood of an endpoint, or that of one effect.

        Parameters
        ----------
        endpoint
            Key of the endpoint.
        quantity
            Key of the effect, such as ``"risk_ratio"``.

        Raises
        ------
        AnalysisError
            If there is none; the error lists those there are.
        """
        for one in self.found:
            if one.endpoint == endpoint and quantity in {None, one.quantity}:
                return one
        known = ", ".join(f"{one.endpoint} ({one.name})" for one in self.found) or "none"
        asked = endpoint if quantity is None else f"{endpoint} ({quantity.replace('_', ' ')})"
        why = "; ".join(reason for reason in self.left_out if reason.startswith(f"{endpoint}:"))
        raise AnalysisError(f"no likelihood of one effect for {asked}{f' ({why})' if why else ''}; there are {known}")


def effect_likelihoods(trial: Trial, *, every: bool = True) -> EffectLikelihoods:
    """Every integrated likelihood of a trial of two or more arms.

    Parameters
    ----------
    trial
        The trial.
    every
        Every effect of an endpoint, or only the one that its kind is analysed by.

    Raises
    ------
    AnalysisError
        If the trial has one arm, and so no contrast.
    """
    _of_two_arms(trial)
    found: list[EffectLikelihood] = []
    left_out = [reason for part in (trial, *trial.pairs) for _, reason in part.left_out]
    for item in trial:
        try:
            found += endpoint_likelihoods(item, every=every)
        except AnalysisError as error:
            said = str(error)
            key = item.published.key
            left_out.append(said if said.startswith(key) else f"{key}: {said}")
    return EffectLikelihoods(tuple(found), tuple(left_out))


def endpoint_likelihoods(item: TrialEndpoint[Any], *, every: bool = True) -> tuple[EffectLikelihood, ...]:
    """The integrated likelihoods of one endpoint, the one that its kind is analysed by first.

    Parameters
    ----------
    item
        The endpoint: binary (odds ratio, risk ratio and risk difference from its counts), an effect or a hazard ratio
        as printed, means, or event rates.
    every
        Every effect, or only the first.

    Raises
    ------
    AnalysisError
        If the trial has one arm, the endpoint is of another kind, or print does not say how sure its effect is.
    """
    _of_two_arms(item.trial)
    published = item.published
    patients, some = _patients(item), slice(None if every else 1)
    if isinstance(published, ResponseEndpoint):
        return tuple(counts_likelihood(item, quantity) for quantity in BINARY[some])
    if isinstance(published, EffectEndpoint):
        return tuple(contrast_likelihood(one, patients=patients) for one in printed_contrasts(item)[some])
    if isinstance(published, SurvivalEndpoint):
        return (hazard_ratio_likelihood(printed_effect(item), patients=patients),)
    if isinstance(published, ContinuousEndpoint):
        return tuple(means_likelihood(one, patients=patients) for one in mean_contrasts(item)[some])
    if isinstance(published, EventRateEndpoint):
        return tuple(rates_likelihood(one, patients=patients) for one in rate_contrasts(item)[some])
    raise UndeterminedError(f"{published.key}: endpoints of kind {published.kind} have no one effect: sampled by a run")


def _of_two_arms(trial: Trial) -> None:
    if trial.single:
        raise AnalysisError(f"trial {trial.key} has one arm: there is no effect of one treatment over another")


def _patients(item: TrialEndpoint[Any]) -> int | None:
    sizes = item.trial.population(item.published.population).sizes
    found = [item.published.patients(arm.key, sizes) for arm in item.trial.arms]
    return None if any(one is None for one in found) else sum(one for one in found if one is not None)
