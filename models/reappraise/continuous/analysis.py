"""The analysis of what is measured on a scale: from the arms' means and from printed differences, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reappraise.calibrate.calibration import Calibration
from reappraise.continuous.classical import recomputed_means
from reappraise.continuous.contrast import MeanContrast, mean_contrasts
from reappraise.continuous.exact import exact_continuous, exact_mean_contrast, posterior, usable_table
from reappraise.continuous.means import means_table
from reappraise.continuous.prior import mean_priors
from reappraise.continuous.published import ContinuousEndpoint
from reappraise.continuous.table import MeansTable
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal, refusal_of
from reappraise.fits.each import Session
from reappraise.fits.exact import ExactFit, ExactPosterior, by_quantile, exact_fits
from reappraise.fits.exact_contrast import exact_of_contrast, located_numbers
from reappraise.fits.result import Drawn, Result
from reappraise.kind import Kind
from reappraise.published.trial import TrialEndpoint


@dataclass(frozen=True, kw_only=True)
class ContinuousResult(Result[ContinuousEndpoint, ExactFit]):
    """Everything found out about means: exact posteriors from the arms and of each printed contrast, never combined."""

    contrasts: tuple[MeanContrast, ...]
    table: MeansTable | None

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        posteriors = sum(len(mean_priors(contrast)) for contrast in self.contrasts)
        bases = [
            {"means": "from the arms' means", "printed-difference": "of a printed difference"}[one.basis]
            for one in self.contrasts
        ]
        return f"{self.key}: {posteriors} exact posteriors, {' and '.join(dict.fromkeys(bases))}."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield what a classical analysis makes of the means."""
        if self.table is not None:
            yield from recomputed_means(self.table, source=self.endpoint.published.source, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the posterior of the means and of each contrast under each prior."""
        yield from self.recomputed()
        yield from exact_continuous(self.endpoint, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield prior, likelihood and posterior by prior, for each contrast."""
        from reappraise.continuous.figures import draw_mean_contrast

        for place, contrast in enumerate(self.contrasts):
            number = f"-{place + 1}" if place else ""
            yield (
                f"{self.key}.{contrast.quantity.replace('_', '-')}{number}",
                draw_mean_contrast(contrast, level=self.level),
            )


@dataclass(frozen=True, slots=True)
class ContinuousKind(Kind[ContinuousEndpoint]):
    """What is measured on a scale."""

    def steps(self, endpoint: TrialEndpoint[ContinuousEndpoint]) -> int:  # noqa: ARG002  # next to nothing
        """One."""
        return 1

    def analyse(self, endpoint: TrialEndpoint[ContinuousEndpoint], session: Session) -> ContinuousResult:
        """Read means and contrasts, and keep draws of each posterior."""
        refusals: tuple[Refusal, ...] = ()
        contrasts = mean_contrasts(endpoint)
        try:
            means_table(endpoint)
        except AnalysisError as error:
            refusals = (refusal_of(endpoint.published.key, error),)
        level = session.sampling.level
        return ContinuousResult(
            endpoint=endpoint,
            fits=exact_fits(_posteriors(contrasts, level), endpoint.trial, session),
            contrasts=contrasts,
            table=usable_table(endpoint),
            refusals=refusals,
            level=level,
        )

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The exact posterior, from rounded print."""
        from reappraise.continuous.calibrate import MEANS_CALIBRATION

        return (MEANS_CALIBRATION,)


CONTINUOUS = ContinuousKind(ContinuousEndpoint)


def _posteriors(contrasts: Sequence[MeanContrast], level: float) -> Iterator[ExactPosterior]:
    """Yield the posterior of each contrast under each prior."""
    for place, contrast in enumerate(contrasts):
        for prior in mean_priors(contrast):
            yield exact_of_contrast(
                contrast,
                prior,
                place=place,
                model=contrast.basis,
                formula="mean - printed mean ~ standard error * t(degrees of freedom), by arm or of the difference; "
                "difference ~ prior",
                logarithmic=contrast.logarithmic,
                effect=partial(by_quantile, posterior(contrast, prior).quantile),
                printed=located_numbers(contrast.parts),
                estimates=partial(exact_mean_contrast, contrast, prior, level=level),
            )
