"""What is found out about a binary endpoint of several arms together, beside the contrasts of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import effect_priors
from reappraise.core.refusal import refusal_of
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Result
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.response.several_arms.fit import MODEL, SeveralArmsFit, SeveralArmsJob
from reappraise.response.several_arms.table import several_arms


@dataclass(frozen=True, kw_only=True)
class SeveralArmsResult(Result[ResponseEndpoint, SeveralArmsFit]):
    """All arms of a binary endpoint in one model; what was published stands with the contrasts of two."""

    @property
    def words(self) -> str:
        """How many posteriors of how many arms."""
        if not self.analysed:
            return f"{self.key}: arms not analysed together."
        arms = self.fits[0].job.table.arms
        return f"{self.key}: {len(self.fits)} posteriors of {len(arms)} arms together, {arms[0]} counted once."

    @property
    def analysed(self) -> bool:
        """Whether there is a posterior."""
        return bool(self.fits)

    def published(self) -> Iterator[Estimate]:
        """Yield nothing more."""
        yield from ()

    def recomputed(self) -> Iterator[Estimate]:
        """Yield nothing more."""
        yield from ()

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield the contrasts under the prior that is shown first."""
        if self.fits:
            yield f"{self.key}.every-arm", self.fits[0].plot()


def all_arms(trial: Trial, session: Session) -> Mapping[str, Result[Any, Any]]:
    """Results of all arms together, by the endpoint's key in the trial file; none for a trial of two arms.

    Parameters
    ----------
    trial
        The trial.
    session
        Where fits are found and kept.
    """
    found: dict[str, Result[Any, Any]] = {}
    for endpoint in trial.file.endpoints if trial.pairs else ():
        if not isinstance(endpoint, ResponseEndpoint):
            continue
        item = TrialEndpoint(trial, endpoint)
        try:
            jobs = _jobs(trial, endpoint, session)
        except AnalysisError as error:
            reason = refusal_of(endpoint.key, error)
            said = replace(reason, reason=f"{endpoint.key}, all arms together: {reason.reason}")
            found[endpoint.key] = SeveralArmsResult(endpoint=item, refusals=(said,))
            continue
        if jobs:
            fits = session.each(jobs, lambda job: f"{job.table.endpoint}: all arms, {job.prior.name}", start=1.0)
            found[endpoint.key] = SeveralArmsResult(endpoint=item, fits=fits, level=session.sampling.level)
    return found


def _jobs(trial: Trial, endpoint: ResponseEndpoint, session: Session) -> tuple[SeveralArmsJob, ...]:
    table = several_arms(trial, endpoint)
    if table is None:
        return ()
    return tuple(
        SeveralArmsJob(
            table=table,
            model=MODEL,
            prior=prior,
            sampling=session.sampling,
            trial=trial.key,
            trial_digest=trial.digest,
        )
        for prior in effect_priors(table.planned_odds_ratio)
    )
