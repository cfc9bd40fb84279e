"""The analysis of adverse events: every table by every model, and rows that stand for themselves as responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Result
from reappraise.fits.sampling import Sampling
from reappraise.kind import Kind
from reappraise.published.trial import TrialEndpoint
from reappraise.response.analysis import response_jobs, response_words
from reappraise.response.classical.recompute import recompute
from reappraise.response.fit import ResponseFit
from reappraise.safety.classical import recompute_terms
from reappraise.safety.counts import exposure_of, singles_of, tables_of, unknown_of
from reappraise.safety.exposure import sentence
from reappraise.safety.fit import ERROR_RATE, SafetyFit, SafetyJob, common_width
from reappraise.safety.model import EVENT_MODELS
from reappraise.safety.published import AdverseEventsEndpoint
from reappraise.safety.table import EventTable

STEPS = 5
"""Plain fits that a fit of adverse events takes about as long as."""


@dataclass(frozen=True, kw_only=True)
class SafetyResult(Result[AdverseEventsEndpoint, SafetyFit | ResponseFit]):
    """Everything found out about adverse events: fits of each table by each model, then of rows by themselves.

    Parameters
    ----------
    error_rate
        Mean posterior probability of error that flagged terms keep in the figures.
    """

    error_rate: float = ERROR_RATE

    @property
    def events(self) -> tuple[SafetyFit, ...]:
        """Fits of tables."""
        return tuple(fit for fit in self.fits if isinstance(fit, SafetyFit))

    @property
    def singles(self) -> tuple[ResponseFit, ...]:
        """Fits of rows that stand for themselves, such as patients with any event."""
        return tuple(fit for fit in self.fits if isinstance(fit, ResponseFit))

    @property
    def tables_fitted(self) -> tuple[EventTable, ...]:
        """The tables, each once."""
        return tuple(dict.fromkeys(fit.job.table for fit in self.events))

    @property
    def words(self) -> str:
        """How many posteriors, of how many rows."""
        rows = sum(len(table.terms) for table in self.tables_fitted)
        said = f"{self.key}: {len(self.events)} posteriors of {rows} rows of adverse events"
        said += f", {len(self.singles)} of rows by themselves." if self.singles else "."
        return " ".join(filter(None, (said, sentence(exposure_of(self.endpoint)))))

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers of every row, nothing shared between rows."""
        for table in self.tables_fitted:
            yield from recompute_terms(table, level=self.level)
        for partition in dict.fromkeys(fit.job.table for fit in self.singles):
            yield from recompute(partition, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield probabilities and shrinkage by grade, body systems, laboratory values."""
        from reappraise.safety.figures.catalogue import draw_safety

        yield from draw_safety(self.events, endpoint=self.endpoint.published, error_rate=self.error_rate)


@dataclass(frozen=True, slots=True)
class SafetyKind(Kind[AdverseEventsEndpoint]):
    """Adverse events."""

    def steps(self, endpoint: TrialEndpoint[AdverseEventsEndpoint]) -> int:
        """Several for each table and model, one for each fit of a row by itself."""
        return STEPS * len(EVENT_MODELS) * len(tables_of(endpoint)) + 6 * len(singles_of(endpoint))

    def analyse(self, endpoint: TrialEndpoint[AdverseEventsEndpoint], session: Session) -> SafetyResult:
        """Fit every table by every model, and every row that stands for itself by the response models."""
        rows = [single.partition for single in singles_of(endpoint)]
        jobs = event_jobs(endpoint, session.sampling)
        events = session.each(jobs, lambda job: f"{job.table.key}, grade {job.table.grade}: {job.model.name}", end=0.7)
        alone = response_jobs(rows, endpoint.trial, session.sampling, sharing=False)
        singles = session.each(alone, lambda job: f"{job.table.endpoint}, {response_words(job)}", start=0.7)
        key, unknown = endpoint.published.key, unknown_of(endpoint)
        said = f"{key}: left out, for several numbers of patients fit the print, or none: {', '.join(unknown)}"
        refusals = (Refusal(key, said, contradiction=False),) if unknown else ()
        return SafetyResult(
            endpoint=endpoint, fits=(*events, *singles), refusals=refusals, level=session.sampling.level
        )

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Every model."""
        from reappraise.safety.calibrate import SAFETY_CALIBRATIONS

        return SAFETY_CALIBRATIONS


SAFETY = SafetyKind(AdverseEventsEndpoint)


def event_jobs(endpoint: TrialEndpoint[AdverseEventsEndpoint], sampling: Sampling) -> tuple[SafetyJob, ...]:
    """Every posterior of tables of events, those of one model together."""
    trial, tables = endpoint.trial, tables_of(endpoint)
    return tuple(
        SafetyJob(
            table=table,
            model=model,
            sampling=sampling,
            width=common_width(tables),
            trial=trial.key,
            trial_digest=trial.digest,
        )
        for model in EVENT_MODELS
        for table in tables
    )
