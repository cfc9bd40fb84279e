"""A survival fit: planned as a job with a digest, run on known data or on every replicate, and always diagnosed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import xarray as xr

from reappraise.bayes.piecewise_exponential import HazardData, PiecewiseExponential
from reappraise.diagnose import Diagnosis
from reappraise.endpoints.partition import WHOLE, Better
from reappraise.endpoints.patients import PatientData
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.hazard import Grid, HazardPrior, HazardRatioPrior, hazard_ratio_priors
from reappraise.posterior import Attributes, Posterior, PosteriorJob, contrasted, settings_with
from reappraise.sampling import Sampling
from reappraise.survival_answers import Questions, report
from reappraise.survival_counts import common_follow_up, digest_of, person_time
from reappraise.survival_engine import (
    REPLICATE_TUNE,
    Progress,
    replicate_draws,
    sample_hazards,
    sample_replicates,
)
from reappraise.survival_tree import Shape, build_tree, tree_answers, tree_scalars

SUBGROUP = "subgroup"
"""Factor of the levels that patients were given."""
MODEL = PiecewiseExponential()

type SurvivalModel = Literal["piecewise-exponential", "proportional-hazards"]
LABELS = {"piecewise-exponential": MODEL.label, "proportional-hazards": f"{MODEL.label}, proportional"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalJob(PosteriorJob):
    """One posterior of hazards to be computed.

    Parameters
    ----------
    data
        Times and events, known or an ensemble of reconstructions.
    grid
        Intervals of constant hazard.
    prior
        What is believed about the hazards, for events that are bad; where the event is good the effect is mirrored.
    sampling
        As of every `PosteriorJob`. Of an ensemble, chains are those of the reconstruction and each replicate has its
        share of the draws.
    model
        Whether the hazard ratio may change with time.
    horizons
        Times that restricted means go to, ascending; the average hazard ratio takes the last.
    landmarks
        Times of survival probabilities, ascending.
    better
        Whether longer or shorter times are good.
    by
        "all", or "subgroup" for the levels in the data.
    between_scale
        Half-normal scale of the standard deviation of the log hazard ratio between subgroups.
    data_digest
        Digest that stands for the data, such as that of a reconstruction's inputs; by default of the arrays.
    """

    layout = "reappraise survival posterior 2"

    data: PatientData
    grid: Grid
    prior: HazardPrior
    model: SurvivalModel = "piecewise-exponential"
    horizons: tuple[float, ...]
    landmarks: tuple[float, ...] = ()
    better: Better = "higher"
    by: str = WHOLE
    between_scale: float = 0.5
    data_digest: str = ""

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        PosteriorJob.__post_init__(self)
        if self.model not in get_args(SurvivalModel.__value__):
            raise AnalysisError(f"unknown model {self.model!r}; expected one of {', '.join(LABELS)}")
        if self.model == "piecewise-exponential" and not self.prior.departure_scale > 0:
            raise AnalysisError("departure_scale is 0, which is the model proportional-hazards")
        if self.by not in {WHOLE, SUBGROUP}:
            raise AnalysisError(f'{self.data.endpoint}: expected by="{WHOLE}" or "{SUBGROUP}", got {self.by!r}')
        if self.by == SUBGROUP and not (self.data.subgroup and self.data.replicates == 1):
            raise AnalysisError(f"{self.data.endpoint}: subgroups need known data with a subgroup for each patient")
        if not self.data.event.any(axis=-1).all():
            raise AnalysisError(f"{self.data.endpoint}: no events, so nothing is known of the hazards")
        if not self.horizons:
            raise AnalysisError("expected at least one horizon of the restricted mean")
        for what, times in (("landmarks", self.landmarks), ("horizons", self.horizons)):
            if list(times) != sorted(set(times)) or any(not 0 < time <= self.grid.horizon for time in times):
                raise AnalysisError(
                    f"expected {what} ascending, above 0 and at most {self.grid.horizon:g} {self.data.unit}, "
                    f"the horizon of the grid; got {times}"
                )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.data.endpoint}.{self.by}.{self.model}.{self.prior.effect.name}"

    @property
    def groups(self) -> tuple[str, ...]:
        """Keys of the groups of patients."""
        return tuple(sorted(set(self.data.subgroup))) if self.by == SUBGROUP else (WHOLE,)

    @property
    def held(self) -> HazardPrior:
        """The prior as it enters: proportional if so asked, the effect mirrored where the event is good."""
        scale = self.prior.departure_scale if self.model == "piecewise-exponential" else 0.0
        return replace(self.prior.held(self.better), departure_scale=scale)

    @property
    def shape(self) -> Shape:
        """Questions and labels."""
        asked = Questions(
            grid=self.grid, unit=self.data.unit, arms=self.data.arms, better=self.better, landmarks=self.landmarks,
            horizons=self.horizons, proportional=self.model == "proportional-hazards",
        )  # fmt: skip
        return Shape(asked, self.groups)

    @property
    def _depends(self) -> dict[str, Any]:
        data = self.data
        return {
            "data": self.data_digest or digest_of(data),
            "endpoint": data.endpoint,
            "arms": data.arms,
            "unit": data.unit,
            "origin": data.origin,
            "patients": data.patients,
            "replicates": (data.chains, data.replicates),
            "better": self.better,
            "by": self.by,
            "between_scale": self.between_scale,
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "horizons": self.horizons,
            "model": self.model,
            "formula": MODEL.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "replicate_tune": REPLICATE_TUNE,
        }

    def run(self, progress: Progress | None = None) -> SurvivalFit:
        """Sample, assemble and diagnose.

        Parameters
        ----------
        progress
            Told, for an ensemble, how many replicates are done, and of how many.
        """
        seed, rng = self._randomness()
        data = self._datasets()
        ensemble = self.data.chains * self.data.replicates > 1
        if ensemble:
            sampled = sample_replicates(data, self.sampling, seed, progress)
        else:
            sampled = sample_hazards(data[0][0], self.sampling, seed)
        tree = build_tree(MODEL, self.shape, data, sampled, rng)
        named, reported = tree_scalars(tree, self.shape)
        statistics = sampled.statistics
        if ensemble:  # the energy of each data set has its own mean, which is no matter of the sampler
            energy = statistics["energy"]
            pieces = energy.reshape(len(energy), self.data.replicates, -1)
            centred = (pieces - pieces.mean(axis=-1, keepdims=True)).reshape(energy.shape)
            statistics = {**statistics, "energy": centred}
        diagnosis = self._judge(named, reported=reported, statistics=statistics)
        tree.attrs = self._attributes(diagnosis)
        return SurvivalFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> SurvivalFit:
        """The fit whose stored tree carries this job's digest."""
        return SurvivalFit(job=self, tree=tree, diagnosis=self._stored_diagnosis(tree))

    def _datasets(self) -> list[list[HazardData]]:
        events, exposure = person_time(self.data, self.grid, self.groups)
        return MODEL.datasets(events, exposure, self.grid, self.held, between_scale=self.between_scale)

    @property
    def _described(self) -> Attributes:
        data = self.data
        return {
            "endpoint": data.endpoint,
            "factor": self.by,
            "better": self.better,
            **contrasted(data.arms),
            "unit": data.unit,
            "data_origin": data.origin,
            "data_replicates": data.chains * data.replicates,
            "draws_per_replicate": replicate_draws(self.sampling, data.replicates) if data.replicates > 1 else 0,
            "cuts": json.dumps(self.grid.cuts),
            "horizon": self.grid.horizon,
            "model": self.model,
            "model_formula": MODEL.formula,
            "prior": self.prior.effect.name,
            "prior_distribution": self.held.text,
            "prior_rationale": self.prior.effect.rationale,
        }


