"""The analysis of a trial of one arm: exact posteriors of its numbers, against the benchmark where one is stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reappraise.core.errors import UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS
from reappraise.effect.contrast import PrintedContrast
from reappraise.effect.exact import from_print
from reappraise.effect.prior import contrast_priors
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Estimated, Result
from reappraise.one_arm.rates import OneRate, one_rate, one_rate_estimates, recomputed_rate
from reappraise.one_arm.times import time_contrasts, time_estimates
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, kw_only=True)
class RateResult(Result[ResponseEndpoint, Estimated]):
    """Everything found out about a binary endpoint of one arm.

    Parameters
    ----------
    rate
        The counts, and the benchmark.
    """

    rate: OneRate

    @property
    def words(self) -> str:
        """How many posteriors, and against what."""
        against = "no benchmark is stated" if self.rate.benchmark is None else f"benchmark {self.rate.benchmark:.4g}"
        return f"{self.key}: {len(RATE_PRIORS)} exact posteriors of the rate of one arm; {against}."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield classical intervals and tests."""
        yield from recomputed_rate(self.rate, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the exact posterior under each prior."""
        yield from self.recomputed()
        yield from one_rate_estimates(self.rate, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield the rate, or its difference from the benchmark, by prior."""
        from reappraise.drawing.estimates import draw_estimates
        from reappraise.drawing.words import favours

        benchmark = self.rate.benchmark
        wanted = "rate" if benchmark is None else "risk_difference"
        item = self.endpoint
        yield (
            f"{self.key}.one-arm",
            draw_estimates(
                [one for one in self.estimated() if one.quantity == wanted and one.level and one.prior],
                title=f"{item.published.label}: one arm",
                named=lambda one: f"{one.prior} prior",
                favours=None
                if benchmark is None
                else favours(item.trial.experimental.short, item.trial.control.short, item.published.better),
                note="Exact posterior medians and equal-tailed intervals."
                + ("" if benchmark is None else f" The benchmark, {100 * benchmark:.4g}%, has no error of its own."),
            ),
        )


@dataclass(frozen=True, kw_only=True)
class TimesResult(Result[SurvivalEndpoint, Estimated]):
    """Everything found out about a time-to-event endpoint of one arm.

    Parameters
    ----------
    contrasts
        Medians and survival probabilities against their benchmarks, which are never combined.
    """

    contrasts: tuple[PrintedContrast, ...]

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        posteriors = sum(len(contrast_priors(contrast)) for contrast in self.contrasts)
        return f"{self.key}: {posteriors} exact posteriors of one arm against its benchmark."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the interval and p value that estimate and standard error make."""
        for contrast in self.contrasts:
            yield from_print(contrast, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the posterior of each contrast under each prior."""
        yield from self.recomputed()
        yield from time_estimates(self.contrasts, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield prior, likelihood and posterior by prior, for each contrast."""
        from reappraise.effect.figures import draw_contrast

        for place, contrast in enumerate(self.contrasts):
            number = f"-{place + 1}" if place else ""
            yield f"{self.key}.{contrast.quantity.replace('_', '-')}{number}", draw_contrast(contrast, level=self.level)


def analyse_one_arm(endpoint: TrialEndpoint[Any], session: Session) -> RateResult | TimesResult:
    """Hold what is printed of the one arm against its benchmark.

    Raises
    ------
    UndeterminedError
        If it is of a kind that compares arms, or too little is printed.
    """
    published, level = endpoint.published, session.sampling.level
    if isinstance(published, ResponseEndpoint):
        return RateResult(endpoint=endpoint, rate=one_rate(endpoint), level=level)
    if isinstance(published, SurvivalEndpoint):
        return TimesResult(endpoint=endpoint, contrasts=time_contrasts(endpoint), level=level)
    raise UndeterminedError(
        f"{published.key}: endpoints of kind {published.kind} compare two arms, and the trial has one; of one arm, "
        "response and survival endpoints are analysed"
    )


def exact_one_arm(endpoint: TrialEndpoint[Any], *, level: float = 0.95) -> Iterator[Estimate]:
    """Yield the exact posteriors of an endpoint of one arm.

    Raises
    ------
    UndeterminedError
        As of `analyse_one_arm`.
    """
    published = endpoint.published
    if isinstance(published, ResponseEndpoint):
        yield from one_rate_estimates(one_rate(endpoint), level=level)
    elif isinstance(published, SurvivalEndpoint):
        yield from time_estimates(time_contrasts(endpoint), level=level)
