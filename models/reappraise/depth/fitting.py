"""A fit of ordered categories: planned as a job with a digest, then run, and always diagnosed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from typing import Any

import xarray as xr

from reappraise.bayes.cumulative_logit import CumulativeLogit
from reappraise.depth.estimands import REPORTED, report
from reappraise.depth.tables import table_of
from reappraise.depth.tree import build_tree, scalars
from reappraise.endpoints.ordinal_table import OrdinalTable
from reappraise.endpoints.partition import WHOLE
from reappraise.errors import AnalysisError
from reappraise.estimate import Estimate
from reappraise.nuts import compile_model, draw
from reappraise.posterior import Attributes, Posterior, PosteriorJob, contrasted, settings_with
from reappraise.prior import EffectPrior, prior_named
from reappraise.sampling import Sampling
from reappraise.trial import TrialEndpoint

PROPORTIONAL = CumulativeLogit()
NON_PROPORTIONAL = CumulativeLogit(proportional=False)
MODELS: tuple[CumulativeLogit, ...] = (PROPORTIONAL, NON_PROPORTIONAL)


@cache
def compiled_depth(categories: int) -> Any:
    """The compiled model for that many categories, with proportional odds or without: once per process."""
    return compile_model(PROPORTIONAL.build(categories))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthJob(PosteriorJob):
    """One posterior of ordered categories to be computed.

    Parameters
    ----------
    table, model, prior
        Counts, model, and prior on the log odds ratio; settings and trial are those of every `PosteriorJob`.
    """

    layout = "reappraise depth posterior 1"

    table: OrdinalTable
    model: CumulativeLogit = PROPORTIONAL
    prior: EffectPrior

    def __post_init__(self) -> None:
        """Refuse what the data cannot answer, before anything is sampled."""
        PosteriorJob.__post_init__(self)
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
    def _depends(self) -> dict[str, Any]:
        return {
            "table": asdict(self.table),
            "model": asdict(self.model),
            "formula": self.model.formula,
            "prior": asdict(self.prior),
            "sampling": self.sampling.as_dict(),
        }

    def run(self) -> DepthFit:
        """Sample, assemble and diagnose."""
        seed, rng = self._randomness()
        data = self.model.data(self.table, self.prior)
        sampled = draw(compiled_depth(len(self.table.categories)), data, self.sampling, seed)
        tree = build_tree(self.model, self.table, data, sampled, rng)
        named = scalars(tree)
        reported = {name for name in named if name.partition("[")[0] in REPORTED}
        diagnosis = self._judge(named, reported=reported, statistics=sampled.statistics)
        tree.attrs = self._attributes(diagnosis)
        return DepthFit(job=self, tree=tree, diagnosis=diagnosis)

    def restore(self, tree: xr.DataTree) -> DepthFit:
        """The fit whose stored tree carries this job's digest."""
        return DepthFit(job=self, tree=tree, diagnosis=self._stored_diagnosis(tree))

    @property
    def _described(self) -> Attributes:
        table = self.table
        return {
            "endpoint": table.endpoint,
            "factor": WHOLE,
            "assessor": table.assessor,
            "better": "higher",
            "categories": json.dumps(table.categories),
            **contrasted(table.arms, ", of better categories"),
            "model": self.model.name,
            "model_formula": self.model.formula,
            "prior": self.prior.name,
            "prior_distribution": self.prior.text,
            "prior_rationale": self.prior.rationale,
        }


@dataclass(frozen=True)
class DepthFit(Posterior[DepthJob]):
    """A posterior of ordered categories with its verdict."""

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """The posterior estimates; a failed verdict stands in the method of each."""
        job = self.job
        return tuple(
            report(
                self.tree["posterior"].to_dataset(),
                job.table,
                model=job.model.name,
                prior=job.prior.name,
                method=self._method(),
                level=job.sampling.level,
            )
        )

    def _repr_html_(self) -> str:
        job = self.job
        words = dict(zip(job.table.categories, job.table.category_labels, strict=True))
        title = f"{job.table.label}, {job.model.label}, prior {job.prior.label}: {job.prior.text}"
        return self._table(title, "category", lambda item: words.get(item.item, item.at))


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
        sampling=settings_with(sampling, seed),
        trial=trial.key if trial else "",
        trial_digest=trial.digest if trial else "",
    )
    return job.run()


def _model_named(name: str) -> CumulativeLogit:
    for known in MODELS:
        if known.name == name:
            return known
    raise AnalysisError(f"unknown model {name!r}; expected one of {', '.join(item.name for item in MODELS)}")
