"""The analysis of a time-to-event endpoint: read, reconstruct, fit, judge proportional hazards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from reappraise.calibrate.calibration import Calibration
from reappraise.core.errors import AnalysisError, UndeterminedError
from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import ENSEMBLE
from reappraise.fits.each import Session
from reappraise.fits.result import Diagnosed, Result
from reappraise.kind import Kind
from reappraise.published.patients import PatientData
from reappraise.published.trial import Trial, TrialEndpoint
from reappraise.survival.beyond.result import HazardResult, extrapolated, joined
from reappraise.survival.classical.recompute import recompute_survival
from reappraise.survival.effect.analysis import analyse_effect
from reappraise.survival.effect.untimed import has_time
from reappraise.survival.fit import SurvivalFit, SurvivalJob
from reappraise.survival.from_print import (
    DEPARTURE,
    analyse_print_loosely,
    printed_or_refused,
    refuse_too_little,
    round_landmarks,
)
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import PROPORTIONAL, VARYING
from reappraise.survival.proportionality import ProportionalityEvidence, compare_proportionality
from reappraise.survival.pseudo_ipd.published import summaries_of
from reappraise.survival.pseudo_ipd.recompute import recompute_replicates
from reappraise.survival.published import SurvivalEndpoint
from reappraise.survival.reconstruction import INTERVALS, ReconstructionJob, Replicates, widest_prior
from reappraise.survival.road import road_of, stuck
from reappraise.survival.subgroups.analysis import analyse_with_subgroups, subgroup_steps

STEPS = 60
"""Plain fits that an endpoint takes about as long as."""
RECONSTRUCTING = 0.8
"""Share of an endpoint's time that goes into its reconstruction."""


@dataclass(frozen=True, kw_only=True)
class SurvivalResult(HazardResult[SurvivalFit]):
    """Everything found out about a time-to-event endpoint.

    Fits are of the model with a changing hazard ratio under the reference prior, then perhaps of the proportional one,
    and of the first with each other prior.

    Parameters
    ----------
    replicates
        Reconstructed data; None where the data themselves are known.
    """

    replicates: Replicates | None = None

    @property
    def patients(self) -> PatientData:
        """Known or reconstructed data."""
        return self.fits[0].job.patients

    @cached_property
    def proportionality(self) -> ProportionalityEvidence | None:
        """Evidence on proportional hazards under the reference prior; None with one interval, or without both fits."""
        varying = self.fits[0]
        twin = next((fit for fit in self.fits if fit.job.model.proportional), None)
        if twin is None or varying.job.grid.intervals == 1:
            return None
        return compare_proportionality(varying, twin)

    @property
    def words(self) -> str:
        """How many posteriors, from which data."""
        held = self.patients.chains * self.patients.replicates
        source = f"{held} reconstructions of the individual data" if held > 1 else "individual data"
        said = (f"{self.key}: {len(self.fits)} survival posteriors from {source}.", *self.patients.notes)
        return " ".join(f"{one[:1].upper()}{one[1:]}" if place else one for place, one in enumerate(said))

    @property
    def diagnosed(self) -> tuple[Diagnosed, ...]:
        """Reconstruction, fits, and what follows from them."""
        return super().diagnosed if self.replicates is None else (self.replicates, *super().diagnosed)

    @property
    def tables(self) -> Mapping[str, Iterable[Mapping[str, object]]]:
        """The estimators that the publication may have used, and whether the printed numbers allow them."""
        tried = () if self.replicates is None else self.replicates.tried
        return {
            "estimators": [
                {
                    "endpoint": self.key,
                    "estimators": one.estimators,
                    "reached": one.reached,
                    "missed": one.missed,
                    "probability": "",
                }
                for one in tried
            ]
        }

    def recomputed(self) -> Iterator[Estimate]:
        """Yield classical answers on the data, known or reconstructed."""
        patients, job = self.patients, self.fits[0].job
        if self.replicates is None:
            yield from recompute_survival(
                patients,
                horizon=0.8 * patients.horizon,
                landmarks=job.landmarks,
                level=self.level,
                better=job.better,
            )
            return
        with np.errstate(over="ignore"):  # of a replicate with no event in an arm the limit is infinite
            found = tuple(
                recompute_replicates(
                    patients,
                    estimators=self.replicates.job.summaries.estimators,
                    landmarks=job.landmarks,
                    level=self.level,
                    better=job.better,
                )
            )
        yield from found


