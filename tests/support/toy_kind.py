"""A kind of endpoint that the package does not know: events per person-time. This file is all that it costs.

Nothing in `models/` mentions it. It goes through file, audit, fit, NetCDF, comparison and picture in
`test_toy_kind.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from reappraise.core.arms import Better
from reappraise.core.estimate import Estimate
from reappraise.core.prior import LogRatioPrior, hazard_ratio_priors
from reappraise.fits.diagnose import Diagnosis
from reappraise.fits.each import Session
from reappraise.fits.fit import Fit
from reappraise.fits.job import FitJob
from reappraise.fits.layout import Axis, Variable
from reappraise.fits.model import ARM_CODE, Data, Draws, Floats
from reappraise.fits.result import Drawn, Result
from reappraise.fits.summary import Make, estimated, probability
from reappraise.fits.words import Attributes, contrasted, counted
from reappraise.kind import Kind
from reappraise.published.answers import Counted
from reappraise.published.endpoint import EndpointRecord
from reappraise.published.record import Key, Positive, Sourced, Text, Whole
from reappraise.published.trial import TrialEndpoint


class PersonTime(Sourced):
    """Events of one arm, any number a patient, and the time in which they were counted."""

    arm: Key
    events: Whole
    person_time: Positive


class ToyRateEndpoint(EndpointRecord):
    """What is printed of events per person-time."""

    kind: Literal["toy_rate"]
    better: Better = "lower"
    unit: Text
    rates: tuple[PersonTime, ...]

    def counted(self) -> Iterator[Counted]:
        yield from ()  # events, not patients


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    endpoint: str
    arms: tuple[str, str]
    events: tuple[int, int]
    person_time: tuple[int, int]
    source: str = ""


@dataclass(frozen=True, slots=True)
class PoissonRates:
    r"""Events by arm.

    .. math:: y_a \sim \mathrm{Poisson}(E_a e^{\alpha + x_a \delta}), \quad \alpha \sim \mathrm{Normal}(0, 3)
    """

    name: str = "poisson"
    label: str = "Poisson rates"
    formula: str = "events[arm] ~ Poisson(person_time exp(level + x[arm] effect)); level ~ Normal(0, 3); effect ~ prior"

    def build(self) -> pm.Model:
        with pm.Model(coords={"arm": range(2)}) as model:
            events, time = pm.Data("events", np.ones(2), dims="arm"), pm.Data("person_time", np.ones(2), dims="arm")
            level = pm.Normal("level", 0.0, 3.0)
            effect = pm.Normal("effect", pm.Data("effect_mean", 0.0), pm.Data("effect_sd", 1.0))
            pm.Poisson("observed", time * pm.math.exp(level + ARM_CODE * effect), observed=events, dims="arm")
        return model

    def draw_prior(self, data: Data, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
        effect = rng.normal(data["effect_mean"], data["effect_sd"], size=draws)
        return {"level": rng.normal(0.0, 3.0, size=draws), "effect": effect}

    def log_likelihood(self, draws: Draws, data: Data) -> Floats:
        rate = np.exp(draws["level"][..., None] + ARM_CODE * draws["effect"][..., None])
        return np.asarray(stats.poisson.logpmf(data["events"], data["person_time"] * rate))

    def log_prior(self, draws: Draws, data: Data) -> dict[str, Floats]:
        effect = stats.norm.logpdf(draws["effect"], data["effect_mean"], data["effect_sd"])
        return {"level": np.asarray(stats.norm.logpdf(draws["level"], 0.0, 3.0)), "effect": np.asarray(effect)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateJob(FitJob[PoissonRates, LogRatioPrior, "RateFit"]):
    layout = "toy event rates 1"
    table: RateTable
    model: PoissonRates = PoissonRates()

    @property
    def name(self) -> str:
        return f"{self.table.endpoint}.all.{self.model.name}.{self.prior.name}"

    @property
    def title(self) -> str:
        return f"{self.table.endpoint}, {self.model.label}, prior {self.prior.label}"

    @property
    def depends(self) -> dict[str, Any]:
        return {"table": counted(self.table), "prior": asdict(self.prior), "sampling": self.sampling.as_dict()}

    @property
    def described(self) -> Attributes:
        return {"endpoint": self.table.endpoint, "factor": "all", "better": "lower", **contrasted(self.table.arms)}

    @property
    def shape(self) -> tuple[int, ...]:
        return ()

    @property
    def axes(self) -> Mapping[str, Axis]:
        return {"arm": Axis(self.table.arms)}

    @property
    def variables(self) -> Mapping[str, Variable]:
        arm = Variable(dims=("arm",), scale="logarithm", reported=True, description="events per person-time")
        ratio = Variable(scale="logarithm", reported=True, description="rate of experimental over control arm")
        return {
            "event_rate": arm,
            "rate_ratio": ratio,
            **dict.fromkeys(("events", "person_time"), Variable(dims=("arm",))),
        }

    @property
    def likelihood(self) -> Mapping[str, tuple[str, ...]]:
        return {"events": ("arm",)}

    def data(self) -> Data:
        return {
            "events": np.array(self.table.events, dtype=np.float64),
            "person_time": np.array(self.table.person_time, dtype=np.float64),
            "effect_mean": np.array(self.prior.mean),
            "effect_sd": np.array(self.prior.sd),
        }

    def estimands(self, draws: Draws, data: Data, rng: np.random.Generator, *, posterior: bool) -> dict[str, Floats]:
        rate = np.exp(draws["level"][..., None] + ARM_CODE * draws["effect"][..., None])
        return {**draws, "event_rate": rate, "rate_ratio": np.exp(draws["effect"])}

    def predict(self, found: Draws, data: Data, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        return {"events": rng.poisson(np.minimum(found["event_rate"] * data["person_time"], 1e9)).astype(np.int64)}

    def report(self, tree: xr.DataTree, make: Make) -> Iterator[Estimate]:
        posterior, level = tree["posterior"].to_dataset(), self.sampling.level
        make = partial(make, endpoint=self.table.endpoint)
        for arm in self.table.arms:
            draws = posterior["event_rate"].sel(arm=arm).values
            yield estimated(partial(make, quantity="event_rate", arm=arm), draws, level, logarithmic=True)
        control, experimental = self.table.arms
        ratio = posterior["rate_ratio"].values
        named = partial(make, quantity="rate_ratio", numerator=experimental, denominator=control)
        yield estimated(named, ratio, level, logarithmic=True, prob_benefit=probability(ratio < 1))

    def fitted(self, tree: xr.DataTree, diagnosis: Diagnosis) -> RateFit:
        return RateFit(job=self, tree=tree, diagnosis=diagnosis)


class RateFit(Fit[RateJob]):
    pass


class RateResult(Result[ToyRateEndpoint, RateFit]):
    @property
    def words(self) -> str:
        return f"{self.key}: {len(self.fits)} posteriors of event rates."

    def recomputed(self) -> Iterator[Estimate]:
        table = self.fits[0].job.table
        (first, second), (time, other) = table.events, table.person_time
        named = partial(Estimate, endpoint=self.key, kind="recomputed", method="events over person-time")
        for arm, events, spent in zip(table.arms, table.events, table.person_time, strict=True):
            yield named(quantity="event_rate", arm=arm, value=events / spent)
        control, experimental = table.arms
        ratio = (second / other) / (first / time)
        yield named(quantity="rate_ratio", numerator=experimental, denominator=control, value=ratio)

    def figures(self, others: Sequence[Result[Any, Any]] = ()) -> Drawn:
        for fit in self.fits:
            yield f"{self.key}.rates.{fit.job.prior.name}", fit.plot()


class ToyRateKind(Kind[ToyRateEndpoint]):
    def steps(self, endpoint: TrialEndpoint[ToyRateEndpoint]) -> int:
        return len(hazard_ratio_priors())

    def analyse(self, endpoint: TrialEndpoint[ToyRateEndpoint], session: Session) -> RateResult:
        control, experimental = (arm.key for arm in endpoint.trial.arms)
        by = {item.arm: item for item in endpoint.published.rates}
        table = RateTable(
            endpoint=endpoint.published.key,
            arms=(control, experimental),
            events=(by[control].events, by[experimental].events),
            person_time=(by[control].person_time, by[experimental].person_time),
        )
        jobs = [RateJob(table=table, prior=prior, sampling=session.sampling) for prior in hazard_ratio_priors()]
        return RateResult(endpoint=endpoint, fits=session.each(jobs, lambda job: job.prior.name))


TOY = ToyRateKind(ToyRateEndpoint)
