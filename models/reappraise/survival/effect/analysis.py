"""The analysis of a time-to-event endpoint without any time: its printed hazard ratio, under every prior."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist
from typing import Any

from reappraise.core.estimate import Estimate
from reappraise.fits.each import Session
from reappraise.fits.result import Drawn, Result
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.effect.fit import EffectFit, EffectJob
from reappraise.survival.effect.published import PrintedEffect, printed_effect
from reappraise.survival.effect.spans import error_of_events
from reappraise.survival.published import SurvivalEndpoint


@dataclass(frozen=True, kw_only=True)
class EffectResult(Result[SurvivalEndpoint, EffectFit]):
    """Everything found out about a time-to-event endpoint of which no time is printed: one fit for each prior."""

    @property
    def effect(self) -> PrintedEffect:
        """What was printed."""
        return self.fits[0].job.effect

    @property
    def words(self) -> str:
        """How many posteriors, and of what."""
        return f"{self.key}: {len(self.fits)} posteriors of the printed hazard ratio; no time is printed."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the printed ratio with the interval and p value that its events alone make."""
        yield from from_events(self.effect, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:  # noqa: ARG002  # stands for itself
        """Yield prior, likelihood and posterior by prior."""
        from reappraise.survival.effect.figures import draw_effect

        yield f"{self.key}.effect", draw_effect(self.fits)


def from_events(effect: PrintedEffect, *, level: float) -> Iterator[Estimate]:
    r"""Yield the classical answer of ratio and events: nothing where the events of an arm are not known, or none.

    .. math:: \exp\left(b \pm z \sqrt{1 / d_0 + 1 / d_1}\right)

    Parameters
    ----------
    effect
        What was printed.
    level
        Coverage of the interval.
    """
    error = error_of_events(effect.events)
    if error is None:
        return
    normal = NormalDist()
    wide = normal.inv_cdf((1 + level) / 2) * error
    control, experimental = effect.arms
    yield Estimate(
        endpoint=effect.endpoint,
        quantity="hazard_ratio",
        numerator=experimental,
        denominator=control,
        kind="recomputed",
        method="the printed ratio, Wald interval and p value of its events alone: the least that they allow",
        value=exp(effect.centre),
        low=exp(effect.centre - wide),
        high=exp(effect.centre + wide),
        level=level,
        p_value=2 * normal.cdf(-abs(effect.centre) / error),
        sides=2,
    )


def analyse_effect(endpoint: TrialEndpoint[SurvivalEndpoint], session: Session) -> EffectResult:
    """Fit the printed hazard ratio with each named prior, the reference first.

    Parameters
    ----------
    endpoint
        A time-to-event endpoint, of which no time is printed (`reappraise.survival.effect.untimed.has_time`).
    session
        Settings, and where fits are found and kept.

    Raises
    ------
    UndeterminedError
        If print leaves open what the effect is, or how sure it is.
    """
    effect = printed_effect(endpoint)
    jobs = [
        EffectJob(
            effect=effect,
            prior=prior,
            sampling=session.sampling,
            trial=endpoint.trial.key,
            trial_digest=endpoint.trial.digest,
        )
        for prior in effect.plan.priors
    ]
    fits = session.each(jobs, lambda job: f"{job.model.name}, {job.prior.name} prior")
    return EffectResult(endpoint=endpoint, fits=fits, level=session.sampling.level)
