"""The order of the analysis of depth of response: read the counts, fit, judge proportional odds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from reappraise.depth.fit import MODELS, DepthFit, DepthJob
from reappraise.depth.implied import Estimated, ImpliedRate, implied_rates
from reappraise.depth.proportionality import Proportionality, proportionality
from reappraise.depth.tables import other_assessors, table_of
from reappraise.endpoints import DepthEndpoint
from reappraise.endpoints.classical.ordinal import recompute_depth
from reappraise.endpoints.ordinal_table import OrdinalTable, UndeterminedError
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.fits.sampling import Sampling
from reappraise.prior import effect_priors
from reappraise.refusal import Refusal
from reappraise.trial import Trial, TrialEndpoint

type Advance = Callable[[str, float], None]
"""Told what goes on, and which fraction of the whole depth part is done."""


class FitStore(Protocol):
    """Where fits are kept."""

    def read_fit(self, job: DepthJob) -> DepthFit | None:
        """The stored fit of this very job, or None."""
        ...

    def write_fit(self, fit: DepthFit) -> None:
        """Keep a fit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthResult:
    """Everything found about one ordinal endpoint.

    Parameters
    ----------
    endpoint
        The endpoint.
    table
        Its counts.
    fits
        Fits of each model with each prior, models in the order of `MODELS`, priors with the reference first.
    proportionality
        Evidence on proportional odds, by prior; empty with one cut point.
    resumed
        How many of the fits were found in the store.
    """

    endpoint: TrialEndpoint[DepthEndpoint]
    table: OrdinalTable
    fits: tuple[DepthFit, ...]
    proportionality: tuple[Proportionality, ...]
    resumed: int = 0

    def recomputed(self, level: float) -> Iterator[Estimate]:
        """Yield the classical answers on the counts."""
        yield from recompute_depth(self.table, level=level)

    def implied(self, responses: Iterable[Estimated]) -> tuple[tuple[DepthFit, tuple[ImpliedRate, ...]], ...]:
        """Each fit with the binary rates that it implies, beside those of the response fits given."""
        held = tuple(responses)
        return tuple((fit, implied_rates(fit, held)) for fit in self.fits)


def analyse_depth(
    trial: Trial, settings: Sampling, store: FitStore | None, progress: Advance
) -> tuple[tuple[DepthResult, ...], tuple[Refusal, ...]]:
    """Fit every ordinal endpoint whose counts are known; with a store, resume from it and write to it.

    Parameters
    ----------
    trial
        The trial.
    settings
        Settings with the root seed.
    store
        Where fits are found and kept.
    progress
        Told what goes on.

    Returns
    -------
    tuple
        The results, and what was not analysed: endpoints whose printed numbers leave counts open or contradict each
        other, and assessors whose binary endpoints make no ordered categories.
    """
    found: list[DepthResult] = []
    refused: list[Refusal] = []
    endpoints = trial.of(DepthEndpoint)
    for place, item in enumerate(endpoints):
        key = item.published.key

        def tell(text: str, fraction: float, place: int = place, key: str = key) -> None:
            progress(f"{key}: {text}", (place + fraction) / len(endpoints))

        try:
            table = table_of(item)
        except AnalysisError as error:
            # one endpoint that cannot be analysed does not keep the others from it; it is named in the result
            refused.append(Refusal(key, str(error), contradiction=not isinstance(error, UndeterminedError)))
            continue
        found.append(_analyse(item, table, settings, store, tell))
    return tuple(found), (*refused, *other_assessors(trial))


def _analyse(
    item: TrialEndpoint[DepthEndpoint], table: OrdinalTable, settings: Sampling, store: FitStore | None, tell: Advance
) -> DepthResult:
    priors = effect_priors(table.planned_odds_ratio)
    models = MODELS if len(table.categories) > 2 else MODELS[:1]
    jobs = [
        DepthJob(
            table=table,
            model=model,
            prior=prior,
            sampling=settings,
            trial=item.trial.key,
            trial_digest=item.trial.digest,
        )
        for model in models
        for prior in priors
    ]
    fits = []
    resumed = 0
    for done, job in enumerate(jobs):
        tell(f"{job.model.name}, {job.prior.name} prior", done / len(jobs))
        fit = store.read_fit(job) if store else None
        resumed += fit is not None
        if fit is None:
            fit = job.run()
            if store:
                store.write_fit(fit)
        fits.append(fit)
    judged = tuple(
        proportionality(proportional, free)
        for proportional, free in zip(fits[: len(priors)], fits[len(priors) :], strict=False)
    )
    return DepthResult(endpoint=item, table=table, fits=tuple(fits), proportionality=judged, resumed=resumed)
