"""The analysis of an ordinal endpoint: counts that print determines, both models, every prior, proportional odds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.estimate import Estimate
from reappraise.core.prior import effect_priors
from reappraise.core.refusal import Refusal
from reappraise.depth.classical.recompute import recompute_depth
from reappraise.depth.counts import other_assessors, table_of
from reappraise.depth.fit import MODELS, DepthFit, DepthJob
from reappraise.depth.implied import ImpliedRate, implied_rates
from reappraise.depth.proportionality import Proportionality, proportionality
from reappraise.depth.published import DepthEndpoint
from reappraise.depth.table import OrdinalTable
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Result
from reappraise.kind import Kind
from reappraise.published.trial import Trial, TrialEndpoint


@dataclass(frozen=True, kw_only=True)
class DepthResult(Result[DepthEndpoint, DepthFit]):
    """Everything found out about an ordinal endpoint: fits of each model with each prior, the reference first."""

    @property
    def table(self) -> OrdinalTable:
        """Its counts."""
        return self.fits[0].job.table

    @cached_property
    def proportionality(self) -> tuple[Proportionality, ...]:
        """Evidence on proportional odds, by prior; empty with one cut point."""
        by = {(fit.job.model.proportional, fit.job.prior.name): fit for fit in self.fits}
        return tuple(
            proportionality(by[True, prior], fit)
            for (proportional, prior), fit in by.items()
            if not proportional and (True, prior) in by
        )

    @property
    def words(self) -> str:
        """How many posteriors."""
        return f"{self.key}: {len(self.fits)} posteriors of ordered categories."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers on the counts."""
        yield from recompute_depth(self.table, level=self.level)

    def implied(self, others: Sequence[Result[Any, Any]]) -> tuple[tuple[DepthFit, tuple[ImpliedRate, ...]], ...]:
        """Each fit with the binary rates that it implies, beside those of the binary endpoints' own fits."""
        held = [item for other in others if other is not self for fit in other.fits for item in fit.estimates]
        return tuple((fit, implied_rates(fit, held)) for fit in self.fits)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:
        """Yield counts and rates by model, and odds ratios by prior beside those of the binary endpoints."""
        from reappraise.depth.figures.catalogue import draw_depth

        held = [item for other in others if other is not self for fit in other.fits for item in fit.estimates]
        yield from draw_depth(self.fits, held)


@dataclass(frozen=True, slots=True)
class DepthKind(Kind[DepthEndpoint]):
    """Ordered categories."""

    def steps(self, endpoint: TrialEndpoint[DepthEndpoint]) -> int:  # noqa: ARG002  # each has as many
        """One for each model and prior, and the evidence."""
        return 8

    def analyse(self, endpoint: TrialEndpoint[DepthEndpoint], session: Session) -> DepthResult:
        """Fit each model with each prior."""
        table = table_of(endpoint)
        jobs = [
            DepthJob(
                table=table,
                model=model,
                prior=prior,
                sampling=session.sampling,
                trial=endpoint.trial.key,
                trial_digest=endpoint.trial.digest,
            )
            for model in (MODELS if len(table.categories) > 2 else MODELS[:1])
            for prior in effect_priors(table.planned_odds_ratio)
        ]
        fits = session.each(jobs, lambda job: f"{job.model.name}, {job.prior.name} prior")
        return DepthResult(endpoint=endpoint, fits=fits, level=session.sampling.level)

    def refused(self, trial: Trial) -> Iterator[Refusal]:
        """Yield the assessors whose binary endpoints make no ordered categories."""
        yield from other_assessors(trial)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Both models."""
        from reappraise.depth.calibrate import DEPTH_CALIBRATIONS

        return DEPTH_CALIBRATIONS


DEPTH = DepthKind(DepthEndpoint)