@dataclass(frozen=True)
class SurvivalFit(Posterior[SurvivalJob]):
    """A posterior of hazards with its verdict."""

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        datasets = job.data.chains * job.data.replicates
        method = self._method(f" over {datasets} reconstructions of the individual data" if datasets > 1 else "")
        return tuple(
            estimate
            for group, found in tree_answers(self.tree, job.shape).items()
            for estimate in report(
                found, job.shape.questions, endpoint=job.data.endpoint,
                population=WHOLE if job.by == WHOLE else f"{job.by}={group}", model=job.model,
                prior=job.prior.effect.name, method=method, level=job.sampling.level,
            )
        )  # fmt: skip

    def _repr_html_(self) -> str:
        job = self.job
        title = f"{job.data.endpoint}, {LABELS[job.model]}, prior {job.prior.effect.label}: {job.held.text}"
        return self._table(title, "population", lambda item: item.population, times=True)


@dataclass(frozen=True)
class DerivedFit:
    """A survival fit whose draws came about in another way than its job says; estimates tell how.

    Parameters
    ----------
    fit
        Job, draws and diagnosis.
    """

    fit: SurvivalFit

    @property
    def job(self) -> SurvivalJob:
        """What was asked."""
        return self.fit.job

    @property
    def tree(self) -> xr.DataTree:
        """The draws."""
        return self.fit.tree

    @property
    def diagnosis(self) -> Diagnosis:
        """Whether the draws can be trusted, and where they come from."""
        return self.fit.diagnosis

    @property
    def converged(self) -> bool:
        """Whether the diagnostics passed."""
        return self.fit.converged


def fit_survival(
    data: PatientData, *, prior: str | HazardRatioPrior | HazardPrior = "reference",
    model: SurvivalModel = "piecewise-exponential", grid: Grid | None = None, intervals: int = 10,
    landmarks: tuple[float, ...] = (), horizon: float | None = None, by: str = WHOLE,
    sampling: Sampling | None = None, seed: int | None = None, better: Better = "higher",
    progress: Progress | None = None,
) -> SurvivalFit:  # fmt: skip
    """Fit the piecewise-exponential model to times and events of two arms.

    Parameters
    ----------
    data
        Known individual data, or an ensemble of reconstructions: then every replicate is refitted.
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed about the hazards. But for the
        last, the median of the level's prior is half the follow-up.
    model
        Whether the hazard ratio may change with time.
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
        data=data,
        grid=chosen_grid,
        prior=_prior(prior, chosen_grid),
        sampling=settings_with(sampling, seed),
        model=model,
        horizons=(common_follow_up(data) if horizon is None else horizon,),
        landmarks=tuple(sorted(landmarks)),
        better=better,
        by=by,
    )
    return job.run(progress)


def _prior(prior: str | HazardRatioPrior | HazardPrior, grid: Grid) -> HazardPrior:
    if isinstance(prior, HazardPrior):
        return prior
    known = {item.name: item for item in hazard_ratio_priors()}
    effect = known.get(prior) if isinstance(prior, str) else prior
    if effect is None:
        raise AnalysisError(f"unknown prior {prior!r}; expected one of {', '.join(known)}, or a prior object")
    return HazardPrior(effect=effect, median=grid.horizon / 2)
