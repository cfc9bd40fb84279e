"""Which endpoints have exact posteriors, and what they are: answers without a sampler, in a second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reappraise.continuous.exact import exact_continuous
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS
from reappraise.effect.exact import exact_contrasts
from reappraise.effect.published import EffectEndpoint
from reappraise.event_rate.exact import exact_event_rates
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.exact import exact_estimates
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import rounded_counts, rounded_estimates


@dataclass(frozen=True, slots=True)
class ExactAnswers:
    """The exact posteriors of a trial.

    Parameters
    ----------
    endpoints
        Endpoints with their estimates, which are computed when they are asked for.
    left_out
        What is not analysed, in words.
    sampled
        Keys of the endpoints whose posteriors are sampled.
    """

    endpoints: tuple[tuple[TrialEndpoint[Any], Iterator[Estimate]], ...]
    left_out: tuple[str, ...]
    sampled: tuple[str, ...]


def exact_answers(trial: Trial) -> ExactAnswers:
    """Every exact posterior of a trial: binary endpoints first, then effects, means and event rates."""
    left_out = [reason for part in (trial, *trial.pairs) for _, reason in part.left_out]
    if trial.single:
        from reappraise.one_arm.analysis import exact_one_arm, refused_one_arm

        left_out += [why for item in trial for why in refused_one_arm(item)]
        found: tuple[tuple[TrialEndpoint[Any], Iterator[Estimate]], ...] = tuple(
            (item, exact_one_arm(item)) for item in trial
        )
    else:
        found = (
            *((item, _rates(item)) for item in trial.of(ResponseEndpoint)),
            *((item, exact_contrasts(item)) for item in trial.of(EffectEndpoint)),
            *((item, exact_continuous(item)) for item in trial.of(ContinuousEndpoint)),
            *((item, exact_event_rates(item)) for item in trial.of(EventRateEndpoint)),
        )
    shown = {item.published.key for item, _ in found}
    sampled = tuple(item.published.key for item in trial if item.published.key not in shown)
    return ExactAnswers(found, tuple(left_out), sampled)


def _rates(endpoint: TrialEndpoint[ResponseEndpoint]) -> Iterator[Estimate]:
    counts = rounded_counts(endpoint)
    for prior in RATE_PRIORS:
        yield from rounded_estimates(counts, prior) if counts else exact_estimates(endpoint.partition(), prior)
