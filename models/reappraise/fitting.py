"""A fit: planned as a job with a digest of everything it depends on, then run, and always diagnosed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import xarray as xr

from reappraise.bayes import MODELS, ResponseModel
from reappraise.diagnose import Check, Diagnosis, diagnose
from reappraise.endpoints.partition import WHOLE, Partition
from reappraise.engine import sample
from reappraise.errors import AnalysisError
from reappraise.estimands import CONTRASTS, report
from reappraise.estimate import Estimate
from reappraise.prior import EffectPrior, Prior, RatePrior, prior_named
from reappraise.sampling import Sampling, derived_seed, versions
from reappraise.tree import build_tree, scalars
from reappraise.trial import TrialEndpoint

FORMAT = "reappraise posterior 1"
"""Version of the layout of posterior files; part of every digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One posterior to be computed.

    Parameters
    ----------
    partition, model, prior, sampling
        Counts, model, prior and settings; the settings hold the root seed.
    width
        Levels that the model is compiled for, at least those of the partition.
    trial, trial_digest
        Key and digest of the trial that the counts come from; empty for counts of no trial file.
    """

    partition: Partition
    model: ResponseModel
    prior: Prior
    sampling: Sampling
    width: int
    trial: str = ""
    trial_digest: str = ""

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        if self.sampling.seed is None:
            raise ValueError("a job needs a seed; use Sampling.seeded()")
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
    def inputs(self) -> dict[str, Any]:
        """Everything that the posterior depends on."""
        return {
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "partition": asdict(self.partition),
            "model": self.model.name,
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "width": self.width,
            "versions": versions(),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the inputs: equal digests mean the same posterior."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    def run(self) -> Fit:
        """Sample, assemble and diagnose."""
        root = self.sampling.seed or 0
        seed = derived_seed(root, self.name)
        data = self.model.data(self.partition, self.prior, self.width)
        sampled = sample(self.model, data, self.sampling, seed)
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
        tree = build_tree(self.model, self.partition, data, sampled, rng)
        named = scalars(tree)
        diagnosis = diagnose(
            named,
            reported={name for name in named if name.partition("[")[0] in {"rate", *CONTRASTS}},
            diverging=sampled.statistics["diverging"],
            energy=sampled.statistics["energy"],
            thresholds=self.sampling.thresholds,
            level=self.sampling.level,
        )
        tree.attrs = self._attributes(diagnosis)
        return Fit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> Fit:
        """The fit whose stored tree carries this job's digest."""
        if tree.attrs.get("inputs_digest") != self.digest:
            raise ValueError(f"{self.name}: the stored posterior belongs to other inputs")
        checks = json.loads(tree.attrs["diagnosis"])["checks"]
        return Fit(job=self, tree=tree, diagnosis=Diagnosis(tuple(Check(**check) for check in checks)))

    def _attributes(self, diagnosis: Diagnosis) -> dict[str, str | int | float]:
        part = self.partition
        return {
            "creator": "reappraise",
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "endpoint": part.endpoint,
            "factor": part.factor,
            "timing": part.timing,
            "better": part.better,
            "control_arm": part.arms[0],
            "experimental_arm": part.arms[1],
            "direction": f"contrasts are {part.arms[1]} over (or minus) {part.arms[0]}",
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.prior.text,
            "prior_rationale": self.prior.rationale,
            "seed": self.sampling.seed or 0,
            "level": self.sampling.level,
            "versions": json.dumps(versions()),
            "thresholds": json.dumps(asdict(self.sampling.thresholds)),
            "verdict": diagnosis.verdict,
            "diagnosis": json.dumps(diagnosis.as_dict()),
            "inputs": json.dumps(self.inputs, sort_keys=True),
            "inputs_digest": self.digest,
        }


@dataclass(frozen=True)
class Fit:
    """A posterior with its verdict.

    Parameters
    ----------
    job
        What was asked.
    tree
        All draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether it can be trusted.
    """

    job: Job
    tree: xr.DataTree = field(repr=False)
    diagnosis: Diagnosis

    @property
    def converged(self) -> bool:
        """Whether the fit passed its diagnostics."""
        return self.diagnosis.converged

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        posterior = self.tree["posterior"].to_dataset()
        names = [name for name in ("rate", *CONTRASTS) if name in posterior]
        draws = {name: _both_arms(posterior[name], job.partition) for name in names}
        method = "posterior median, equal-tailed interval, NUTS"
        if not self.converged:
            method = f"{self.diagnosis.verdict}: {method}"
        if not job.partition.causal:
            method += "; subgroup determined after randomisation, no causal reading"
        return tuple(
            report(
                draws,
                job.partition,
                model=job.model.name,
                prior=job.prior.name,
                method=method,
                level=job.sampling.level,
            )
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(item.population)}</td><td>{escape(item.quantity.replace('_', ' '))}</td>"
            f"<td>{escape(item.arm or f'{item.numerator} vs {item.denominator}')}</td>"
            f"<td>{'' if item.value is None else f'{item.value:.3g}'}</td>"
            f"<td>{'' if item.low is None else f'{item.low:.3g} to {item.high:.3g}'}</td></tr>"
            for item in self.estimates
        )
        job = self.job
        title = f"{job.partition.endpoint}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        verdict = self.diagnosis.verdict + (f" ({self.diagnosis.failures})" if not self.converged else "")
        head = (
            f"<tr><th>population</th><th>quantity</th><th>arm</th><th>median</th><th>{job.sampling.level:.0%}</th></tr>"
        )
        return f"<table><caption>{escape(title)}<br>{escape(verdict)}</caption>{head}{rows}</table>"


def fit(
    target: TrialEndpoint | Partition,
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
    settings = sampling or Sampling()
    if seed is not None:
        settings = replace(settings, seed=seed)
    settings = settings.seeded()
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
        sampling=settings,
        width=trial_width(trial.responses) if trial else len(partition.levels),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def trial_width(responses: tuple[TrialEndpoint, ...]) -> int:
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
