"""The analysis of a time-to-event endpoint with subgroups: the whole by its own road, then factor by factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.core.refusal import Refusal
from reappraise.fits.each import Session
from reappraise.fits.result import Diagnosed, Drawn, NotAnalysed, Result
from reappraise.published.estimates import published_estimates
from reappraise.published.trial import TrialEndpoint
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.subgroups.classical import recompute_subgroups
from reappraise.survival.subgroups.fit import SubgroupFit, SubgroupJob, trial_width
from reappraise.survival.subgroups.reading import subgroups_of

WHOLE_SHARE = 0.8
"""Share of an endpoint's time that goes into its whole."""

type AnalyseWhole = Callable[[TrialEndpoint[SurvivalEndpoint], Session], Result[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class SubgroupResult(Result[SurvivalEndpoint, Any]):
    """Everything found out about a time-to-event endpoint with subgroups.

    `fits` are those of the whole, then those of each factor with each prior. Factors cut the same patients: no two are
    ever combined.

    Parameters
    ----------
    whole
        What was found out about all patients.
    subgroups
        Fits by factor and prior, the reference prior of each factor first.
    """

    whole: Result[Any, Any]
    subgroups: tuple[SubgroupFit, ...]

    @property
    def words(self) -> str:
        """What was computed of the whole, and how many posteriors of subgroups."""
        factors = list(self._by_factor())
        said = f"{len(self.subgroups)} posteriors of subgroups by {', '.join(factors)}" if factors else "no subgroups"
        return f"{self.whole.words[:-1]}; {said}."

    def recomputed(self) -> Iterator[Estimate]:
        """Yield the classical answers of the whole, then of the levels of every factor."""
        yield from self.whole.recomputed()
        for fits in self._by_factor().values():
            yield from recompute_subgroups(fits[0].job.table, level=self.level)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:
        """Yield the figures of the whole, then a forest plot of every factor."""
        from reappraise.survival.subgroups.figures import subgroup_forest

        yield from self.whole.figures(others)
        published = tuple(published_estimates(self.endpoint))
        for factor, fits in self._by_factor().items():
            yield f"{self.key}.{factor}.subgroups", subgroup_forest(fits[0], published=published)

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Everything that a verdict stands on."""
        return (*self.whole.diagnosed, *self.subgroups)

    @property
    def tables(self) -> Mapping[str, Iterable[Mapping[str, object]]]:
        """Those of the whole."""
        return self.whole.tables

    def _by_factor(self) -> dict[str, list[SubgroupFit]]:
        found: dict[str, list[SubgroupFit]] = {}
        for fit in self.subgroups:
            found.setdefault(fit.job.table.factor, []).append(fit)
        return found


def subgroup_steps(endpoint: TrialEndpoint[SurvivalEndpoint]) -> int:
    """Plain fits that the subgroups of an endpoint take."""
    return len(endpoint.published.factors) * len(endpoint.published.plan.priors)


def analyse_with_subgroups(
    endpoint: TrialEndpoint[SurvivalEndpoint], session: Session, *, whole: AnalyseWhole
) -> SubgroupResult:
    """Analyse all patients, then fit every factor with every prior.

    What cannot be analysed, be it the whole or a factor, is named and keeps nothing else from it.

    Parameters
    ----------
    endpoint
        A time-to-event endpoint with subgroup factors.
    session
        Settings, and where fits are found and kept.
    whole
        Analyses all patients.
    """

    def told(words: str, fraction: float) -> None:
        session.tell(words, WHOLE_SHARE * fraction)

    refusals: list[Refusal] = []
    found: Result[Any, Any]
    try:
        found = whole(endpoint, replace(session, tell=told))
    except AnalysisError as error:
        refusals.append(_refusal(endpoint.published.key, error))
        found = NotAnalysed(endpoint=endpoint)
    jobs: list[SubgroupJob] = []
    for factor in endpoint.published.factors:
        try:
            jobs += _jobs(endpoint, factor.key, session)
        except AnalysisError as error:
            refusals.append(_refusal(endpoint.published.key, error))
    fits = session.each(jobs, lambda job: f"{job.table.factor}, {job.prior.name} prior", start=WHOLE_SHARE)
    return SubgroupResult(
        endpoint=endpoint,
        whole=found,
        subgroups=fits,
        fits=(*found.fits, *fits),
        refusals=(*found.refusals, *refusals),
        level=session.sampling.level,
    )


def _jobs(endpoint: TrialEndpoint[SurvivalEndpoint], factor: str, session: Session) -> list[SubgroupJob]:
    table = subgroups_of(endpoint, factor)
    return [
        SubgroupJob(
            table=table,
            prior=prior,
            sampling=session.sampling,
            width=trial_width(endpoint.trial),
            trial=endpoint.trial.key,
            trial_digest=endpoint.trial.digest,
        )
        for prior in table.plan.priors
    ]


def _refusal(key: str, error: AnalysisError) -> Refusal:
    return Refusal(key, str(error), contradiction=not isinstance(error, UndeterminedError))
