"""A posterior of several time-to-event endpoints: planned as a job, run, diagnosed, and told apart by endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.bayes.piecewise_exponential import HazardData
from reappraise.endpoints.partition import Better
from reappraise.endpoints.patients import PatientData
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.hazard import Grid, HazardPrior
from reappraise.nuts import Sampled
from reappraise.posterior import Attributes, Posterior, PosteriorJob, contrasted
from reappraise.survival_counts import common_follow_up, digest_of, person_time
from reappraise.survival_engine import (
    REPLICATE_TUNE,
    Progress,
    replicate_draws,
    sample_hazards,
    sample_replicates,
)
from reappraise.survival_fitting import MODEL, DerivedFit, SurvivalFit, SurvivalJob, SurvivalModel
from reappraise.survival_tree import build_tree, tree_scalars

SCALES = ("walk_sd", "departure_sd")
"""What the endpoints have in common."""
LARGEST_MEDIAN = 4.0
"""Largest median, as a share of the follow-up, that is taken for one: any larger is a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSurvivalJob(PosteriorJob):
    """One posterior of the hazards of several endpoints.

    Parameters
    ----------
    data
        Endpoints of the same arms; known data, or as many replicates of each.
    grid
        Intervals as shares of each endpoint's own follow-up; its horizon is 1.
    prior
        What is believed about the hazards of each endpoint; its median is a share of the endpoint's follow-up.
    sampling
        Of ensembles, chains are those of the reconstructions and each replicate has its share of the draws.
    model
        Whether hazard ratios may change with time.
    landmarks
        Times of survival probabilities, by endpoint.
    better
        Whether longer or shorter times are good, with every endpoint.
    """

    layout = "reappraise shared survival posterior 1"

    data: tuple[PatientData, ...]
    grid: Grid
    prior: HazardPrior
    model: SurvivalModel = "piecewise-exponential"
    landmarks: tuple[tuple[float, ...], ...]
    better: Better = "higher"

    def __post_init__(self) -> None:
        """Refuse endpoints that cannot be taken together, before anything is sampled."""
        PosteriorJob.__post_init__(self)
        if self.model not in get_args(SurvivalModel.__value__):
            raise AnalysisError(f"unknown model {self.model!r}; expected one of {get_args(SurvivalModel.__value__)}")
        keys = self.endpoints
        if len(keys) < 2 or len(set(keys)) < len(keys):
            raise AnalysisError(f"expected two endpoints or more, each once; got {', '.join(keys) or 'none'}")
        arms = {data.arms for data in self.data}
        if len(arms) > 1:
            listed = "; ".join(f"{data.endpoint}: {data.arms[0]}, {data.arms[1]}" for data in self.data)
            raise AnalysisError(f"expected the same control and experimental arm of every endpoint, got {listed}")
        if len({data.time.shape[:2] for data in self.data}) > 1:
            raise AnalysisError("expected as many chains and replicates of every endpoint")
        if self.grid.horizon != 1.0:
            raise AnalysisError(f"expected a grid of shares of the follow-up, horizon 1; got {self.grid.horizon:g}")
        if self.prior.median > LARGEST_MEDIAN:
            raise AnalysisError(
                "expected the prior's median as a share of each endpoint's follow-up, such as 0.5; "
                f"got {self.prior.median:g}, which is rather a time"
            )
        _ = self.single  # each endpoint refuses by itself what it cannot answer

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Keys of the endpoints."""
        return tuple(data.endpoint for data in self.data)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{'+'.join(self.endpoints)}.shared.{self.model}.{self.prior.effect.name}"

    @property
    def single(self) -> tuple[SurvivalJob, ...]:
        """Each endpoint asked by itself, in its own unit of time: the same but for the sharing."""
        return tuple(
            SurvivalJob(
                data=data,
                grid=Grid(tuple(cut * data.horizon for cut in self.grid.cuts), data.horizon),
                prior=replace(self.prior, median=self.prior.median * data.horizon),
                sampling=self.sampling,
                model=self.model,
                horizons=(common_follow_up(data),),
                landmarks=landmarks,
                better=self.better,
                trial=self.trial,
                trial_digest=self.trial_digest,
            )
            for data, landmarks in zip(self.data, self.landmarks, strict=True)
        )

    @property
    def _depends(self) -> dict[str, Any]:
        return {
            "data": [digest_of(data) for data in self.data],
            "endpoints": self.endpoints,
            "arms": self.data[0].arms,
            "units": [data.unit for data in self.data],
            "origins": [data.origin for data in self.data],
            "replicates": self.data[0].time.shape[:2],
            "better": self.better,
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "model": self.model,
            "formula": MODEL.formula,
            "prior": asdict(self.prior),
            "sampling": asdict(self.sampling),
            "replicate_tune": REPLICATE_TUNE,
        }

    @property
    def _described(self) -> Attributes:
        datasets = self.data[0].chains * self.data[0].replicates
        return {
            "endpoints": json.dumps(self.endpoints),
            "shared": json.dumps(SCALES),
            "better": self.better,
            **contrasted(self.data[0].arms),
            "data_replicates": datasets,
            "draws_per_replicate": replicate_draws(self.sampling, self.data[0].replicates) if datasets > 1 else 0,
            "cuts": json.dumps(self.grid.cuts),
            "model": self.model,
            "model_formula": MODEL.formula,
            "prior": self.prior.effect.name,
            "prior_distribution": f"{self.single[0].held.effect.text}; medians are shares of the follow-up",
            "prior_rationale": self.prior.effect.rationale,
        }

    def run(self, progress: Progress | None = None) -> SharedSurvivalFit:
        """Sample, assemble by endpoint and diagnose together.

        Parameters
        ----------
        progress
            Told, for ensembles, how many replicates are done, and of how many.
        """
        seed, rng = self._randomness()
        data = self._datasets()
        ensemble = len(data) * len(data[0]) > 1
        sampled = (
            sample_replicates(data, self.sampling, seed, progress)
            if ensemble
            else sample_hazards(data[0][0], self.sampling, seed)
        )
        children: dict[str, xr.DataTree] = {}
        scalars: dict[str, NDArray[np.floating]] = {}
        reported: set[str] = set()
        for place, (job, one) in enumerate(zip(self.single, self._by_endpoint(data), strict=True)):
            tree = build_tree(MODEL, job.shape, one, endpoint_draws(sampled, place), rng)
            named, own = tree_scalars(tree, job.shape)
            children[job.data.endpoint] = tree
            scalars |= {name if name in SCALES else f"{job.data.endpoint}: {name}": one for name, one in named.items()}
            reported |= {f"{job.data.endpoint}: {name}" for name in own}
        statistics = sampled.statistics
        if ensemble:  # the energy of each data set has its own mean, which is no matter of the sampler
            energy = statistics["energy"]
            pieces = energy.reshape(len(energy), len(data[0]), -1)
            centred = (pieces - pieces.mean(axis=-1, keepdims=True)).reshape(energy.shape)
            statistics = {**statistics, "energy": centred}
        diagnosis = self._judge(scalars, reported=reported, statistics=statistics)
        whole = xr.DataTree.from_dict({f"/{endpoint}": tree for endpoint, tree in children.items()})
        whole.attrs = self._attributes(diagnosis)
        return SharedSurvivalFit(job=self, tree=whole, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> SharedSurvivalFit:
        """The fit whose stored tree carries this job's digest."""
        return SharedSurvivalFit(job=self, tree=tree, diagnosis=self._stored_diagnosis(tree))

    def _datasets(self) -> list[list[HazardData]]:
        """Values of the model's data variables, time counted in shares of the follow-up, by chain and replicate."""
        counted = [person_time(replace(data, time=data.time / data.horizon), self.grid) for data in self.data]
        events, exposure = (np.concatenate([one[item] for one in counted], axis=2) for item in range(2))
        held = replace(self.single[0].held, median=self.prior.median)
        return MODEL.datasets(events, exposure, self.grid, held, shared=False)

    def _by_endpoint(self, data: list[list[HazardData]]) -> Sequence[Sequence[Sequence[HazardData]]]:
        """The same for each endpoint by itself, in its own unit of time; read with the pull that all have."""

        def own(one: HazardData, place: int, job: SurvivalJob) -> HazardData:
            exposure = one["exposure"][[place]] * job.data.horizon
            return MODEL.data(one["events"][[place]], exposure, job.grid, job.held, pull=one["pull"])

        return [[[own(one, place, job) for one in chain] for chain in data] for place, job in enumerate(self.single)]


