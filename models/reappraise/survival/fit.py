"""A survival fit: hazards of both arms on known data or on every replicate, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from reappraise.core.arms import WHOLE, Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior
from reappraise.fits.diagnose import Check, Diagnosis
from reappraise.fits.fit import Fit
from reappraise.fits.job import Advance
from reappraise.fits.machine_code import compiled
from reappraise.fits.nuts import Compiled, Sampled, draw
from reappraise.fits.sampling import Sampling, settings_with
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted
from reappraise.published.patients import PatientData
from reappraise.survival.answers import report
from reappraise.survival.counts import at_once_in_words, common_follow_up, digest_of, person_time
from reappraise.survival.ensemble import (
    LARGEST_PARETO_K,
    LEAST_SHARE,
    RECONSTRUCT,
    SAMPLER,
    UPDATES,
    Counted,
    SampledEnsemble,
    replicate_draws,
    sample_ensemble,
)
from reappraise.survival.hazard import Grid, HazardPrior, hazard_prior
from reappraise.survival.hazard_job import HazardJob
from reappraise.survival.model import PROPORTIONAL, VARYING, HazardSets, PiecewiseExponential, model_named
from reappraise.survival.reconstructed import ReconstructedData
from reappraise.survival.tree import build_tree, tree_answers

SUBGROUP = "subgroup"
"""Factor of the levels that patients were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalJob(HazardJob[PiecewiseExponential, HazardSets, "SurvivalFit"]):
    """One posterior of hazards given patients, to be computed.

    Parameters
    ----------
    patients
        Times and events, known or an ensemble of reconstructions. An ensemble that says under which prior it was drawn
        is weighted for any other; of one that does not, it is taken to be that of this job.
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
        if isinstance(self.patients, ReconstructedData):
            self.patients.require_as_wide(self.entered)

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
    def drawn_under(self) -> HazardPrior | None:
        """Prior under which an ensemble was drawn, if it is known and another one than this job's."""
        patients = self.patients
        if not isinstance(patients, ReconstructedData) or patients.drawn_under(self.entered):
            return None
        return patients.prior

    @property
    def shape(self) -> tuple[int, ...]:
        """Groups and intervals."""
        return len(self.groups), self.grid.intervals

    @property
    def compiled(self) -> Compiled:
        """One compilation serves proportional hazards and others."""
        return compiled(VARYING, self.shape)

    @property
    def depends(self) -> dict[str, Any]:
        """Patients, questions, model, prior and settings."""
        patients, under = self.patients, self.drawn_under
        return {
            "patients": self.patients_digest or digest_of(patients),
            "endpoint": patients.endpoint,
            "arms": patients.arms,
            "unit": patients.unit,
            "origin": patients.origin,
            "numbers": patients.patients,
            "replicates": (patients.chains, patients.replicates),
            "better": self.better,
            "plan": asdict(self.plan),
            "by": self.by,
            "between_scale": self.between_scale,
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "horizons": self.horizons,
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "drawn_under": None if under is None else asdict(under),
            "updates": UPDATES if self.datasets > 1 else (),
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
            **({"data_notes": json.dumps(patients.notes)} if patients.notes else {}),
        }

    @property
    def how(self) -> str:
        """Over how many reconstructions, and whether they are weighted; what an event at time 0 was taken for."""
        if self.datasets == 1:
            return at_once_in_words(self.patients)
        weighted = f", drawn under the {self.drawn_under.name} prior and weighted" if self.drawn_under else ""
        return f" over {self.datasets} reconstructions of the individual data{weighted}"

    @property
    def sampler(self) -> str:
        """NUTS for known data, the compiled core for the many data sets of an ensemble."""
        return SAMPLER if self.datasets > 1 else "NUTS"

    def data(self) -> HazardSets:
        """Events and person-time with the numbers of the prior, by chain and replicate."""
        events, exposure = person_time(self.patients, self.grid, self.groups)
        return self.model.datasets(events, exposure, self.grid, self.entered, between_scale=self.between_scale)

    def draw(self, data: HazardSets, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:
        """Sample the posterior of known data, or of every replicate."""
        if self.datasets > 1:
            counted = Counted.of(data, self.grid)
            return sample_ensemble(counted, self.entered, self.drawn_under, sampling, seed, advance)
        return draw(self.compiled, data[0][0], sampling, seed)

    def assemble(self, data: HazardSets, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """All groups of the file."""
        tree = build_tree(self.model, self.labels, data, sampled, rng)
        if isinstance(sampled, SampledEnsemble) and self.drawn_under is not None:
            weight = xr.Variable(("reconstruction", "replicate"), sampled.weight, {"pareto_k": sampled.pareto_k})
            tree["constant_data"] = xr.DataTree(tree["constant_data"].to_dataset().assign(weight=weight))
        return tree

    def checks(self, tree: xr.DataTree) -> Iterator[Check]:
        """Yield whether the weights of an ensemble that was drawn under another prior can be trusted."""
        if self.drawn_under is None:
            return
        weight = tree["constant_data"]["weight"]
        pareto_k = float(weight.attrs["pareto_k"])
        share = float((weight.mean("replicate") ** 2 / (weight**2).mean("replicate")).min())
        where = f"{self.drawn_under.name} to {self.prior.name}"
        yield Check(
            "Pareto k of the weights", pareto_k, LARGEST_PARETO_K, where, pareto_k <= LARGEST_PARETO_K, RECONSTRUCT
        )
        yield Check(
            "share of replicates left by the weights", share, LEAST_SHARE, where, share >= LEAST_SHARE, RECONSTRUCT
        )

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
        Known individual data, or an ensemble of reconstructions: then hazards are drawn given each of them, weighted
        where the prior is another one than that under which they were reconstructed.
    prior
        Name of a prior on the log hazard ratio, such a prior, or all that is believed about the hazards. But for the
        last, the median of the level's prior is half the follow-up.
    model
        "piecewise-exponential", with a hazard ratio that may change with time, "proportional-hazards", or a model.
    grid, intervals
        Intervals of constant hazard; by default that many, cut at quantiles of the event times, or of reconstructed
        data, whose event times are not known, of equal length as they were drawn with.
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
    chosen_grid = grid or (
        Grid.regular(intervals, data.grid.horizon)
        if isinstance(data, ReconstructedData)
        else Grid.at_quantiles(data.time[data.event], intervals, data.horizon)
    )
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
