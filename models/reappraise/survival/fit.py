"""A survival fit: hazards of both arms on known data or on every replicate, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Diagnosis, Judged
from reappraise.fits.ensemble import REPLICATE_TUNE, centred_energy, replicate_draws, sample_replicates
from reappraise.fits.fit import Fit
from reappraise.fits.job import Advance, Attributes, PosteriorJob, contrasted
from reappraise.fits.layout import Arrays
from reappraise.fits.nuts import Sampled, compiled, draw
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.published.patients import PatientData
from reappraise.survival.answers import report
from reappraise.survival.counts import common_follow_up, digest_of, person_time
from reappraise.survival.hazard import Grid, HazardPrior, hazard_prior
from reappraise.survival.hazard_job import HazardJob
from reappraise.survival.model import PROPORTIONAL, VARYING, HazardSets, PiecewiseExponential, model_named
from reappraise.survival.tree import build_tree, tree_answers

SUBGROUP = "subgroup"
"""Factor of the levels that patients were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalJob(HazardJob[PiecewiseExponential, HazardSets, "SurvivalFit"]):
    """One posterior of hazards given patients, to be computed.

    Parameters
    ----------
    patients
        Times and events, known or an ensemble of reconstructions.
    model
        With a hazard ratio that may change with time, or without.
    prior
        What is believed about the hazards, for events that are bad; where the event is good the effect is mirrored.
    sampling
        As of every `PosteriorJob`. Of an ensemble, chains are those of the reconstruction and each replicate has its
        share of the draws.
    grid, horizons, landmarks, better
        As of every `HazardJob`.
    by
        "all", or "subgroup" for the levels in the data.
    between_scale
        Half-normal scale of the standard deviation of the log hazard ratio between subgroups.
    patients_digest
        Digest that stands for the patients, such as that of a reconstruction's inputs; by default of the arrays.
    """

    layout = "reappraise survival posterior 4"

    patients: PatientData
    model: PiecewiseExponential = VARYING
    by: str = WHOLE
    between_scale: float = 0.5
    patients_digest: str = ""

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        endpoint = self.patients.endpoint
        self.require_answerable(PROPORTIONAL.name)
        if self.by not in {WHOLE, SUBGROUP}:
            raise AnalysisError(f'{endpoint}: expected by="{WHOLE}" or "{SUBGROUP}", got {self.by!r}')
        if self.by == SUBGROUP and not (self.patients.subgroup and self.patients.replicates == 1):
            raise AnalysisError(f"{endpoint}: subgroups need known data with a subgroup for each patient")
        if not self.patients.event.any(axis=-1).all():
            raise AnalysisError(f"{endpoint}: no events, so nothing is known of the hazards")

    @property
    def endpoint(self) -> str:
        """Key of the endpoint."""
        return self.patients.endpoint

    @property
    def unit(self) -> str:
        """Unit of time."""
        return self.patients.unit

    @property
    def arms(self) -> tuple[str, str]:
        """Keys of control and experimental arm."""
        return self.patients.arms

    @property
    def totals(self) -> tuple[int, int]:
        """Patients of control and experimental arm."""
        return self.patients.patients

    @property
    def origin(self) -> str:
        """Where the data come from."""
        return self.patients.origin

    @property
    def factor(self) -> str:
        """Factor whose levels are the groups of patients."""
        return self.by

    @property
    def groups(self) -> tuple[str, ...]:
        """Keys of the groups of patients."""
        return tuple(sorted(set(self.patients.subgroup))) if self.by == SUBGROUP else (WHOLE,)

    @property
    def datasets(self) -> int:
        """Data sets: one that is known, or so many reconstructions."""
        return self.patients.chains * self.patients.replicates

    @property
    def shape(self) -> tuple[int, ...]:
        """Groups and intervals."""
        return len(self.groups), self.grid.intervals

    @property
    def compiled(self) -> Any:
        """One compilation serves proportional hazards and others."""
        return compiled(VARYING, self.shape)

    @property
    def depends(self) -> dict[str, Any]:
        """Patients, questions, model, prior and settings."""
        patients = self.patients
        return {
            "patients": self.patients_digest or digest_of(patients),
            "endpoint": patients.endpoint,
            "arms": patients.arms,
            "unit": patients.unit,
            "origin": patients.origin,
            "numbers": patients.patients,
            "replicates": (patients.chains, patients.replicates),
            "better": self.better,
            "by": self.by,
            "between_scale": self.between_scale,
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "horizons": self.horizons,
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "replicate_tune": REPLICATE_TUNE,
        }

    @property
    def described(self) -> Attributes:
        """Endpoint, arms, origin of the data, and intervals."""
        patients, many = self.patients, self.patients.replicates > 1
        return {
            "endpoint": patients.endpoint,
            "factor": self.by,
            "better": self.better,
            **contrasted(patients.arms),
            "unit": patients.unit,
            "data_origin": patients.origin,
            "data_replicates": self.datasets,
            "draws_per_replicate": replicate_draws(self.sampling, patients.replicates) if many else 0,
            "cuts": json.dumps(self.grid.cuts),
            "horizon": self.grid.horizon,
        }

    @property
    def how(self) -> str:
        """Over how many reconstructions."""
        return f" over {self.datasets} reconstructions of the individual data" if self.datasets > 1 else ""

    def data(self) -> HazardSets:
        """Events and person-time with the numbers of the prior, by chain and replicate."""
        events, exposure = person_time(self.patients, self.grid, self.groups)
        return self.model.datasets(events, exposure, self.grid, self.entered, between_scale=self.between_scale)

    def draw(self, data: HazardSets, seed: int, advance: Advance | None) -> Sampled:
        """Sample the posterior of known data, or of every replicate."""
        if self.datasets > 1:
            return sample_replicates(self.compiled, data, self.sampling, seed, advance)
        return draw(self.compiled, data[0][0], self.sampling, seed)

    def assemble(self, data: HazardSets, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """All groups of the file."""
        return build_tree(self.model, self.labels, data, sampled, rng)

    def judge(self, judged: Mapping[str, Judged], statistics: Arrays) -> Diagnosis:
        """The verdict, energy of replicates taken each from its own mean."""
        if self.datasets > 1:
            energy = centred_energy(statistics["energy"], self.patients.replicates)
            statistics = {**statistics, "energy": energy}
        return PosteriorJob.judge(self, judged, statistics)

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the answers of every group."""
        asked, level = self.labels.questions, self.sampling.level
        make = partial(make, endpoint=self.patients.endpoint)
        for group, found in tree_answers(tree, self.labels).items():
            population = WHOLE if self.by == WHOLE else f"{self.by}={group}"
            yield from report(found, asked, make, population=population, level=level)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> SurvivalFit:
        """The fit that has this tree and verdict."""
        return SurvivalFit(job=self, tree=tree, diagnosis=diagnosis)


@dataclass(frozen=True)
class SurvivalFit(Fit[SurvivalJob]):
    """A posterior of hazards with its verdict."""


def fit_survival(
    data: PatientData,
    *,
    prior: str | LogRatioPrior | HazardPrior = "reference",
    model: str | PiecewiseExponential = VARYING,
    grid: Grid | None = None,
    intervals: int = 10,
    landmarks: tuple[float, ...] = (),
    horizon: float | None = None,
    by: str = WHOLE,
    sampling: Sampling | None = None,
    seed: int | None = None,
    better: Better = "higher",
    progress: Advance | None = None,
) -> SurvivalFit:
    """Fit the piecewise-exponential model to times and events of two arms.

    Parameters
    ----------
    data
        Known individual data, or an ensemble of reconstructions: then every replicate is refitted.
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed about the hazards. But for the
        last, the median of the level's prior is half the follow-up.
    model
        "piecewise-exponential", with a hazard ratio that may change with time, "proportional-hazards", or a model.
    grid, intervals
        Intervals of constant hazard; by default that many, cut at quantiles of the event times.
    landmarks
        Times of survival probabilities.
    horizon
        Time that restricted means go to; by default the follow-up of the arm that was followed shorter.
    by
        "subgroup" for the levels in the data, known data only.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.
    better
        "higher" where a longer time is good, "lower" where the event is.
    progress
        Told, for an ensemble, how many replicates are done, and of how many.

    Raises
    ------
    AnalysisError
        If the data cannot answer the request.
    """
    chosen_grid = grid or Grid.at_quantiles(data.time[data.event], intervals, data.horizon)
    job = SurvivalJob(
        patients=data,
        grid=chosen_grid,
        prior=hazard_prior(prior, median=chosen_grid.horizon / 2),
        sampling=settings_with(sampling, seed),
        model=model_named(model),
        horizons=(common_follow_up(data) if horizon is None else horizon,),
        landmarks=tuple(sorted(landmarks)),
        better=better,
        by=by,
    )
    return job.run(progress)
