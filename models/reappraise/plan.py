"""Which posteriors a trial asks for: every binary endpoint, every factor, every model, every prior."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from reappraise.bayes import MODELS, ResponseModel
from reappraise.endpoints.partition import Partition
from reappraise.fits.sampling import Sampling
from reappraise.prior import RATE_PRIORS, Prior, effect_priors
from reappraise.response.fit import ResponseJob, trial_width
from reappraise.safety.tables import adverse_event_endpoints, singles_of
from reappraise.trial import Trial

SHARING = "beta-binomial"
"""The model of rates that resemble each other: one row has none to resemble."""


def plan(trial: Trial, sampling: Sampling) -> Iterator[ResponseJob]:
    """Yield every job of a trial's response analysis, those of one model together.

    Factors cut the same patients, so each is a job of its own and no two are ever combined. A factor determined
    after randomisation gets no model that shares effects of treatment.
    """
    partitions = [partition for endpoint in trial.responses for partition in endpoint.partitions()]
    yield from _jobs(partitions, MODELS, trial, sampling)


def plan_singles(trial: Trial, sampling: Sampling) -> Iterator[ResponseJob]:
    """Yield every job for rows of adverse events that stand for themselves, of the models that share nothing."""
    partitions = [single.partition for endpoint in adverse_event_endpoints(trial) for single in singles_of(endpoint)]
    yield from _jobs(partitions, [model for model in MODELS if model.name != SHARING], trial, sampling)


def _jobs(
    partitions: Sequence[Partition], models: Sequence[ResponseModel], trial: Trial, sampling: Sampling
) -> Iterator[ResponseJob]:
    width = trial_width(trial.responses)
    for model, partition in product(models, partitions):
        if model.contrasts and not (partition.causal and any(partition.comparable)):
            continue
        priors: tuple[Prior, ...] = (
            RATE_PRIORS if model.prior_kind == "rate" else effect_priors(partition.planned_odds_ratio)
        )
        for prior in priors:
            yield ResponseJob(
                table=partition,
                model=model,
                prior=prior,
                sampling=sampling,
                width=width,
                trial=trial.key,
                trial_digest=trial.digest,
            )
