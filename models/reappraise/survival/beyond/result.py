"""What was found out beyond the data of one time-to-event endpoint, beside its fits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.result import Diagnosed, Drawn, Result
from reappraise.published.estimates import published_estimates
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.beyond.derived import HazardFit
from reappraise.survival.beyond.extrapolate import ExtrapolatedFit, extrapolation_job
from reappraise.survival.beyond.order import OrderedFit, OrderError, order_job
from reappraise.survival.proportionality import ProportionalityEvidence
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, kw_only=True)
class HazardResult[FitT: HazardFit](Result[SurvivalEndpoint, FitT]):
    """Posteriors of hazards, and what follows from them beyond the endpoint's own data.

    Parameters
    ----------
    extrapolations
        Survival after the follow-up, where the trial file asks for it.
    orders
        The endpoint with another that it never exceeds, where the trial file says so.
    """

    extrapolations: tuple[ExtrapolatedFit, ...] = ()
    orders: tuple[OrderedFit, ...] = ()

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Fits, and what follows from them."""
        return (*self.fits, *self.extrapolations, *self.orders)

    def estimated(self) -> Iterator[Estimate]:
        """Yield what was recomputed, what is estimated, and what follows from it."""
        yield from super().estimated()
        for one in (*self.extrapolations, *self.orders):
            yield from one.estimates

    @property
    @abstractmethod
    def proportionality(self) -> ProportionalityEvidence | None:
        """Evidence on proportional hazards under the reference prior; None where there is none."""

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield curves, hazards, their ratio, restricted means, priors and directions, and what goes beyond."""
        from reappraise.survival.figures.catalogue import draw_survival

        yield from draw_survival(
            self.endpoint,
            self.fits,
            published=tuple(published_estimates(self.endpoint)),
            recomputed=tuple(self.recomputed()),
            evidence=self.proportionality,
        )
        yield from self.further_figures()

    def further_figures(self) -> Drawn:
        """Yield the figures of what goes beyond."""
        from reappraise.survival.beyond.figure import draw_extrapolation
        from reappraise.survival.beyond.order_figure import draw_order

        for one in self.extrapolations:
            yield f"{self.key}.extrapolated-{one.job.rule.rule}", draw_extrapolation(one, self.endpoint)
        for both in self.orders:
            yield f"{self.key}.within-{both.job.endpoints[1]}", draw_order(both, self.endpoint)


def extrapolated(
    endpoint: TrialEndpoint[SurvivalEndpoint], fit: HazardFit, session: Session
) -> tuple[tuple[ExtrapolatedFit, ...], tuple[Refusal, ...]]:
    """The extrapolation that the trial file asks for, or why there is none.

    Parameters
    ----------
    endpoint, fit
        The endpoint, and its fit under the reference prior.
    session
        Where it is found and kept.
    """
    asked = endpoint.published.extrapolation
    if asked is None:
        return (), ()
    try:
        job: Any = extrapolation_job(
            fit, asked.assumed, to=asked.to, landmarks=asked.landmarks, horizons=asked.horizons
        )
    except AnalysisError as error:
        return (), (Refusal(endpoint.published.key, f"not extrapolated: {error}", contradiction=False),)
    return (session.one(job, f"extrapolation, {asked.rule}", start=1.0),), ()


def joined(results: Mapping[str, Result[Any, Any]], session: Session) -> dict[str, Result[Any, Any]]:
    """Results that hold more once all are there: endpoints with the one that they never exceed, or why not.

    Parameters
    ----------
    results
        What was found out about every endpoint, by its key.
    session
        Where both together are found and kept.
    """
    found: dict[str, Result[Any, Any]] = {}
    for key, result in results.items():
        published = result.endpoint.published
        if not isinstance(published, SurvivalEndpoint):
            continue
        if not isinstance(result, HazardResult) and published.extrapolation is not None:
            reason = "not extrapolated: nothing is known of its hazards"
            found[key] = _refusing(result, reason, contradiction=False)
        bound = published.never_exceeds
        if bound is not None and bound in results:  # an analysis of some endpoints may be without the other
            found[key] = _ordered(found.get(key, result), results[bound], session)
    return found


def _ordered(result: Result[Any, Any], other: Result[Any, Any], session: Session) -> Result[Any, Any]:
    """The result with the other endpoint, which it never exceeds, or with the reason why there is none."""
    key, bound = result.key, other.key
    if not (isinstance(result, HazardResult) and isinstance(other, HazardResult)):
        missing = key if not isinstance(result, HazardResult) else bound
        reason = f"not held below {bound}: nothing is known of the hazards of {missing}"
        return _refusing(result, reason, contradiction=False)
    try:
        job: Any = order_job(result.fits[0], other.fits[0])
        both = session.one(job, f"{key} within {bound}", start=1.0)
    except AnalysisError as error:
        return _refusing(result, f"not held below {bound}: {error}", contradiction=isinstance(error, OrderError))
    return replace(result, orders=(*result.orders, both))


def _refusing[ResultT: Result[Any, Any]](result: ResultT, reason: str, *, contradiction: bool) -> ResultT:
    return replace(result, refusals=(*result.refusals, Refusal(result.key, reason, contradiction=contradiction)))
