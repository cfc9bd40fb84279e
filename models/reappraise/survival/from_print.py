"""What is found out about a time-to-event endpoint from the likelihood of its print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.beyond.result import HazardResult, extrapolated
from reappraise.survival.effect.analysis import from_events
from reappraise.survival.effect.published import printed_effect
from reappraise.survival.hazard import HazardPrior
from reappraise.survival.printed.job import PrintedFit, PrintedJob
from reappraise.survival.printed.model import PRINTED, PRINTED_PROPORTIONAL
from reappraise.survival.printed.proportionality import compare_printed
from reappraise.survival.printed.published import Print, print_of
from reappraise.survival.proportionality import ProportionalityEvidence
from reappraise.survival.pseudo_ipd.summaries import Summaries
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.road import Road

DEPARTURE: Final = 0.5
"""Scale of departures from proportional hazards where they are allowed."""


@dataclass(frozen=True, kw_only=True)
class PrintedResult(HazardResult[PrintedFit]):
    """Everything found out about a time-to-event endpoint from the likelihood of its print.

    Fits are of the model with a changing hazard ratio under the reference prior, of the proportional one, and of the
    first with each other prior.

    Parameters
    ----------
    road
        Why this road was taken.
    """

    road: Road

    @cached_property
    def proportionality(self) -> ProportionalityEvidence:
        """Evidence on proportional hazards under the reference prior."""
        return compare_printed(self.fits[0], self.fits[1])

    @property
    def words(self) -> str:
        """How many posteriors, from what, and why so."""
        return f"{self.key}: {len(self.fits)} survival posteriors from the {self.road.name} ({self.road.why})."

    @property
    def tables(self) -> Mapping[str, Iterable[Mapping[str, object]]]:
        """Estimators that the publication may have used with their probability, and what fits worst."""
        first = self.fits[0]
        rows = [
            {
                "endpoint": self.key,
                "estimators": reading,
                "reached": True,
                "missed": "",
                "probability": f"{probability:.2g}",
            }
            for reading, probability in first.readings.items()
            if probability > 0
        ]
        return {"estimators": rows}

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the interval and p value of the printed hazard ratio that its events alone make, where they can."""
        try:
            effect = printed_effect(self.endpoint)
        except AnalysisError:
            return
        yield from from_events(effect, level=self.level)


def printed_or_refused(endpoint: TrialEndpoint[SurvivalEndpoint]) -> Print:
    """The print of an endpoint, refused where it says too little."""
    try:
        found = print_of(endpoint)
    except AnalysisError as error:
        raise UndeterminedError(str(error)) from None
    refuse_too_little(found.summaries)
    return found


def analyse_print(
    endpoint: TrialEndpoint[SurvivalEndpoint], printed: Print, road: Road, session: Session, *, start: float = 0.0
) -> PrintedResult:
    """Fit both models under the reference prior, and the first under every other, to the print itself.

    Parameters
    ----------
    endpoint, printed, road
        The endpoint, its print, and why it is analysed so.
    session
        Settings and store.
    start
        Share of the endpoint's time that is gone already.
    """
    reference, *others = endpoint.published.plan.priors
    grid = printed.grid
    reach = grid.horizon if printed.summaries.horizon_known else min(printed.reach, grid.horizon)
    landmarks = round_landmarks(reach)
    asked = ((PRINTED, reference), (PRINTED_PROPORTIONAL, reference), *((PRINTED, prior) for prior in others))
    jobs = [
        PrintedJob(
            printed=printed,
            grid=grid,
            model=model,
            prior=HazardPrior(
                effect=prior, median=grid.horizon / 2, departure_scale=0.0 if model.proportional else DEPARTURE
            ),
            sampling=session.sampling,
            landmarks=landmarks,
            horizons=landmarks[-2:],
            better=endpoint.published.better,
            plan=endpoint.published.plan,
            trial=endpoint.trial.key,
            trial_digest=endpoint.trial.digest,
        )
        for model, prior in asked
    ]
    fits = session.each(jobs, lambda job: f"{job.model.name}, {job.prior.name} prior", start=start)
    further, refused = extrapolated(endpoint, fits[0], session)
    return PrintedResult(
        endpoint=endpoint,
        fits=fits,
        extrapolations=further,
        refusals=refused,
        road=road,
        level=session.sampling.level,
    )


def analyse_print_loosely(
    endpoint: TrialEndpoint[SurvivalEndpoint], printed: Print, road: Road, session: Session, *, start: float = 0.0
) -> PrintedResult:
    """As `analyse_print`; where the print contradicts itself by the limits of its medians alone, without these.

    Where an event is seen at visits, as progression is at scans, many patients share one time, and the limits of a
    median lie on it: smooth hazards give such limits in no trial, though nothing is wrong with any of the numbers.

    Parameters
    ----------
    endpoint, printed, road, session, start
        As of `analyse_print`.

    Raises
    ------
    AnalysisError
        If the printed numbers contradict each other without these limits as well.
    """
    try:
        return analyse_print(endpoint, printed, road, session, start=start)
    except UndeterminedError:
        raise
    except AnalysisError as error:
        loose = without_limits_of_medians(endpoint)
        if loose is None:
            raise
        try:
            found = analyse_print(loose, printed_or_refused(loose), road, session, start=start)
        except AnalysisError:
            raise error from None
        reason = (
            f"{endpoint.published.key}, limits of the medians: with them the printed numbers contradict each other "
            "under any smooth hazards, so they were left out. Where the event is seen at visits, such as progression "
            "at scans, many patients share one time, and such limits are no mistake; else check them in the source"
        )
        refusal = Refusal(endpoint.published.key, reason, contradiction=False)
        return replace(found, endpoint=endpoint, refusals=(*found.refusals, refusal))


def without_limits_of_medians(endpoint: TrialEndpoint[SurvivalEndpoint]) -> TrialEndpoint[SurvivalEndpoint] | None:
    """The endpoint as if no median had limits; None where none has, or nothing else says how uncertain they are."""
    published = endpoint.published
    medians = [one for one in published.printed if one.quantity == "median" and one.low is not None]
    known = published.counts or any(one.quantity != "median" and one.low is not None for one in published.printed)
    if not medians or not known:
        return None
    kept = tuple(
        one.model_copy(update={"low": None, "high": None}) if one in medians else one for one in published.printed
    )
    return replace(endpoint, published=published.model_copy(update={"printed": kept}))


def refuse_too_little(summaries: Summaries) -> None:
    """Refuse an endpoint of which neither events nor any interval is printed: its posterior would be the prior."""
    bounded = {target.statistic for target in summaries.targets}
    limits = {"quantile low", "survival low", "log hazard ratio low", "at risk"}
    if None in summaries.events and not bounded & limits:
        raise UndeterminedError(
            f"{summaries.endpoint}: neither numbers of events nor an interval is printed, so nothing says how "
            "uncertain the printed medians are"
        )


def round_landmarks(horizon: float) -> tuple[float, ...]:
    """Round times at about a quarter, a half and three quarters of the follow-up."""
    unit = 10 ** len(str(int(horizon / 4))) / 10 if horizon >= 4 else horizon / 4
    step = max(1.0, round(horizon / 4 / unit)) * unit
    return tuple(step * k for k in (1, 2, 3) if step * k < horizon)
