"""The analysis of a trial of one arm: exact posteriors of its numbers, against the benchmark where one is stated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reappraise.core.arms import Better
from reappraise.core.errors import UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import RATE_PRIORS
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.exact import ExactFit, exact_fits
from reappraise.fits.result import Drawn, Result
from reappraise.one_arm.posteriors import rate_posteriors, time_posteriors
from reappraise.one_arm.rates import OneRate, one_rate, one_rate_estimates, recomputed_rate
from reappraise.one_arm.times import OneTime, one_times, priors_of, recomputed_times, time_estimates
from reappraise.published.record import BENCHMARK
from reappraise.published.trial import TrialEndpoint
from reappraise.response.published import ResponseEndpoint
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, kw_only=True)
class RateResult(Result[ResponseEndpoint, ExactFit]):
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
class TimesResult(Result[SurvivalEndpoint, ExactFit]):
    """Everything found out about a time-to-event endpoint of one arm.

    Parameters
    ----------
    times
        Medians and survival probabilities with their benchmarks, which are never combined.
    """

    times: tuple[OneTime, ...]

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        posteriors = sum(len(priors_of(one)) for one in self.times)
        return f"{self.key}: {posteriors} exact posteriors of one arm against its benchmark."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the ratios to the benchmark that estimate and limits make."""
        yield from recomputed_times(self.times, level=self.level)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, and the posterior of each number under each prior."""
        yield from self.recomputed()
        yield from time_estimates(self.times, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield the ratio to the benchmark by prior, for each number."""
        from reappraise.drawing.estimates import draw_estimates
        from reappraise.drawing.words import favours

        published, trial = self.endpoint.published, self.endpoint.trial
        for place, one in enumerate(self.times):
            good: Better = "higher" if one.benefit > 0 else "lower"
            unit = "%" if one.published.unit == "percent" else f" {one.published.unit}".rstrip()
            printed = f"{one.published.value}{unit} ({one.published.low} to {one.published.high})"
            yield (
                f"{self.key}.{one.quantity.replace('_', '-')}{f'-{place + 1}' if place else ''}",
                draw_estimates(
                    [item for item in time_estimates((one,), level=self.level) if item.quantity == one.quantity],
                    title=f"{published.label}: one arm",
                    named=lambda item: f"{item.prior} prior",
                    favours=favours(trial.experimental.short, trial.control.short, good),
                    note=f"Printed {one.published.quantity}{f' at {one.published.at}' if one.published.at else ''}: "
                    f"{printed}. The benchmark, {one.benchmark.value}{unit}, has no error of its own. Exact posterior "
                    "medians and equal-tailed intervals.",
                ),
            )


def analyse_one_arm(endpoint: TrialEndpoint[Any], session: Session) -> RateResult | TimesResult:
    """Hold what is printed of the one arm against its benchmark.

    Raises
    ------
    UndeterminedError
        If it is of a kind that compares arms, or too little is printed.
    """
    published, level = endpoint.published, session.sampling.level
    refusals = tuple(Refusal(published.key, why, contradiction=False) for why in refused_one_arm(endpoint))
    if isinstance(published, ResponseEndpoint):
        rate = one_rate(endpoint)
        fits = exact_fits(rate_posteriors(rate, level=level), endpoint.trial, session)
        return RateResult(endpoint=endpoint, rate=rate, fits=fits, refusals=refusals, level=level)
    if isinstance(published, SurvivalEndpoint):
        times = _times(endpoint)
        fits = exact_fits(time_posteriors(times, level=level), endpoint.trial, session)
        return TimesResult(endpoint=endpoint, times=times, fits=fits, refusals=refusals, level=level)
    raise UndeterminedError(_compares(endpoint))


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
        yield from time_estimates(_times(endpoint), level=level)
    else:
        raise UndeterminedError(_compares(endpoint))


def refused_one_arm(endpoint: TrialEndpoint[Any]) -> tuple[str, ...]:
    """What of an endpoint of one arm is not analysed though the rest is, in words."""
    published = endpoint.published
    if isinstance(published, SurvivalEndpoint):
        times, refused = one_times(endpoint)
        return refused if times else ()
    if not isinstance(published, ResponseEndpoint):
        return ()
    others = [one for one in published.estimates if one.arm == BENCHMARK and one.quantity != "rate"]
    return (
        *(f"{published.key}: benchmark {one.quantity} {one.value}: a rate is held against a rate" for one in others),
        *([f"{published.key}: subgroups of one arm are not analysed"] if published.factors else []),
    )


def _times(endpoint: TrialEndpoint[SurvivalEndpoint]) -> tuple[OneTime, ...]:
    times, refused = one_times(endpoint)
    if not times:
        raise UndeterminedError("; ".join(refused))
    return times


def _compares(endpoint: TrialEndpoint[Any]) -> str:
    compared = f"{endpoint.published.key}: endpoints of kind {endpoint.published.kind} compare two arms"
    return f"{compared}, and the trial has one; of one arm, response and survival endpoints are analysed"
