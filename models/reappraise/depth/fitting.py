"""A fit of ordered categories: planned as a job with a digest, then run, and always diagnosed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from html import escape
from typing import Any

import numpy as np
import xarray as xr

from reappraise.bayes.cumulative_logit import CumulativeLogit
from reappraise.depth.estimands import REPORTED, report
from reappraise.depth.tables import table_of
from reappraise.depth.tree import build_tree, scalars
from reappraise.diagnose import Check, Diagnosis, diagnose
from reappraise.endpoints.ordinal_table import OrdinalTable
from reappraise.endpoints.partition import WHOLE
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.nuts import compile_model, draw
from reappraise.prior import EffectPrior, prior_named
from reappraise.sampling import Sampling, derived_seed, versions
from reappraise.trial import TrialEndpoint

FORMAT = "reappraise depth posterior 1"
"""Version of the layout of posterior files; part of every digest."""
PROPORTIONAL = CumulativeLogit()
NON_PROPORTIONAL = CumulativeLogit(proportional=False)
MODELS: tuple[CumulativeLogit, ...] = (PROPORTIONAL, NON_PROPORTIONAL)


@cache
def compiled_depth(categories: int) -> Any:
    """The compiled model for that many categories, with proportional odds or without: once per process."""
    return compile_model(PROPORTIONAL.build(categories))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthJob:
    """One posterior of ordered categories to be computed.

    Parameters
    ----------
    table, model, prior, sampling
        Counts, model, prior on the log odds ratio and settings; the settings hold the root seed.
    trial, trial_digest
        Key and digest of the trial that the counts come from; empty for counts of no trial file.
    """

    table: OrdinalTable
    model: CumulativeLogit = PROPORTIONAL
    prior: EffectPrior
    sampling: Sampling
    trial: str = ""
    trial_digest: str = ""

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        if self.sampling.seed is None:
            raise ValueError("a job needs a seed; use Sampling.seeded()")
        if not isinstance(self.prior, EffectPrior):
            raise AnalysisError(
                f"{self.table.endpoint}: expected a prior on the log odds ratio, got {getattr(self.prior, 'name', '')}"
            )
        if len(self.table.categories) < 3 and not self.model.proportional:
            raise AnalysisError(
                f"{self.table.endpoint} has 2 categories and so one cut point: its odds are proportional; use "
                f"{PROPORTIONAL.name}"
            )

    @property
    def name(self) -> str:
        """Name of the job, and of its file."""
        return f"{self.table.endpoint}.{WHOLE}.{self.model.name}.{self.prior.name}"

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that the posterior depends on."""
        return {
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "table": asdict(self.table),
            "model": asdict(self.model),
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
            "versions": versions(),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the inputs: equal digests mean the same posterior."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()

    def run(self) -> DepthFit:
        """Sample, assemble and diagnose."""
        seed = derived_seed(self.sampling.seed or 0, self.name)
        data = self.model.data(self.table, self.prior)
        sampled = draw(compiled_depth(len(self.table.categories)), data, self.sampling, seed)
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
        tree = build_tree(self.model, self.table, data, sampled, rng)
        named = scalars(tree)
        diagnosis = diagnose(
            named,
            reported={name for name in named if name.partition("[")[0] in REPORTED},
            diverging=sampled.statistics["diverging"],
            energy=sampled.statistics["energy"],
            thresholds=self.sampling.thresholds,
            level=self.sampling.level,
        )
        tree.attrs = self._attributes(diagnosis)
        return DepthFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> DepthFit:
        """The fit whose stored tree carries this job's digest."""
        if tree.attrs.get("inputs_digest") != self.digest:
            raise ValueError(f"{self.name}: the stored posterior belongs to other inputs")
        checks = json.loads(tree.attrs["diagnosis"])["checks"]
        return DepthFit(job=self, tree=tree, diagnosis=Diagnosis(tuple(Check(**check) for check in checks)))

    def _attributes(self, diagnosis: Diagnosis) -> dict[str, str | int | float]:
        table = self.table
        return {
            "creator": "reappraise",
            "format": FORMAT,
            "trial": self.trial,
            "trial_digest": self.trial_digest,
            "endpoint": table.endpoint,
            "factor": WHOLE,
            "assessor": table.assessor,
            "better": "higher",
            "categories": json.dumps(table.categories),
            "control_arm": table.arms[0],
            "experimental_arm": table.arms[1],
            "direction": f"contrasts are {table.arms[1]} over (or minus) {table.arms[0]}, of better categories",
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
class DepthFit:
    """A posterior of ordered categories with its verdict.

    Parameters
    ----------
    job
        What was asked.
    tree
        All draws as an xarray DataTree: any ArviZ function takes it.
    diagnosis
        Whether it can be trusted.
    """

    job: DepthJob
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
        method = "posterior median, equal-tailed interval, NUTS"
        if not self.converged:
            method = f"{self.diagnosis.verdict}: {method}"
        return tuple(
            report(
                self.tree["posterior"].to_dataset(),
                job.table,
                model=job.model.name,
                prior=job.prior.name,
                method=method,
                level=job.sampling.level,
            )
        )

    def _repr_html_(self) -> str:
        job = self.job
        words = dict(zip(job.table.categories, job.table.category_labels, strict=True))
        rows = "".join(
            f"<tr><td>{escape(words.get(item.item, item.at))}</td><td>{escape(item.quantity.replace('_', ' '))}</td>"
            f"<td>{escape(item.arm or f'{item.numerator} vs {item.denominator}')}</td>"
            f"<td>{'' if item.value is None else f'{item.value:.3g}'}</td>"
            f"<td>{'' if item.low is None else f'{item.low:.3g} to {item.high:.3g}'}</td></tr>"
            for item in self.estimates
        )
        title = f"{job.table.label}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        verdict = self.diagnosis.verdict + (f" ({self.diagnosis.failures})" if not self.converged else "")
        head = (
            f"<tr><th>category</th><th>quantity</th><th>arm</th><th>median</th><th>{job.sampling.level:.0%}</th></tr>"
        )
        return f"<table><caption>{escape(title)}<br>{escape(verdict)}</caption>{head}{rows}</table>"


def fit_depth(
    target: TrialEndpoint | OrdinalTable,
    *,
    prior: str | EffectPrior = "reference",
    model: str | CumulativeLogit = PROPORTIONAL.name,
    sampling: Sampling | None = None,
    seed: int | None = None,
) -> DepthFit:
    """Fit the cumulative logit model to one ordinal endpoint.

    Parameters
    ----------
    target
        Endpoint of a trial, or counts.
    prior
        Name of a prior on the log odds ratio, or such a prior.
    model
        "proportional-odds", "non-proportional-odds", or a model.
    sampling, seed
        Settings, and the root seed in place of theirs. Without any, a seed is generated and recorded.

    Raises
    ------
    AnalysisError
        If the data cannot answer the request.

    Examples
    --------
    >>> import reappraise as ra
    >>> from reappraise.depth import fit_depth
    >>> trial = ra.load_trial("isatuximab-dexamethasone")
    >>> fit = fit_depth(trial["depth"], prior="sceptical", seed=1)  # doctest: +SKIP
    """
    if not isinstance(target, TrialEndpoint | OrdinalTable):
        raise AnalysisError(
            f'expected an endpoint such as trial["depth"], or an OrdinalTable; got {type(target).__name__}'
        )
    table = target if isinstance(target, OrdinalTable) else table_of(target)
    settings = sampling or Sampling()
    if seed is not None:
        settings = replace(settings, seed=seed)
    chosen = prior if not isinstance(prior, str) else prior_named(prior, planned=table.planned_odds_ratio)
    if not isinstance(chosen, EffectPrior):
        raise AnalysisError(
            f"prior {getattr(chosen, 'name', chosen)!r} is on a rate; the ordinal models take one on the log odds ratio"
        )
    trial = target.trial if isinstance(target, TrialEndpoint) else None
    job = DepthJob(
        table=table,
        model=model if not isinstance(model, str) else _model_named(model),
        prior=chosen,
        sampling=settings.seeded(),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def _model_named(name: str) -> CumulativeLogit:
    for known in MODELS:
        if known.name == name:
            return known
    raise AnalysisError(f"unknown model {name!r}; expected one of {', '.join(item.name for item in MODELS)}")
