"""The order of the adverse events part of an analysis: read the tables, fit, set the raw answers beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reappraise.bayes.adverse_events import EVENT_MODELS
from reappraise.endpoints import AdverseEventsEndpoint
from reappraise.endpoints.classical.contrasts import odds_ratios, risk_differences
from reappraise.endpoints.classical.rates import rate_intervals
from reappraise.endpoints.classical.two_by_two import TwoByTwo
from reappraise.endpoints.event_table import EventTable, SingleEvent
from reappraise.estimate import Estimate
from reappraise.fits.sampling import Sampling
from reappraise.safety.fit import SafetyFit, SafetyJob, common_width
from reappraise.safety.flagged import fisher_p
from reappraise.safety.tables import adverse_event_endpoints, singles_of, tables_of
from reappraise.trial import Trial, TrialEndpoint

if TYPE_CHECKING:
    from reappraise.store import Store

type Advance = Callable[[str, float], None]
"""Told what goes on, and which fraction of the whole part is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyResult:
    """Everything found about one endpoint of adverse events.

    Parameters
    ----------
    endpoint
        The endpoint.
    tables
        Its tables of counts.
    fits
        Of each table, each model.
    singles
        Rows that stand for themselves, such as patients with any event: input of the response models.
    """

    endpoint: TrialEndpoint[AdverseEventsEndpoint]
    tables: tuple[EventTable, ...]
    fits: tuple[SafetyFit, ...]
    singles: tuple[SingleEvent, ...]

    def recomputed(self, level: float) -> Iterator[Estimate]:
        """Yield the classical answers of every term, nothing shared between terms."""
        for table in self.tables:
            yield from recompute_terms(table, level=level)


def recompute_terms(table: EventTable, *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield raw rates, risk difference, odds ratio and Fisher's test of every term.

    The odds ratio is the sample's with Woolf's interval, and the conditional one with its exact interval.

    Parameters
    ----------
    table
        The counts.
    level
        Coverage of the intervals.
    """
    for index, term in enumerate(table.terms):
        row = partial(
            Estimate, endpoint=table.key, item=term, grade=table.grade, kind="recomputed", source=table.source
        )
        for arm, k, n in zip(table.arms, table.events[index], table.totals[index], strict=True):
            exact = rate_intervals(k, n, level=level)[0]
            yield row(
                quantity="rate", arm=arm, method=exact.method, value=exact.value, low=exact.low, high=exact.high,
                level=level,
            )  # fmt: skip
        (control, treated), (of_control, of_treated) = table.events[index], table.totals[index]
        cells = TwoByTwo(treated, of_treated, control, of_control)
        contrast = partial(row, numerator=table.arms[1], denominator=table.arms[0])
        ratios = [found for found in odds_ratios(cells, level=level) if found.method in RATIOS]
        for quantity, found in (
            ("risk_difference", risk_differences(cells, level=level)[0]),
            *(("odds_ratio", ratio) for ratio in ratios),
        ):
            yield contrast(
                quantity=quantity, method=found.method, value=found.value, low=found.low, high=found.high, level=level
            )
        said = "Fisher exact, two-sided (sum of probabilities)"
        yield contrast(quantity="odds_ratio", method=said, value=None, p_value=fisher_p(table, index), sides=2)


RATIOS = ("sample odds ratio, Woolf log", "conditional odds ratio, exact")
"""Which of the candidate intervals stand beside the shrunken odds ratios."""


def safety_jobs(
    trial: Trial, sampling: Sampling
) -> tuple[tuple[TrialEndpoint[AdverseEventsEndpoint], tuple[SafetyJob, ...]], ...]:
    """Every posterior of adverse events that a trial asks for, by endpoint, those of one model together."""
    found = []
    for endpoint in adverse_event_endpoints(trial):
        tables = tables_of(endpoint)
        jobs = tuple(
            SafetyJob(
                table=table, model=model, sampling=sampling, width=common_width(tables), trial=trial.key,
                trial_digest=trial.digest,
            )
            for model in EVENT_MODELS
            for table in tables
        )  # fmt: skip
        found.append((endpoint, jobs))
    return tuple(found)


def analyse_safety(
    trial: Trial, settings: Sampling, store: Store | None = None, progress: Advance | None = None
) -> tuple[SafetyResult, ...]:
    """Fit every model to every table of adverse events; with a store, resume from it and write every fit to it.

    Parameters
    ----------
    trial, settings
        The trial, and the settings with the root seed.
    store
        Where fits are kept.
    progress
        Told before each fit.
    """
    tell = progress or (lambda *_: None)
    planned = safety_jobs(trial, settings)
    whole = sum(len(jobs) for _, jobs in planned)
    done, found = 0, []
    for endpoint, jobs in planned:
        fits = []
        for job in jobs:
            tell(f"{job.table.key}, grade {job.table.grade}: {job.model.name}", done / whole)
            done += 1
            fit = store.read_fit(job) if store else None
            if fit is None:
                fit = job.run()
                if store:
                    store.write_fit(fit)
            fits.append(fit)
        found.append(
            SafetyResult(endpoint=endpoint, tables=tables_of(endpoint), fits=tuple(fits), singles=singles_of(endpoint))
        )
    return tuple(found)
