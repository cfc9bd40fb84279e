"""The analysis of a binary endpoint: every factor, every model, every prior, and what it all yields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.core.arms import WHOLE
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS, Prior, effect_priors
from reappraise.core.refusal import refusal_of
from reappraise.fits.each import Session
from reappraise.fits.exact import ExactFit, exact_fits
from reappraise.fits.result import Diagnosed, Drawn, Result
from reappraise.fits.sampling import Sampling
from reappraise.kind import Kind
from reappraise.published.partition import Partition
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.response.classical.recompute import recompute
from reappraise.response.fit import ResponseFit, ResponseJob, trial_width
from reappraise.response.model import ResponseModel
from reappraise.response.models import MODELS
from reappraise.response.published import ResponseEndpoint
from reappraise.response.rounded import RoundedCounts, rounded_counts
from reappraise.response.rounded_levels import rounded_levels
from reappraise.response.rounded_posteriors import rounded_posteriors
from reappraise.response.several_arms.result import all_arms

SHARING = "beta-binomial"
"""The model of rates that resemble each other: one row has none to resemble."""


@dataclass(frozen=True, kw_only=True)
class ResponseResult(Result[ResponseEndpoint, ResponseFit]):
    """Everything found out about a binary endpoint: fits of each factor by each model with each prior.

    Factors cut the same patients: no two are ever combined.

    Parameters
    ----------
    exact
        Exact posteriors of levels whose counts are known within rounding, each by itself.
    """

    exact: tuple[ExactFit, ...] = ()

    @property
    def words(self) -> str:
        """How many posteriors."""
        more = f", and {len(self.exact)} exact ones of levels known within rounding" if self.exact else ""
        return f"{self.key}: {len(self.fits)} posteriors of rates{more}."

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Fits, and draws of exact posteriors."""
        return (*self.fits, *self.exact)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and what is estimated."""
        yield from super().estimated()
        for fit in self.exact:
            yield from fit.estimates

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers of every factor."""
        for partition in self.endpoint.partitions():
            yield from recompute(partition, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield forests, densities, subgroups, shrinkage, predictions and chains."""
        from reappraise.response.figures.catalogue import draw_response

        yield from draw_response(self.endpoint, self.comparison(), self.fits)


@dataclass(frozen=True, kw_only=True)
class RoundedResult(Result[ResponseEndpoint, ExactFit]):
    """What is found out about a binary endpoint whose counts are known within rounding: exact posteriors of the whole.

    Parameters
    ----------
    counts
        The counts that round to the print.
    """

    counts: RoundedCounts

    @property
    def words(self) -> str:
        """How many posteriors, of what counts."""
        return (
            f"{self.key}: {len(self.fits)} exact posteriors of rates, of counts known within rounding "
            f"({self.counts.words}); models that share need the counts themselves."
        )

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers of the counts with the smallest contrast, and of those with the largest."""
        for partition, said in zip(self.counts.extremes, ("smallest", "largest"), strict=True):
            for estimate in recompute(partition, level=self.level):
                if estimate.numerator:
                    yield replace(
                        estimate, method=f"{estimate.method}, of the counts that round to the print the {said} contrast"
                    )

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the exact posterior under each prior."""
        yield from self.recomputed()
        for fit in self.fits:
            yield from fit.estimates

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield its contrasts as a forest."""
        from reappraise.drawing.estimates import draw_estimates
        from reappraise.drawing.words import favours

        every = (item for item in self.estimated() if item.quantity == "risk_difference")
        differences = [item for item in every if item.population == WHOLE]
        first = differences[0].method.split(",")[0]
        estimates = [item for item in differences if item.prior or item.method.startswith(f"{first},")]
        control, experimental = self.endpoint.trial.arms
        yield (
            f"{self.key}.rounded",
            draw_estimates(
                estimates,
                title=f"{self.endpoint.published.label}: counts known within rounding",
                named=lambda item: (
                    f"{item.prior} prior" if item.prior else f"{first}, {item.method.rsplit('the ', 1)[-1]}"
                ),
                favours=favours(experimental.short, control.short, self.endpoint.published.better),
                note=f"Counts that round to the print: {self.counts.words}. Exact posterior medians and intervals.",
            ),
        )


@dataclass(frozen=True, slots=True)
class ResponseKind(Kind[ResponseEndpoint]):
    """Binary endpoints."""

    def steps(self, endpoint: TrialEndpoint[ResponseEndpoint]) -> int:
        """One for each fit."""
        return len(response_jobs(endpoint.partitions(), endpoint.trial, Sampling(seed=0)))

    def analyse(self, endpoint: TrialEndpoint[ResponseEndpoint], session: Session) -> ResponseResult | RoundedResult:
        """Fit every factor by every model with every prior."""
        refused = endpoint.refused
        if WHOLE in refused:
            counts = rounded_counts(endpoint)
            if counts is None:
                raise refused[WHOLE]
            level = session.sampling.level
            found = (counts, *(one for factor in refused for one in rounded_levels(endpoint, factor)))
            posteriors = (one for counts in found for one in rounded_posteriors(counts, level=level))
            exact = exact_fits(posteriors, endpoint.trial, session)
            return RoundedResult(endpoint=endpoint, counts=counts, fits=exact, level=level)
        jobs = response_jobs(endpoint.partitions(), endpoint.trial, session.sampling)
        fits = session.each(jobs, response_words)
        level, key = session.sampling.level, endpoint.published.key
        rounded = tuple(counts for factor in refused for counts in rounded_levels(endpoint, factor))
        exact = exact_fits(
            (one for counts in rounded for one in rounded_posteriors(counts, level=level)), endpoint.trial, session
        )
        told = {counts.part.factor for counts in rounded}
        refusals = tuple(refusal_of(key, error) for factor, error in refused.items() if factor not in told)
        return ResponseResult(endpoint=endpoint, fits=fits, exact=exact, refusals=refusals, level=level)

    def joined(
        self,
        trial: Trial,
        results: Mapping[str, Result[Any, Any]],  # noqa: ARG002  # of two arms each
        session: Session,
    ) -> Mapping[str, Result[Any, Any]]:
        """Results of all arms together, of a trial that has more than two."""
        return all_arms(trial, session)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Every response model, of two arms and of several."""
        from reappraise.response.calibrate import RESPONSE_CALIBRATIONS
        from reappraise.response.several_arms.calibrate import SEVERAL_ARMS_CALIBRATION

        return (*RESPONSE_CALIBRATIONS, SEVERAL_ARMS_CALIBRATION)


RESPONSE = ResponseKind(ResponseEndpoint)


def response_words(job: ResponseJob) -> str:
    """A job for whoever waits."""
    return f"{job.table.factor}, {job.model.name}, {job.prior.name}"


def response_jobs(
    partitions: Sequence[Partition], trial: Trial, sampling: Sampling, *, sharing: bool = True
) -> tuple[ResponseJob, ...]:
    """Every posterior of counts that a trial asks for, those of one model together.

    A factor determined after randomisation gets no model that shares effects of treatment.

    Parameters
    ----------
    partitions
        The counts.
    trial
        Theirs: its largest partition is the width that every model is compiled for.
    sampling
        Settings.
    sharing
        Whether rates resemble each other: not where there is one.
    """
    width = trial_width(trial.of(ResponseEndpoint))
    models = [model for model in MODELS if sharing or model.name != SHARING]
    return tuple(
        ResponseJob(
            table=partition,
            model=model,
            prior=prior,
            sampling=sampling,
            width=width,
            trial=trial.key,
            trial_digest=trial.digest,
        )
        for model, partition in product(models, partitions)
        if not model.contrasts or (partition.causal and any(partition.comparable))
        for prior in _priors(model, partition)
    )


def _priors(model: ResponseModel, partition: Partition) -> tuple[Prior, ...]:
    return RATE_PRIORS if model.prior_kind == "rate" else effect_priors(partition.planned_odds_ratio)
