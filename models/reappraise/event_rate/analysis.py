"""The analysis of events per person-time: from events, from the arms' limits and from printed ratios, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal, refusal_of
from reappraise.effect.prior import contrast_priors
from reappraise.event_rate.classical import recomputed_rates
from reappraise.event_rate.contrast import RateContrast, events_table, rate_contrasts
from reappraise.event_rate.exact import exact_event_rates, exact_rate_contrast, posterior, usable_table
from reappraise.event_rate.published import EventRateEndpoint
from reappraise.event_rate.table import EventsTable
from reappraise.fits.each import Session
from reappraise.fits.exact import ExactFit, ExactPosterior, by_quantile, exact_fits
from reappraise.fits.exact_contrast import exact_of_contrast, located_numbers
from reappraise.fits.result import Drawn, Result
from reappraise.kind import Kind
from reappraise.published.trial import TrialEndpoint

_BASES = {
    "poisson": "from events and person-time",
    "arm-rates": "from the limits of the rates",
    "printed-rate-ratio": "of a printed ratio",
}


@dataclass(frozen=True, kw_only=True)
class EventRateResult(Result[EventRateEndpoint, ExactFit]):
    """Everything found out about event rates: exact posteriors by every way that print allows, never combined."""

    contrasts: tuple[RateContrast, ...]
    table: EventsTable | None

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        posteriors = sum(len(contrast_priors(contrast)) for contrast in self.contrasts)
        bases = dict.fromkeys(_BASES[one.basis] for one in self.contrasts)
        return f"{self.key}: {posteriors} exact posteriors, {' and '.join(bases)}."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield what a classical analysis makes of the events."""
        if self.table is not None:
            yield from recomputed_rates(self.table, source=self.endpoint.published.source, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the posterior of the rates and of each contrast under each prior."""
        yield from self.recomputed()
        yield from exact_event_rates(self.endpoint, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield prior, likelihood and posterior by prior, for each contrast."""
        from reappraise.event_rate.figures import draw_rate_contrast

        for place, contrast in enumerate(self.contrasts):
            number = f"-{place + 1}" if place else ""
            yield f"{self.key}.rate-ratio{number}", draw_rate_contrast(contrast, level=self.level)


@dataclass(frozen=True, slots=True)
class EventRateKind(Kind[EventRateEndpoint]):
    """Events per person-time."""

    def steps(self, endpoint: TrialEndpoint[EventRateEndpoint]) -> int:  # noqa: ARG002  # next to nothing
        """One."""
        return 1

    def analyse(self, endpoint: TrialEndpoint[EventRateEndpoint], session: Session) -> EventRateResult:
        """Read events and contrasts, and keep draws of each posterior."""
        contrasts = rate_contrasts(endpoint)
        refusals: tuple[Refusal, ...] = ()
        try:
            events_table(endpoint)
        except AnalysisError as error:
            refusals = (refusal_of(endpoint.published.key, error),)
        level = session.sampling.level
        return EventRateResult(
            endpoint=endpoint,
            fits=exact_fits(_posteriors(contrasts, level), endpoint.trial, session),
            contrasts=contrasts,
            table=usable_table(endpoint),
            refusals=refusals,
            level=level,
        )

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The exact posterior of the ratio, from events."""
        from reappraise.event_rate.calibrate import RATES_CALIBRATION

        return (RATES_CALIBRATION,)


EVENT_RATE = EventRateKind(EventRateEndpoint)


def _posteriors(contrasts: Sequence[RateContrast], level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of each contrast under each prior."""
    for place, contrast in enumerate(contrasts):
        for prior in contrast_priors(contrast):
            yield exact_of_contrast(
                contrast,
                prior,
                place=place,
                model=contrast.basis,
                formula=_FORMULAS["normal" if contrast.table is None else "poisson"],
                logarithmic=True,
                effect=partial(by_quantile, posterior(contrast, prior).quantile),
                printed=_printed(contrast),
                estimates=partial(exact_rate_contrast, contrast, prior, level=level),
            )


_FORMULAS = {
    "poisson": "events[arm] ~ Poisson(rate[arm] person_time[arm]), given all events together; log rate ratio ~ prior",
    "normal": "log of the printed number ~ Normal(its logarithm, standard error); log rate ratio ~ prior",
}


def _printed(contrast: RateContrast) -> dict[str, float]:
    if contrast.table is None:
        return located_numbers(contrast.parts)
    return {
        f"{name}_{what}": float(number)
        for name, arm in zip(("control", "experimental"), contrast.table.arms, strict=True)
        for what, number in (
            ("events", arm.events),
            ("least_person_time", arm.person_time[0]),
            ("largest_person_time", arm.person_time[1]),
        )
    }
