"""A posterior of several time-to-event endpoints: planned as a job, run, diagnosed, and told apart by endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reappraise.core.arms import Better
from reappraise.core.errors import AnalysisError
from reappraise.core.estimate import Estimate
from reappraise.fits.diagnose import Diagnosis, Judged
from reappraise.fits.fit import Fit
from reappraise.fits.job import Advance, PosteriorJob
from reappraise.fits.machine_code import compiled
from reappraise.fits.nuts import Compiled, Sampled, draw
from reappraise.fits.sampling import Sampling
from reappraise.fits.summary import Make
from reappraise.fits.words import Attributes, contrasted
from reappraise.published.patients import PatientData
from reappraise.survival.counts import at_once_in_words, common_follow_up, digest_of, person_time
from reappraise.survival.ensemble import SAMPLER, UPDATES, Counted, replicate_draws, sample_ensemble
from reappraise.survival.fit import SurvivalFit, SurvivalJob
from reappraise.survival.hazard import Grid, HazardPrior
from reappraise.survival.model import VARYING, HazardData, HazardSets, PiecewiseExponential
from reappraise.survival.tree import build_tree, tree_judged

SCALES = ("walk_sd", "departure_sd")
"""What the endpoints have in common."""
LARGEST_MEDIAN = 4.0
"""Largest median, as a share of the follow-up, that is taken for one: any larger is a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSurvivalJob(PosteriorJob[PiecewiseExponential, HazardPrior, HazardSets, "SharedSurvivalFit"]):
    """One posterior of the hazards of several endpoints.

    Parameters
    ----------
    patients
        Endpoints of the same arms; known data, or as many replicates of each.
    grid
        Intervals as shares of each endpoint's own follow-up; its horizon is 1.
    model
        With hazard ratios that may change with time, or without.
    prior
        What is believed about the hazards of each endpoint; its median is a share of the endpoint's follow-up.
    sampling
        Of ensembles, chains are those of the reconstructions and each replicate has its share of the draws.
    landmarks
        Times of survival probabilities, by endpoint.
    better
        Whether longer or shorter times are good, with every endpoint.
    """

    layout = "reappraise shared survival posterior 3"

    patients: tuple[PatientData, ...]
    grid: Grid
    model: PiecewiseExponential = VARYING
    landmarks: tuple[tuple[float, ...], ...]
    better: Better = "higher"

    def __post_init__(self) -> None:
        """Refuse endpoints that cannot be taken together, before anything is sampled."""
        keys = self.endpoints
        if len(keys) < 2 or len(set(keys)) < len(keys):
            raise AnalysisError(f"expected two endpoints or more, each once; got {', '.join(keys) or 'none'}")
        arms = {data.arms for data in self.patients}
        if len(arms) > 1:
            listed = "; ".join(f"{data.endpoint}: {data.arms[0]}, {data.arms[1]}" for data in self.patients)
            raise AnalysisError(f"expected the same control and experimental arm of every endpoint, got {listed}")
        if len({data.time.shape[:2] for data in self.patients}) > 1:
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
        return tuple(data.endpoint for data in self.patients)

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{'+'.join(self.endpoints)}.shared.{self.model.name}.{self.prior.name}"

    @property
    def single(self) -> tuple[SurvivalJob, ...]:
        """Each endpoint asked by itself, in its own unit of time: the same but for the sharing."""
        return tuple(
            SurvivalJob(
                patients=data,
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
            for data, landmarks in zip(self.patients, self.landmarks, strict=True)
        )

    @property
    def depends(self) -> dict[str, Any]:
        """Patients, questions, model, prior and settings."""
        return {
            "patients": [digest_of(data) for data in self.patients],
            "endpoints": self.endpoints,
            "arms": self.patients[0].arms,
            "units": [data.unit for data in self.patients],
            "origins": [data.origin for data in self.patients],
            "replicates": self.patients[0].time.shape[:2],
            "better": self.better,
            "grid": asdict(self.grid),
            "landmarks": self.landmarks,
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": asdict(self.sampling),
            "updates": UPDATES if self.datasets > 1 else (),
        }

    @property
    def described(self) -> Attributes:
        """Endpoints, arms, and what is shared."""
        datasets = self.datasets
        return {
            "endpoints": json.dumps(self.endpoints),
            "shared": json.dumps(SCALES),
            "better": self.better,
            **contrasted(self.patients[0].arms),
            "data_replicates": datasets,
            "draws_per_replicate": replicate_draws(self.sampling, self.patients[0].replicates) if datasets > 1 else 0,
            "cuts": json.dumps(self.grid.cuts),
        }

    @property
    def title(self) -> str:
        """Endpoints, model and prior in a line."""
        return (
            f"{', '.join(self.endpoints)}, smoothness of hazards shared, {self.model.name}, prior {self.prior.label}: "
            f"{self.single[0].entered.effect.text}"
        )

    @property
    def entered(self) -> HazardPrior:
        """The prior as it enters, its median a share of each endpoint's follow-up."""
        return replace(self.single[0].entered, median=self.prior.median)

    @property
    def datasets(self) -> int:
        """Data sets of each endpoint: one that is known, or so many reconstructions."""
        return self.patients[0].chains * self.patients[0].replicates

    @property
    def shape(self) -> tuple[int, ...]:
        """Endpoints and intervals."""
        return len(self.patients), self.grid.intervals

    @property
    def compiled(self) -> Compiled:
        """One compilation serves subgroups, endpoints, proportional hazards and others."""
        return compiled(VARYING, self.shape)

    @property
    def sampler(self) -> str:
        """NUTS for known data, the compiled core for the many data sets of an ensemble."""
        return SAMPLER if self.datasets > 1 else "NUTS"

    @property
    def how(self) -> str:
        """What is shared, and over how many reconstructions."""
        taken = (f"{words} ({data.endpoint})" for data in self.patients if (words := at_once_in_words(data)))
        said = f", smoothness of hazards shared by {', '.join(self.endpoints)}{''.join(taken)}"
        if self.datasets == 1:
            return said
        return (
            f"{said}, over {self.datasets} reconstructions of the individual data, paired between endpoints and drawn "
            "with a smoothness of each endpoint's own"
        )

    def data(self) -> HazardSets:
        """Values of the model's data variables, time counted in shares of the follow-up, by chain and replicate."""
        counted = [person_time(replace(one, time=one.time / one.horizon), self.grid) for one in self.patients]
        events, exposure = (np.concatenate([one[item] for one in counted], axis=2) for item in range(2))
        return self.model.datasets(events, exposure, self.grid, self.entered, shared=False)

    def draw(self, data: HazardSets, sampling: Sampling, seed: int, advance: Advance | None) -> Sampled:
        """Sample the posterior of known data, or of every replicate."""
        if self.datasets > 1:
            return sample_ensemble(Counted.of(data, self.grid), self.entered, None, sampling, seed, advance)
        return draw(self.compiled, data[0][0], sampling, seed)

    def assemble(self, data: HazardSets, sampled: Sampled, rng: np.random.Generator) -> xr.DataTree:
        """A branch for each endpoint, as a fit of it alone would have it."""
        children = {
            job.patients.endpoint: build_tree(self.model, job.labels, one, endpoint_draws(sampled, place), rng)
            for place, (job, one) in enumerate(zip(self.single, self._by_endpoint(data), strict=True))
        }
        return xr.DataTree.from_dict({f"/{endpoint}": tree for endpoint, tree in children.items()})

    def judged(self, tree: xr.DataTree) -> dict[str, Judged]:
        """What is shared once, and all else by endpoint."""
        found: dict[str, Judged] = {}
        for job in self.single:
            endpoint = job.patients.endpoint
            for name, one in tree_judged(tree.children[endpoint], job.labels).items():
                found[name if name in SCALES else f"{endpoint}: {name}"] = one
        return found

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        """Yield the answers of every endpoint."""
        for job in self.single:
            yield from job.report(tree.children[job.patients.endpoint], make)

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> SharedSurvivalFit:
        """The fit that has this tree and verdict."""
        return SharedSurvivalFit(job=self, tree=tree, diagnosis=diagnosis)

    def _by_endpoint(self, data: list[list[HazardData]]) -> Sequence[Sequence[Sequence[HazardData]]]:
        """The same for each endpoint by itself, in its own unit of time; read with the pull that all have."""

        def own(one: HazardData, place: int, job: SurvivalJob) -> HazardData:
            exposure = one["exposure"][[place]] * job.patients.horizon
            return self.model.data(one["events"][[place]], exposure, job.grid, job.entered, pull=one["pull"])

        return [[[own(one, place, job) for one in chain] for chain in data] for place, job in enumerate(self.single)]


@dataclass(frozen=True)
class EndpointFit(SurvivalFit):
    """One endpoint of a shared posterior: what figures, tables and ArviZ take, in the endpoint's own unit of time.

    Its job is that of the endpoint by itself, but for the sharing.

    Parameters
    ----------
    shared
        How the draws came about.
    """

    shared: str

    @property
    def how(self) -> str:
        """What is shared, and over how many reconstructions."""
        return self.shared


@dataclass(frozen=True)
class SharedSurvivalFit(Fit[SharedSurvivalJob]):
    """A posterior of the hazards of several endpoints with its verdict; the tree has one branch for each endpoint."""

    subject = "endpoint"

    @cached_property
    def fits(self) -> Mapping[str, EndpointFit]:
        """By endpoint."""
        return {
            endpoint: EndpointFit(job=job, tree=self.tree.children[endpoint], diagnosis=self.diagnosis, shared=self.how)
            for endpoint, job in zip(self.job.endpoints, self.job.single, strict=True)
        }

    def said(self, estimate: Estimate) -> str:
        """The endpoint."""
        return estimate.endpoint


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