@dataclass(frozen=True)
class EndpointFit(DerivedFit):
    """One endpoint of a shared posterior: what figures, tables and ArviZ take.

    Parameters
    ----------
    fit
        Draws in the endpoint's own unit of time. Its job is that of the endpoint by itself, but for the sharing.
    method
        How the draws came about.
    """

    method: str

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; the method says what is shared."""
        return tuple(replace(item, method=self.method) for item in self.fit.estimates)


@dataclass(frozen=True)
class SharedSurvivalFit(Posterior[SharedSurvivalJob]):
    """A posterior of the hazards of several endpoints with its verdict; the tree has one branch for each endpoint."""

    @cached_property
    def fits(self) -> Mapping[str, EndpointFit]:
        """By endpoint."""
        first = self.job.data[0]
        number = first.chains * first.replicates
        more = f", smoothness of hazards shared by {', '.join(self.job.endpoints)}"
        if number > 1:
            more += (
                f", over {number} reconstructions of the individual data, paired between endpoints and drawn with a "
                "smoothness of each endpoint's own"
            )
        found = {}
        for job in self.job.single:
            branch = self.tree.children[job.data.endpoint]
            fit = SurvivalFit(job=job, tree=branch, diagnosis=self.diagnosis)
            found[job.data.endpoint] = EndpointFit(fit, self._method(more))
        return found

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates of every endpoint; a failed verdict stands in the method of each."""
        return tuple(item for fit in self.fits.values() for item in fit.estimates)

    def _repr_html_(self) -> str:
        job = self.job
        title = (
            f"{', '.join(job.endpoints)}, smoothness of hazards shared, {job.model}, prior {job.prior.effect.label}: "
            f"{job.single[0].held.effect.text}"
        )
        return self._table(title, "endpoint", lambda item: item.endpoint, times=True)


def endpoint_draws(sampled: Sampled, place: int) -> Sampled:
    """Draws of one of several unrelated endpoints, as those of the model of one endpoint.

    Parameters
    ----------
    sampled
        Draws of all endpoints.
    place
        Place of the endpoint.
    """
    draws: dict[str, NDArray[np.float64]] = {
        "level_offset": sampled.draws["level_offset"][..., [place]],
        "walk_unit": sampled.draws["walk_unit"],
        "departure_unit": sampled.draws["departure_unit"],
        "walk_steps": sampled.draws["walk_steps"][..., [place]],
        "departure_steps": sampled.draws["departure_steps"][..., [place]],
        "effect_offset": sampled.draws["group_effect_offset"][..., place],
    }
    return Sampled(draws, sampled.statistics)
