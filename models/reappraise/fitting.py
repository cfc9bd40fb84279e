"""A fit: planned as a job with a digest of everything it depends on, then run, and always diagnosed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import xarray as xr

from reappraise.bayes import MODELS, ResponseModel
from reappraise.endpoints import ResponseEndpoint
from reappraise.endpoints.partition import WHOLE, Partition
from reappraise.engine import sample
from reappraise.errors import AnalysisError
from reappraise.estimands import CONTRASTS, report
from reappraise.estimate import Estimate
from reappraise.posterior import Attributes, Posterior, PosteriorJob, contrasted, settings_with
from reappraise.prior import EffectPrior, Prior, RatePrior, prior_named
from reappraise.sampling import Sampling
from reappraise.tree import build_tree, scalars
from reappraise.trial import TrialEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(PosteriorJob):
    """One posterior to be computed.

    Parameters
    ----------
    partition, model, prior
        Counts, model and prior; settings and trial are those of every `PosteriorJob`.
    width
        Levels that the model is compiled for, at least those of the partition.
    """

    layout = "reappraise posterior 1"

    partition: Partition
    model: ResponseModel
    prior: Prior
    width: int

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        PosteriorJob.__post_init__(self)
        if self.model.prior_kind != self.prior.kind:
            raise AnalysisError(
                f"model {self.model.name} takes a prior on the {self.model.prior_kind}, "
                f"but prior {self.prior.name} is on the {self.prior.kind}"
            )
        if self.model.contrasts and not self.partition.causal:
            raise AnalysisError(
                f"factor {self.partition.factor} was determined after randomisation: model {self.model.name} would "
                "read its subgroups as effects of treatment; use independent or beta-binomial"
            )
        if self.model.contrasts and not any(self.partition.comparable):
            raise AnalysisError(
                f"{self.partition.endpoint}, {self.partition.factor}: no level has patients in both arms"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.partition.endpoint}.{self.partition.factor}.{self.model.name}.{self.prior.name}"

    @property
    def _depends(self) -> dict[str, Any]:
        return {
            "partition": asdict(self.partition),
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "width": self.width,
        }

    def run(self) -> Fit:
        """Sample, assemble and diagnose."""
        seed, rng = self._randomness()
        data = self.model.data(self.partition, self.prior, self.width)
        sampled = sample(self.model, data, self.sampling, seed)
        tree = build_tree(self.model, self.partition, data, sampled, rng)
        named = scalars(tree)
        reported = {name for name in named if name.partition("[")[0] in {"rate", *CONTRASTS}}
        diagnosis = self._judge(named, reported=reported, statistics=sampled.statistics)
        tree.attrs = self._attributes(diagnosis)
        return Fit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> Fit:
        """The fit whose stored tree carries this job's digest."""
        return Fit(job=self, tree=tree, diagnosis=self._stored_diagnosis(tree))

    @property
    def _described(self) -> Attributes:
        part = self.partition
        return {
            "endpoint": part.endpoint,
            "factor": part.factor,
            "timing": part.timing,
            "better": part.better,
            **contrasted(part.arms),
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.prior.text,
            "prior_rationale": self.prior.rationale,
        }


@dataclass(frozen=True)
class Fit(Posterior[Job]):
    """A posterior with its verdict."""

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        posterior = self.tree["posterior"].to_dataset()
        caveat = "" if job.partition.causal else "; subgroup determined after randomisation, no causal reading"
        names = [name for name in ("rate", *CONTRASTS) if name in posterior]
        draws = {name: _both_arms(posterior[name], job.partition) for name in names}
        return tuple(
            report(
                draws,
                job.partition,
                model=job.model.name,
                prior=job.prior.name,
                method=self._method(caveat),
                level=job.sampling.level,
            )
        )

    def _repr_html_(self) -> str:
        job = self.job
        title = f"{job.partition.endpoint}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        return self._table(title, "population", lambda item: item.population)


def fit(
    target: TrialEndpoint[ResponseEndpoint] | Partition,
    *,
    prior: str | Prior = "reference",
    model: str | ResponseModel | None = None,
    by: str = WHOLE,
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> Fit:
    """Fit one response model to one endpoint.

    Parameters
    ----------
    target
        Endpoint of a trial, or counts.
    prior
        Name of a prior, or a prior. A prior on rates goes with the models of rates, one on the log odds ratio
        with the model of effects.
    model
        Name of a model, or a model. By default the logit-normal model for priors on the effect, the independent
        model for priors on rates.
    by
        Subgroup factor, "all" for none; of a trial's endpoint only.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    AnalysisError
        If the data cannot answer the request.

    Examples
    --------
    >>> import reappraise as ra
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> fit = ra.fit(trial["orr"], prior="sceptical", seed=1)  # doctest: +SKIP
    """
    if not isinstance(target, TrialEndpoint | Partition):
        raise AnalysisError(f'expected an endpoint such as trial["orr"], or a Partition; got {type(target).__name__}')
    partition = target.partition(by) if isinstance(target, TrialEndpoint) else target
    chosen = (
        prior
        if isinstance(prior, RatePrior | EffectPrior)
        else prior_named(prior, planned=partition.planned_odds_ratio)
    )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    job = Job(
        partition=partition,
        model=_model(model, chosen),
        prior=chosen,
        sampling=settings_with(sampling, seed),
        width=trial_width(trial.responses) if trial else len(partition.levels),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def trial_width(responses: tuple[TrialEndpoint[ResponseEndpoint], ...]) -> int:
    """Levels of the largest partition, which every model of the trial is compiled for."""
    return max((len(item.levels) for endpoint in responses for item in endpoint.partitions()), default=1)


def _model(model: str | ResponseModel | None, prior: Prior) -> ResponseModel:
    if model is not None and not isinstance(model, str):
        return model
    name = model or ("logit-normal" if prior.kind == "effect" else "independent")
    for known in MODELS:
        if known.name == name:
            return known
    raise AnalysisError(f"unknown model {name!r}; expected one of {', '.join(item.name for item in MODELS)}")


def _both_arms(variable: xr.DataArray, partition: Partition) -> Any:
    lead = variable.transpose("chain", "draw", ...)
    if "arm" not in lead.dims:
        return lead.values
    return lead.reindex(arm=list(partition.arms)).values