@dataclass(frozen=True, slots=True)
class SurvivalKind(Kind[SurvivalEndpoint]):
    """Times to an event."""

    def steps(self, endpoint: TrialEndpoint[SurvivalEndpoint]) -> int:
        """As many as `STEPS`, or next to none where no time is printed; and those of the subgroups."""
        return (STEPS if has_time(endpoint) else 4) + subgroup_steps(endpoint)

    def analyse(self, endpoint: TrialEndpoint[SurvivalEndpoint], session: Session) -> Result[SurvivalEndpoint, Any]:
        """Analyse all patients, and where subgroups are printed each factor."""
        if endpoint.published.factors:
            return analyse_with_subgroups(endpoint, session, whole=self.analyse_whole)
        return self.analyse_whole(endpoint, session)

    def analyse_whole(
        self, endpoint: TrialEndpoint[SurvivalEndpoint], session: Session
    ) -> Result[SurvivalEndpoint, Any]:
        """Take the road that what is known allows: patients, the likelihood of the print, a reconstruction, an effect.

        Both models are fitted under the reference prior, and the one with a changing hazard ratio under every other.
        """
        published, trial = endpoint.published, endpoint.trial
        if trial.patients.get(published.key) is None:
            if not has_time(endpoint):
                return analyse_effect(endpoint, session)
            printed = printed_or_refused(endpoint)
            road = road_of(printed)
            if not road.reconstructs:
                return analyse_print_loosely(endpoint, printed, road, session)
        reference, *others = published.plan.priors
        known = trial.patients.get(published.key)
        replicates = None
        if known is not None:
            patients, digest = known, ""
            grid = Grid.at_quantiles(known.time[known.event], INTERVALS, known.horizon)
            sampling = session.sampling
        else:
            job = _reconstruction(endpoint, session)
            grid = job.grid
            replicates = session.one(job, "reconstruction of individual data", end=RECONSTRUCTING)
            given_up = not replicates.converged and session.effort.usual  # who asks for less gets that
            if given_up and printed.summaries.origin != "curve":
                return analyse_print_loosely(endpoint, printed, stuck(road), session, start=RECONSTRUCTING)
            patients, digest = replicates.data, job.digest
            sampling = replace(session.sampling, thresholds=ENSEMBLE)
        landmarks = round_landmarks(grid.horizon)
        jobs = [
            SurvivalJob(
                patients=patients,
                patients_digest=digest,
                grid=grid,
                prior=HazardPrior(
                    effect=prior,
                    median=grid.horizon / 2,
                    departure_scale=0.0 if model.proportional else DEPARTURE,
                ),
                model=model,
                sampling=sampling,
                landmarks=landmarks,
                horizons=landmarks[-2:],
                better=published.better,
                plan=published.plan,
                trial=trial.key,
                trial_digest=trial.digest,
            )
            for model, prior in ((VARYING, reference), (PROPORTIONAL, reference), *((VARYING, one) for one in others))
        ]
        start = 0.0 if known is not None else RECONSTRUCTING
        fits = session.each(jobs, lambda job: f"{job.model.name}, {job.prior.name} prior", start=start)
        further, refused = extrapolated(endpoint, fits[0], session)
        return SurvivalResult(
            endpoint=endpoint,
            replicates=replicates,
            fits=fits,
            extrapolations=further,
            refusals=refused,
            level=session.sampling.level,
        )

    def joined(
        self,
        trial: Trial,  # noqa: ARG002  # results know theirs
        results: Mapping[str, Result[Any, Any]],
        session: Session,
    ) -> Mapping[str, Result[Any, Any]]:
        """Results of endpoints with the one that they never exceed, and what could not be answered."""
        return joined(results, session)

    @property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The estimators that were tried."""
        return {"estimators": ("endpoint", "estimators", "reached", "missed", "probability")}

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """The model on known data, and the whole path from printed summaries."""
        from reappraise.survival.calibrate import SURVIVAL_CALIBRATION
        from reappraise.survival.calibrate_printed import PRINTED_CALIBRATIONS
        from reappraise.survival.calibrate_reconstruction import RECONSTRUCTION_CALIBRATION
        from reappraise.survival.effect.calibrate import EFFECT_CALIBRATION
        from reappraise.survival.subgroups.calibrate import SUBGROUP_CALIBRATION

        return (
            SURVIVAL_CALIBRATION,
            RECONSTRUCTION_CALIBRATION,
            *PRINTED_CALIBRATIONS,
            EFFECT_CALIBRATION,
            SUBGROUP_CALIBRATION,
        )


SURVIVAL = SurvivalKind(SurvivalEndpoint)


def _reconstruction(endpoint: TrialEndpoint[SurvivalEndpoint], session: Session) -> ReconstructionJob:
    trial = endpoint.trial
    try:
        summaries = summaries_of(endpoint)
    except AnalysisError as error:
        raise UndeterminedError(str(error)) from None
    refuse_too_little(summaries)
    return ReconstructionJob(
        summaries=summaries,
        prior=widest_prior(summaries).held(endpoint.published.better),
        effort=session.effort,
        seed=session.sampling.seed,
        try_estimators=True,
        trial=trial.key,
        trial_digest=trial.digest,
    )
