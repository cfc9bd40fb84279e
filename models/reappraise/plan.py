"""Which posteriors a trial asks for: every binary endpoint, every factor, every model, every prior."""

from __future__ import annotations

from collections.abc import Iterator

from reappraise.bayes import MODELS
from reappraise.fitting import Job, trial_width
from reappraise.prior import RATE_PRIORS, Prior, effect_priors
from reappraise.sampling import Sampling
from reappraise.trial import Trial


def plan(trial: Trial, sampling: Sampling) -> Iterator[Job]:
    """Yield every job of a trial's response analysis, those of one model together.

    Factors cut the same patients, so each is a job of its own and no two are ever combined. A factor determined
    after randomisation gets no model that shares effects of treatment.
    """
    width = trial_width(trial.responses)
    for model in MODELS:
        for endpoint in trial.responses:
            for partition in endpoint.partitions():
                if model.contrasts and not (partition.causal and any(partition.comparable)):
                    continue
                priors: tuple[Prior, ...] = (
                    RATE_PRIORS if model.prior_kind == "rate" else effect_priors(partition.planned_odds_ratio)
                )
                for prior in priors:
                    yield Job(
                        partition=partition,
                        model=model,
                        prior=prior,
                        sampling=sampling,
                        width=width,
                        trial=trial.key,
                        trial_digest=trial.digest,
                    )
