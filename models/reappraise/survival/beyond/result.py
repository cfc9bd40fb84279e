"""What was found out beyond the data of one time-to-event endpoint, beside its fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.result import Diagnosed, Drawn, Estimated, Result
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.beyond.derived import HazardFit
from reappraise.survival.beyond.extrapolate import ExtrapolatedFit, extrapolation_job
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, kw_only=True)
class HazardResult[FitT: Estimated](Result[SurvivalEndpoint, FitT]):
    """Posteriors of hazards, and what follows from them beyond the endpoint's own data.

    Parameters
    ----------
    extrapolations
        Survival after the follow-up, where the trial file asks for it.
    """

    extrapolations: tuple[ExtrapolatedFit, ...] = ()

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Fits, and what follows from them."""
        return (*self.fits, *self.extrapolations)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, what is estimated, and what follows from it."""
        yield from super().estimated()
        for one in self.extrapolations:
            yield from one.estimates

    def further_figures(self) -> Drawn:
        """Yield the figures of what goes beyond."""
        from reappraise.survival.beyond.figure import draw_extrapolation

        for one in self.extrapolations:
            yield f"{self.key}.extrapolated-{one.job.rule.rule}", draw_extrapolation(one, self.endpoint)


def extrapolated(
    endpoint: TrialEndpoint[SurvivalEndpoint], fit: HazardFit, session: Session
) -> tuple[tuple[ExtrapolatedFit, ...], tuple[Refusal, ...]]:
    """The extrapolation that the trial file asks for, or why there is none.

    Parameters
    ----------
    endpoint, fit
        The endpoint, and its fit under the reference prior.
    session
        Where it is found and kept.
    """
    asked = endpoint.published.extrapolation
    if asked is None:
        return (), ()
    try:
        job: Any = extrapolation_job(
            fit, asked.assumed, to=asked.to, landmarks=asked.landmarks, horizons=asked.horizons
        )
    except AnalysisError as error:
        return (), (Refusal(endpoint.published.key, f"not extrapolated: {error}", contradiction=False),)
    return (session.one(job, f"extrapolation, {asked.rule}", start=1.0),), ()
