"""The order of the survival part of an analysis: read, reconstruct, fit, set side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from reappraise.endpoints import SurvivalEndpoint
from reappraise.endpoints.classical.survival import recompute_survival
from reappraise.endpoints.patients import PatientData
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.fits.diagnose import ENSEMBLE
from reappraise.fits.sampling import Sampling
from reappraise.prior import hazard_ratio_priors
from reappraise.pseudo_ipd.published import summaries_of
from reappraise.pseudo_ipd.recompute import recompute_replicates
from reappraise.pseudo_ipd.reconstruct import Effort
from reappraise.pseudo_ipd.summaries import Estimators, Summaries
from reappraise.refusal import Refusal
from reappraise.store import Store
from reappraise.survival.fit import SurvivalFit, SurvivalJob
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import MODELS
from reappraise.survival.proportionality import ProportionalityEvidence, compare_proportionality
from reappraise.survival.reconstruction import ReconstructionJob, Replicates
from reappraise.survival.reweighted import reweighted
from reappraise.trial import Trial, TrialEndpoint

type Advance = Callable[[str, float], None]
"""Told what goes on, and which fraction of the whole survival part is done."""

RECONSTRUCTING = 0.7
"""Share of an endpoint's time that goes into its reconstruction."""
INTERVALS = 10
ENSEMBLE_ACCEPT = 0.98
"""Acceptance that the step size is tuned to: hundreds of short chains, none of which may diverge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalEndpointResult:
    """Everything found about one survival endpoint.

    Parameters
    ----------
    endpoint
        The endpoint.
    replicates
        Reconstructed data; None where the data themselves are known.
    data
        Known or reconstructed data.
    fits
        Fits: of each model with the reference prior, and of the first with each other prior.
    landmarks
        Times at which survival is reported, in the endpoint's unit.
    proportionality
        Evidence on proportional hazards under the reference prior; None with one interval of constant hazard.
    """

    endpoint: TrialEndpoint[SurvivalEndpoint]
    replicates: Replicates | None
    data: PatientData
    fits: tuple[SurvivalFit, ...]
    landmarks: tuple[float, ...]
    proportionality: ProportionalityEvidence | None = None

    def recomputed(self, level: float) -> Iterator[Estimate]:
        """Yield classical answers on the data, known or reconstructed."""
        published = self.endpoint.published
        better = published.better
        if self.replicates is None:
            yield from recompute_survival(
                self.data, horizon=0.8 * self.data.horizon, landmarks=self.landmarks, level=level, better=better
            )
            return
        estimators: Estimators = self.replicates.job.summaries.estimators
        yield from recompute_replicates(
            self.data, estimators=estimators, landmarks=self.landmarks, level=level, better=better
        )


def analyse_survival(
    trial: Trial, sampling: Sampling, effort: Effort, store: Store | None, advance: Advance
) -> tuple[tuple[SurvivalEndpointResult, ...], tuple[Refusal, ...]]:
    """Reconstruct and fit every survival endpoint that enough is printed about."""
    found: list[SurvivalEndpointResult] = []
    refused: list[Refusal] = []
    endpoints = trial.survivals
    for place, item in enumerate(endpoints):
        key = item.published.key

        def tell(text: str, fraction: float, place: int = place, key: str = key) -> None:
            advance(f"{key}: {text}", (place + fraction) / len(endpoints))

        try:
            found.append(_analyse(item, sampling, effort, store, tell))
        except AnalysisError as error:
            # one endpoint that cannot be analysed does not keep the others from it; it is named in the result
            refused.append(Refusal(key, str(error), contradiction=not isinstance(error, TooLittleError)))
    return tuple(found), tuple(refused)


class TooLittleError(AnalysisError):
    """Fewer printed numbers than a survival analysis needs."""


def _analyse(
    item: TrialEndpoint[SurvivalEndpoint], sampling: Sampling, effort: Effort, store: Store | None, tell: Advance
) -> SurvivalEndpointResult:
    published = item.published
    if not isinstance(published, SurvivalEndpoint):
        raise TooLittleError(f"{published.key} is no survival endpoint")
    reference = hazard_ratio_priors()[0]
    trial = item.trial
    known = trial.patients.get(published.key)
    replicates = None
    if known is not None:
        data = known
        grid = Grid.at_quantiles(known.time[known.event], INTERVALS, known.horizon)
        digest = ""
    else:
        try:
            summaries = summaries_of(item)
        except AnalysisError as error:
            raise TooLittleError(str(error)) from None
        _refuse_too_little(summaries)
        grid = Grid.regular(INTERVALS, summaries.horizon)
        job = ReconstructionJob(
            summaries=summaries,
            prior=HazardPrior(effect=reference, median=grid.horizon / 2).held(published.better),
            effort=effort,
            seed=sampling.seed,
            try_estimators=True,
            trial=trial.key,
            trial_digest=trial.digest,
        )
        tell("reconstruction of individual data", 0.0)
        stored = store.read_fit(job) if store else None
        if stored is None:
            stored = job.run(lambda done: tell("reconstruction of individual data", RECONSTRUCTING * done))
            if store:
                store.write_fit(stored)
        replicates, data, digest = stored, stored.data, job.digest
    landmarks = _landmarks(grid.horizon)
    fits: list[SurvivalFit] = []
    many = replace(sampling, thresholds=ENSEMBLE, target_accept=max(sampling.target_accept, ENSEMBLE_ACCEPT))
    for step, model in enumerate(MODELS):
        fit_job = SurvivalJob(
            patients=data,
            patients_digest=digest,
            grid=grid,
            prior=HazardPrior(
                effect=reference, median=grid.horizon / 2, departure_scale=0.0 if model.proportional else 0.5
            ),
            model=model,
            sampling=sampling if known is not None else many,
            landmarks=landmarks,
            horizons=landmarks[-2:],
            better=published.better,
            trial=trial.key,
            trial_digest=trial.digest,
        )
        start = RECONSTRUCTING + (1 - RECONSTRUCTING) * step / len(MODELS)
        words = f"{model.name}, {reference.name} prior"
        tell(words, start)

        def advance(done: int, of: int, words: str = words, start: float = start) -> None:
            tell(words, start + (1 - RECONSTRUCTING) * done / of / len(MODELS))

        fit = store.read_fit(fit_job) if store else None
        if fit is None:
            fit = fit_job.run(advance)
            if store:
                store.write_fit(fit)
        fits.append(fit)
    others = tuple(reweighted(fits[0], prior) for prior in hazard_ratio_priors()[1:])
    varying, proportional = fits
    return SurvivalEndpointResult(
        endpoint=item,
        replicates=replicates,
        data=data,
        fits=(*fits, *others),
        landmarks=landmarks,
        proportionality=compare_proportionality(varying, proportional) if grid.intervals > 1 else None,
    )


def _refuse_too_little(summaries: Summaries) -> None:
    """Refuse an endpoint of which neither events nor any interval is printed: its posterior would be the prior."""
    bounded = {target.statistic for target in summaries.targets}
    limits = {"quantile low", "survival low", "log hazard ratio low", "at risk"}
    if None in summaries.events and not bounded & limits:
        raise TooLittleError(
            f"{summaries.endpoint}: neither numbers of events nor an interval is printed, so nothing says how "
            "uncertain the printed medians are"
        )


def _landmarks(horizon: float) -> tuple[float, ...]:
    """Round times at about a quarter, a half and three quarters of the follow-up."""
    unit = 10 ** len(str(int(horizon / 4))) / 10 if horizon >= 4 else horizon / 4
    step = max(1.0, round(horizon / 4 / unit)) * unit
    return tuple(step * k for k in (1, 2, 3) if step * k < horizon)
